// Settings: the password, where the user is logged in, and the end of the account.

import { useState } from "preact/hooks";

import { changeSession } from "../../api.js";
import { html } from "../../lib/html.js";
import { me, setSession } from "../../session.js";
import { t } from "../../texts.js";
import { Dialog, Field, Form, Wrong } from "../parts.js";
import { Group } from "./group.js";
import { Sessions } from "./sessions.js";

/** @param {{ onChange: () => void }} props */
function Password({ onChange }) {
  const [saved, setSaved] = useState(false);
  /** @param {Record<string, any>} given @param {HTMLFormElement} form */
  async function send({ currentPassword, newPassword }, form) {
    setSaved(false);
    // All sessions end, and this one goes on with a new token.
    await changeSession("PUT", "/me/password", { ...(currentPassword ? { currentPassword } : {}), newPassword }, setSession);
    form.reset();
    setSaved(true);
    onChange();
  }
  return html`<${Group} title=${t("password")} hint=${t("passwordEnds")}>
    <${Form} send=${send}>
      <input type="text" name="username" autocomplete="username" value=${me.value?.username} hidden />
      <${Field} label=${t("currentPassword")} name="currentPassword" type="password" autocomplete="current-password" />
      <${Field} label=${t("newPassword")} name="newPassword" type="password" autocomplete="new-password" required />
      <${Wrong} />
      <div class="actions"><span role="status" class="hint">${saved && t("passwordChanged")}</span><button class="primary">${t("changePassword")}</button></div>
    <//>
  <//>`;
}

/** Asks for the name and the password, because nothing brings the account back. @param {{ onClose: () => void }} props */
function Erase({ onClose }) {
  const [typed, setTyped] = useState("");
  const username = me.value?.username ?? "";
  /** @param {Record<string, any>} given */
  async function send({ currentPassword }) {
    await changeSession("DELETE", "/me", currentPassword ? { currentPassword } : {}, () => setSession(null, t("accountErased")));
  }
  return html`<${Dialog} title=${t("eraseAccount")} onClose=${onClose}>
    <${Form} send=${send}>
      <p>${t("eraseAsk")}</p>
      <${Field} label=${t("eraseName", { name: username })} name="name" required autocomplete="off" onInput=${(/** @type {any} */ event) => setTyped(event.target.value.trim())} />
      <${Field} label=${t("currentPassword")} name="currentPassword" type="password" autocomplete="current-password" />
      <${Wrong} />
      <div class="actions"><button type="button" class="quiet" onClick=${onClose}>${t("cancel")}</button>
        <button class="danger" disabled=${typed !== username}>${t("eraseAccount")}</button></div>
    <//>
  <//>`;
}

export function Account() {
  const [erasing, setErasing] = useState(false);
  // A new password ends the others.
  const [changes, setChanges] = useState(0);
  return html`<${Password} onChange=${() => setChanges(changes + 1)} />
    <${Sessions} key=${changes} />
    <${Group} title=${t("eraseAccount")} hint=${t("eraseHint")}>
      <div class="actions"><button class="danger" onClick=${() => setErasing(true)}>${t("eraseAccount")}</button></div>
    <//>
    ${erasing && html`<${Erase} onClose=${() => setErasing(false)} />`}`;
}
