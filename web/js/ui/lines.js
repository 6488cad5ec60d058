// Short messages. They take room of their own, so that they cover nothing that is read or pressed: below the list; where that
// is not shown, above the composer or below the view; and above a dialog that is open.

import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";

import { html } from "../lib/html.js";
import { narrow } from "../lib/narrow.js";
import { closeLine, lines } from "../state/notices.js";
import { t } from "../texts.js";
import * as icons from "./icons.js";

/** The dialogs that are open, the one on top last. @type {import("@preact/signals").Signal<symbol[]>} */
const dialogs = signal([]);

/** @param {{ isHere: boolean }} props whether they are shown at this place: screen readers need the element before its text */
function List({ isHere }) {
  return html`<div class="lines" role="status">${isHere && lines.value.map(({ id, text }) => html`<p key=${id}><span class="line-text" dir="auto" title=${text}>${text}</span>
    <button type="button" class="icon-button" aria-label=${t("close")} title=${t("close")} onClick=${() => closeLine(id)}><${icons.close} /></button></p>`)}</div>`;
}

/** The short messages below or beside a view, while no dialog is open. */
export function Lines() {
  return html`<${List} isHere=${dialogs.value.length === 0} />`;
}

/** The short messages within a view that takes the whole screen of a phone. */
export function NarrowLines() {
  return narrow.value ? html`<${Lines} />` : null;
}

/**
 * Opens a dialog for as long as its component is there. Returns the place in it for short messages, because nothing outside a
 * dialog can be pressed or is read out.
 * @param {{ current: HTMLDialogElement | null }} dialog
 */
export function useModal(dialog) {
  const [key] = useState(() => Symbol());
  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    dialogs.value = [...dialogs.value, key];
    return () => {
      dialogs.value = dialogs.value.filter((one) => one !== key);
      element?.close();
    };
  }, []);
  return html`<${List} isHere=${dialogs.value.at(-1) === key} />`;
}
