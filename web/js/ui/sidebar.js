// The sidebar: the list of conversations, and the search above it.

import { useComputed } from "@preact/signals";
import { Fragment } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import { html } from "../lib/html.js";
import { narrow } from "../lib/narrow.js";
import { brief } from "../lib/time.js";
import { conversationLink, route } from "../route.js";
import { me } from "../session.js";
import { link } from "../socket.js";
import { isBlocked } from "../state/blocks.js";
import { inALine, loaded, titleOf } from "../state/conversations.js";
import { drafts } from "../state/drafts.js";
import { ownWith } from "../state/finding.js";
import { isOfRequest, notices } from "../state/notices.js";
import { outbox } from "../state/outbox.js";
import { nameOf } from "../state/people.js";
import { requests } from "../state/requests.js";
import { isArchived, isMuted, isUnread, listed, sections } from "../state/settings.js";
import { typing } from "../state/typing.js";
import { t } from "../texts.js";
import { ConversationFace } from "./faces.js";
import { Found } from "./found.js";
import * as icons from "./icons.js";
import { useKeptFocus } from "./keptfocus.js";
import { Options } from "./options.js";
import { Avatar } from "./parts.js";
import { named } from "./shortcuts.js";
import { Home } from "./views.js";

/** @typedef {import("../types.js").Conversation} Conversation */

/**
 * The last message in one line, or what is being written.
 * @param {Conversation} conversation @param {string | undefined} typist the id of who is typing @param {string | undefined} draft
 */
function lastLine({ kind, lastMessage }, typist, draft) {
  if (typist !== undefined) return html`<em>${t("typingOne", { name: nameOf(typist) })}</em>`;
  if (draft) return html`<span class="draft">${t("draft")}</span> ${draft.slice(0, 100)}`;
  if (!lastMessage) return t("noMessages");
  if (lastMessage.deletedAt) return t("deleted");
  if (kind !== "direct" && isBlocked(lastMessage.sender.id)) return t("blockedMessage");
  const text = inALine(lastMessage);
  const own = lastMessage.sender.id === me.value?.id;
  if (own) return t("youSaid", { text });
  return kind === "direct" ? text : `${nameOf(lastMessage.sender.id, lastMessage.sender)}: ${text}`;
}

/** An icon that says something about a conversation. @param {{ label: string, icon: any }} props */
function Sign({ label, icon }) {
  return html`<span class="sign" role="img" aria-label=${label} title=${label}>${icon()}</span>`;
}

/** The number of unread messages; without a number, the mark as unread. @param {{ conversation: Conversation }} props */
function Badge({ conversation }) {
  const { unreadCount, settings } = conversation;
  if (unreadCount === 0 && !settings?.markedUnread) return null;
  const kinds = ["badge", isMuted(conversation) && "calm", unreadCount === 0 && "plain"].filter(Boolean).join(" ");
  const text = unreadCount > 0 ? t("unread", { count: unreadCount }) : t("markedUnread");
  const shown = unreadCount > 99 ? "99+" : unreadCount || "";
  return html`<span class=${kinds}><span aria-hidden="true">${shown}</span><span class="hidden">${text}</span></span>`;
}

/** @param {{ conversation: Conversation, isMixed: boolean }} props `isMixed`: whether archived and other ones are in one list */
function Item({ conversation, isMixed }) {
  const { id, updatedAt, settings } = conversation;
  const title = titleOf(conversation);
  // All of these change often for one conversation, and one of a thousand is rendered again then.
  const here = useComputed(() => route.value.name === "c" && route.value.id === id).value;
  const waiting = useComputed(() => outbox.value.some((entry) => entry.conversationId === id)).value;
  const typist = useComputed(() => typing.value.get(id)?.[0]).value;
  const draft = useComputed(() => drafts.value.get(id)).value;
  return html`<li class=${isUnread(conversation) ? "entry unread" : "entry"} data-id=${id}>
    <a class="item" href=${conversationLink(id)} aria-current=${here ? "page" : undefined}>
      <${ConversationFace} conversation=${conversation} />
      <span class="item-text">
        <span class="item-head"><span class="item-title" dir="auto">${title}</span><time datetime=${updatedAt}>${brief(updatedAt)}</time></span>
        <span class="item-last"><span class="line" dir="auto">${waiting && html`<${icons.waiting} />`}${lastLine(conversation, typist, here ? undefined : draft)}</span>
          ${isMixed && isArchived(conversation) && html`<${Sign} label=${t("archived")} icon=${icons.archive} />`}
          ${settings?.pinned && html`<${Sign} label=${t("pinnedOne")} icon=${icons.pin} />`}
          ${isMuted(conversation) && html`<${Sign} label=${t("muted")} icon=${icons.muted} />`}
          <${Badge} conversation=${conversation} />
        </span>
      </span>
    </a>
    <${Options} conversation=${conversation} />
  </li>`;
}

/** @param {{ conversations: Conversation[], isMixed?: boolean }} props */
function List({ conversations, isMixed = false }) {
  return html`<ul>${conversations.map((one) => html`<${Item} key=${one.id} conversation=${one} isMixed=${isMixed} />`)}</ul>`;
}

/** The archived conversations, folded. @param {{ conversations: Conversation[] }} props */
function Archived({ conversations }) {
  return html`<details class="archived"><summary><${icons.fold} />${t("archivedCount", { count: conversations.length })}</summary>
    <${List} conversations=${conversations} /></details>`;
}

