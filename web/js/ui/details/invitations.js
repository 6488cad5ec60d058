// Links into a group: making one, and the list of those that are good.

import { useEffect, useState } from "preact/hooks";

import { all, call, why } from "../../api.js";
import { copy } from "../../lib/clipboard.js";
import { html } from "../../lib/html.js";
import { dayAndClock } from "../../lib/time.js";
import { invitationLink } from "../../route.js";
import { ask } from "../../state/asked.js";
import { t } from "../../texts.js";
import * as icons from "../icons.js";
import { IconButton, Wrong, values } from "../parts.js";

/** @typedef {import("../../types.js").Invitation} Invitation */

const DAY_MS = 24 * 60 * 60 * 1_000;
/** How long a link is good, in days; 0 for good. @type {{ days: number, text: import("../../texts.js").TextName }[]} */
const ENDS = [{ days: 1, text: "forDay" }, { days: 7, text: "forWeek" }, { days: 30, text: "forMonth" }, { days: 0, text: "forGood" }];
const USES = [0, 1, 10, 100];

/** Whether a link can still be used. @param {Invitation} invitation */
function isGood({ revokedAt, expiresAt, usesMax, uses }) {
  return !revokedAt && (!expiresAt || Date.parse(expiresAt) > Date.now()) && (usesMax === null || uses < usesMax);
}

/** How often a link was used, and until when it is good. @param {Invitation} invitation */
function about({ uses, usesMax, expiresAt }) {
  const used = usesMax === null ? t("usedTimes", { count: uses }) : t("usedOf", { uses, most: usesMax });
  return `${used} · ${expiresAt ? t("untilWhen", { when: dayAndClock(expiresAt) }) : t("forGood")}`;
}

/** @param {{ conversation: import("../../types.js").Conversation }} props */
export function Invitations({ conversation: { id } }) {
  const [items, setItems] = useState(/** @type {Invitation[] | null} */ (null));
  const [made, setMade] = useState(/** @type {Invitation | null} */ (null));
  const [error, setError] = useState("");
  useEffect(() => {
    let isNewest = true;
    all("/invitations").then((found) => { if (isNewest) setItems(found.filter((one) => isGood(one) && one.conversations.some((/** @type {{ id: string }} */ place) => place.id === id))); },
      (failure) => { if (isNewest) setError(why(failure)); });
    return () => { isNewest = false; };
  }, [id]);
  /** @param {() => Promise<void>} work */
  async function act(work) {
    setError("");
    try {
      await work();
    } catch (failure) {
      setError(why(failure));
    }
  }
  const submit = (/** @type {Event} */ event) => {
    const { days, uses } = values(event);
    void act(async () => {
      const bounds = {
        ...(Number(days) > 0 ? { expiresAt: new Date(Date.now() + Number(days) * DAY_MS).toISOString() } : {}),
        ...(Number(uses) > 0 ? { usesMax: Number(uses) } : {}),
      };
      const one = await call("POST", `/conversations/${encodeURIComponent(id)}/invitations`, bounds);
      setMade(one);
      setItems((now) => [one, ...(now ?? [])]);
    });
  };
  const cancel = async (/** @type {Invitation} */ one) => {
    if (!await ask({ title: t("cancelLink"), text: t("cancelLinkAsk"), action: t("cancelLink") })) return;
    await act(async () => {
      await call("DELETE", `/invitations/${encodeURIComponent(one.id)}`);
      setItems((now) => (now ?? []).filter((item) => item.id !== one.id));
      if (made?.id === one.id) setMade(null);
    });
  };
  const link = made?.code ? invitationLink(made.code) : "";
  return html`<p class="hint">${t("invitationsHint")}</p>
    <form class="invitation-form" onSubmit=${submit}>
      <div class="field"><label for="link-days">${t("goodFor")}</label><select id="link-days" name="days" defaultValue="7">${ENDS.map(({ days, text }) => html`<option value=${days} selected=${days === 7}>${t(text)}</option>`)}</select></div>
      <div class="field"><label for="link-uses">${t("usesMost")}</label><select id="link-uses" name="uses">${USES.map((count) => html`<option value=${count}>${count === 0 ? t("usesAny") : t("times", { count })}</option>`)}</select></div>
      <button class="primary">${t("makeLink")}</button>
    </form>
    <div role="status">${link && html`<div class="made-link"><input type="text" readonly value=${link} aria-label=${t("invitationLink")} onFocus=${(/** @type {any} */ event) => event.target.select()} />
      <button type="button" onClick=${() => copy(link)}><${icons.copy} />${t("copyLink")}</button></div><p class="hint">${t("linkOnce")}</p>`}</div>
    <h3>${t("invitationsGood")}</h3>
    <p class="hint">${items === null && !error ? t("loading") : items?.length === 0 ? t("invitationsNone") : ""}</p>
    <ul class="people restricted">${(items ?? []).map((one) => html`<li key=${one.id}><span class="switcher-icon"><${icons.chain} /></span>
      <span class="item-text"><span class="item-title">${about(one)}</span><small>${t("madeAt", { when: dayAndClock(one.createdAt) })}</small></span>
      <${IconButton} label=${t("cancelLink")} icon=${icons.bin} onClick=${() => cancel(one)} /></li>`)}</ul>
    <${Wrong} error=${error} />`;
}
