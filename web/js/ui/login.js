// The forms to log in and to create an account.

import { useEffect, useState } from "preact/hooks";

import { call, why } from "../api.js";
import { html } from "../lib/html.js";
import { farewell, setSession } from "../session.js";
import { LANGUAGES, language, setLanguage, t } from "../texts.js";
import * as icons from "./icons.js";
import { Field, Wrong, values } from "./parts.js";

/** The lines of the conversation beside the form, and the hue of who says each: one for each note of the mark. @type {[import("../texts.js").TextName, string][]} */
const TALK = [["talkOne", "hue-0"], ["talkTwo", "hue-1"], ["talkThree", "hue-3"], ["talkFour", "hue-4"], ["talkFive", "hue-6"]];

/** Five people who talk: a picture, which says nothing that anybody needs. */
function Talk() {
  return html`<div class="door-talk" aria-hidden="true"><ol>${TALK.map(([line, hue]) => html`<li key=${line} class=${hue}><span class="voice-note"></span><span class="voice">${t(line)}</span></li>`)}</ol></div>`;
}

export function Login() {
  const [isNew, setNew] = useState(false);
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);
  const [closed, setClosed] = useState(false);
  const [lengthMin, setLengthMin] = useState(8);

  useEffect(() => {
    // If the request fails, keep the form; a registration then reports the error itself.
    call("GET", "/server").then((server) => {
      setClosed(server.registration === "closed");
      setLengthMin(server.passwordLengthMin);
    }, () => {});
  }, []);

  /** @param {Event} event */
  async function submit(event) {
    const { login, username, email, password, name } = values(event);
    setBusy(true);
    setError("");
    try {
      const path = isNew ? "/auth/register" : "/auth/login";
      const account = isNew ? { username, email, password, ...(name ? { name } : {}) }
        : { [login.includes("@") ? "email" : "username"]: login, password };
      setSession(await call("POST", path, account));
    } catch (failure) {
      setError(why(failure));
      setBusy(false);
    }
  }

  return html`<main class="door">
    <${Talk} />
    <div class="door-card">
      <h1><${icons.logo} /> ${t("appName")}</h1>
      <p class="hint">${t("welcome")}</p>
      <form key=${isNew ? "new" : "known"} onSubmit=${submit}>
        ${isNew ? html`
          <${Field} label=${t("username")} name="username" autocomplete="username" required autofocus maxlength="128" />
          <${Field} label=${t("email")} name="email" type="email" autocomplete="email" required />
          <${Field} label=${`${t("fullName")} (${t("optional")})`} name="name" autocomplete="name" maxlength="128" />
          <${Field} label=${t("password")} name="password" type="password" autocomplete="new-password" required
            minlength=${lengthMin} hint=${t("passwordHint", { count: lengthMin })} />
        ` : html`
          <${Field} label=${t("login")} name="login" autocomplete="username" required autofocus />
          <${Field} label=${t("password")} name="password" type="password" autocomplete="current-password" required />
        `}
        <${Wrong} error=${error || farewell.value} />
        <button class="primary wide" disabled=${busy}>${isNew ? t("register") : t("logIn")}</button>
      </form>
      ${closed && !isNew ? html`<p class="hint">${t("registrationClosed")}</p>`
        : html`<button class="quiet wide" onClick=${() => { setNew(!isNew); setError(""); }}>${isNew ? t("haveAccount") : t("needAccount")}</button>`}
      <p class="door-foot">
        <label>${t("language")} <select value=${language.value} onChange=${(/** @type {any} */ event) => setLanguage(event.target.value)}>
          ${Object.entries(LANGUAGES).map(([tag, name]) => html`<option value=${tag} lang=${tag}>${name}</option>`)}
        </select></label>
        <a href="/playground">${t("playground")}</a>
      </p>
    </div>
  </main>`;
}