/** @typedef {{ current: HTMLElement | null }} Place the element of the list */

/** The whole list. Its sections have titles if there are several. @param {{ place: Place }} props */
function Sections({ place }) {
  useKeptFocus(place);
  const archived = listed.value.filter(isArchived);
  const shown = sections.value;
  return html`${shown.map(({ title, items }) => html`<${Fragment} key=${title}>${shown.length > 1 && html`<h2>${t(title)}</h2>`}<${List} conversations=${items} /><//>`)}
    ${archived.length > 0 && html`<${Archived} conversations=${archived} />`}
    ${shown.length + archived.length === 0 && (loaded.value && narrow.value ? html`<${Home} />` : html`<p class="hint">${loaded.value ? t("noConversations") : t("loading")}</p>`)}`;
}

/** What a search finds: one's own conversations in one list, and what the server knows. @param {{ query: string, place: Place, onDone: () => void, onReady: () => void }} props */
function Searched({ query, place, onDone, onReady }) {
  useKeptFocus(place);
  const own = ownWith(query);
  return html`${own.length > 0 && html`<${List} conversations=${own} isMixed=${true} />`}
    <${Found} query=${query} own=${own} onDone=${onDone} onReady=${onReady} />`;
}

/** The state of the connection, if it is not online. */
function Link() {
  const count = outbox.value.filter((entry) => !entry.failed).length;
  const text = link.value === "online" ? "" : t(link.value === "connecting" ? "linkConnecting" : "linkOffline");
  const waiting = count > 0 && link.value !== "online" ? ` ${t("outboxCount", { count })}` : "";
  return html`<p class=${text ? "link shown" : "link"} role="status">${text}${waiting}</p>`;
}

export function Sidebar() {
  const [query, setQuery] = useState("");
  const wanted = query.trim();
  const list = useRef(/** @type {HTMLElement | null} */ (null));
  const field = useRef(/** @type {HTMLInputElement | null} */ (null));
  // Enter was pressed before anything was found.
  const waits = useRef(false);
  const done = () => setQuery("");
  useEffect(() => { waits.current = false; }, [query]);
  /** What is found, as elements. @returns {HTMLElement[]} */
  const found = () => /** @type {HTMLElement[]} */ ([...list.current?.querySelectorAll(".item:not(details:not([open]) .item)") ?? []]);
  /** @param {KeyboardEvent} event */
  function key(event) {
    const items = found();
    const at = items.findIndex((item) => item === document.activeElement);
    const isField = event.target === field.current;
    if (event.isComposing || event.altKey || event.ctrlKey || event.metaKey || !(isField || at >= 0)) return;
    if (event.key === "ArrowDown") items[at + 1]?.focus();
    else if (event.key === "ArrowUp" && at >= 0) (items[at - 1] ?? field.current)?.focus();
    else if (event.key === "Enter" && isField && wanted) {
      if (items[0]) items[0].click();
      else waits.current = true;
    } else if (event.key === "Escape" && wanted) {
      done();
      field.current?.focus();
    } else return;
    event.preventDefault();
  }
  const ready = () => {
    if (waits.current) found()[0]?.click();
    waits.current = false;
  };
  // What was opened ends the search; messages that were found stay, because one looks at several.
  const opened = (/** @type {MouseEvent} */ event) => {
    if (event.target instanceof Element && event.target.closest("a.item") && !event.ctrlKey && !event.metaKey) done();
  };
  const user = me.value;
  // A request is told by a notification as well.
  const news = notices.value.filter((notice) => !notice.readAt && !(isOfRequest(notice) && requests.value.length > 0)).length + requests.value.length;
  return html`<nav class="sidebar" aria-label=${t("conversations")}>
    <header class="bar">
      <a class="brand" href="#/" aria-label=${t("appName")}><${icons.logo} /><span>${t("appName")}</span></a>
      <a class="icon-button" href="#/meetups" aria-label=${t("meetups")} title=${t("meetups")}><${icons.calendar} /></a>
      <a class="icon-button" href="#/notifications" title=${t("notifications")}
        aria-label=${news ? t("notificationCount", { count: news }) : t("notifications")}><${icons.bell} />
        ${news > 0 && html`<span class="badge over" aria-hidden="true">${news}</span>`}</a>
      <a class="icon-button" href="#/new" aria-label=${t("newConversation")} title=${t("newConversation")}><${icons.plus} /></a>
      ${user && html`<a class="me" href="#/settings" aria-label=${t("settings")} title=${t("settings")}><${Avatar} id=${user.id} name=${user.name || user.username} avatar=${user.avatar} size="small" /></a>`}
    </header>
    <${Link} />
    <search class="search" onKeyDown=${key}><${icons.search} />
      <input type="search" ref=${field} aria-label=${t("searchLabel")} placeholder=${t("searchPlaceholder")} value=${query} aria-keyshortcuts="Control+K"
        onInput=${(/** @type {any} */ event) => setQuery(event.target.value)} />
      ${!query && html`<span class="search-keys" aria-hidden="true"><kbd>${named("Ctrl")}</kbd><kbd>K</kbd></span>`}
    </search>
    <div class="list" ref=${list} onKeyDown=${key} onClick=${opened}>
      ${wanted ? html`<${Searched} query=${wanted} place=${list} onDone=${done} onReady=${ready} />` : html`<${Sections} place=${list} />`}
    </div>
  </nav>`;
}
