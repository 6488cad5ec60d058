// What is open above all views: the switcher, or the list of keys.

import { signal } from "@preact/signals";

/** @type {import("@preact/signals").Signal<"" | "switcher" | "keys">} */
export const overlay = signal("");
