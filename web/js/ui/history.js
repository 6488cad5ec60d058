// The scrollable history of the open conversation.
//
// What must stay true: what the user is looking at stays in position when messages are added above or below it; at the
// live end, the newest message stays in view.

import { Fragment } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

import { html } from "../lib/html.js";
import { day, dayKey } from "../lib/time.js";
import { me } from "../session.js";
import { link, say } from "../socket.js";
import { read, rightsIn } from "../state/conversations.js";
import { looking } from "../state/live.js";
import { loadNewer, loadOlder, openMessages, shown, view } from "../state/messages.js";
import { outbox } from "../state/outbox.js";
import { configure } from "../state/settings.js";
import { t } from "../texts.js";
import * as icons from "./icons.js";
import { MessageItem, PendingItem } from "./message.js";

/** @typedef {import("../types.js").Message} Message */
/** @typedef {import("../types.js").Conversation} Conversation */

/** Distance from an end at which more messages are loaded, in pixels. */
const NEAR = 800;
/** Distance from the end that still counts as the end, in pixels. */
const AT_END = 40;
/** Messages of one user within this time are grouped, in milliseconds. */
const TOGETHER_MS = 5 * 60 * 1_000;

/** @param {Message | undefined} before @param {Message} message */
function continues(before, message) {
  return before !== undefined && before.sender.id === message.sender.id
    && Boolean(before.sender.guest) === Boolean(message.sender.guest) && dayKey(before.createdAt) === dayKey(message.createdAt)
    && Date.parse(message.createdAt) - Date.parse(before.createdAt) < TOGETHER_MS;
}

/** The first message in view, the position of its end, because its header can change when messages are added above, and how far the box is scrolled. @param {HTMLElement | null} box */
function anchorOf(box) {
  if (!box) return null;
  const top = box.getBoundingClientRect().top;
  for (const element of box.querySelectorAll("li[data-id]")) {
    const { bottom } = element.getBoundingClientRect();
    if (bottom > top) return { id: element.getAttribute("data-id"), offset: bottom - top, scrolled: box.scrollTop };
  }
  return null;
}

/** @param {HTMLElement} box */
const fromEnd = (box) => box.scrollHeight - box.scrollTop - box.clientHeight;

