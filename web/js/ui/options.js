// The menu of a conversation: the user's own settings of it.

import { useId, useLayoutEffect, useRef, useState } from "preact/hooks";

import { html } from "../lib/html.js";
import { dayAndClock } from "../lib/time.js";
import { go, route, searchLink } from "../route.js";
import { askToBlock, isBlocked, setBlocked } from "../state/blocks.js";
import { otherOf, titleOf } from "../state/conversations.js";
import { configure, hold, isArchived, isMuted, letGo, readAll } from "../state/settings.js";
import { t } from "../texts.js";
import * as icons from "./icons.js";

/** @typedef {import("../types.js").Conversation} Conversation */

/** Distance of the menu from the edges of the window, in pixels. */
const MARGIN = 8;
/** For how long a conversation can be muted, in milliseconds. */
const MUTED_MS = 60 * 60 * 1_000;

/** @typedef {{ conversation: Conversation, id: string }} Choice `id` is the id of the element */

/** The choice for how long a conversation is muted. @param {Choice} props */
function Mute({ conversation, id }) {
  const muted = isMuted(conversation) ? conversation.settings?.muted : false;
  const until = typeof muted === "string" ? muted : "";
  /** @type {Record<string, () => boolean | string>} */
  const choices = {
    off: () => false,
    hour: () => new Date(Date.now() + MUTED_MS).toISOString(),
    until: () => until,
    always: () => true,
  };
  const choose = (/** @type {any} */ event) => configure(conversation.id, { muted: choices[event.target.value]?.() ?? false });
  return html`<div class="field">
    <label for=${id}>${t("mute")}</label>
    <select id=${id} value=${until ? "until" : muted ? "always" : "off"} onChange=${choose}>
      <option value="off">${t("muteOff")}</option>
      <option value="hour">${t("muteHour")}</option>
      ${until && html`<option value="until">${t("muteUntil", { when: dayAndClock(until) })}</option>`}
      <option value="always">${t("muteAlways")}</option>
    </select>
  </div>`;
}

/** The choice of what the user is notified of. @param {Choice} props */
function Notify({ conversation, id }) {
  const choose = (/** @type {any} */ event) => configure(conversation.id, { notify: event.target.value });
  return html`<div class="field">
    <label for=${id}>${t("notify")}</label>
    <select id=${id} value=${conversation.settings?.notify ?? "all"} onChange=${choose}>
      <option value="all">${t("notifyAll")}</option>
      <option value="mentions">${t("notifyMentions")}</option>
      <option value="none">${t("notifyNone")}</option>
    </select>
  </div>`;
}

/** Places a menu below its button, or above it, inside the window. @param {HTMLElement} menu @param {HTMLElement} button */
function place(menu, button) {
  const at = button.getBoundingClientRect();
  const { width, height } = menu.getBoundingClientRect();
  const below = at.bottom + height + MARGIN <= innerHeight;
  const top = below ? at.bottom : Math.max(MARGIN, at.top - height);
  menu.style.top = `${Math.min(top, Math.max(MARGIN, innerHeight - MARGIN - height))}px`;
  const fits = at.left + width + MARGIN <= innerWidth;
  menu.style.left = `${fits ? at.left : Math.max(MARGIN, Math.min(at.right, innerWidth - MARGIN) - width)}px`;
}

/** The button that opens the menu, and the menu. The browser closes it by Escape and by a click elsewhere. @param {{ conversation: Conversation }} props */
export function Options({ conversation }) {
  // Counts openings, because a menu that is opened again at once tells of no close; 0 if it is closed.
  const [opening, setOpening] = useState(0);
  const open = opening > 0;
  const button = useRef(/** @type {HTMLButtonElement | null} */ (null));
  const menu = useRef(/** @type {HTMLDivElement | null} */ (null));
  const menuId = useId();
  const { id, unreadCount, settings } = conversation;
  useLayoutEffect(() => {
    if (!open) return undefined;
    hold(conversation);
    // The contents are drawn just before the browser shows the menu, which can be measured only after that.
    const frame = requestAnimationFrame(() => {
      if (!menu.current || !button.current) return;
      place(menu.current, button.current);
      menu.current.querySelector("button")?.focus();
    });
    // The menu does not move with its button.
    const scrolled = (/** @type {Event} */ { target }) => {
      if (target instanceof Node && target.contains(button.current)) menu.current?.hidePopover();
    };
    document.addEventListener("scroll", scrolled, { capture: true });
    return () => {
      letGo(id);
      cancelAnimationFrame(frame);
      document.removeEventListener("scroll", scrolled, { capture: true });
    };
  }, [opening]);
  // Drawn before the menu opens, and kept until it has closed, when the browser has moved the focus back to the button.
  const opens = (/** @type {any} */ event) => {
    if (event.newState === "open") setOpening((count) => count + 1);
  };
  const closed = (/** @type {any} */ event) => { if (event.newState === "closed") setOpening(0); };
  const close = () => menu.current?.hidePopover();
  const change = (/** @type {import("../types.js").Settings} */ settings) => {
    close();
    void configure(id, settings);
  };
  const markRead = () => {
    close();
    void readAll(conversation);
  };
  const markUnread = () => {
    // A conversation that is open is being read.
    if (route.value.name === "c" && route.value.id === id) go("#/");
    change({ markedUnread: true });
  };
  const archived = isArchived(conversation);
  const other = otherOf(conversation);
  const block = () => {
    close();
    if (other) void (isBlocked(other.id) ? setBlocked(other.id, false) : askToBlock(other.id));
  };
  const label = t("options", { name: titleOf(conversation) });
  return html`<button type="button" class="icon-button options" ref=${button} popovertarget=${menuId} aria-label=${label} title=${label}
      aria-expanded=${open}><${icons.more} /></button>
    <div id=${menuId} class="menu" popover="auto" ref=${menu} role="group" aria-label=${label}
      onBeforeToggle=${opens} onToggle=${closed}>${open && html`
      <button onClick=${() => change({ pinned: !settings?.pinned })}><${icons.pin} />${t(settings?.pinned ? "unpin" : "pinTop")}</button>
      ${unreadCount > 0 || settings?.markedUnread
        ? html`<button onClick=${markRead}><${icons.check} />${t("markRead")}</button>`
        : html`<button onClick=${markUnread}><${icons.unread} />${t("markUnread")}</button>`}
      <button onClick=${() => change({ archived: !archived })}><${icons.archive} />${t(archived ? "unarchive" : "archive")}</button>
      <button onClick=${() => { close(); go(searchLink(id)); }}><${icons.search} />${t("searchHere")}</button>
      ${other && html`<button onClick=${block}><${icons.block} />${t(isBlocked(other.id) ? "unblock" : "block")}</button>`}
      <${Notify} conversation=${conversation} id=${`${menuId}-notify`} />
      <${Mute} conversation=${conversation} id=${`${menuId}-mute`} />`}
    </div>`;
}
