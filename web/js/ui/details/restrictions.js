// Who is banned from a conversation and who is silenced in it, each with a button that lifts it.

import { useEffect, useState } from "preact/hooks";

import { all, call, why } from "../../api.js";
import { html } from "../../lib/html.js";
import { dayAndClock } from "../../lib/time.js";
import { know, nameOf } from "../../state/people.js";
import { t } from "../../texts.js";
import { Face, Wrong } from "../parts.js";

/** @typedef {import("../../types.js").Restriction} Restriction */

/** @param {{ path: string, title: string, nobody: string }} props */
function List({ path, title, nobody }) {
  const [items, setItems] = useState(/** @type {Restriction[] | null} */ (null));
  const [error, setError] = useState("");
  useEffect(() => {
    let isNewest = true;
    all(path).then((found) => {
      know(found.map(({ user }) => user));
      if (isNewest) setItems(found);
    }, (failure) => { if (isNewest) setError(why(failure)); });
    return () => { isNewest = false; };
  }, [path]);
  /** @param {Restriction} one */
  async function lift({ user }) {
    setError("");
    try {
      await call("DELETE", `${path}/${encodeURIComponent(user.id)}`);
      setItems((now) => (now ?? []).filter((item) => item.user.id !== user.id));
    } catch (failure) {
      setError(why(failure));
    }
  }
  return html`<h3>${title}</h3>
    <p class="hint" role="status">${items === null && !error ? t("loading") : items?.length === 0 ? nobody : ""}</p>
    <ul class="people restricted">${(items ?? []).map((one) => html`<li key=${one.user.id}><${Face} user=${one.user} size="small" />
      <span class="item-text"><span class="item-title" dir="auto">${nameOf(one.user.id, one.user)}</span>
        <small>${one.until ? t("untilWhen", { when: dayAndClock(one.until) }) : t("forGood")} · ${t("decidedBy", { name: nameOf(one.by) })}</small>
        ${one.reason && html`<small dir="auto">${one.reason}</small>`}</span>
      <button aria-label=${t("liftNamed", { name: nameOf(one.user.id, one.user) })} onClick=${() => lift(one)}>${t("lift")}</button></li>`)}</ul>
    <${Wrong} error=${error} />`;
}

/** @param {{ conversation: import("../../types.js").Conversation }} props */
export function Restrictions({ conversation: { id } }) {
  const path = `/conversations/${encodeURIComponent(id)}`;
  return html`<${List} path=${`${path}/bans`} title=${t("bans")} nobody=${t("bansNone")} />
    <${List} path=${`${path}/silences`} title=${t("silences")} nobody=${t("silencesNone")} />`;
}
