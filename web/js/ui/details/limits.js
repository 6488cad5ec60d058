// What limits a conversation: slow mode, who writes at all, and for how long messages are kept.

import { useEffect, useState } from "preact/hooks";

import { call, why } from "../../api.js";
import { html } from "../../lib/html.js";
import { put } from "../../state/conversations.js";
import { ask } from "../../state/asked.js";
import { t } from "../../texts.js";
import { Wrong } from "../parts.js";
import { Switch } from "../settings/group.js";

/** @typedef {import("../../types.js").Conversation} Conversation */

/** The pauses of slow mode to choose from, in seconds. */
const PAUSES = [0, 10, 30, 60, 300, 900, 3_600];
/** The days to choose from. */
const DAYS = [1, 7, 30, 90, 365];

/** A pause in words. @param {number} seconds */
function pause(seconds) {
  if (seconds === 0) return t("slowOff");
  if (seconds < 60) return t("seconds", { count: seconds });
  return seconds < 3_600 ? t("minutes", { count: Math.round(seconds / 60) }) : t("hours", { count: Math.round(seconds / 3_600) });
}

/** @typedef {{ keptDays: number | null, days: number | null, byServer: boolean }} Kept */

/** How long messages are kept. @param {{ path: string }} props */
function Retention({ path }) {
  const [kept, setKept] = useState(/** @type {Kept | null} */ (null));
  const [error, setError] = useState("");
  useEffect(() => { call("GET", `${path}/retention`).then(setKept, (failure) => setError(why(failure))); }, [path]);
  /** @param {any} event */
  async function choose(event) {
    const days = event.target.value === "" ? null : Number(event.target.value);
    const select = event.target;
    const isSure = days === null || await ask({ title: t("keptFor"), text: t("keptAsk", { count: days }), action: t("keptChange") });
    if (isSure) {
      setError("");
      try {
        await call("PUT", `${path}/retention`, { days });
        setKept(await call("GET", `${path}/retention`));
      } catch (failure) {
        setError(why(failure));
      }
    }
    select.value = String(kept?.days ?? "");
  }
  if (!kept) return html`<${Wrong} error=${error} />`;
  const choices = [...new Set([...DAYS, ...(kept.days ? [kept.days] : [])])].sort((a, b) => a - b);
  return html`<div class="field"><label for="kept">${t("keptFor")}</label>
    <select id="kept" value=${kept.days ?? ""} aria-describedby="kept-hint" onChange=${choose}>
      <option value="">${t("keptAsServer")}</option>
      ${choices.map((days) => html`<option value=${days}>${t("days", { count: days })}</option>`)}</select>
    <small id="kept-hint">${kept.keptDays === null ? t("keptForever") : t("keptNow", { count: kept.keptDays })}</small>
    <${Wrong} error=${error} /></div>`;
}

/** @param {{ conversation: Conversation }} props */
export function Limits({ conversation }) {
  const [error, setError] = useState("");
  // What is being changed, until the server has answered.
  const [wished, setWished] = useState(/** @type {Partial<import("../../types.js").Moderation>} */ ({}));
  const { slowModeS = 0, onlyAdminsWrite = false } = { ...conversation.moderation, ...wished };
  const path = `/conversations/${encodeURIComponent(conversation.id)}`;
  /** @param {Partial<import("../../types.js").Moderation>} change */
  async function change(change) {
    setError("");
    setWished(change);
    try {
      put(await call("PATCH", path, change));
    } catch (failure) {
      setError(why(failure));
    }
    setWished({});
  }
  const pauses = [...new Set([...PAUSES, slowModeS])].sort((a, b) => a - b);
  return html`<div class="field"><label for="slow">${t("slowModeTitle")}</label>
      <select id="slow" value=${slowModeS} aria-describedby="slow-hint" onChange=${(/** @type {any} */ event) => change({ slowModeS: Number(event.target.value) })}>
        ${pauses.map((seconds) => html`<option value=${seconds}>${pause(seconds)}</option>`)}</select>
      <small id="slow-hint">${t("slowModeHint")}</small></div>
    <${Switch} label=${t("onlyAdmins")} hint=${t("onlyAdminsHint")} checked=${onlyAdminsWrite} onChange=${() => change({ onlyAdminsWrite: !onlyAdminsWrite })} />
    <${Wrong} error=${error} />
    <${Retention} path=${path} />`;
}
