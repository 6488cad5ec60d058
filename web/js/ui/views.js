// The views that are loaded when they are first shown.

import { EmptyPane, lazy } from "./lazy.js";

export const Details = lazy(async () => (await import("./details.js")).Details);
export const Lightbox = lazy(async () => (await import("./lightbox.js")).Lightbox);
export const Meetups = lazy(async () => (await import("./meetupspage.js")).Meetups, EmptyPane);
export const NewConversation = lazy(async () => (await import("./new.js")).NewConversation, EmptyPane);
export const Profile = lazy(async () => (await import("./profile.js")).Profile, EmptyPane);
