// Members of large conversations, of whom a conversation's object names only some.

import { call } from "../api.js";
import { know } from "./people.js";

/** @typedef {import("../types.js").Conversation} Conversation */
/** @typedef {import("../types.js").Member} Member */

/** How many members one search finds. */
const FOUND = 100;

/** How many members of a conversation are not known here. @param {Conversation} conversation */
export function unknownMembers({ members, memberCount = members.length }) {
  return memberCount - members.length;
}

/**
 * The first members of a conversation whose username or name contains a text, as the server finds them.
 * @param {string} id @param {string} text @returns {Promise<Member[]>}
 */
export async function findMembers(id, text) {
  const { items } = await call("GET", `/conversations/${encodeURIComponent(id)}/members?q=${encodeURIComponent(text)}&limit=${FOUND}`);
  know(items.map((/** @type {Member} */ { user }) => user));
  return items;
}
