// The pinned messages of a conversation.

import { useEffect, useState } from "preact/hooks";

import { call, why } from "../api.js";
import { html } from "../lib/html.js";
import { dayAndClock } from "../lib/time.js";
import { inALine } from "../state/conversations.js";
import { showMessage } from "../state/messages.js";
import { nameOf } from "../state/people.js";
import { t } from "../texts.js";
import { Dialog, Wrong } from "./parts.js";

/** @typedef {import("../types.js").Message} Message */

/** @param {{ conversationId: string, onClose: () => void }} props */
export function Pins({ conversationId, onClose }) {
  const [items, setItems] = useState(/** @type {Message[] | null} */ (null));
  const [error, setError] = useState("");
  useEffect(() => {
    call("GET", `/conversations/${encodeURIComponent(conversationId)}/pins`)
      .then((page) => setItems(page.items), (failure) => setError(why(failure)));
  }, [conversationId]);
  const show = (/** @type {Message} */ message) => {
    onClose();
    void showMessage(conversationId, message.id, message.sequence);
  };
  return html`<${Dialog} title=${t("pinned")} onClose=${onClose}>
    <p class="hint" role="status">${items === null && !error ? t("loading") : items?.length === 0 ? t("noPins") : ""}</p>
    <ul class="pins">${(items ?? []).map((message) => html`<li key=${message.id}>
      <button class="item" onClick=${() => show(message)}><span class="item-text">
        <span class="item-head"><span class="item-title">${nameOf(message.sender.id, message.sender)}</span><time datetime=${message.createdAt}>${dayAndClock(message.createdAt)}</time></span>
        <span class="line" dir="auto">${inALine(message)}</span></span></button></li>`)}</ul>
    <${Wrong} error=${error} />
  <//>`;
}
