// The views that are loaded when they are first shown.

import { EmptyPane, EmptyThread, lazy } from "./lazy.js";

export const Details = lazy(async () => (await import("./details/page.js")).Details);
export const EmojiPicker = lazy(async () => (await import("./emojis.js")).EmojiPicker);
export const Forward = lazy(async () => (await import("./forward.js")).Forward);
export const Home = lazy(async () => (await import("./home.js")).Home);
export const InvitePeople = lazy(async () => (await import("./invitepeople.js")).InvitePeople);
export const Lightbox = lazy(async () => (await import("./lightbox.js")).Lightbox);
export const MeetupCard = lazy(async () => (await import("./meetups.js")).MeetupCard);
export const Meetups = lazy(async () => (await import("./meetupspage.js")).Meetups, EmptyPane);
export const NewConversation = lazy(async () => (await import("./new.js")).NewConversation, EmptyPane);
export const Notifications = lazy(async () => (await import("./notifications.js")).Notifications, EmptyPane);
export const Offer = lazy(async () => (await import("./offer.js")).Offer);
export const Overlay = lazy(async () => (await import("./switcher.js")).Overlay);
export const PersonCard = lazy(async () => (await import("./card.js")).PersonCard);
export const Pins = lazy(async () => (await import("./pins.js")).Pins);
export const Report = lazy(async () => (await import("./report.js")).Report);
export const SearchPage = lazy(async () => (await import("./searchpage.js")).SearchPage, EmptyPane);
export const Settings = lazy(async () => (await import("./settings/page.js")).Settings, EmptyPane);
export const ThreadPanel = lazy(async () => (await import("./threadpanel.js")).ThreadPanel, EmptyThread);
