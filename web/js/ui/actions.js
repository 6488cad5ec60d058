// The menu of a message: reactions, and what else the user may do with it.

import { useLayoutEffect, useRef, useState } from "preact/hooks";

import { html } from "../lib/html.js";
import { clock } from "../lib/time.js";
import { me } from "../session.js";
import { attempt } from "../state/attempt.js";
import { editing, replying } from "../state/drafts.js";
import { togglePin } from "../state/reactions.js";
import { t } from "../texts.js";
import * as icons from "./icons.js";
import { Dialog, IconButton } from "./parts.js";
import { ReactionPicker } from "./reactions.js";

/** @typedef {import("../types.js").Message} Message */

/** Distance of a menu from the edges of the history, in pixels. */
const MARGIN = 8;

/** @param {{ message: Message, onClose: () => void }} props */
function AskDelete({ message, onClose }) {
  const remove = () => {
    onClose();
    void attempt("message:delete", { messageId: message.id });
  };
  return html`<${Dialog} title=${t("delete")} onClose=${onClose}>
    <p>${t("deleteAsk")}</p>
    <div class="actions"><button class="quiet" onClick=${onClose}>${t("cancel")}</button>
      <button class="danger" onClick=${remove}>${t("delete")}</button></div>
  <//>`;
}

/** Places a menu beside its button, where the history does not cut it off. @param {HTMLElement} menu */
function place(menu) {
  const box = menu.closest(".history")?.getBoundingClientRect();
  const button = menu.parentElement?.getBoundingClientRect();
  if (!box || !button) return;
  const { width, height } = menu.getBoundingClientRect();
  const below = box.bottom - button.bottom;
  menu.classList.toggle("above", below < height && button.top - box.top > below);
  const left = menu.closest(".own") ? button.right - width : button.left;
  menu.style.left = `${Math.max(box.left + MARGIN, Math.min(left, box.right - MARGIN - width)) - button.left}px`;
}

/** The menu of a message, with the actions that the user may take. @param {{ message: Message, mayDelete: boolean, mayPin: boolean }} props */
export function Actions({ message, mayDelete, mayPin }) {
  const [open, setOpen] = useState(false);
  const [asks, setAsks] = useState(false);
  const menu = useRef(/** @type {HTMLElement | null} */ (null));
  const own = message.sender.id === me.value?.id;
  useLayoutEffect(() => { if (open && menu.current) place(menu.current); }, [open]);
  if (message.deletedAt) return null;
  const leave = (/** @type {any} */ event) => { if (!event.currentTarget.contains(event.relatedTarget)) setOpen(false); };
  // Return the focus to the button before the focused element disappears.
  const back = (/** @type {any} */ event) => event.currentTarget.closest(".message-actions").querySelector("button").focus();
  const escape = (/** @type {any} */ event) => {
    if (!open || event.key !== "Escape") return;
    back(event);
    setOpen(false);
  };
  const close = (/** @type {any} */ event) => {
    back(event);
    setOpen(false);
  };
  const reply = () => {
    setOpen(false);
    editing.value = null;
    replying.value = message;
  };
  return html`<span class=${open ? "message-actions open" : "message-actions"} onFocusOut=${leave} onKeyDown=${escape}>
    <${IconButton} label=${t("actions", { time: clock(message.createdAt) })} icon=${icons.more} expanded=${open} onClick=${() => setOpen(!open)} />
    ${open && html`<span class="menu" ref=${menu}>
      <${ReactionPicker} message=${message} onDone=${close} />
      <button onClick=${reply}>${t("reply")}</button>
      ${mayPin && html`<button onClick=${(/** @type {any} */ event) => { close(event); void togglePin(message); }}>${t(message.pinned ? "unpin" : "pin")}</button>`}
      ${own && html`<button onClick=${() => { setOpen(false); replying.value = null; editing.value = message; }}>${t("edit")}</button>`}
      ${(own || mayDelete) && html`<button onClick=${(/** @type {any} */ event) => { close(event); setAsks(true); }}>${t("delete")}</button>`}
    </span>`}
    ${asks && html`<${AskDelete} message=${message} onClose=${() => setAsks(false)} />`}
  </span>`;
}
