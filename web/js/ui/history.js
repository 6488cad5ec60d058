// The scrollable history of the open conversation.
//
// What must stay true: what the user is looking at stays in position when messages are added above or below it; at the
// live end, the newest message stays in view, unless nobody is there to read what would scroll away; and only what was on
// the screen of a user who was there counts as read.

import { Fragment } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

import { html } from "../lib/html.js";
import { snug } from "../lib/narrow.js";
import { isPresent, present } from "../lib/present.js";
import { day, dayKey } from "../lib/time.js";
import { me } from "../session.js";
import { link, say } from "../socket.js";
import { read, rightsIn } from "../state/conversations.js";
import { looking } from "../state/live.js";
import { forgetNew, loadNewer, loadOlder, openMessages, shown, view } from "../state/messages.js";
import { outbox } from "../state/outbox.js";
import { configure } from "../state/settings.js";
import { thread } from "../state/thread.js";
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
/** The part of the view above the line that begins what is new. */
const ABOVE_NEW = 0.2;
/** How far a message may go on below the view and still have been seen, in pixels. */
const CUT = 12;
/** Time between two reports of what was read, and before one that failed is repeated, in milliseconds. */
const READ_MS = 300;
const AGAIN_MS = 5_000;

/** @param {Message | undefined} before @param {Message} message */
function continues(before, message) {
  return before !== undefined && before.sender.id === message.sender.id && !before.threadId && !message.threadId
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

/** Where a box is scrolled to if the line that begins what is new is near its upper edge; null without a line. @param {HTMLElement} box */
function atNew(box) {
  const line = box.querySelector(".new-line");
  if (!line) return null;
  return box.scrollTop + line.getBoundingClientRect().top - box.getBoundingClientRect().top - box.clientHeight * ABOVE_NEW;
}

/** The id of the last message whose end is in view or above it. @param {HTMLElement} box */
function lastInView(box) {
  const bottom = box.getBoundingClientRect().bottom + CUT;
  const all = [...box.querySelectorAll("li.message:not(.pending)")];
  return all.findLast((element) => element.getBoundingClientRect().bottom <= bottom)?.getAttribute("data-id") ?? null;
}

/** @param {HTMLElement} box */
const fromEnd = (box) => box.scrollHeight - box.scrollTop - box.clientHeight;

/** @param {{ conversation: Conversation }} props */
export function History({ conversation }) {
  const box = useRef(/** @type {HTMLDivElement | null} */ (null));
  const atEnd = useRef(true);
  /** What was on the screen and is not reported yet, and what is: the newest message of somebody else. */
  const seen = useRef(/** @type {{ id: string, sequence: number, reach: number } | null} */ (null));
  const toldRead = useRef(0);
  const telling = useRef(false);
  /** The opening whose first messages have their place. */
  const placed = useRef(0);
  /** Whether the user asked for the end. */
  const wantsEnd = useRef(false);
  const state = link.value;
  const [away, setAway] = useState(false);
  const { items, loading, before, after, error, opening, newAfter } = view.value
    ?? { items: [], loading: "first", before: null, after: null, error: "", opening: 0, newAfter: null };
  const isThere = present.value;
  // A thread covers the messages where there is no room beside them. Rendered again when it closes, they count as read.
  const isCovered = () => thread.value !== null && snug.value;
  isCovered();
  const others = (/** @type {Message} */ message) => message.sender.id !== me.value?.id;
  // Replies in a thread wait beside it, and here only if they failed: the thread may be closed.
  const waiting = outbox.value.filter((entry) => entry.conversationId === conversation.id && (!entry.threadId || entry.failed));
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

  const readBefore = conversation.members.find(({ user }) => user.id === me.value?.id)?.readSequence ?? 0;

  /** Notes what is on the screen, if the user is there. */
  function markRead() {
    const held = view.value;
    const element = box.current;
    const here = held?.id === conversation.id && held.loading !== "first" && placed.current === held.opening && !isCovered() && isPresent();
    const isEnd = here && held.after === null && atEnd.current;
    looking.at = isEnd ? conversation.id : "";
    if (!here || !element) return;
    const id = isEnd ? held.items.at(-1)?.id : lastInView(element);
    const at = held.items.findIndex((message) => message.id === id);
    const last = held.items.slice(0, at + 1).findLast(others);
    // A message that was chosen in the midst of what is new does not make read what was skipped.
    const adjoins = held.before === null || (held.items[0]?.sequence ?? 0) <= readBefore + 1;
    if (!last || !(isEnd || adjoins)) return;
    const reach = isEnd ? held.items[at]?.sequence ?? 0 : last.sequence;
    if (last.sequence > (seen.current?.sequence ?? 0)) seen.current = { id: last.id, sequence: last.sequence, reach };
    tellRead();
  }

  /** Reports what was read, a few times a second at most. @param {boolean} [isLast] whether the view closes */
  function tellRead(isLast = false) {
    const last = seen.current;
    if (!last || link.value !== "online" || (telling.current && !isLast) || Math.max(readBefore, toldRead.current) >= last.sequence) return;
    telling.current = true;
    toldRead.current = last.sequence;
    const passed = items.filter((message) =>
      others(message) && !message.deletedAt && message.sequence > readBefore && message.sequence <= last.sequence).length;
    say("message:read", { messageId: last.id, chatId: conversation.id }).then(({ success }) => success === true, () => false).then((done) => {
      if (done) read(conversation.id, me.value?.id ?? "", last.reach, passed);
      else toldRead.current = 0;
      setTimeout(() => {
        telling.current = false;
        if (box.current) latest.current();
      }, done ? READ_MS : AGAIN_MS);
    });
  }
  /** As of the newest rendering. */
  const latest = useRef(tellRead);
  latest.current = tellRead;
  useEffect(() => () => latest.current(true), []);

  /** The sizes of the view and of what is in it, when they were looked at last. */
  const sizes = useRef("");

  /** Whether the view or what is in it has another size than when it was looked at last. @param {HTMLElement} element */
  function isResized(element) {
    const now = `${element.clientHeight} ${element.scrollHeight}`;
    const has = now !== sizes.current;
    sizes.current = now;
    return has;
  }

  function scrolled() {
    const element = box.current;
    if (!element) return;
    // A resize moves the end away, and may be observed only after the event of a scroll that came before it.
    const isMoved = isResized(element) && atEnd.current;
    if (!isMoved) atEnd.current = fromEnd(element) < AT_END && after === null;
    setAway(!atEnd.current);
    if (element.scrollTop < NEAR) void loadOlder();
    if (fromEnd(element) < NEAR) void loadNewer();
    kept.current = anchorOf(element);
    markRead();
  }

  /** Scrolls to the end, but not beyond what is new while nobody is there to read it. @param {HTMLElement} element */
  function follow(element) {
    const end = element.scrollHeight - element.clientHeight;
    const first = isPresent() || conversation.unreadCount === 0 ? null : atNew(element);
    element.scrollTop = Math.min(end, first ?? end);
    if (first !== null && first < end - AT_END) {
      atEnd.current = false;
      setAway(true);
    }
  }

  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    if (placed.current !== opening && loading !== "first") {
      placed.current = opening;
      // At the first new message; a message that was chosen has an effect of its own.
      const first = wantsEnd.current || shown.value ? null : atNew(element);
      wantsEnd.current = false;
      element.scrollTop = first ?? element.scrollHeight;
      atEnd.current = after === null && fromEnd(element) < AT_END;
      setAway(!atEnd.current);
    } else if (atEnd.current && after === null) {
      follow(element);
    } else {
      restore(element, anchor);
    }
    kept.current = anchorOf(element);
    isResized(element);
    // If the messages do not fill the view, load the page before them.
    if (!loading && after !== null && fromEnd(element) < NEAR) void loadNewer();
    if (!loading && before !== null && element.scrollHeight <= element.clientHeight + NEAR / 2) void loadOlder();
  }, [items, waiting.length, loading]);

  // Opening the conversation ends its mark as unread. A mark that another device sets while it is open stays.
  const opened = useRef(true);
  function endMark() {
    if (!opened.current || state !== "online" || !isPresent()) return;
    opened.current = false;
    if (!conversation.settings?.markedUnread) return;
    void configure(conversation.id, { markedUnread: false }).then((done) => { if (!done) opened.current = true; });
  }

  // Who comes back to the page opens it as well.
  useEffect(() => { opened.current = isThere; }, [isThere]);
  useEffect(() => {
    markRead();
    endMark();
    return () => { looking.at = ""; };
  });

  const followNow = useRef(follow);
  followNow.current = follow;
  // Keep the end in view, or what is read, when the page or something in the messages is resized.
  useEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const watch = new ResizeObserver(() => {
      isResized(element);
      if (atEnd.current) followNow.current(element);
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
    if (waiting.length > posted.current) {
      forgetNew();
      void toEnd();
    }
    posted.current = waiting.length;
  }, [waiting.length]);

  async function toEnd() {
    atEnd.current = true;
    shown.value = null;
    // Without a connection, newer messages cannot be loaded.
    wantsEnd.current = after !== null && link.value === "online";
    if (wantsEnd.current) await openMessages(conversation.id, { atEnd: true });
    if (box.current) box.current.scrollTop = box.current.scrollHeight;
    setAway(false);
  }

  // Where the window begins in the midst of what is new, there is no line.
  const found = newAfter === null ? -1 : items.findIndex((message) => others(message) && message.sequence > newAfter);
  const firstNew = found === 0 && before !== null ? -1 : found;
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
          ${index === firstNew && html`<li class="new-line"><span>${t("newLine")}</span></li>`}
          <${MessageItem} message=${message} conversation=${conversation} continues=${index !== firstNew && continues(previous, message)}
            goesOn=${next !== undefined && index + 1 !== firstNew && continues(message, next)} mayDelete=${mayDelete}
            mayPin=${mayPin} isShown=${chosen?.id === message.id} />
        <//>`;
      })}
      ${(after === null || state !== "online") && waiting.map((entry) => html`<${PendingItem} key=${entry.id} entry=${entry} />`)}
    </ol>
    ${away && html`<button class="to-end" onClick=${toEnd} aria-label=${t("newest")} title=${t("newest")}><${icons.down} />
      ${conversation.unreadCount > 0 && html`<span>${t("newBelow", { count: conversation.unreadCount })}</span>`}</button>`}
  </div>`;
}
