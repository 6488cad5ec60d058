// The list that opens above a text field while something is typed that it completes: mentions, commands, emojis.

import { useState } from "preact/hooks";

import { html } from "../lib/html.js";
import { t } from "../texts.js";

/** @typedef {{ key: string, face: any, title: any, insert: string, run?: () => void }} Suggestion `insert`: what replaces the typed text; `run`: what is done in place of that */
/**
 * @typedef {object} Source
 * @property {import("../texts.js").TextName} label
 * @property {RegExp} started what is typed in front of the caret; its first group is what a suggestion replaces
 * @property {(typed: string) => Suggestion[]} offer the suggestions for that group
 * @property {(typed: string) => void} [prepare] called with that group when something is typed for which it is asked
 */

/**
 * The state of the list for a text field.
 * @param {{ current: HTMLTextAreaElement | null }} area
 * @param {(text: string) => void} write replaces the text of the field
 * @param {string} id the start of the ids of its elements
 * @param {Source[]} sources
 */
export function useSuggestions(area, write, id, sources) {
  const [before, setBefore] = useState("");
  const [at, setAt] = useState(0);
  const source = sources.find(({ started }) => started.test(before));
  const typed = source?.started.exec(before)?.[1] ?? "";
  const offered = source ? source.offer(typed) : [];
  const current = Math.min(at, offered.length - 1);

  function look() {
    const element = area.current;
    const text = element && element.selectionStart === element.selectionEnd ? element.value.slice(0, element.selectionStart) : "";
    setBefore(text);
    setAt(0);
    const next = sources.find(({ started }) => started.test(text));
    next?.prepare?.(next.started.exec(text)?.[1] ?? "");
  }
  /** @param {Suggestion} one */
  function choose({ insert, run }) {
    const element = area.current;
    if (!element) return;
    const rest = element.value.slice(before.length).replace(/^ /, "");
    const caret = run ? "" : `${before.slice(0, before.length - typed.length)}${insert} `;
    // At once, and not with the next frame, because the user may go on typing.
    element.value = caret + rest;
    element.focus();
    element.setSelectionRange(caret.length, caret.length);
    write(caret + rest);
    setBefore("");
    run?.();
  }
  /** Handles a key; returns whether it was for the list. @param {KeyboardEvent} event */
  function key(event) {
    const one = offered[current];
    if (!one) return false;
    if (event.key === "ArrowDown") setAt((current + 1) % offered.length);
    else if (event.key === "ArrowUp") setAt((current + offered.length - 1) % offered.length);
    else if (event.key === "Enter" || event.key === "Tab") choose(one);
    else if (event.key === "Escape") setBefore("");
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }
  return { id, label: source?.label ?? "mention", offered, current, look, key, choose, close: () => setBefore("") };
}

/** The list. @param {{ suggestions: ReturnType<typeof useSuggestions> }} props */
export function SuggestionList({ suggestions: { id, label, offered, current, choose } }) {
  return html`<ul class="suggestions" id=${`${id}-list`} role="listbox" aria-label=${t(label)} hidden=${offered.length === 0}>
    ${offered.map((one, index) => html`<li key=${one.key} id=${`${id}-${index}`} role="option" aria-selected=${index === current}
      onMouseDown=${(/** @type {Event} */ event) => { event.preventDefault(); choose(one); }}>${one.face}<span class="line">${one.title}</span></li>`)}</ul>`;
}
