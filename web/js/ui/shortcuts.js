// The keys of the whole page: the switcher, the conversations before and after, and the list of all keys.

import { useEffect } from "preact/hooks";

import { html } from "../lib/html.js";
import { conversationLink, go, route } from "../route.js";
import { overlay } from "../state/overlay.js";
import { inSight } from "../state/settings.js";
import { t } from "../texts.js";
import { Dialog } from "./parts.js";

/** Whether keys are letters of a text there. @param {EventTarget | null} target */
function isWriting(target) {
  return target instanceof HTMLElement && (target.isContentEditable || /^(?:textarea|select)$/.test(target.localName)
    || (target instanceof HTMLInputElement && !["checkbox", "radio", "button"].includes(target.type)));
}

/** Opens a neighbour of the open conversation in the list; without one, the first or the last. @param {1 | -1} by @param {boolean} isUnread whether only unread ones count */
function turn(by, isUnread) {
  const here = route.value.name === "c" ? route.value.id : "";
  const all = inSight.value.filter(({ id, unreadCount, settings }) => !isUnread || id === here || unreadCount > 0 || settings?.markedUnread);
  const at = all.findIndex(({ id }) => id === here);
  const next = at < 0 ? all.at(by > 0 ? 0 : -1) : all[at + by];
  if (next) go(conversationLink(next.id));
}

/** @param {KeyboardEvent} event */
function pressed(event) {
  const { key, altKey, ctrlKey, metaKey, shiftKey } = event;
  const isBelow = document.querySelector("dialog[open]") !== null;
  if ((ctrlKey || metaKey) && !altKey && !shiftKey && key.toLowerCase() === "k") {
    event.preventDefault();
    if (overlay.value === "switcher") overlay.value = "";
    else if (!isBelow) overlay.value = "switcher";
  } else if (altKey && !ctrlKey && !metaKey && !isBelow && (key === "ArrowUp" || key === "ArrowDown")) {
    event.preventDefault();
    turn(key === "ArrowDown" ? 1 : -1, shiftKey);
  } else if (key === "?" && !ctrlKey && !altKey && !metaKey && !isBelow && !isWriting(event.target)) {
    event.preventDefault();
    overlay.value = "keys";
  }
}

export function useShortcuts() {
  useEffect(() => {
    document.addEventListener("keydown", pressed);
    return () => {
      document.removeEventListener("keydown", pressed);
      overlay.value = "";
    };
  }, []);
}

/** The keys, and what each does. @type {[string[], import("../texts.js").TextName][]} */
const KEYS = [
  [["Ctrl", "K"], "keySwitcher"], [["Alt", "↑"], "keyBefore"], [["Alt", "↓"], "keyAfter"], [["Alt", "Shift", "↓"], "keyUnread"],
  [["Enter"], "keySend"], [["Shift", "Enter"], "keyLine"], [["↑"], "keyEdit"], [["Esc"], "keyEscape"], [["@"], "mention"], [["?"], "keys"],
];

/** Keys that have a name in each language. @type {Record<string, import("../texts.js").TextName>} */
const NAMES = { Ctrl: "keyCtrl", Shift: "keyShift", Enter: "keyEnter", Esc: "keyEsc" };

/** What is written on a key. @param {string} key */
export function named(key) {
  if (key === "Ctrl" && /Mac|iP/.test(navigator.platform)) return "⌘";
  const name = NAMES[key];
  return name ? t(name) : key;
}

/** The list of keys. @param {{ onClose: () => void }} props */
export function Keys({ onClose }) {
  return html`<${Dialog} title=${t("keys")} onClose=${onClose}>
    <dl class="keys">${KEYS.map(([keys, text]) => html`<div key=${text}><dt>${keys.map((key) => html`<kbd>${named(key)}</kbd>`)}</dt><dd>${t(text)}</dd></div>`)}</dl>
  <//>`;
}
