// The text of a message: only plain URLs become links, and mentions are marked.

import { html } from "../lib/html.js";
import { atMentions } from "./mentions.js";

const LINK = /(https?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]])/;

/** @param {{ content: string, mentions?: { id: string, username: string }[] }} props */
export function Text({ content, mentions = [] }) {
  const marked = (/** @type {string} */ text) => atMentions(text, mentions).map((part, index) => (index % 2 === 1
    ? html`<span class="mentioned">${part}</span>` : part));
  return html`<div class="text"><p>${content.split(LINK).map((part, index) => (index % 2 === 1
    ? html`<a href=${part} target="_blank" rel="noopener noreferrer nofollow">${part}</a>` : marked(part)))}</p></div>`;
}