/** @param {{ conversation: Conversation }} props */
export function History({ conversation }) {
  const box = useRef(/** @type {HTMLDivElement | null} */ (null));
  const atEnd = useRef(true);
  const toldRead = useRef(0);
  const state = link.value;
  const [away, setAway] = useState(false);
  const { items, loading, before, after, error } = view.value ?? { items: [], loading: "first", before: null, after: null, error: "" };
  const waiting = outbox.value.filter((entry) => entry.conversationId === conversation.id);
  const { mayPin, mayDelete } = rightsIn(conversation);
  // The position before this change is rendered.
  const anchor = anchorOf(box.current);
  // The position that is kept when something in the messages changes its size, such as a picture that was loaded.
  const kept = useRef(anchor);

  /** Moves a message back to where it was. @param {HTMLElement} element @param {ReturnType<typeof anchorOf>} at @param {number} [since] how far was scrolled since then */
  function restore(element, at, since = 0) {
    const moved = at?.id && element.querySelector(`li[data-id="${CSS.escape(at.id)}"]`);
    if (moved) element.scrollTop += moved.getBoundingClientRect().bottom - element.getBoundingClientRect().top - at.offset + since;
  }

  function markRead() {
    const held = view.value;
    const here = held?.id === conversation.id && held.after === null && !held.loading && atEnd.current && !document.hidden;
    looking.at = here ? conversation.id : "";
    const last = here ? held.items.findLast((message) => message.sender.id !== me.value?.id) : undefined;
    const own = conversation.members.find(({ user }) => user.id === me.value?.id);
    if (!last || state !== "online" || Math.max(own?.readSequence ?? 0, toldRead.current) >= last.sequence) return;
    toldRead.current = last.sequence;
    const end = held?.items.at(-1)?.sequence ?? last.sequence;
    say("message:read", { messageId: last.id, chatId: conversation.id }).then((answer) => {
      if (answer?.success) read(conversation.id, me.value?.id ?? "", Math.max(last.sequence, end), false);
      else toldRead.current = 0;
    }, () => {
      // Sent again with the next connection.
      toldRead.current = 0;
    });
  }

  function scrolled() {
    const element = box.current;
    if (!element) return;
    atEnd.current = fromEnd(element) < AT_END && after === null;
    setAway(!atEnd.current);
    if (element.scrollTop < NEAR) void loadOlder();
    if (fromEnd(element) < NEAR) void loadNewer();
    kept.current = anchorOf(element);
    markRead();
  }

  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    if (atEnd.current && after === null) {
      element.scrollTop = element.scrollHeight;
    } else {
      restore(element, anchor);
    }
    kept.current = anchorOf(element);
    // If the messages do not fill the view, load the page before them.
    if (!loading && after !== null && fromEnd(element) < NEAR) void loadNewer();
    if (!loading && before !== null && element.scrollHeight <= element.clientHeight + NEAR / 2) void loadOlder();
  }, [items, waiting.length, loading]);

  // Opening the conversation ends its mark as unread. A mark that another device sets while it is open stays.
  const opened = useRef(true);
  function endMark() {
    if (!opened.current || state !== "online" || document.hidden) return;
    opened.current = false;
    if (!conversation.settings?.markedUnread) return;
    void configure(conversation.id, { markedUnread: false }).then((done) => { if (!done) opened.current = true; });
  }

  useEffect(() => {
    const look = () => {
      markRead();
      endMark();
    };
    const seen = () => {
      if (!document.hidden) opened.current = true;
      look();
    };
    look();
    document.addEventListener("visibilitychange", seen);
    return () => {
      document.removeEventListener("visibilitychange", seen);
      looking.at = "";
    };
  });

  // Keep the end in view, or what is read, when the page or something in the messages is resized.
  useEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const watch = new ResizeObserver(() => {
      if (atEnd.current) element.scrollTop = element.scrollHeight;
      // The event of a scroll may still be to come.
      else restore(element, kept.current, element.scrollTop - (kept.current?.scrolled ?? 0));
    });
    for (const one of [element, element.querySelector(".messages")]) if (one) watch.observe(one);
    return () => watch.disconnect();
  }, []);

  // Scroll to a message that was chosen elsewhere. It gets the focus, so that keys and screen readers go on from there.
  const chosen = shown.value;
  useLayoutEffect(() => {
    const element = chosen && box.current?.querySelector(`li[data-id="${CSS.escape(chosen.id)}"]`);
    if (!(element instanceof HTMLElement)) return;
    element.scrollIntoView({ block: "center" });
    element.focus({ preventScroll: true });
    scrolled();
  }, [chosen, items.some((message) => message.id === chosen?.id)]);

  // Scroll to the end when the user sends a message.
  const posted = useRef(waiting.length);
  useEffect(() => {
    if (waiting.length > posted.current) void toEnd();
    posted.current = waiting.length;
  }, [waiting.length]);

  async function toEnd() {
    atEnd.current = true;
    shown.value = null;
    // Without a connection, newer messages cannot be loaded.
    if (after !== null && link.value === "online") await openMessages(conversation.id);
    if (box.current) box.current.scrollTop = box.current.scrollHeight;
    setAway(false);
  }

  return html`<div class="history" ref=${box} onScroll=${scrolled} tabindex="0" role="region" aria-label=${t("messages")}>
    <p class="hint">${loading === "first" || loading === "older" ? t("loading")
      : before === null && items.length > 0 ? t("beginning") : ""}</p>
    ${error && html`<div role="alert"><p class="wrong">${error}</p>
      <button onClick=${() => openMessages(conversation.id)}>${t("tryAgain")}</button></div>`}
    ${!loading && !error && items.length + waiting.length === 0 && html`<p class="hint">${t("noMessages")}</p>`}
    <ol class="messages">
      ${items.map((message, index) => {
        const previous = items[index - 1];
        const next = items[index + 1];
        const newDay = !previous || dayKey(previous.createdAt) !== dayKey(message.createdAt);
        return html`<${Fragment} key=${message.id}>
          ${newDay && html`<li class="day"><span>${day(message.createdAt)}</span></li>`}
          <${MessageItem} message=${message} conversation=${conversation} continues=${continues(previous, message)}
            goesOn=${next !== undefined && continues(message, next)} mayDelete=${mayDelete}
            mayPin=${mayPin} isShown=${chosen?.id === message.id} />
        <//>`;
      })}
      ${(after === null || state !== "online") && waiting.map((entry) => html`<${PendingItem} key=${entry.id} entry=${entry} />`)}
    </ol>
    ${away && html`<button class="to-end" onClick=${toEnd} aria-label=${t("newest")} title=${t("newest")}><${icons.down} />
      ${conversation.unreadCount > 0 && html`<span>${t("newBelow", { count: conversation.unreadCount })}</span>`}</button>`}
  </div>`;
}
