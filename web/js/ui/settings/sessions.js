// Settings: where the user is logged in.

import { useEffect, useState } from "preact/hooks";

import { call, why } from "../../api.js";
import { deviceOf } from "../../lib/device.js";
import { html } from "../../lib/html.js";
import { brief, dayAndClock } from "../../lib/time.js";
import { ask } from "../../state/asked.js";
import { t } from "../../texts.js";
import { Wrong } from "../parts.js";
import { Group } from "./group.js";

/** @typedef {{ id: string, client: string | null, createdAt: string, lastSeenAt: string, expiresAt: string, current: boolean }} Login */

export function Sessions() {
  const [items, setItems] = useState(/** @type {Login[] | null} */ (null));
  const [error, setError] = useState("");
  useEffect(() => { call("GET", "/me/sessions").then(({ items }) => setItems(items), (failure) => setError(why(failure))); }, []);
  /** Ends some of them. @param {Login[]} those */
  async function end(those) {
    setError("");
    for (const { id } of those) {
      try {
        await call("DELETE", `/me/sessions/${encodeURIComponent(id)}`);
      } catch (/** @type {any} */ failure) {
        // It has ended meanwhile.
        if (failure.status !== 404) {
          setError(why(failure));
          return;
        }
      }
      setItems((now) => (now ?? []).filter((one) => one.id !== id));
    }
  }
  const others = (items ?? []).filter(({ current }) => !current);
  const endAll = async () => {
    if (await ask({ title: t("sessionsEnd"), text: t("sessionsEndAsk"), action: t("logOut") })) await end(others);
  };
  return html`<${Group} title=${t("sessions")} hint=${t("sessionsHint")}>
    <p class="hint" role="status">${items === null && !error ? t("loading") : ""}</p>
    <ul class="people restricted">${(items ?? []).map((one) => html`<li key=${one.id}><span class="item-text">
      <span class="item-title" title=${one.client ?? ""}>${deviceOf(one.client)}</span>
      <small>${one.current ? t("sessionHere") : t("sessionSeen", { when: brief(one.lastSeenAt) })} · ${t("sessionSince", { when: dayAndClock(one.createdAt) })}</small></span>
      ${!one.current && html`<button aria-label=${t("sessionEndNamed", { name: deviceOf(one.client) })} onClick=${() => end([one])}>${t("logOut")}</button>`}</li>`)}</ul>
    <${Wrong} error=${error} />
    ${others.length > 1 && html`<div class="actions"><button class="danger" onClick=${endAll}>${t("sessionsEnd")}</button></div>`}
  <//>`;
}
