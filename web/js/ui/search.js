// Asking while somebody types: after a pause, and only the newest question counts.

import { useEffect } from "preact/hooks";

/** Time without a key after which is asked. */
const PAUSE_MS = 200;
/** How many are shown of what is found. */
export const FOUND = 8;

/**
 * Asks once the text has stood for a moment.
 * @param {string} text
 * @param {(isNewest: () => boolean) => Promise<void>} ask told how to find out, after it waited, whether it still counts
 */
export function useSearch(text, ask) {
  useEffect(() => {
    let newest = true;
    const timer = setTimeout(() => void ask(() => newest), PAUSE_MS);
    return () => {
      newest = false;
      clearTimeout(timer);
    };
  }, [text]);
}
