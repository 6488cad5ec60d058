// The dialog to choose an emoji: those used last, all of them in their groups, and a search by name.

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

import { why } from "../api.js";
import { html } from "../lib/html.js";
import { TONES, aboutEmoji, emojis, emojisFor, loadEmojis, picking, recent, setTone, tone, used } from "../state/emojis.js";
import { t } from "../texts.js";
import { useModal } from "./lines.js";

/** @typedef {import("../state/emojis.js").Emoji} Emoji */

/** The names of the groups, in the order of the data. @type {import("../texts.js").TextName[]} */
const GROUPS = ["emojiSmileys", "emojiPeople", "emojiAnimals", "emojiFood", "emojiTravel", "emojiActivities", "emojiObjects", "emojiSymbols", "emojiFlags"];

/** The names of the tones of skin. @type {import("../texts.js").TextName[]} */
const TONE_NAMES = ["toneNone", "toneLight", "toneMediumLight", "toneMedium", "toneMediumDark", "toneDark"];

/** The choice of the tone of skin, which is kept. */
function Tones() {
  return html`<div class="emoji-tones" role="radiogroup" aria-label=${t("skinTone")}>${TONES.map((one, at) => html`<label key=${one} title=${t(TONE_NAMES[at] ?? "toneNone")}>
    <input type="radio" name="tone" class="hidden" checked=${tone.value === one} aria-label=${t(TONE_NAMES[at] ?? "toneNone")} onChange=${() => setTone(one)} /><span aria-hidden="true">✋${one}</span></label>`)}</div>`;
}

/** The button above or below another one, in the nearest column. @param {HTMLElement[]} all @param {number} at @param {1 | -1} way */
function inNextRow(all, at, way) {
  const from = all[at]?.getBoundingClientRect();
  if (!from) return undefined;
  /** @type {HTMLElement | undefined} */
  let best;
  let [row, distance] = [Number.NaN, Infinity];
  for (let n = at + way; all[n]; n += way) {
    const { top, left } = /** @type {HTMLElement} */ (all[n]).getBoundingClientRect();
    if (Math.abs(top - from.top) < 2) continue;
    if (Number.isNaN(row)) row = top;
    if (Math.abs(top - row) > 2) break;
    if (Math.abs(left - from.left) < distance) [best, distance] = [all[n], Math.abs(left - from.left)];
  }
  return best;
}

/** @param {{ title: string, those: Emoji[], onChoose: (emoji: string) => void }} props */
function Group({ title, those, onChoose }) {
  return html`<section class="emoji-group" aria-label=${title}><h3>${title}</h3>
    <div class="emoji-grid" style=${`--count: ${those.length}`}>${those.map(({ emoji, name }) => html`<button key=${emoji} type="button" tabindex="-1" data-emoji=${emoji} aria-label=${name} title=${name}
      onClick=${() => onChoose(emoji)}>${emoji}</button>`)}</div></section>`;
}

export function EmojiPicker() {
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const field = useRef(/** @type {HTMLInputElement | null} */ (null));
  const [query, setQuery] = useState("");
  const [error, setError] = useState("");
  const lines = useModal(dialog);
  useEffect(() => { loadEmojis().catch((failure) => setError(why(failure))); }, []);
  const wanted = query.trim();
  const all = emojis.value;
  const found = wanted ? emojisFor(wanted) : [];
  const lately = recent.value.map(aboutEmoji);
  useLayoutEffect(() => { dialog.current?.querySelector(".emoji-list")?.scrollTo(0, 0); }, [wanted]);

  const close = () => { picking.value = null; };
  /** @param {string} emoji */
  function choose(emoji) {
    const asked = picking.value;
    // Closed first, so that the focus returns before it is moved.
    dialog.current?.close();
    close();
    used(emoji);
    asked?.choose(emoji);
  }
  /** @param {KeyboardEvent} event */
  function key(event) {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") {
      // A search field with a text would only be emptied.
      event.preventDefault();
      close();
      return;
    }
    if (event.target instanceof HTMLInputElement && event.target.name === "tone") return;
    const buttons = /** @type {HTMLElement[]} */ ([...dialog.current?.querySelectorAll("[data-emoji]") ?? []]);
    const at = buttons.findIndex((button) => button === document.activeElement);
    /** @type {HTMLElement | null | undefined} */
    let next;
    if (at < 0) {
      if (event.key === "ArrowDown") next = buttons[0];
      else if (event.key === "Enter" && wanted) next = buttons[0];
      else return;
      event.preventDefault();
      if (event.key === "Enter") next?.click();
    } else {
      if (event.key === "ArrowRight") next = buttons[at + 1];
      else if (event.key === "ArrowLeft") next = buttons[at - 1];
      else if (event.key === "ArrowDown") next = inNextRow(buttons, at, 1);
      else if (event.key === "ArrowUp") next = inNextRow(buttons, at, -1) ?? field.current;
      else if (event.key.length === 1 && event.key !== " ") next = field.current;
      else return;
      if (event.key.startsWith("Arrow")) event.preventDefault();
    }
    next?.focus();
  }
  const outside = (/** @type {Event} */ event) => { if (event.target === dialog.current) close(); };
  return html`<dialog class="emoji-picker" ref=${dialog} aria-label=${t("emojiChoose")} onClick=${outside} onKeyDown=${key}
    onCancel=${(/** @type {Event} */ event) => { event.preventDefault(); close(); }}>
    <div class="emoji-box">
      <input type="search" ref=${field} aria-label=${t("emojiSearch")} placeholder=${t("emojiSearch")} value=${query} autocomplete="off" autofocus
        onInput=${(/** @type {any} */ event) => setQuery(event.target.value)} />
      <div class="emoji-list">
        ${wanted ? found.length > 0 && html`<${Group} title=${t("emojiFound")} those=${found} onChoose=${choose} />` : html`
          ${lately.length > 0 && html`<${Group} title=${t("emojiRecent")} those=${lately} onChoose=${choose} />`}
          ${GROUPS.map((title, group) => all.length > 0 && html`<${Group} key=${title} title=${t(title)} those=${all.filter((one) => one.group === group)} onChoose=${choose} />`)}`}
        <p class="hint" role="status">${error || (all.length === 0 ? t("loading") : wanted && found.length === 0 ? t("searchNothing", { query: wanted }) : "")}</p>
      </div>
      <${Tones} />
    </div>
    ${lines}
  </dialog>`;
}
