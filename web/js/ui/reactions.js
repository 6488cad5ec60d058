// The reactions below a message, and the row of emojis to react with.

import { useEffect } from "preact/hooks";

import { html } from "../lib/html.js";
import { picking } from "../state/emojis.js";
import { areUnclear, isMine } from "../state/mine.js";
import { youOrName } from "../state/people.js";
import { clarify, toggle } from "../state/reactions.js";
import { t } from "../texts.js";
import * as icons from "./icons.js";

/** @typedef {import("../types.js").Message} Message */

const EMOJIS = ["👍", "❤️", "😂", "😮", "😢", "🎉"];

/** The names of those who reacted. @param {import("../types.js").Reaction} reaction */
function names({ userIds, count }) {
  const known = userIds.map((id) => youOrName(id)).join(", ");
  return count > userIds.length ? `${known}, …` : known;
}

/** The reactions to a message, each a button that adds or removes the user's own. @param {{ message: Message }} props */
export function Reactions({ message }) {
  const { reactions = [] } = message;
  const unclear = areUnclear(reactions);
  useEffect(() => {
    // Without an answer, a reaction among very many is not marked as the user's own.
    if (unclear) clarify(message).catch(() => {});
  }, [message.id, unclear]);
  if (reactions.length === 0) return null;
  return html`<ul class="reactions">${reactions.map((reaction) => {
    const by = t("reactionBy", { names: names(reaction) });
    return html`<li key=${reaction.emoji}><button class="reaction" aria-pressed=${isMine(reaction)} title=${`${reaction.emoji} ${by}`}
      onClick=${() => toggle(message, reaction.emoji)}><span>${reaction.emoji}</span><span>${reaction.count}</span><span class="hidden">${by}</span></button></li>`;
  })}</ul>`;
}

/** How many emojis are beside a message at once. */
const QUICK = 3;

/** The most frequent emojis, as buttons beside a message: for pointers, because the menu has them all. @param {{ message: Message }} props */
export function QuickReactions({ message }) {
  return EMOJIS.slice(0, QUICK).map((emoji) => html`<button key=${emoji} class="quick" tabindex="-1" aria-hidden="true"
    title=${t("reactWith", { emoji })} onClick=${() => toggle(message, emoji)}>${emoji}</button>`);
}

/** The emojis to react with. @param {{ message: Message, onDone: () => void }} props */
export function ReactionPicker({ message, onDone }) {
  const choose = (/** @type {string} */ emoji) => {
    onDone();
    void toggle(message, emoji);
  };
  const other = () => {
    onDone();
    picking.value = { choose: (emoji) => void toggle(message, emoji) };
  };
  return html`<span class="emojis" role="group" aria-label=${t("react")}>${EMOJIS.map((emoji) => html`<button key=${emoji}
    aria-label=${t("reactWith", { emoji })} title=${t("reactWith", { emoji })} onClick=${() => choose(emoji)}>${emoji}</button>`)}
    <button aria-label=${t("reactOther")} title=${t("reactOther")} onClick=${other}><${icons.smile} /></button></span>`;
}
