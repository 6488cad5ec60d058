// Settings: who may write to the user, and whom the user has blocked.

import { useEffect, useState } from "preact/hooks";

import { why } from "../../api.js";
import { html } from "../../lib/html.js";
import { blocked, loadBlocks, setBlocked } from "../../state/blocks.js";
import { nameOf, people } from "../../state/people.js";
import { requests } from "../../state/requests.js";
import { contact } from "../../state/serverfacts.js";
import { t } from "../../texts.js";
import { Face, Wrong } from "../parts.js";
import { Group } from "./group.js";

/** Who may write to the user, in a sentence. */
const WHO = /** @type {const} */ ({ everyone: "whoEveryone", shared: "whoShared", requests: "whoRequests" });

export function Privacy() {
  const [error, setError] = useState("");
  // Events tell only the ids.
  useEffect(() => { loadBlocks().then(() => setError(""), (failure) => setError(why(failure))); }, [blocked.value.length]);
  return html`<${Group} title=${t("whoWrites")}><p class="hint">${t(WHO[contact.value])}</p>
      ${contact.value === "requests" && html`<p><a class="button" href="#/notifications">${t("requestsCount", { count: requests.value.length })}</a></p>`}<//>
    <${Group} title=${t("blockedPeople")} hint=${t("blockedHint")}>
    <${Wrong} error=${error} />
    ${blocked.value.length === 0 && !error && html`<p class="hint">${t("blockedNobody")}</p>`}
    <ul class="people">${blocked.value.map((id) => html`<li key=${id}>
      <${Face} user=${people.value.get(id) ?? { id, name: nameOf(id), username: "", avatar: null }} size="small" />
      <span class="line" dir="auto">${nameOf(id)}</span>
      <button aria-label=${t("unblockNamed", { name: nameOf(id) })} onClick=${() => setBlocked(id, false)}>${t("unblock")}</button></li>`)}</ul>
  <//>`;
}
