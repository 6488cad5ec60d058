// The dialog that asks before something cannot be undone, and names what goes.

import { html } from "../lib/html.js";
import { question } from "../state/asked.js";
import { t } from "../texts.js";
import { Dialog } from "./parts.js";

export function Ask() {
  const asked = question.value;
  if (!asked) return null;
  const { title, text, action, answer } = asked;
  return html`<${Dialog} key=${title + text} role="alertdialog" describedBy="asked" title=${title} onClose=${() => answer(false)}>
    <p class="asked" id="asked" dir="auto">${text}</p>
    <div class="actions"><button class="quiet" onClick=${() => answer(false)}>${t("cancel")}</button>
      <button class="danger" onClick=${() => answer(true)}>${action}</button></div>
  <//>`;
}
