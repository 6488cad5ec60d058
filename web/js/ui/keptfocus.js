// The focus in a list whose entries move. A browser takes the focus from an element that is moved in the document.

import { useLayoutEffect } from "preact/hooks";

/**
 * Keeps the focus at the entry that has it, wherever that moves to. In a folded section, it goes to the section's summary.
 * @param {{ current: HTMLElement | null }} list its entries have the class `entry`, and their ids in `data-id`
 */
export function useKeptFocus(list) {
  // Before this change is rendered.
  const focused = document.activeElement;
  const entry = list.current?.contains(focused) ? focused?.closest(".entry") : null;
  const id = entry?.getAttribute("data-id");
  const kind = focused?.localName;
  useLayoutEffect(() => {
    const lost = !document.activeElement || document.activeElement === document.body;
    if (!id || !kind || !lost) return;
    const moved = list.current?.querySelector(`.entry[data-id="${CSS.escape(id)}"]`);
    const section = moved?.closest("details:not([open])");
    // A menu that was open has closed on the way.
    const next = section ? section.querySelector("summary") : moved?.querySelector(kind) ?? moved?.querySelector(".options");
    if (next instanceof HTMLElement) next.focus();
  });
}
