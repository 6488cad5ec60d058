// The question that the user is asked before something cannot be undone.

import { signal } from "@preact/signals";

/** @typedef {{ title: string, text: string, action: string, answer: (yes: boolean) => void }} Question */

/** @type {import("@preact/signals").Signal<Question | null>} */
export const question = signal(null);

/** Asks, and returns whether the user agrees. @param {{ title: string, text: string, action: string }} what `action`: the word on the button @returns {Promise<boolean>} */
export function ask(what) {
  question.value?.answer(false);
  return new Promise((resolve) => {
    question.value = { ...what, answer: (yes) => {
      question.value = null;
      resolve(yes);
    } };
  });
}
