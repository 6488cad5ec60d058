// Banning and silencing somebody: for how long, and why.

import { useState } from "preact/hooks";

import { call } from "../../api.js";
import { html } from "../../lib/html.js";
import { fetchConversation, titleOf } from "../../state/conversations.js";
import { tell } from "../../state/notices.js";
import { nameOf } from "../../state/people.js";
import { t } from "../../texts.js";
import { Dialog, Field, Form, Wrong } from "../parts.js";

const HOUR_MS = 60 * 60 * 1_000;

/** How long it lasts, in milliseconds; 0 for good, which only a ban can be. @type {{ text: import("../../texts.js").TextName, ms: number }[]} */
const LENGTHS = [
  { text: "forHour", ms: HOUR_MS }, { text: "forDay", ms: 24 * HOUR_MS }, { text: "forWeek", ms: 7 * 24 * HOUR_MS }, { text: "forMonth", ms: 30 * 24 * HOUR_MS },
  { text: "forGood", ms: 0 },
];

/** @param {{ conversation: import("../../types.js").Conversation, user: import("../../types.js").User, kind: "ban" | "silence", onClose: () => void }} props */
export function Restrict({ conversation, user, kind, onClose }) {
  const [busy, setBusy] = useState(false);
  const name = nameOf(user.id, user);
  const isBan = kind === "ban";
  /** @param {Record<string, any>} given */
  async function send({ length, reason }) {
    const ms = Number(length);
    setBusy(true);
    try {
      const path = `/conversations/${encodeURIComponent(conversation.id)}/${isBan ? "bans" : "silences"}/${encodeURIComponent(user.id)}`;
      await call("PUT", path, { ...(ms > 0 ? { until: new Date(Date.now() + ms).toISOString() } : {}), ...(reason ? { reason } : {}) });
      if (isBan) await fetchConversation(conversation.id);
      tell(t(isBan ? "banned" : "silenced", { name }));
      onClose();
    } catch (failure) {
      setBusy(false);
      throw failure;
    }
  }
  return html`<${Dialog} title=${t(isBan ? "banNamed" : "silenceNamed", { name })} onClose=${onClose}>
    <${Form} send=${send}>
      <p class="hint">${t(isBan ? "banHint" : "silenceHint", { name, conversation: titleOf(conversation) })}</p>
      <div class="field"><label for="restrict-length">${t("howLong")}</label><select id="restrict-length" name="length">
        ${LENGTHS.filter(({ ms }) => isBan || ms > 0).map(({ text, ms }) => html`<option value=${ms}>${t(text)}</option>`)}</select></div>
      <${Field} label=${`${t("reason")} (${t("optional")})`} name="reason" maxlength="170" autocomplete="off" hint=${t(isBan ? "banReasonHint" : "silenceReasonHint")} />
      <${Wrong} />
      <div class="actions"><button type="button" class="quiet" onClick=${onClose}>${t("cancel")}</button><button class="danger" disabled=${busy}>${t(isBan ? "ban" : "silence")}</button></div>
    <//>
  <//>`;
}
