// What a text finds: one's own conversations, which are known here, and people, rooms and messages, which the server knows.

import { call, worthTelling } from "../api.js";
import { match } from "../lib/fold.js";
import { me } from "../session.js";
import { t } from "../texts.js";
import { conversations, otherOf, titleOf } from "./conversations.js";
import { know } from "./people.js";
import { listed } from "./settings.js";

/** @typedef {import("../types.js").Conversation} Conversation */
/** @typedef {import("../types.js").Message} Message */
/** @typedef {{ people: import("../types.js").User[], rooms: import("../types.js").Room[], messages: Message[], next: string | null, errors: string[] }} Results */

/** How many of each kind are shown. */
export const FOUND = 8;

/** @type {Results} */
export const NOTHING = { people: [], rooms: [], messages: [], next: null, errors: [] };

/** Why nothing was found, in words for what the user typed. @param {any} error */
export function refusal(error) {
  if (error.status === 413) return t("searchTooLong");
  if (error.status === 422) return t("searchNoWord");
  return worthTelling(error);
}

/** Searches in one list. @param {string} path @param {string} query @param {string} [cursor] */
async function search(path, query, cursor = "") {
  const more = cursor && `&cursor=${encodeURIComponent(cursor)}`;
  try {
    const { items, next } = await call("GET", `${path}?q=${encodeURIComponent(query)}&limit=${FOUND}${more}`);
    return { items, next: next ?? null, error: "" };
  } catch (error) {
    return { items: [], next: null, error: refusal(error) };
  }
}

/** Asks the server. @param {string} query @returns {Promise<Results>} */
export async function findAll(query) {
  const [people, rooms, messages] = await Promise.all([
    search("/users", query), search("/rooms", query), search("/search/messages", query),
  ]);
  know(people.items);
  return {
    people: people.items.filter((/** @type {any} */ user) => user.id !== me.value?.id),
    rooms: rooms.items.filter((/** @type {any} */ room) => !room.isMember),
    messages: messages.items,
    next: messages.next,
    errors: [...new Set([people.error, rooms.error, messages.error])].filter(Boolean),
  };
}

/** What is left of the results for another text until those for this one are there. @param {Results} results @param {string} wanted @returns {Results} */
export function narrowed({ people, rooms, messages }, wanted) {
  const has = (/** @type {(string | null)[]} */ ...texts) => wanted !== "" && texts.some((text) => match(text ?? "", wanted) >= 0);
  return {
    people: people.filter(({ name, username }) => has(name, username)), rooms: rooms.filter(({ name }) => has(name)),
    messages: messages.filter(({ content }) => has(content)), next: null, errors: [],
  };
}

/** Asks for more messages. @param {string} query @param {string} cursor */
export function findMore(query, cursor) {
  return search("/search/messages", query, cursor);
}

/** How well a conversation matches, by its title or by the username of the other one. @param {Conversation} conversation @param {string} wanted */
function matchOf(conversation, wanted) {
  const username = otherOf(conversation)?.username ?? "";
  return Math.max(match(titleOf(conversation), wanted), match(username, wanted.replace(/^@/, "")));
}

/** One's own conversations whose name a text is in, in the order of the list. @param {string} wanted */
export function ownWith(wanted) {
  return listed.value.filter((conversation) => matchOf(conversation, wanted) >= 0);
}

/** The same, the best first. @param {string} wanted */
export function bestOwn(wanted) {
  return ownWith(wanted).map((conversation) => ({ conversation, rank: matchOf(conversation, wanted) }))
    .sort((a, b) => b.rank - a.rank).map(({ conversation }) => conversation);
}

/** The people with whom there is no direct conversation in a list. @param {import("../types.js").User[]} people @param {Conversation[]} own */
export function newPeople(people, own) {
  const known = new Set(own.map((conversation) => otherOf(conversation)?.id));
  return people.filter(({ id }) => !known.has(id));
}

/** The title of the conversation of a message. @param {Message} message */
export function placeOf({ conversationId }) {
  const conversation = conversations.value.get(conversationId);
  return conversation ? titleOf(conversation) : "";
}
