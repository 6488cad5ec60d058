// The dialog to send a message on to other conversations. Its files go along by their links.

import { useState } from "preact/hooks";

import { html } from "../lib/html.js";
import { inALine, titleOf } from "../state/conversations.js";
import { ownWith } from "../state/finding.js";
import { forwarding } from "../state/forwarding.js";
import { tell } from "../state/notices.js";
import { post } from "../state/outbox.js";
import { nameOf } from "../state/people.js";
import { filesOf } from "../state/pictures.js";
import { listed } from "../state/settings.js";
import { t } from "../texts.js";
import { ConversationFace } from "./faces.js";
import { Dialog } from "./parts.js";

/** How many conversations are offered. */
const SHOWN = 30;

/** Sends a message on. @param {import("../types.js").Message} message @param {import("../types.js").Conversation} conversation */
function forward(message, conversation) {
  const files = filesOf(message).map(({ url, name }) => ({ url, name }));
  const { content, type } = message;
  post(conversation.id, { content, type, ...(files.length > 0 ? { files } : {}), metadata: { forwarded: true } });
  tell(t("forwardedTo", { name: titleOf(conversation) }));
}

export function Forward() {
  const [query, setQuery] = useState("");
  const [done, setDone] = useState(/** @type {string[]} */ ([]));
  const message = forwarding.value;
  if (!message) return null;
  const wanted = query.trim();
  const found = (wanted ? ownWith(wanted) : listed.value).slice(0, SHOWN);
  const close = () => { forwarding.value = null; };
  return html`<${Dialog} title=${t("forward")} onClose=${close}>
    <p class="forwarded" dir="auto"><span class="quote-who">${nameOf(message.sender.id, message.sender)}</span><span class="found-text">${inALine(message)}</span></p>
    <div class="field"><label for="forward">${t("forwardTo")}</label>
      <input id="forward" type="search" autocomplete="off" autofocus value=${query} onInput=${(/** @type {any} */ event) => setQuery(event.target.value)} /></div>
    <ul class="people">${found.map((conversation) => {
      const isDone = done.includes(conversation.id);
      const send = () => {
        setDone([...done, conversation.id]);
        forward(message, conversation);
      };
      return html`<li key=${conversation.id}><${ConversationFace} conversation=${conversation} size="small" />
        <span class="line" dir="auto">${titleOf(conversation)}</span>
        <button onClick=${send} disabled=${isDone} aria-label=${`${t(isDone ? "forwarded" : "send")}: ${titleOf(conversation)}`}>${t(isDone ? "forwarded" : "send")}</button></li>`;
    })}</ul>
    <p class="hint" role="status">${found.length === 0 ? t("searchNothing", { query: wanted }) : ""}</p>
  <//>`;
}
