// The switcher: goes to conversations, people, rooms and messages, and does the frequent actions, by what is typed.

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

import { html } from "../lib/html.js";
import { match } from "../lib/fold.js";
import { brief } from "../lib/time.js";
import { conversationLink, go, route, searchLink } from "../route.js";
import { inALine, titleOf } from "../state/conversations.js";
import { bestOwn, newPeople, placeOf } from "../state/finding.js";
import { pictureOf } from "../state/grouppictures.js";
import { inviting } from "../state/invitation.js";
import { overlay } from "../state/overlay.js";
import { nameOf } from "../state/people.js";
import { inSight } from "../state/settings.js";
import { t } from "../texts.js";
import { setTheme } from "../theme.js";
import { ConversationFace } from "./faces.js";
import * as icons from "./icons.js";
import { joinRoom, openMessage, openPerson } from "./opening.js";
import { useModal } from "./lines.js";
import { Avatar, Face } from "./parts.js";
import { useFound } from "./search.js";
import { Keys } from "./shortcuts.js";

/** @typedef {import("../texts.js").TextName} TextName */
/** @typedef {{ key: string, face: any, title: string, line?: string, more?: string, run: () => void }} Entry */
/** @typedef {{ title: TextName, entries: Entry[] }} Group */

/** How many conversations are shown. */
const SHOWN = 6;

/** @type {{ text: TextName, icon: () => any, run: () => void }[]} */
const ACTIONS = [
  { text: "newConversation", icon: icons.plus, run: () => go("#/new") },
  { text: "searchMessages", icon: icons.search, run: () => go(searchLink("")) },
  { text: "invitePeople", icon: icons.chain, run: () => { inviting.value = true; } },
  { text: "meetups", icon: icons.calendar, run: () => go("#/meetups") },
  { text: "notifications", icon: icons.bell, run: () => go("#/notifications") },
  { text: "settings", icon: icons.info, run: () => go("#/settings") },
  { text: "toDark", icon: icons.unread, run: () => setTheme("dark") },
  { text: "toLight", icon: icons.unread, run: () => setTheme("light") },
  { text: "keys", icon: icons.keyboard, run: () => { overlay.value = "keys"; } },
];

/** What is offered for a text. @param {string} wanted @param {import("../state/finding.js").Results} results @returns {Group[]} */
function groupsFor(wanted, { people, rooms, messages }) {
  const here = route.value.name === "c" ? route.value.id : "";
  // Without a text: where one was last, but not where one is.
  const own = wanted ? bestOwn(wanted) : inSight.value.filter(({ id }) => id !== here);
  const face = (/** @type {any} */ user) => html`<${Face} user=${user} size="small" />`;
  const action = (/** @type {typeof ACTIONS[number]} */ { text, icon, run }) =>
    ({ key: text, face: html`<span class="switcher-icon">${icon()}</span>`, title: t(text), run });
  return /** @type {Group[]} */ ([
    { title: "conversations", entries: own.slice(0, SHOWN).map((conversation) => ({
      key: conversation.id, face: html`<${ConversationFace} conversation=${conversation} size="small" />`, title: titleOf(conversation),
      more: conversation.unreadCount > 0 ? t("unread", { count: conversation.unreadCount }) : "", run: () => go(conversationLink(conversation.id)),
    })) },
    { title: "searchPeople", entries: newPeople(people, own).map((user) => ({
      key: user.id, face: face(user), title: user.name || user.username, line: `@${user.username}`, run: () => void openPerson(user.id),
    })) },
    { title: "searchRooms", entries: rooms.map((room) => ({
      key: room.id, face: html`<${Avatar} id=${room.id} name=${room.name ?? ""} avatar=${pictureOf(room)} kind="room" size="small" />`, title: room.name ?? "",
      line: t("memberCount", { count: room.memberCount }), run: () => void joinRoom(room.id),
    })) },
    { title: "actionsTitle", entries: ACTIONS.filter(({ text }) => match(t(text), wanted) >= 0).map(action) },
    { title: "messages", entries: messages.map((message) => ({
      key: message.id, face: face(message.sender), title: inALine(message), more: brief(message.createdAt),
      line: [nameOf(message.sender.id, message.sender), placeOf(message)].filter(Boolean).join(" · "), run: () => openMessage(message),
    })) },
  ]).filter(({ entries }) => entries.length > 0);
}

