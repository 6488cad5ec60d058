// A search field to choose users by name.

import { useState } from "preact/hooks";

import { call } from "../api.js";
import { html } from "../lib/html.js";
import { me } from "../session.js";
import { FOUND } from "../state/finding.js";
import { know } from "../state/people.js";
import { t } from "../texts.js";
import * as icons from "./icons.js";
import { Face, IconButton } from "./parts.js";
import { useSearch } from "./search.js";

/** @typedef {import("../types.js").User} User */

/**
 * A search field that passes the chosen user on.
 * @param {{ without: string[], onChoose: (user: User) => void }} props
 */
export function Choose({ without, onChoose }) {
  const [query, setQuery] = useState("");
  const [found, setFound] = useState(/** @type {User[]} */ ([]));
  const wanted = query.trim();
  useSearch(wanted, async (isNewest) => {
    if (!wanted) {
      setFound([]);
      return;
    }
    try {
      const { items } = await call("GET", `/users?q=${encodeURIComponent(wanted)}&limit=${FOUND}`);
      know(items);
      if (isNewest()) setFound(items);
    } catch {
      if (isNewest()) setFound([]);
    }
  });
  const hidden = new Set([...without, me.value?.id]);
  return html`<div class="field">
    <label for="choose">${t("addPeople")}</label>
    <input id="choose" type="search" autocomplete="off" value=${query} onInput=${(/** @type {any} */ event) => setQuery(event.target.value)} />
    <ul class="people">${found.filter((user) => !hidden.has(user.id)).map((user) => html`<li key=${user.id}>
      <${Face} user=${user} size="small" /><span class="line">${user.name || user.username} <small>@${user.username}</small></span>
      <${IconButton} label=${t("addPerson", { name: user.name || user.username })} icon=${icons.plus} onClick=${() => { onChoose(user); setQuery(""); }} />
    </li>`)}</ul>
  </div>`;
}
