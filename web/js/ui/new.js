// The form to create a group or a room.

import { useState } from "preact/hooks";

import { call } from "../api.js";
import { html } from "../lib/html.js";
import { conversationLink, go } from "../route.js";
import { put } from "../state/conversations.js";
import { t } from "../texts.js";
import { Choose } from "./choose.js";
import * as icons from "./icons.js";
import { Face, Field, Form, IconButton, ViewHeader, Wrong } from "./parts.js";

/** @typedef {import("../types.js").User} User */

export function NewConversation() {
  const [kind, setKind] = useState("group");
  const [members, setMembers] = useState(/** @type {User[]} */ ([]));
  /** @param {Record<string, any>} given */
  async function send({ name }) {
    const memberIds = kind === "group" ? members.map((user) => user.id) : [];
    const made = put(await call("POST", "/conversations", { kind, name, memberIds, open: kind === "room" }));
    go(conversationLink(made.id));
  }
  const choice = (/** @type {string} */ value, /** @type {string} */ label) => html`<label class="choice">
    <input type="radio" name="kind" value=${value} checked=${kind === value} onChange=${() => setKind(value)} /> ${label}</label>`;
  return html`<section class="pane">
    <${ViewHeader} title=${t("newConversation")} />
    <${Form} kind="page" send=${send}>
      <fieldset><legend class="hidden">${t("newConversation")}</legend>
        ${choice("group", t("kindGroup"))}${choice("room", t("kindRoom"))}</fieldset>
      <${Field} label=${t("name")} name="name" required maxlength="128" autocomplete="off" />
      ${kind === "group" && html`
        <ul class="people">${members.map((user) => html`<li key=${user.id}><${Face} user=${user} size="small" />
          <span class="line">${user.name || user.username}</span>
          <${IconButton} label=${t("removePerson", { name: user.name || user.username })} icon=${icons.close}
            onClick=${() => setMembers(members.filter((one) => one.id !== user.id))} /></li>`)}</ul>
        <${Choose} without=${members.map((user) => user.id)} onChoose=${(/** @type {User} */ user) => setMembers([...members, user])} />`}
      <${Wrong} />
      <div class="actions"><button class="primary">${t("create")}</button></div>
    <//>
  </section>`;
}
