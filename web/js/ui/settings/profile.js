// Settings: the user's picture, names and address.

import { useRef, useState } from "preact/hooks";

import { call, upload, why } from "../../api.js";
import { html } from "../../lib/html.js";
import { me, session, setSession } from "../../session.js";
import { t } from "../../texts.js";
import { Avatar, Field, Form, Wrong } from "../parts.js";
import { Group } from "./group.js";

export function Profile() {
  const picker = useRef(/** @type {HTMLInputElement | null} */ (null));
  const [error, setError] = useState("");
  const [saved, setSaved] = useState(false);
  const [asksPassword, setAsksPassword] = useState(false);
  const user = me.value;
  if (!user || !session.value) return null;

  /** @param {object} fields */
  async function change(fields) {
    setError("");
    setSaved(false);
    const changed = await call("PATCH", "/me", fields);
    if (session.value) setSession({ ...session.value, user: changed });
    setSaved(true);
    setAsksPassword(false);
  }
  const send = (/** @type {Record<string, any>} */ { name, username, email, currentPassword }) =>
    change({ name, username, email, ...(currentPassword ? { currentPassword } : {}) });
  /** @param {() => Promise<string | null>} work returns the address of the picture */
  const setPicture = (work) => void work().then((avatar) => change({ avatar })).catch((failure) => setError(why(failure)));
  const picture = (/** @type {any} */ event) => {
    const [file] = event.target.files;
    event.target.value = "";
    if (!file) return;
    setPicture(async () => {
      // Before it is uploaded by what the browser takes it for, and afterwards by what it is.
      const isPicture = (/** @type {string} */ mime) => mime.startsWith("image/");
      const made = isPicture(file.type) ? await upload(file, () => {}) : null;
      if (!made || !isPicture(made.mime)) throw new Error(t("pictureNeeded", { name: file.name }));
      return made.url;
    });
  };
  return html`<${Group}>
    <div class="row settings-picture">
      <${Avatar} id=${user.id} name=${user.name || user.username} avatar=${user.avatar} size="large" />
      <div class="actions">
        <input type="file" accept="image/*" hidden ref=${picker} onChange=${picture} tabindex="-1" aria-hidden="true" />
        <button onClick=${() => picker.current?.click()}>${t("changePicture")}</button>
        ${user.avatar && html`<button class="quiet" onClick=${() => setPicture(async () => null)}>${t("removePicture")}</button>`}
      </div>
    </div>
    <${Form} send=${send}>
      <${Field} label=${t("fullName")} name="name" value=${user.name} required maxlength="128" autocomplete="name" />
      <${Field} label=${t("username")} name="username" value=${user.username} required maxlength="128" autocomplete="username" />
      <${Field} label=${t("email")} name="email" type="email" value=${user.email} required autocomplete="email"
        onInput=${(/** @type {any} */ event) => setAsksPassword(event.target.value !== (user.email ?? ""))} />
      ${asksPassword && html`<${Field} label=${t("currentPassword")} name="currentPassword" type="password" autocomplete="current-password"
        hint=${t("currentPasswordHint")} />`}
      <${Wrong} error=${error} />
      <div class="actions"><span role="status" class="hint">${saved && t("saved")}</span><button class="primary">${t("save")}</button></div>
    <//>
  <//>`;
}
