// Copying to the clipboard, with a word about it.

import { tell } from "../state/notices.js";
import { t } from "../texts.js";

/** @param {string} text @param {string} [told] what is said of it */
export async function copy(text, told = t("copied")) {
  try {
    await navigator.clipboard.writeText(text);
    tell(told);
  } catch {
    tell(t("copyFailed"));
  }
}
