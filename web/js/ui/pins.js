// The pinned messages of a conversation.

import { useEffect, useState } from "preact/hooks";

import { call, worthTelling } from "../api.js";
import { html } from "../lib/html.js";
import { brief } from "../lib/time.js";
import { inALine, pinChanges } from "../state/conversations.js";
import { showMessage } from "../state/messages.js";
import { nameOf } from "../state/people.js";
import { togglePin } from "../state/reactions.js";
import { t } from "../texts.js";
import * as icons from "./icons.js";
import { Dialog, IconButton, Wrong } from "./parts.js";

/** @typedef {import("../types.js").Message} Message */

/** @param {{ conversationId: string, mayPin: boolean, onClose: () => void }} props */
export function Pins({ conversationId, mayPin, onClose }) {
  const [items, setItems] = useState(/** @type {Message[] | null} */ (null));
  const [error, setError] = useState("");
  const changes = pinChanges.value.get(conversationId);
  useEffect(() => {
    let newest = true;
    call("GET", `/conversations/${encodeURIComponent(conversationId)}/pins`).then((page) => {
      if (!newest) return;
      setItems(page.items.map((/** @type {{ message: Message }} */ { message }) => message));
      setError("");
    }, (failure) => { if (newest) setError(worthTelling(failure)); });
    return () => { newest = false; };
  }, [conversationId, changes]);
  const show = (/** @type {Message} */ message) => {
    onClose();
    void showMessage(conversationId, message.id, message.sequence);
  };
  return html`<${Dialog} title=${t("pinned")} onClose=${onClose}>
    <p class="hint" role="status">${items === null && !error ? t("loading") : items?.length === 0 ? t("noPins") : ""}</p>
    <ul class="pins">${(items ?? []).map((message) => html`<li key=${message.id}>
      <button class="item" onClick=${() => show(message)}><span class="item-text">
        <span class="item-head"><span class="item-title">${nameOf(message.sender.id, message.sender)}</span><time datetime=${message.createdAt}>${brief(message.createdAt)}</time></span>
        <span class="line" dir="auto">${inALine(message)}</span></span></button>
      ${mayPin && html`<${IconButton} label=${t("unpinNamed", { text: inALine(message) })} icon=${icons.close} onClick=${() => togglePin({ ...message, pinned: message.pinned ?? { by: "", at: "" } })} />`}
    </li>`)}</ul>
    <${Wrong} error=${error} />
  <//>`;
}
