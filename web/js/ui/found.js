// The results of the search above the list: people, rooms to join, and messages.

import { useEffect } from "preact/hooks";

import { html } from "../lib/html.js";
import { brief } from "../lib/time.js";
import { searchLink } from "../route.js";
import { inALine } from "../state/conversations.js";
import { findMore, newPeople, placeOf } from "../state/finding.js";
import { pictureOf } from "../state/grouppictures.js";
import { tell } from "../state/notices.js";
import { nameOf } from "../state/people.js";
import { t } from "../texts.js";
import { joinRoom, openMessage, openPerson } from "./opening.js";
import { Avatar, Face } from "./parts.js";
import { useFound } from "./search.js";

/** @typedef {import("../types.js").Message} Message */

/**
 * @param {{ query: string, own: import("../types.js").Conversation[], onDone: () => void, onReady: () => void }} props
 *   `own`: the conversations that are shown above; `onReady`: called when the results for a query are there
 */
export function Found({ query, own, onDone, onReady }) {
  const { results, asked, setFound } = useFound(query);
  useEffect(() => { if (asked === query) onReady(); }, [asked, query]);
  async function more() {
    const { items, next, error } = await findMore(asked, results.next ?? "");
    if (error) tell(error);
    else setFound((now) => (now.results === results ? { ...now, results: { ...results, messages: [...results.messages, ...items], next } } : now));
  }

  /** @param {Promise<boolean>} opening */
  async function enter(opening) {
    if (await opening) onDone();
  }
  const { rooms, messages, next, errors } = results;
  const people = newPeople(results.people, own);
  const nothing = asked === query && own.length + people.length + rooms.length + messages.length + errors.length === 0;
  return html`
    ${people.length > 0 && html`<h2>${t("searchPeople")}</h2><ul>${people.map((user) => html`<li key=${user.id}>
      <button class="item" onClick=${() => enter(openPerson(user.id))}><${Face} user=${user} />
        <span class="item-text"><span class="item-title" dir="auto">${user.name || user.username}</span><span class="line">@${user.username}</span></span></button></li>`)}</ul>`}
    ${rooms.length > 0 && html`<h2>${t("searchRooms")}</h2><ul>${rooms.map((room) => html`<li key=${room.id}>
      <button class="item" onClick=${() => enter(joinRoom(room.id))}><${Avatar} id=${room.id} name=${room.name ?? ""} avatar=${pictureOf(room)} kind="room" />
        <span class="item-text"><span class="item-title" dir="auto">${room.name}</span><span class="line">${t("memberCount", { count: room.memberCount })}</span></span></button></li>`)}</ul>`}
    ${messages.length > 0 && html`<h2>${t("messages")}</h2><ul>${messages.map((message) => html`<li key=${message.id}>
      <button class="item" onClick=${() => openMessage(message)}><${Avatar} id=${message.sender.id} name=${nameOf(message.sender.id, message.sender)} avatar=${message.sender.avatar} />
        <span class="item-text"><span class="item-head"><span class="item-title">${nameOf(message.sender.id, message.sender)} <small>${placeOf(message)}</small></span><time datetime=${message.createdAt}>${brief(message.createdAt)}</time></span>
          <span class="found-text" dir="auto">${inALine(message)}</span></span></button></li>`)}</ul>`}
    ${next && html`<button class="quiet wide" onClick=${more}>${t("searchMore")}</button>`}
    <a class="button quiet wide" href=${searchLink("")}>${t("searchFilters")}</a>
    <p class="hint" role="status">${nothing ? t("searchNothing", { query }) : asked === query ? errors.join(" ") : ""}</p>`;
}
