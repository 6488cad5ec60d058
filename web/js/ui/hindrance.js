// What stands in place of the composer, or above it, while the user may not write.

import { useEffect, useState } from "preact/hooks";

import { html } from "../lib/html.js";
import { dayAndClock } from "../lib/time.js";
import { setBlocked } from "../state/blocks.js";
import { nameOf } from "../state/people.js";
import { hindranceIn } from "../state/writing.js";
import { t } from "../texts.js";

/** @typedef {import("../state/writing.js").Hindrance} Hindrance */

/** How often the time that is left is shown anew, in milliseconds. */
const TICK_MS = 250;

/** What keeps the user from writing, followed as time passes. @param {import("../types.js").Conversation} conversation @returns {{ hindrance: Hindrance, leftS: number }} */
export function useHindrance(conversation) {
  const [now, setNow] = useState(() => Date.now());
  const hindrance = hindranceIn(conversation, Math.max(now, Date.now()));
  const passes = hindrance.kind === "slow" || hindrance.kind === "silenced";
  useEffect(() => {
    if (!passes) return undefined;
    const timer = setInterval(() => setNow(Date.now()), TICK_MS);
    return () => clearInterval(timer);
  }, [passes]);
  const leftS = hindrance.kind === "slow" ? Math.max(1, Math.ceil((hindrance.until - Date.now()) / 1_000)) : 0;
  return { hindrance, leftS };
}

/** A time that is left, such as 1:05. @param {number} seconds */
export function countdown(seconds) {
  const [hours, minutes, rest] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60];
  const two = (/** @type {number} */ part) => String(part).padStart(2, "0");
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** Why there is no composer. @param {{ hindrance: Hindrance }} props */
export function NoComposer({ hindrance }) {
  switch (hindrance.kind) {
    case "blocked": {
      const { userId } = hindrance;
      return html`<p class="no-composer"><span>${t("youBlocked", { name: nameOf(userId) })}</span>
        <button onClick=${() => setBlocked(userId, false)}>${t("unblock")}</button></p>`;
    }
    case "silenced": return html`<p class="no-composer">${t("youAreSilenced", { when: dayAndClock(hindrance.until) })}</p>`;
    case "admins": return html`<p class="no-composer">${t("onlyAdminsHere")}</p>`;
    case "slow": case "free": return null;
  }
}
