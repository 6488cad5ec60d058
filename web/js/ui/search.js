// Search as the user types: after a pause, and only the newest query counts.

import { useEffect } from "preact/hooks";

/** Pause after the last key press before a search starts, in milliseconds. */
const PAUSE_MS = 200;
/** How many results are shown. */
export const FOUND = 8;

/**
 * Starts a search when the text has not changed for a moment.
 * @param {string} text
 * @param {(isNewest: () => boolean) => Promise<void>} ask runs the search; its argument tells after a wait whether the query is still the newest
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
