// The current view, stored in the fragment of the URL so that back, forward and reload work as usual.

import { signal } from "@preact/signals";

/** @typedef {{ name: "home" | "c" | "meetups" | "notifications" | "profile" | "new", id: string, message: string }} Route `message`: of a conversation */

const NAMES = ["c", "meetups", "notifications", "profile", "new"];

/** @returns {Route} */
function read() {
  const [, name = "", id = "", message = ""] = location.hash.split("/");
  const known = NAMES.includes(name) && (name !== "c" || id);
  return known ? { name: /** @type {Route["name"]} */ (name), id: decode(id), message: decode(message) } : { name: "home", id: "", message: "" };
}

/** @param {string} text */
function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export const route = signal(read());

window.addEventListener("hashchange", () => { route.value = read(); });

/** @param {string} id */
export function conversationLink(id) {
  return `#/c/${encodeURIComponent(id)}`;
}

/** @param {string} id the id of the conversation @param {string} messageId */
export function messageLink(id, messageId) {
  return `${conversationLink(id)}/${encodeURIComponent(messageId)}`;
}

/** @param {string} hash */
export function go(hash) {
  location.hash = hash;
}
