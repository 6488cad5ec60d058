// Forwarding: which message is being sent on to another conversation.

import { signal } from "@preact/signals";

/** The message, while its new place is chosen. @type {import("@preact/signals").Signal<import("../types.js").Message | null>} */
export const forwarding = signal(null);
