// The forms to log in and to create an account, also by an invitation.

import { useEffect, useState } from "preact/hooks";

import { Failure, call } from "../api.js";
import { html } from "../lib/html.js";
import { goInstead, route } from "../route.js";
import { farewell, setSession } from "../session.js";
import { agreed, codeIn, enter, offerOf } from "../state/invitation.js";
import { LANGUAGES, language, setLanguage, t } from "../texts.js";
import * as icons from "./icons.js";
import { Invitation, useOffer } from "./invitation.js";
import { Field, Form, Wrong } from "./parts.js";

/** The lines of the conversation beside the form, and the hue of who says each: one for each note of the mark. @type {[import("../texts.js").TextName, string][]} */
const TALK = [["talkOne", "hue-0"], ["talkTwo", "hue-1"], ["talkThree", "hue-3"], ["talkFour", "hue-4"], ["talkFive", "hue-6"]];

/** Five people who talk: a picture, which says nothing that anybody needs. */
function Talk() {
  return html`<div class="door-talk" aria-hidden="true"><ol>${TALK.map(([line, hue]) => html`<li key=${line} class=${hue}><span class="voice-note"></span><span class="voice">${t(line)}</span></li>`)}</ol></div>`;
}

/** @typedef {"open" | "invite" | "closed"} Registration */

/**
 * Whether somebody may create an account who has this invitation, or none.
 * @param {Registration} registration @param {import("../state/invitation.js").Offer | null | undefined} offer @param {string} code
 */
function mayRegister(registration, offer, code) {
  switch (registration) {
    case "open": return true;
    // Without a code yet, the form asks for one.
    case "invite": return !code || offer?.admits === true;
    case "closed": return false;
  }
}

export function Login() {
  const { name: view, id } = route.value;
  const code = view === "invite" ? id : "";
  const offer = useOffer(code);
  const [chosen, setChosen] = useState(/** @type {boolean | null} */ (null));
  const [busy, setBusy] = useState(false);
  const [registration, setRegistration] = useState(/** @type {Registration} */ ("open"));
  const [lengthMin, setLengthMin] = useState(8);

  useEffect(() => {
    // If the request fails, keep the form; a registration then reports the error itself.
    call("GET", "/server").then((server) => {
      setRegistration(server.registration);
      setLengthMin(server.passwordLengthMin);
    }, () => {});
  }, []);

  const may = mayRegister(registration, offer, code);
  const isInvited = Boolean(code && offer);
  // Most people who follow an invitation have no account yet.
  const isNew = may && (chosen ?? (view === "signup" || isInvited));
  const needsCode = isNew && registration === "invite" && !code;

  /** @param {Record<string, any>} given */
  async function send({ login, username, email, password, name, invitation: typed = "" }) {
    const invitation = isInvited ? code : codeIn(typed);
    setBusy(true);
    farewell.value = "";
    try {
      const path = isNew ? "/auth/register" : "/auth/login";
      const account = isNew ? { username, email, password, ...(name ? { name } : {}), ...(invitation ? { invitation } : {}) }
        : { [login.includes("@") ? "email" : "username"]: login, password };
      // A code that was typed leads where its link does.
      const led = offer ?? (isNew && invitation ? await offerOf(invitation).catch(() => null) : null);
      const session = await call("POST", path, account);
      // A registration has accepted the invitation; who logs in accepts it next.
      if (led && isNew) enter(led.conversations);
      else if (offer) agreed.code = code;
      else if (view === "signup") goInstead("#/");
      setSession(session);
    } catch (failure) {
      const isRefused = isNew && invitation && failure instanceof Failure && (failure.status === 403 || failure.status === 404);
      setBusy(false);
      throw isRefused ? new Failure(t("invitationGone"), { field: "invitation" }) : failure;
    }
  }

  const toggle = () => setChosen(!isNew);
  return html`<main class="door">
    <${Talk} />
    <div class="door-card">
      <h1><${icons.logo} /> ${t("appName")}</h1>
      ${code ? html`<div role="status">${offer ? html`<${Invitation} offer=${offer} />` : html`<p class="hint">${offer === null ? t("invitationGone") : t("loading")}</p>`}</div>`
        : html`<p class="hint">${t("welcome")}</p>`}
      <${Form} key=${isNew ? "new" : "known"} send=${send}>
        ${isNew ? html`
          ${needsCode && html`<${Field} label=${t("invitation")} name="invitation" required autofocus autocomplete="off" hint=${t("invitationHint")} />`}
          <${Field} label=${t("username")} name="username" autocomplete="username" required autofocus=${!needsCode} maxlength="128" />
          <${Field} label=${t("email")} name="email" type="email" autocomplete="email" required />
          <${Field} label=${`${t("fullName")} (${t("optional")})`} name="name" autocomplete="name" maxlength="128" />
          <${Field} label=${t("password")} name="password" type="password" autocomplete="new-password" required
            minlength=${lengthMin} hint=${t("passwordHint", { count: lengthMin })} />
        ` : html`
          <${Field} label=${t("login")} name="login" autocomplete="username" required autofocus />
          <${Field} label=${t("password")} name="password" type="password" autocomplete="current-password" required />
        `}
        <${Wrong} error=${farewell.value} />
        <button class="primary wide" disabled=${busy}>${isNew ? t("register") : t("logIn")}</button>
      <//>
      ${!may ? html`<p class="hint">${t(registration === "closed" ? "registrationClosed" : "invitationForKnown")}</p>`
        : html`<button class="quiet wide" onClick=${toggle}>${isNew ? t("haveAccount") : t("needAccount")}</button>`}
      <p class="door-foot">
        <label>${t("language")} <select value=${language.value} onChange=${(/** @type {any} */ event) => setLanguage(event.target.value)}>
          ${Object.entries(LANGUAGES).map(([tag, name]) => html`<option value=${tag} lang=${tag}>${name}</option>`)}
        </select></label>
        <a href="/playground">${t("playground")}</a>
      </p>
    </div>
  </main>`;
}
