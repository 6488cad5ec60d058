// The text of a message, with its markdown as components.

import { useMemo } from "preact/hooks";

import { copy } from "../lib/clipboard.js";
import { html } from "../lib/html.js";
import { blocks, isEmojiOnly } from "../lib/markdown.js";
import { t } from "../texts.js";
import * as icons from "./icons.js";
import { IconButton } from "./parts.js";

/** @typedef {import("../lib/markdown.js").Block} Block */
/** @typedef {import("../lib/markdown.js").Inline} Inline */

/** The text of parts as it is read, however they nest. @param {Inline[]} children @returns {string} */
function textOf(children) {
  return children.map((child) => ("text" in child ? child.text : textOf(child.children))).join("");
}

/** The host of a link if there is the address of another one in its text. @param {string} href @param {Inline[]} children */
function otherHost(href, children) {
  // As it looks: without characters that are not seen, and with ordinary forms of wide ones.
  const text = textOf(children).normalize("NFKC").replace(/\p{Cf}/gu, "").toLowerCase();
  const claimed = [...text.matchAll(/(?:[\p{L}\p{N}-]+\.)+\p{L}{2,}/gu)].map(([host]) => host);
  if (claimed.length === 0 || href.startsWith("mailto:")) return "";
  try {
    const { host, hostname } = new URL(href);
    return claimed[0] === hostname ? "" : host;
  } catch {
    return href;
  }
}

/** @param {Inline[]} children @returns {any[]} */
function inlines(children) {
  return children.map((child) => {
    switch (child.type) {
      case "text": return child.text;
      case "code": return html`<code dir="ltr">${child.text}</code>`;
      case "mention": return html`<span class="mentioned">${child.text}</span>`;
      case "strong": return html`<strong>${inlines(child.children)}</strong>`;
      case "em": return html`<em>${inlines(child.children)}</em>`;
      case "del": return html`<del>${inlines(child.children)}</del>`;
      case "link": {
        const host = otherHost(child.href, child.children);
        return html`<a href=${child.href} title=${child.href} target="_blank" rel="noopener noreferrer nofollow">${inlines(child.children)}</a>${host && html` <span class="true-host">(${host})</span>`}`;
      }
    }
  });
}

/** @param {{ text: string, language: string }} props */
function Code({ text, language }) {
  return html`<div class="code" dir="ltr"><${IconButton} label=${t("copyCode")} icon=${icons.copy} onClick=${() => copy(text)} />
    <pre tabindex="0" role="group" aria-label=${language || t("code")}><code>${text}</code></pre></div>`;
}

/** @param {Block[]} list @returns {any[]} */
function elements(list) {
  return list.map((block) => {
    switch (block.type) {
      case "paragraph": return html`<p>${inlines(block.children)}</p>`;
      case "code": return html`<${Code} text=${block.text} language=${block.language} />`;
      case "quote": return html`<blockquote>${elements(block.children)}</blockquote>`;
      case "list": {
        const items = block.items.map((item) => html`<li>${elements(item)}</li>`);
        return block.start === null ? html`<ul>${items}</ul>` : html`<ol start=${block.start}>${items}</ol>`;
      }
    }
  });
}

/** @param {{ content: string, mentions?: { id: string, username: string }[] }} props */
export function Text({ content, mentions = [] }) {
  const names = mentions.map(({ username }) => username);
  const found = useMemo(() => blocks(content, names), [content, names.join(" ")]);
  return html`<div class=${isEmojiOnly(content) ? "text emoji" : "text"}>${elements(found)}</div>`;
}
