// A thread beside its conversation, and in its place where there is no room beside it: the first message, the replies, and a
// composer of its own.

import { useEffect, useLayoutEffect, useRef } from "preact/hooks";

import { html } from "../lib/html.js";
import { conversationLink, go } from "../route.js";
import { rightsIn, titleOf } from "../state/conversations.js";
import { outbox } from "../state/outbox.js";
import { closeThread, loadReplies, openThread, thread } from "../state/thread.js";
import { t } from "../texts.js";
import { Composer } from "./composer.js";
import * as icons from "./icons.js";
import { NarrowLines } from "./lines.js";
import { MessageItem, PendingItem } from "./message.js";
import { IconButton } from "./parts.js";

/** @typedef {import("../types.js").Conversation} Conversation */

/** Distance from the end that still counts as the end, in pixels. */
const AT_END = 40;

/** @param {{ conversation: Conversation, rootId: string }} props */
export function ThreadPanel({ conversation, rootId }) {
  const panel = useRef(/** @type {HTMLElement | null} */ (null));
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const atEnd = useRef(true);
  const { id } = conversation;
  useEffect(() => {
    void openThread(id, rootId);
    panel.current?.focus();
    return closeThread;
  }, [id, rootId]);
  const now = thread.value?.rootId === rootId ? thread.value : null;
  const { root = null, items = [], before = null, loading = true, error = "" } = now ?? {};
  const waiting = outbox.value.filter((entry) => entry.threadId === rootId);
  const height = box.current?.scrollHeight ?? 0;
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    if (atEnd.current) element.scrollTop = element.scrollHeight;
    // What was loaded above moves nothing that is being read.
    else if (element.scrollTop < AT_END) element.scrollTop += element.scrollHeight - height;
  }, [items, root, waiting.length]);
  const scrolled = () => {
    const element = box.current;
    if (element) atEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < AT_END;
  };
  const older = () => {
    atEnd.current = false;
    void loadReplies();
  };
  const close = () => go(conversationLink(id));
  const escape = (/** @type {KeyboardEvent} */ event) => {
    if (event.key === "Escape" && !event.defaultPrevented && !panel.current?.querySelector(".open, .editing")) close();
  };
  const { mayPin, mayDelete } = rightsIn(conversation);
  const item = (/** @type {import("../types.js").Message} */ message) => html`<${MessageItem} key=${message.id} message=${message}
    conversation=${conversation} continues=${false} goesOn=${false} mayDelete=${mayDelete} mayPin=${mayPin} isShown=${false} thread=${rootId} />`;
  return html`<section class="thread-panel" ref=${panel} tabindex="-1" aria-label=${t("threadTitle")} onKeyDown=${escape}>
    <header class="bar">
      <button class="icon-button only-snug" onClick=${close} aria-label=${t("threadBack")} title=${t("threadBack")}><${icons.back} /></button>
      <div class="bar-text"><h2 class="line">${t("threadTitle")}</h2><p class="line" dir="auto">${titleOf(conversation)}</p></div>
      <span class="only-wide"><${IconButton} label=${t("close")} icon=${icons.close} onClick=${close} /></span>
    </header>
    <div class="history" ref=${box} onScroll=${scrolled} tabindex="0" role="region" aria-label=${t("threadMessages")}>
      ${root && html`<ol class="messages thread-root">${item(root)}</ol>
        <p class="thread-rule"><span>${t("threadCount", { count: root.thread?.count ?? items.length })}</span></p>`}
      ${error && html`<div role="alert"><p class="wrong">${error}</p><button onClick=${() => openThread(id, rootId)}>${t("tryAgain")}</button></div>`}
      ${before !== null && html`<button class="quiet wide" onClick=${older} disabled=${loading}>${t("threadOlder")}</button>`}
      ${loading && !root && html`<p class="hint">${t("loading")}</p>`}
      <ol class="messages">${items.map(item)}${waiting.map((entry) => html`<${PendingItem} key=${entry.id} entry=${entry} />`)}</ol>
    </div>
    <${NarrowLines} />
    <${Composer} key=${rootId} conversation=${conversation} thread=${rootId} />
  </section>`;
}
