// The dialog with the links by which others come in: to the server, where everybody may register, and into one's groups.

import { useEffect, useState } from "preact/hooks";

import { call, why } from "../api.js";
import { copy } from "../lib/clipboard.js";
import { html } from "../lib/html.js";
import { invitationLink } from "../route.js";
import { leadsIn, titleOf } from "../state/conversations.js";
import { pictureOf } from "../state/grouppictures.js";
import { inviting } from "../state/invitation.js";
import { listed } from "../state/settings.js";
import { t } from "../texts.js";
import * as icons from "./icons.js";
import { Avatar, Dialog, Wrong } from "./parts.js";

export function InvitePeople() {
  const [isOpen, setOpen] = useState(false);
  const [error, setError] = useState("");
  useEffect(() => {
    // Without an answer, there is no link to the server.
    call("GET", "/server").then(({ registration }) => setOpen(registration === "open"), () => {});
  }, []);
  const groups = listed.value.filter((one) => one.kind === "group" && leadsIn(one));
  /** @param {string} id */
  async function link(id) {
    try {
      const { code } = await call("POST", `/conversations/${encodeURIComponent(id)}/invitations`, {});
      await copy(invitationLink(code), t("invitationCopied"));
    } catch (failure) {
      setError(why(failure));
    }
  }
  const toServer = () => copy(new URL("#/signup", location.href).href, t("invitationCopied"));
  const row = (/** @type {string} */ key, /** @type {any} */ face, /** @type {string} */ name, /** @type {() => void} */ work) => html`<li key=${key}>${face}
    <span class="line" dir="auto">${name}</span><button onClick=${work} aria-label=${`${t("copyLink")}: ${name}`}>${t("copyLink")}</button></li>`;
  return html`<${Dialog} title=${t("invitePeople")} onClose=${() => { inviting.value = false; }}>
    <p class="hint">${t("inviteHint")}</p>
    <ul class="people">
      ${isOpen && row("server", html`<span class="switcher-icon"><${icons.logo} /></span>`, t("thisServer"), toServer)}
      ${groups.map((one) => row(one.id, html`<${Avatar} id=${one.id} name=${titleOf(one)} avatar=${pictureOf(one)} kind="group" size="small" />`, titleOf(one), () => void link(one.id)))}
    </ul>
    ${!isOpen && groups.length === 0 && html`<p>${t("inviteNowhere")}</p>`}
    <${Wrong} error=${error} />
  <//>`;
}
