// Dialogs about a person or a message, which several views open.

import { signal } from "@preact/signals";

/** @typedef {import("../types.js").User} User */
/** @typedef {import("../types.js").Message} Message */

/** The person whose card is open, and the message whose author that is, if it was opened there. @type {import("@preact/signals").Signal<{ user: User, message?: Message } | null>} */
export const card = signal(null);

/** The message that is about to be reported. @type {import("@preact/signals").Signal<Message | null>} */
export const reported = signal(null);

/** Opens the card of a person. @param {User} user @param {Message} [message] */
export function openCard(user, message) {
  card.value = message ? { user, message } : { user };
}
