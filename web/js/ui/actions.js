// What can be done with a message: a toolbar with the most frequent actions, and a menu with all of them, which is a sheet at
// the lower edge of a phone.

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

import { copy } from "../lib/clipboard.js";
import { html } from "../lib/html.js";
import { onLongPress } from "../lib/longpress.js";
import { narrow } from "../lib/narrow.js";
import { clock } from "../lib/time.js";
import { go, messageLink, threadLink } from "../route.js";
import { me } from "../session.js";
import { ask } from "../state/asked.js";
import { attempt } from "../state/attempt.js";
import { reported } from "../state/dialogs.js";
import { beginEdit, beginReply } from "../state/drafts.js";
import { forwarding } from "../state/forwarding.js";
import { togglePin } from "../state/reactions.js";
import { t } from "../texts.js";
import * as icons from "./icons.js";
import { IconButton } from "./parts.js";
import { QuickReactions, ReactionPicker } from "./reactions.js";

/** @typedef {import("../types.js").Message} Message */

/** Distance of a menu from the edges of the history, in pixels. */
const MARGIN = 8;

/** Deletes a message, once the user agrees. @param {Message} message */
async function remove(message) {
  if (await ask({ title: t("delete"), text: t("deleteAsk"), action: t("delete") })) void attempt("message:delete", { messageId: message.id });
}

/** Places a menu beside its button, where the history does not cut it off. @param {HTMLElement} menu */
function place(menu) {
  const box = menu.closest(".history")?.getBoundingClientRect();
  const toolbar = menu.parentElement?.getBoundingClientRect();
  if (!box || !toolbar) return;
  const { offsetWidth: width, offsetHeight: height } = menu;
  const below = box.bottom - toolbar.bottom;
  menu.classList.toggle("above", below < height + MARGIN && toolbar.top - box.top > below);
  const left = menu.closest(".own") ? toolbar.right - width : toolbar.left;
  menu.style.left = `${Math.max(box.left + MARGIN, Math.min(left, box.right - MARGIN - width)) - toolbar.left}px`;
}

/** Opens the thread of a message, or the one that begins with it. @param {Message} message */
function replyInThread({ conversationId, id, threadId }) {
  go(threadLink(conversationId, threadId ?? id));
}

/**
 * The menu: beside the toolbar, or a sheet.
 * @param {{ message: Message, mayDelete: boolean, mayPin: boolean, thread: string, onClose: () => void }} props
 */
function Menu({ message, mayDelete, mayPin, thread, onClose }) {
  const menu = useRef(/** @type {any} */ (null));
  const isSheet = narrow.value;
  useLayoutEffect(() => { if (!isSheet && menu.current) place(menu.current); }, [isSheet]);
  useEffect(() => {
    const element = menu.current;
    if (!isSheet || !(element instanceof HTMLDialogElement)) return undefined;
    element.showModal();
    return () => element.close();
  }, [isSheet]);
  const own = message.sender.id === me.value?.id;
  /** @param {() => void} work */
  const then = (work) => () => {
    onClose();
    work();
  };
  const reply = then(() => beginReply(message, thread));
  const edit = then(() => beginEdit(message, thread));
  const contents = html`
    <${ReactionPicker} message=${message} onDone=${onClose} />
    <button onClick=${reply}><${icons.reply} />${t("reply")}</button>
    ${!thread && html`<button onClick=${then(() => replyInThread(message))}><${icons.thread} />${t("replyInThread")}</button>`}
    <button onClick=${then(() => { forwarding.value = message; })}><${icons.forward} />${t("forward")}</button>
    ${message.content && html`<button onClick=${then(() => void copy(message.content))}><${icons.copy} />${t("copyText")}</button>`}
    <button onClick=${then(() => void copy(new URL(messageLink(message.conversationId, message.id), location.href).href))}><${icons.chain} />${t("copyLink")}</button>
    ${mayPin && html`<button onClick=${then(() => void togglePin(message))}><${icons.pin} />${t(message.pinned ? "unpin" : "pin")}</button>`}
    ${!own && html`<button onClick=${then(() => { reported.value = message; })}><${icons.flag} />${t("report")}</button>`}
    ${own && html`<button onClick=${edit}><${icons.edit} />${t("edit")}</button>`}
    ${(own || mayDelete) && html`<button class="harmful" onClick=${then(() => void remove(message))}><${icons.bin} />${t("delete")}</button>`}`;
  if (!isSheet) return html`<span class="menu" ref=${menu}>${contents}</span>`;
  const outside = (/** @type {Event} */ event) => { if (event.target === menu.current) onClose(); };
  return html`<dialog class="menu sheet" ref=${menu} aria-label=${t("actions", { time: clock(message.createdAt) })} onClick=${outside}
    onCancel=${(/** @type {Event} */ event) => { event.preventDefault(); onClose(); }}>${contents}</dialog>`;
}

/**
 * The toolbar of a message, with the actions that the user may take.
 * @param {{ message: Message, mayDelete: boolean, mayPin: boolean, thread: string }} props `thread`: the one in which it is shown
 */
export function Actions({ message, mayDelete, mayPin, thread }) {
  const [open, setOpen] = useState(false);
  const more = useRef(/** @type {HTMLElement | null} */ (null));
  const isSheet = narrow.value;
  useEffect(() => {
    const item = more.current?.closest("li");
    return isSheet && item ? onLongPress(item, () => setOpen(true)) : undefined;
  }, [isSheet, message.deletedAt]);
  if (message.deletedAt) return null;
  // Return the focus to the button before the focused element disappears.
  const close = () => {
    if (open) /** @type {HTMLElement | null | undefined} */ (more.current?.querySelector("button[aria-expanded]"))?.focus();
    setOpen(false);
  };
  const leave = (/** @type {any} */ event) => { if (!event.currentTarget.contains(event.relatedTarget) && !narrow.value) setOpen(false); };
  const escape = (/** @type {KeyboardEvent} */ event) => { if (open && event.key === "Escape") close(); };
  const reply = () => {
    setOpen(false);
    beginReply(message, thread);
  };
  return html`<span class=${open ? "message-actions open" : "message-actions"} ref=${more} onFocusOut=${leave} onKeyDown=${escape}>
    <span class="toolbar">
      <${QuickReactions} message=${message} />
      <button class="quick" tabindex="-1" aria-hidden="true" title=${t("reply")} onClick=${reply}><${icons.reply} /></button>
      ${!thread && html`<button class="quick" tabindex="-1" aria-hidden="true" title=${t("replyInThread")} onClick=${() => replyInThread(message)}><${icons.thread} /></button>`}
      <${IconButton} label=${t("actions", { time: clock(message.createdAt) })} icon=${icons.more} expanded=${open} onClick=${() => setOpen(!open)} />
    </span>
    ${open && html`<${Menu} message=${message} mayDelete=${mayDelete} mayPin=${mayPin} thread=${thread} onClose=${close} />`}
  </span>`;
}
