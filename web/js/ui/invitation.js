// An invitation: who invites to what, at the door and inside.

import { useEffect, useState } from "preact/hooks";

import { why } from "../api.js";
import { html } from "../lib/html.js";
import { dayAndClock } from "../lib/time.js";
import { accept, agreed, offerOf } from "../state/invitation.js";
import { t } from "../texts.js";
import { Avatar, ViewHeader, Wrong } from "./parts.js";

/** @typedef {import("../state/invitation.js").Offer} Offer */

/** What an invitation is for: undefined until it is known, and null if it is not good. @param {string} code @returns {Offer | null | undefined} */
export function useOffer(code) {
  const [offer, setOffer] = useState(/** @type {Offer | null | undefined} */ (undefined));
  useEffect(() => {
    let asks = true;
    setOffer(undefined);
    if (code) offerOf(code).then((found) => { if (asks) setOffer(found); }, () => { if (asks) setOffer(null); });
    return () => { asks = false; };
  }, [code]);
  return offer;
}

/** Who invites to what. @param {{ offer: Offer }} props */
export function Invitation({ offer: { conversations, invitedBy, expiresAt } }) {
  const who = invitedBy ? t(conversations.length > 0 ? "invitedTo" : "invitedHere", { name: `@${invitedBy}` }) : t("invitedByServer");
  return html`<div class="invitation">
    <p class="hint" dir="auto">${who}</p>
    <ul>${conversations.map(({ id, kind, name }) => html`<li key=${id}><${Avatar} id=${id} name=${name ?? ""} kind=${kind} />
      <span class="item-text"><strong dir="auto">${name}</strong><small>${t(kind)}</small></span></li>`)}</ul>
    ${expiresAt && html`<p class="hint">${t("invitedUntil", { when: dayAndClock(expiresAt) })}</p>`}
  </div>`;
}

/** An invitation that somebody opens who is logged in. @param {{ code: string }} props */
export function InvitationView({ code }) {
  const offer = useOffer(code);
  const [busy, setBusy] = useState(agreed.code === code);
  const [error, setError] = useState("");
  async function join() {
    setBusy(true);
    try {
      await accept(code);
    } catch (failure) {
      setError(why(failure));
      setBusy(false);
    }
  }
  useEffect(() => { if (agreed.code === code) void join(); }, [code]);
  const contents = () => {
    if (offer === undefined) return html`<p class="hint middle">${t("loading")}</p>`;
    if (offer === null) return html`<p class="hint middle">${t("invitationGone")}</p>`;
    return html`<div class="middle offer"><${Invitation} offer=${offer} />
      <${Wrong} error=${error} />
      <button class="primary" onClick=${join} disabled=${busy}>${t("join")}</button></div>`;
  };
  return html`<section class="pane"><${ViewHeader} title=${t("invitation")} />${contents()}</section>`;
}
