// The sidebar: the list of conversations, and the search above it.

import { useState } from "preact/hooks";

import { html } from "../lib/html.js";
import { brief } from "../lib/time.js";
import { conversationLink, route } from "../route.js";
import { me } from "../session.js";
import { link } from "../socket.js";
import { inALine, isMuted, loaded, ordered, otherOf, someoneOnline, titleOf } from "../state/conversations.js";
import { newNotices } from "../state/notices.js";
import { outbox } from "../state/outbox.js";
import { nameOf } from "../state/people.js";
import { typing } from "../state/typing.js";
import { t } from "../texts.js";
import { Found } from "./found.js";
import * as icons from "./icons.js";
import { Avatar, Face } from "./parts.js";

/** @typedef {import("../types.js").Conversation} Conversation */

/** The last message in one line. @param {Conversation} conversation */
function lastLine({ id, kind, lastMessage }) {
  const those = typing.value.get(id) ?? [];
  if (those.length > 0) return html`<em>${t("typingOne", { name: nameOf(those[0] ?? "") })}</em>`;
  if (!lastMessage) return t("noMessages");
  if (lastMessage.deletedAt) return t("deleted");
  const text = inALine(lastMessage);
  const own = lastMessage.sender.id === me.value?.id;
  const who = own ? t("you") : kind === "direct" ? "" : nameOf(lastMessage.sender.id, lastMessage.sender);
  return who ? `${who}: ${text}` : text;
}

/** @param {{ conversation: Conversation }} props */
function Item({ conversation }) {
  const { id, unreadCount, updatedAt } = conversation;
  const title = titleOf(conversation);
  const other = otherOf(conversation);
  const here = route.value.name === "c" && route.value.id === id;
  const muted = isMuted(conversation);
  const waiting = outbox.value.some((entry) => entry.conversationId === id);
  return html`<li>
    <a class="item" href=${conversationLink(id)} aria-current=${here ? "page" : undefined}>
      ${other ? html`<${Face} user=${other} />` : html`<${Avatar} id=${id} name=${title} dot=${someoneOnline(conversation)} />`}
      <span class="item-text">
        <span class="item-head"><span class="item-title">${title}</span><time datetime=${updatedAt}>${brief(updatedAt)}</time></span>
        <span class="item-last"><span class="line">${waiting && html`<${icons.waiting} />`}${lastLine(conversation)}</span>
          ${muted && html`<span role="img" aria-label=${t("muted")} title=${t("muted")}><${icons.muted} /></span>`}
          ${unreadCount > 0 && html`<span class=${muted ? "badge calm" : "badge"}><span aria-hidden="true">${unreadCount > 99 ? "99+" : unreadCount}</span><span class="hidden">${t("unread", { count: unreadCount })}</span></span>`}
        </span>
      </span>
    </a>
  </li>`;
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
  const wanted = query.trim().toLowerCase();
  const shown = ordered.value.filter((one) => !wanted || titleOf(one).toLowerCase().includes(wanted));
  const user = me.value;
  return html`<nav class="sidebar" aria-label=${t("conversations")}>
    <header class="bar">
      <a class="brand" href="#/" aria-label=${t("appName")}><${icons.logo} /><span>${t("appName")}</span></a>
      <a class="icon-button" href="#/meetups" aria-label=${t("meetups")} title=${t("meetups")}><${icons.calendar} /></a>
      <a class="icon-button" href="#/notifications" title=${t("notifications")}
        aria-label=${newNotices.value ? t("notificationCount", { count: newNotices.value }) : t("notifications")}><${icons.bell} />
        ${newNotices.value > 0 && html`<span class="badge over" aria-hidden="true">${newNotices.value}</span>`}</a>
      <a class="icon-button" href="#/new" aria-label=${t("newConversation")} title=${t("newConversation")}><${icons.plus} /></a>
      ${user && html`<a class="me" href="#/profile" aria-label=${t("profile")} title=${t("profile")}><${Avatar} id=${user.id} name=${user.name || user.username} avatar=${user.avatar} size="small" /></a>`}
    </header>
    <${Link} />
    <search class="search"><${icons.search} />
      <input type="search" aria-label=${t("searchLabel")} placeholder=${t("searchPlaceholder")} value=${query}
        onInput=${(/** @type {any} */ event) => setQuery(event.target.value)} />
    </search>
    <div class="list">
      <ul>${shown.map((one) => html`<${Item} key=${one.id} conversation=${one} />`)}</ul>
      ${wanted ? html`<${Found} query=${wanted} onDone=${() => setQuery("")} />`
        : shown.length === 0 && html`<p class="hint">${loaded.value ? t("noConversations") : t("loading")}</p>`}
    </div>
  </nav>`;
}
