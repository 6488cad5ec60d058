// Copying to the clipboard, with a word about it.

import { tell } from "../state/notices.js";
import { t } from "../texts.js";

/** @param {string} text */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    tell(t("copied"));
  } catch {
    tell(t("copyFailed"));
  }
}
