// The user's profile: name, picture, language, theme, and log-out.

import { useRef, useState } from "preact/hooks";

import { call, upload, why } from "../api.js";
import { html } from "../lib/html.js";
import { me, session, setSession } from "../session.js";
import { canPush, leavePush, pushing, startPush, stopPush } from "../state/push.js";
import { LANGUAGES, language, setLanguage, t } from "../texts.js";
import { contrast, setContrast, setTheme, theme } from "../theme.js";
import { Avatar, Field, ViewHeader, Wrong, values } from "./parts.js";

/** The switch for messages while the page is closed. */
function PushSwitch() {
  const { on, busy, error } = pushing.value;
  if (!canPush) return html`<p class="hint">${t("pushUnable")}</p>`;
  const toggle = () => void (on ? stopPush() : startPush());
  return html`<div class="field">
    <label class="switch"><input type="checkbox" role="switch" checked=${on} disabled=${busy} aria-describedby="push-hint" onChange=${toggle} />
      ${t("pushSwitch")}</label>
    <p class="hint" id="push-hint">${t("pushHint")}</p>
    <${Wrong} error=${error} />
  </div>`;
}

async function logOut() {
  await leavePush();
  // The request carries the token that ends with it. Whatever becomes of it, the user is logged out here.
  const ended = call("POST", "/auth/logout");
  setSession(null);
  await ended.catch(() => {});
}

export function Profile() {
  const picker = useRef(/** @type {HTMLInputElement | null} */ (null));
  const [error, setError] = useState("");
  const [saved, setSaved] = useState(false);
  const [asksPassword, setAsksPassword] = useState(false);
  const user = me.value;
  if (!user || !session.value) return null;

  /** @param {() => Promise<object>} work returns the fields to change */
  async function change(work) {
    setError("");
    setSaved(false);
    try {
      const changed = await call("PATCH", "/me", await work());
      if (session.value) setSession({ ...session.value, user: changed });
      setSaved(true);
      setAsksPassword(false);
    } catch (failure) {
      setError(why(failure));
    }
  }
  const submit = (/** @type {Event} */ event) => {
    const { name, username, email, currentPassword } = values(event);
    void change(async () => ({ name, username, email, ...(currentPassword ? { currentPassword } : {}) }));
  };
  const picture = (/** @type {any} */ event) => {
    const [file] = event.target.files;
    event.target.value = "";
    if (!file) return;
    void change(async () => {
      // Before it is uploaded by what the browser takes it for, and afterwards by what it is.
      const isPicture = (/** @type {string} */ mime) => mime.startsWith("image/");
      const made = isPicture(file.type) ? await upload(file, () => {}) : null;
      if (!made || !isPicture(made.mime)) throw new Error(t("pictureNeeded", { name: file.name }));
      return { avatar: made.url };
    });
  };
  const options = (/** @type {Record<string, string>} */ choices) =>
    Object.entries(choices).map(([value, label]) => html`<option value=${value}>${label}</option>`);
  return html`<section class="pane">
    <${ViewHeader} title=${t("profile")} />
    <div class="page">
      <div class="row">
        <${Avatar} id=${user.id} name=${user.name || user.username} avatar=${user.avatar} size="large" />
        <div class="actions">
          <input type="file" accept="image/*" hidden ref=${picker} onChange=${picture} tabindex="-1" aria-hidden="true" />
          <button onClick=${() => picker.current?.click()}>${t("changePicture")}</button>
          ${user.avatar && html`<button class="quiet" onClick=${() => change(async () => ({ avatar: null }))}>${t("removePicture")}</button>`}
        </div>
      </div>
      <form onSubmit=${submit}>
        <${Field} label=${t("fullName")} name="name" value=${user.name} required maxlength="128" autocomplete="name" />
        <${Field} label=${t("username")} name="username" value=${user.username} required maxlength="128" autocomplete="username" />
        <${Field} label=${t("email")} name="email" type="email" value=${user.email} required autocomplete="email"
          onInput=${(/** @type {any} */ event) => setAsksPassword(event.target.value !== (user.email ?? ""))} />
        ${asksPassword && html`<${Field} label=${t("currentPassword")} name="currentPassword" type="password" autocomplete="current-password"
          hint=${t("currentPasswordHint")} />`}
        <${Wrong} error=${error} />
        <div class="actions"><span role="status" class="hint">${saved && t("saved")}</span><button class="primary">${t("save")}</button></div>
      </form>
      <div class="field"><label for="language">${t("language")}</label>
        <select id="language" value=${language.value} onChange=${(/** @type {any} */ event) => setLanguage(event.target.value)}>${options(LANGUAGES)}</select></div>
      <div class="field"><label for="theme">${t("theme")}</label>
        <select id="theme" value=${theme.value} onChange=${(/** @type {any} */ event) => setTheme(event.target.value)}>
          ${options({ auto: t("themeAuto"), light: t("themeLight"), dark: t("themeDark") })}</select></div>
      <label class="switch"><input type="checkbox" role="switch" checked=${contrast.value} onChange=${() => setContrast(!contrast.value)} />
        ${t("moreContrast")}</label>
      <${PushSwitch} />
      <div class="actions"><a class="button" href="/playground">${t("playground")}</a>
        <button class="quiet" onClick=${logOut}>${t("logOut")}</button></div>
    </div>
  </section>`;
}
