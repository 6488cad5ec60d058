// Search as the user types: after a pause, and only the newest query counts.

import { useEffect, useState } from "preact/hooks";

import { NOTHING, findAll, narrowed } from "../state/finding.js";

/** Pause after the last key press before a search starts, in milliseconds. */
const PAUSE_MS = 200;

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

/** What the server finds for a text, and the text for which that is. @param {string} query */
export function useFound(query) {
  const [found, setFound] = useState({ results: NOTHING, asked: "" });
  useSearch(query, async (isNewest) => {
    const results = query ? await findAll(query) : NOTHING;
    if (isNewest()) setFound({ results, asked: query });
  });
  const results = found.asked === query ? found.results : narrowed(found.results, query);
  return { results, asked: found.asked, setFound };
}
