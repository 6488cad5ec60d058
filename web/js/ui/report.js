// Reporting a message to those who look after the server.

import { useState } from "preact/hooks";

import { call } from "../api.js";
import { html } from "../lib/html.js";
import { inALine } from "../state/conversations.js";
import { reported } from "../state/dialogs.js";
import { tell } from "../state/notices.js";
import { nameOf } from "../state/people.js";
import { t } from "../texts.js";
import { Dialog, Form, Wrong } from "./parts.js";

/** What can be wrong with a message. @type {import("../texts.js").TextName[]} */
const REASONS = ["reportSpam", "reportInsult", "reportThreat", "reportOther"];

/** The longest reason, in bytes: `REPORT_REASON_BYTES_MAX` in `crates/domain/src/limits.rs`. */
const BYTES_MAX = 1_024;

/** The beginning of a text that has at most so many bytes. @param {string} text @param {number} most */
function cut(text, most) {
  const bytes = new TextEncoder().encode(text);
  // A character that is cut through is left out.
  return bytes.length <= most ? text : new TextDecoder().decode(bytes.slice(0, most)).replace(/\uFFFD+$/u, "");
}

export function Report() {
  const message = reported.value;
  const [reason, setReason] = useState("");
  if (!message) return null;
  const close = () => { reported.value = null; };
  /** @param {Record<string, any>} given */
  async function send({ about }) {
    const text = [t(/** @type {import("../texts.js").TextName} */ (reason)), about].filter(Boolean).join(": ");
    await call("POST", `/messages/${encodeURIComponent(message?.id ?? "")}/reports`, { reason: cut(text, BYTES_MAX) });
    close();
    tell(t("reportSent"));
  }
  return html`<${Dialog} title=${t("reportMessage")} onClose=${close}>
    <${Form} send=${send}>
      <blockquote class="reported" dir="auto"><small>${nameOf(message.sender.id, message.sender)}</small><p>${inALine(message)}</p></blockquote>
      <p class="hint">${t("reportHint", { name: nameOf(message.sender.id, message.sender) })}</p>
      <fieldset class="field"><legend>${t("reportWhy")}</legend>${REASONS.map((name) => html`<label class="choice" key=${name}>
        <input type="radio" name="reason" value=${name} required checked=${reason === name} onChange=${() => setReason(name)} />${t(name)}</label>`)}</fieldset>
      <div class="field"><label for="report-about">${`${t("reportAbout")} (${t("optional")})`}</label><textarea id="report-about" name="about" rows="3" maxlength="900"></textarea></div>
      <${Wrong} />
      <div class="actions"><button type="button" class="quiet" onClick=${close}>${t("cancel")}</button><button class="primary" disabled=${!reason}>${t("reportSend")}</button></div>
    <//>
  <//>`;
}
