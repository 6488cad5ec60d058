// The current view, stored in the fragment of the URL so that back, forward and reload work as usual.

import { signal } from "@preact/signals";

/**
 * @typedef {{ name: "home" | "c" | "meetups" | "notifications" | "settings" | "new" | "signup" | "invite" | "search", id: string, message: string, thread: string }} Route
 *   `id`: of a conversation, also of the one to search, the code of an invitation, or a section of the settings; `message`: one
 *   that a link leads to; `thread`: the first message of the thread that is open beside the conversation
 */

const NAMES = ["c", "meetups", "notifications", "settings", "new", "signup", "invite", "search"];
/** The views that are nothing without an id. */
const WITH_ID = ["c", "invite"];

/** @returns {Route} */
function read() {
  const [, asked = "", place = "", message = "", part = ""] = location.hash.split("/");
  // Links of earlier versions lead to the profile.
  const [name, id] = asked === "profile" ? ["settings", "profile"] : [asked, place];
  const known = NAMES.includes(name) && (!WITH_ID.includes(name) || id);
  if (!known) return { name: "home", id: "", message: "", thread: "" };
  const isThread = part === "thread";
  return { name: /** @type {Route["name"]} */ (name), id: decode(id), message: isThread ? "" : decode(message), thread: isThread ? decode(message) : "" };
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

/** @param {string} id the id of the conversation @param {string} rootId the id of the first message of the thread */
export function threadLink(id, rootId) {
  return `${messageLink(id, rootId)}/thread`;
}

/** @param {string} id the id of the conversation to search; empty for all */
export function searchLink(id) {
  return `#/search/${encodeURIComponent(id)}`;
}

/** The link that an invitation is sent as. @param {string} code */
export function invitationLink(code) {
  return new URL(`#/invite/${encodeURIComponent(code)}`, location.href).href;
}

/** @param {string} hash */
export function go(hash) {
  location.hash = hash;
}

/** Goes to a view in place of the current one, to which nobody goes back. @param {string} hash */
export function goInstead(hash) {
  history.replaceState(null, "", hash);
  route.value = read();
}
