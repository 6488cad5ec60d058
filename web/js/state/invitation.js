// Invitations: what a code is for, and where those go who accept it.

import { signal } from "@preact/signals";

import { call } from "../api.js";
import { conversationLink, goInstead } from "../route.js";

/** @typedef {{ id: string, kind: "group" | "room", name: string | null }} Place */
/** @typedef {{ admits: boolean, conversations: Place[], invitedBy: string | null, expiresAt: string | null }} Offer */

/** The code that was accepted at the door, and still has to be when the user is inside. */
export const agreed = { code: "" };

/** Whether the dialog with the links for others is open. */
export const inviting = signal(false);

/** The code in what people paste: the code itself, or the link that it came in. @param {string} text */
export function codeIn(text) {
  return text.trim().split("/").at(-1) ?? "";
}

/** @param {string} code */
const path = (code) => `/invitations/${encodeURIComponent(code)}/accept`;

/** Returns what an invitation is for. @param {string} code @returns {Promise<Offer>} */
export function offerOf(code) {
  return call("GET", path(code));
}

/** Goes to the first of the places of an invitation. @param {Place[]} places */
export function enter([first]) {
  goInstead(first ? conversationLink(first.id) : "#/");
}

/** Accepts an invitation as the user who is logged in, and goes where it leads. @param {string} code */
export async function accept(code) {
  agreed.code = "";
  const { conversations } = await call("POST", path(code));
  enter(conversations);
}
