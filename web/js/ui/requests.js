// The requests of others to reach the user, each with what was written.

import { useState } from "preact/hooks";

import { why } from "../api.js";
import { html } from "../lib/html.js";
import { dayAndClock } from "../lib/time.js";
import { conversationLink, go } from "../route.js";
import { askToBlock } from "../state/blocks.js";
import { openCard } from "../state/dialogs.js";
import { nameOf } from "../state/people.js";
import { acceptRequest, declineRequest, requests } from "../state/requests.js";
import { t } from "../texts.js";
import { Avatar, Wrong } from "./parts.js";
import { Text } from "./text.js";

/** @param {{ request: import("../types.js").ContactRequest }} props */
function Request({ request }) {
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);
  const { type, from, conversation, message, createdAt } = request;
  const name = nameOf(from.id, from);
  const act = (/** @type {() => Promise<void>} */ work) => async () => {
    setBusy(true);
    setError("");
    try {
      await work();
    } catch (failure) {
      setError(why(failure));
      setBusy(false);
    }
  };
  const accept = act(async () => go(conversationLink((await acceptRequest(request)).id)));
  const said = type === "group" ? t("requestGroup", { name, group: conversation.name ?? t("group") }) : t("requestMessage", { name });
  return html`<li class="request" aria-label=${said}>
    <button class="face-button" aria-label=${t("cardOf", { name })} onClick=${() => openCard(from)}><${Avatar} id=${from.id} name=${from.name || from.username} avatar=${from.avatar} size="small" /></button>
    <div class="request-text"><h3 dir="auto">${said}</h3><p class="hint">@${from.username} · <time datetime=${createdAt}>${dayAndClock(createdAt)}</time></p>
      ${message && (message.content ? html`<div class="request-said" dir="auto"><${Text} content=${message.content} /></div>` : html`<p class="hint">${t("requestFile")}</p>`)}
      <${Wrong} error=${error} />
      <div class="actions"><button class="primary" disabled=${busy} aria-label=${t("acceptPerson", { name })} onClick=${accept}>${t("accept")}</button>
        <button disabled=${busy} aria-label=${t("declinePerson", { name })} onClick=${act(() => declineRequest(request))}>${t("decline")}</button>
        <button class="quiet" disabled=${busy} aria-label=${t("blockNamed", { name })} onClick=${() => askToBlock(from.id)}>${t("block")}</button></div></div>
  </li>`;
}

export function Requests() {
  if (requests.value.length === 0) return null;
  return html`<section class="requests" aria-labelledby="requests-title"><h2 id="requests-title">${t("requests")}</h2>
    <p class="hint">${t("requestsHint")}</p>
    <ul>${requests.value.map((request) => html`<${Request} key=${request.id} request=${request} />`)}</ul></section>`;
}
