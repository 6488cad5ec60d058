// The results of the search above the list: people, rooms to join, and messages.

import { useState } from "preact/hooks";

import { call, why, worthTelling } from "../api.js";
import { html } from "../lib/html.js";
import { brief } from "../lib/time.js";
import { conversationLink, go } from "../route.js";
import { me } from "../session.js";
import { conversations, directWith, inALine, put, titleOf } from "../state/conversations.js";
import { showMessage } from "../state/messages.js";
import { tell } from "../state/notices.js";
import { know, nameOf } from "../state/people.js";
import { t } from "../texts.js";
import { Avatar, Face } from "./parts.js";
import { FOUND, useSearch } from "./search.js";

/** @typedef {import("../types.js").Conversation} Conversation */
/** @typedef {import("../types.js").Message} Message */
/** @typedef {{ people: import("../types.js").User[], rooms: import("../types.js").Room[], messages: Message[], next: string | null, errors: string[] }} Results */

/** @type {Results} */
const NOTHING = { people: [], rooms: [], messages: [], next: null, errors: [] };

/** Why nothing was found, in words for what the user typed. @param {any} error */
function refusal(error) {
  if (error.status === 413) return t("searchTooLong");
  if (error.status === 422) return t("searchNoWord");
  return worthTelling(error);
}

/** Searches in one list. @param {string} path @param {string} query @param {string} [cursor] */
async function search(path, query, cursor = "") {
  const more = cursor && `&cursor=${encodeURIComponent(cursor)}`;
  try {
    const { items, next } = await call("GET", `${path}?q=${encodeURIComponent(query)}&limit=${FOUND}${more}`);
    return { items, next: next ?? null, error: "" };
  } catch (error) {
    return { items: [], next: null, error: refusal(error) };
  }
}

/** The title of the conversation of a message. @param {Message} message */
function placeOf({ conversationId }) {
  const conversation = conversations.value.get(conversationId);
  return conversation ? titleOf(conversation) : "";
}

/** @param {{ query: string, onDone: () => void }} props */
export function Found({ query, onDone }) {
  const [results, setResults] = useState(NOTHING);
  const [asked, setAsked] = useState("");
  useSearch(query, async (isNewest) => {
    const [people, rooms, messages] = await Promise.all([
      search("/users", query), search("/rooms", query), search("/search/messages", query),
    ]);
    know(people.items);
    if (!isNewest()) return;
    setResults({
      people: people.items.filter((/** @type {any} */ user) => user.id !== me.value?.id),
      rooms: rooms.items.filter((/** @type {any} */ room) => !room.isMember),
      messages: messages.items,
      next: messages.next,
      errors: [...new Set([people.error, rooms.error, messages.error])].filter(Boolean),
    });
    setAsked(query);
  });
  async function more() {
    const { items, next, error } = await search("/search/messages", asked, results.next ?? "");
    if (error) tell(error);
    else setResults((now) => (now === results ? { ...now, messages: [...now.messages, ...items], next } : now));
  }

  /** @param {() => Promise<Conversation>} open */
  async function enter(open) {
    try {
      const { id } = await open();
      onDone();
      go(conversationLink(id));
    } catch (error) {
      tell(why(error));
    }
  }
  const join = (/** @type {string} */ id) => enter(async () => put(await call("POST", `/conversations/${encodeURIComponent(id)}/members`)));
  const show = (/** @type {Message} */ { conversationId, id, sequence }) => {
    go(conversationLink(conversationId));
    void showMessage(conversationId, id, sequence);
  };
  const { people, rooms, messages, next, errors } = results;
  const nothing = asked === query && people.length + rooms.length + messages.length + errors.length === 0;
  return html`
    ${people.length > 0 && html`<h2>${t("searchPeople")}</h2><ul>${people.map((user) => html`<li key=${user.id}>
      <button class="item" onClick=${() => enter(() => directWith(user.id))}><${Face} user=${user} />
        <span class="item-text"><span class="item-title" dir="auto">${user.name || user.username}</span><span class="line">@${user.username}</span></span></button></li>`)}</ul>`}
    ${rooms.length > 0 && html`<h2>${t("searchRooms")}</h2><ul>${rooms.map((room) => html`<li key=${room.id}>
      <button class="item" onClick=${() => join(room.id)}><${Avatar} id=${room.id} name=${room.name ?? ""} kind="room" />
        <span class="item-text"><span class="item-title" dir="auto">${room.name}</span><span class="line">${t("memberCount", { count: room.memberCount })}</span></span></button></li>`)}</ul>`}
    ${messages.length > 0 && html`<h2>${t("messages")}</h2><ul>${messages.map((message) => html`<li key=${message.id}>
      <button class="item" onClick=${() => show(message)}><${Avatar} id=${message.sender.id} name=${nameOf(message.sender.id, message.sender)} avatar=${message.sender.avatar} />
        <span class="item-text"><span class="item-head"><span class="item-title">${nameOf(message.sender.id, message.sender)} <small>${placeOf(message)}</small></span><time datetime=${message.createdAt}>${brief(message.createdAt)}</time></span>
          <span class="found-text" dir="auto">${inALine(message)}</span></span></button></li>`)}</ul>`}
    ${next && html`<button class="quiet wide" onClick=${more}>${t("searchMore")}</button>`}
    <p class="hint" role="status">${nothing ? t("searchNothing", { query }) : asked === query ? errors.join(" ") : ""}</p>`;
}
