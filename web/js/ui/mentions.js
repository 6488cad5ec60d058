// Mentions: the list of members that opens while a name is typed after "@".

import { useState } from "preact/hooks";

import { html } from "../lib/html.js";
import { me } from "../session.js";
import { fetchConversation } from "../state/conversations.js";
import { nameOf } from "../state/people.js";
import { t } from "../texts.js";
import { Face } from "./parts.js";

/** @typedef {import("../types.js").Conversation} Conversation */
/** @typedef {import("../types.js").User} User */

/** How many members are offered. */
const OFFERED = 6;
/** The start of a mention in front of the caret. */
const STARTED = /(?:^|[\s(])@([^\s@]{0,32})$/u;

/** Large conversations whose members have been loaded for the list. @type {Set<string>} */
const completed = new Set();

/** The members that match what is typed after "@". @param {Conversation} conversation @param {string} before the text in front of the caret */
function candidates(conversation, before) {
  const typed = STARTED.exec(before)?.[1]?.toLowerCase();
  if (typed === undefined) return [];
  const matches = (/** @type {User} */ user) =>
    user.username.toLowerCase().startsWith(typed) || nameOf(user.id, user).toLowerCase().startsWith(typed);
  return conversation.members.map(({ user }) => user).filter((user) => user.id !== me.value?.id && matches(user)).slice(0, OFFERED);
}

/**
 * The state of the list of members for a text field.
 * @param {Conversation} conversation
 * @param {{ current: HTMLTextAreaElement | null }} area
 * @param {(text: string) => void} write replaces the text of the field
 */
export function useMentions(conversation, area, write) {
  const [before, setBefore] = useState("");
  const [at, setAt] = useState(0);
  const offered = candidates(conversation, before);
  const current = Math.min(at, offered.length - 1);

  function look() {
    const element = area.current;
    const text = element && element.selectionStart === element.selectionEnd ? element.value.slice(0, element.selectionStart) : "";
    setBefore(text);
    setAt(0);
    // A list of conversations has only some of the members of a large one.
    const { id, members, memberCount = members.length } = conversation;
    if (STARTED.test(text) && members.length < memberCount && !completed.has(id)) {
      completed.add(id);
      void fetchConversation(id);
    }
  }
  /** @param {User} user */
  function choose(user) {
    const element = area.current;
    if (!element) return;
    const start = before.slice(0, before.lastIndexOf("@"));
    const rest = element.value.slice(before.length).replace(/^ /, "");
    const caret = `${start}@${user.username} `;
    // At once, and not with the next frame, because the user may go on typing.
    element.value = caret + rest;
    element.focus();
    element.setSelectionRange(caret.length, caret.length);
    write(caret + rest);
    setBefore("");
  }
  /** Handles a key; returns whether it was for the list. @param {KeyboardEvent} event */
  function key(event) {
    const user = offered[current];
    if (!user) return false;
    if (event.key === "ArrowDown") setAt((current + 1) % offered.length);
    else if (event.key === "ArrowUp") setAt((current + offered.length - 1) % offered.length);
    else if (event.key === "Enter" || event.key === "Tab") choose(user);
    else if (event.key === "Escape") setBefore("");
    else return false;
    event.preventDefault();
    return true;
  }
  return { offered, current, look, key, choose, close: () => setBefore("") };
}

/** The list of members. @param {{ mentions: ReturnType<typeof useMentions> }} props */
export function MentionList({ mentions: { offered, current, choose } }) {
  return html`<ul class="mention-list" id="mention-list" role="listbox" aria-label=${t("mention")} hidden=${offered.length === 0}>
    ${offered.map((user, index) => html`<li key=${user.id} id=${`mention-${index}`} role="option" aria-selected=${index === current}
      onMouseDown=${(/** @type {Event} */ event) => { event.preventDefault(); choose(user); }}>
      <${Face} user=${user} size="small" /><span class="line">${nameOf(user.id, user)} <small>@${user.username}</small></span></li>`)}</ul>`;
}
