// The quoted original of a reply, above the reply and above the composer.

import { html } from "../lib/html.js";
import { isBlocked } from "../state/blocks.js";
import { showMessage } from "../state/messages.js";
import { nameOfKind } from "../state/conversations.js";
import { youOrName } from "../state/people.js";
import { t } from "../texts.js";

/** @typedef {import("../types.js").Quote} Quote */

/** What a quote shows of its message. @param {Quote} quote */
export function lineOf({ content, type, deleted }) {
  if (deleted) return t("deleted");
  return content || t(nameOfKind(type));
}

/** The original of a reply: a button that shows it in the history. @param {{ quote: Quote, conversationId: string }} props */
export function QuoteButton({ quote, conversationId }) {
  const who = youOrName(quote.sender.id, { ...quote.sender, name: quote.sender.username, avatar: null });
  return html`<button class="quote" onClick=${() => showMessage(conversationId, quote.id)}>
    <span class="quote-who"><span class="hidden">${t("quoteOf")}</span>${who}</span>
    <span class=${quote.deleted ? "line gone" : "line"} dir="auto">${isBlocked(quote.sender.id) ? t("blockedMessage") : lineOf(quote)}</span></button>`;
}
