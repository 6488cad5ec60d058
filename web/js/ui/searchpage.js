// The search for messages with filters: who sent them, where, when, and what they have.

import { useEffect, useState } from "preact/hooks";

import { call } from "../api.js";
import { html } from "../lib/html.js";
import { dayAndClock } from "../lib/time.js";
import { me } from "../session.js";
import { inALine, titleOf } from "../state/conversations.js";
import { placeOf, refusal } from "../state/finding.js";
import { nameOf, people } from "../state/people.js";
import { listed } from "../state/settings.js";
import { t } from "../texts.js";
import { openMessage } from "./opening.js";
import { Avatar, ViewHeader } from "./parts.js";
import { useSearch } from "./search.js";

/** @typedef {import("../types.js").Message} Message */
/** @typedef {import("../texts.js").TextName} TextName */

/** How many messages are loaded at once. */
const PAGE = 20;
/** The kinds of messages that can be asked for. @type {TextName[]} */
const KINDS = ["image", "file", "audio", "video", "location"];
/** What a message can be asked to have. @type {[string, TextName][]} */
const PARTS = [["file", "hasFile"], ["link", "hasLink"], ["mention", "hasMention"]];
const DAY_MS = 24 * 60 * 60 * 1_000;

/** The first moment of a day of the user's calendar, some days later. @param {string} day @param {number} later */
function moment(day, later) {
  const date = new Date(`${day}T00:00:00`);
  return Number.isNaN(date.getTime()) ? "" : new Date(date.getTime() + later * DAY_MS).toISOString();
}

/** @typedef {{ q: string, from: string, conversation: string, after: string, before: string, kind: string, has: string }} Wanted */

/** The query of the server for what is wanted; empty without words. @param {Wanted} wanted */
function queryOf({ q, from, conversation, after, before, kind, has }) {
  if (!q.trim()) return "";
  // Both days are part of what is searched.
  const all = { q: q.trim(), from, conversation, after: after && moment(after, 0), before: before && moment(before, 1), kind, has };
  return new URLSearchParams(Object.entries(all).filter(([, value]) => value)).toString();
}

/** @param {{ label: string, name: string, value: string, onChange: (value: string) => void, options: [string, string][] }} props */
function Select({ label, name, value, onChange, options }) {
  return html`<div class="field"><label for=${name}>${label}</label>
    <select id=${name} value=${value} onChange=${(/** @type {any} */ event) => onChange(event.target.value)}>
      ${options.map(([key, text]) => html`<option key=${key} value=${key}>${text}</option>`)}</select></div>`;
}

/** @param {{ label: string, name: string, value: string, onChange: (value: string) => void }} props */
function Day({ label, name, value, onChange }) {
  return html`<div class="field"><label for=${name}>${label}</label>
    <input type="date" id=${name} value=${value} onInput=${(/** @type {any} */ event) => onChange(event.target.value)} /></div>`;
}

/** @param {{ id: string }} props `id`: of the conversation to search, or empty */
export function SearchPage({ id }) {
  const [wanted, setWanted] = useState(/** @type {Wanted} */ ({ q: "", from: "", conversation: id, after: "", before: "", kind: "", has: "" }));
  const [found, setFound] = useState({ query: "", items: /** @type {Message[]} */ ([]), next: "", error: "" });
  const set = (/** @type {keyof Wanted} */ name) => (/** @type {string} */ value) => setWanted((now) => ({ ...now, [name]: value }));
  useEffect(() => set("conversation")(id), [id]);
  const query = queryOf(wanted);

  /** @param {string} cursor */
  async function ask(cursor) {
    try {
      const { items, next } = await call("GET", `/search/messages?${query}&limit=${PAGE}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
      return { items, next: next ?? "", error: "" };
    } catch (error) {
      return { items: [], next: "", error: refusal(error) };
    }
  }
  useSearch(query, async (isNewest) => {
    const answer = query ? await ask("") : { items: [], next: "", error: "" };
    if (isNewest()) setFound({ query, ...answer });
  });
  async function more() {
    const { items, next, error } = await ask(found.next);
    setFound((now) => (now.query === query ? { ...now, items: [...now.items, ...items], next, error } : now));
  }

  const others = [...people.value.values()].filter((user) => !user.guest && user.id !== me.value?.id)
    .sort((a, b) => nameOf(a.id).localeCompare(nameOf(b.id)));
  const known = found.query === query ? found : { items: [], next: "", error: "" };
  const nothing = query !== "" && found.query === query && known.items.length === 0 && !known.error;
  return html`<section class="pane">
    <${ViewHeader} title=${t("searchMessages")} />
    <div class="page">
      <search class="filters">
        <div class="field wide-field"><label for="search-words">${t("searchWords")}</label>
          <input type="search" id="search-words" value=${wanted.q} autofocus autocomplete="off" onInput=${(/** @type {any} */ event) => set("q")(event.target.value)} /></div>
        <${Select} label=${t("searchFrom")} name="search-from" value=${wanted.from} onChange=${set("from")}
          options=${[["", t("searchAnybody")], [me.value?.id ?? "", t("you")], ...others.map((user) => [user.id, nameOf(user.id)])]} />
        <${Select} label=${t("searchIn")} name="search-in" value=${wanted.conversation} onChange=${set("conversation")}
          options=${[["", t("searchEverywhere")], ...listed.value.map((one) => [one.id, titleOf(one)])]} />
        <${Day} label=${t("searchAfter")} name="search-after" value=${wanted.after} onChange=${set("after")} />
        <${Day} label=${t("searchBefore")} name="search-before" value=${wanted.before} onChange=${set("before")} />
        <${Select} label=${t("searchKind")} name="search-kind" value=${wanted.kind} onChange=${set("kind")}
          options=${[["", t("searchAnyKind")], ["text", t("message")], ...KINDS.map((kind) => [kind, t(kind)])]} />
        <${Select} label=${t("searchHas")} name="search-has" value=${wanted.has} onChange=${set("has")}
          options=${[["", t("searchAny")], ...PARTS.map(([part, text]) => [part, t(text)])]} />
      </search>
      <p class="hint" role="status">${!query ? t("searchNoWord") : known.error || (nothing ? t("searchNothing", { query: wanted.q.trim() }) : "")}</p>
      <ul class="results" aria-label=${t("messages")}>${known.items.map((message) => {
        const who = nameOf(message.sender.id, message.sender);
        return html`<li key=${message.id}><button class="item" onClick=${() => openMessage(message)}>
          <${Avatar} id=${message.sender.id} name=${who} avatar=${message.sender.avatar} />
          <span class="item-text"><span class="item-head"><span class="item-title" dir="auto">${who} <small>${placeOf(message)}</small></span><time datetime=${message.createdAt}>${dayAndClock(message.createdAt)}</time></span>
            <span class="found-text" dir="auto">${inALine(message)}</span></span></button></li>`;
      })}</ul>
      ${known.next && html`<button class="quiet wide" onClick=${more}>${t("searchMore")}</button>`}
    </div>
  </section>`;
}