/** @param {{ onClose: () => void }} props */
function Switcher({ onClose }) {
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const [query, setQuery] = useState("");
  const [at, setAt] = useState(0);
  // Enter was pressed before the server had answered.
  const waits = useRef(false);
  const wanted = query.trim();
  const { results, asked } = useFound(wanted);
  const groups = groupsFor(wanted, results);
  const entries = groups.flatMap((group) => group.entries);
  const current = Math.min(at, entries.length - 1);
  const isComplete = asked === wanted;

  const lines = useModal(dialog);
  useLayoutEffect(() => { dialog.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" }); }, [current, query]);

  /** @param {Entry | undefined} entry */
  function run(entry) {
    if (!entry) return;
    // Closed first, so that the focus goes to what opens.
    dialog.current?.close();
    onClose();
    entry.run();
  }
  useEffect(() => {
    if (waits.current && isComplete) run(entries[0]);
    waits.current = false;
  }, [isComplete]);

  /** @param {KeyboardEvent} event */
  function key(event) {
    if (event.isComposing) return;
    if (event.key === "ArrowDown") setAt(entries.length > 0 ? (current + 1) % entries.length : 0);
    else if (event.key === "ArrowUp") setAt(entries.length > 0 ? (current + entries.length - 1) % entries.length : 0);
    else if (event.key === "Enter") {
      if (entries.length > 0) run(entries[current]);
      else waits.current = !isComplete;
    } else return;
    event.preventDefault();
  }
  const outside = (/** @type {Event} */ event) => { if (event.target === dialog.current) onClose(); };
  const write = (/** @type {any} */ event) => {
    waits.current = false;
    setAt(0);
    setQuery(event.target.value);
  };
  return html`<dialog class="switcher" ref=${dialog} aria-label=${t("switcher")} onClick=${outside}
    onCancel=${(/** @type {Event} */ event) => { event.preventDefault(); onClose(); }}>
    <div class="switcher-field"><${icons.search} />
      <input type="text" role="combobox" aria-label=${t("switcher")} placeholder=${t("switcherHint")} value=${query} autocomplete="off" autofocus
        aria-expanded=${entries.length > 0} aria-controls="switcher-list" aria-autocomplete="list"
        aria-activedescendant=${entries.length > 0 ? `switcher-${current}` : undefined} onInput=${write} onKeyDown=${key} /></div>
    <div class="switcher-list" id="switcher-list" role="listbox" aria-label=${t("switcher")}>${groups.map(({ title, entries: those }) => html`
      <div key=${title} role="group" aria-labelledby=${`switcher-${title}`}>
        <p id=${`switcher-${title}`} class="switcher-title" role="presentation">${t(title)}</p>
        ${those.map((entry) => {
          const index = entries.indexOf(entry);
          return html`<div key=${entry.key} id=${`switcher-${index}`} class="switcher-entry" role="option" aria-selected=${index === current}
            onMouseMove=${() => { if (index !== current) setAt(index); }} onClick=${() => run(entry)}>
            ${entry.face}<span class="item-text"><span class="item-title" dir="auto">${entry.title}</span>
            ${entry.line && html`<span class="line" dir="auto">${entry.line}</span>`}</span>${entry.more && html`<small>${entry.more}</small>`}</div>`;
        })}</div>`)}</div>
    <p class="hint" role="status">${wanted && isComplete && entries.length === 0 ? results.errors.join(" ") || t("searchNothing", { query: wanted }) : ""}</p>
    <p class="switcher-foot" aria-hidden="true"><kbd>↑</kbd><kbd>↓</kbd> ${t("keyChoose")} <kbd>↵</kbd> ${t("keyOpen")} <kbd>${t("keyEsc")}</kbd> ${t("close")}</p>
    ${lines}
  </dialog>`;
}

/** The switcher or the list of keys, if it is open. */
export function Overlay() {
  const close = () => { overlay.value = ""; };
  switch (overlay.value) {
    case "switcher": return html`<${Switcher} onClose=${close} />`;
    case "keys": return html`<${Keys} onClose=${close} />`;
    case "": return null;
  }
}
