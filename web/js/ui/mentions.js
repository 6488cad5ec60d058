// Mentions: the members that are offered while a name is typed after "@".

import { signal } from "@preact/signals";

import { html } from "../lib/html.js";
import { me } from "../session.js";
import { fetchConversation } from "../state/conversations.js";
import { findMembers, unknownMembers } from "../state/members.js";
import { nameOf } from "../state/people.js";
import { Face } from "./parts.js";

/** @typedef {import("../types.js").Conversation} Conversation */
/** @typedef {import("../types.js").User} User */

/** How many members are offered. */
const OFFERED = 6;
/** How long nothing is typed before the server is asked, in milliseconds. */
const PAUSE_MS = 200;

/** Large conversations whose members have been loaded for the list. @type {Set<string>} */
const completed = new Set();

/** The members whom the server has found for what was typed, and their conversation. @type {import("@preact/signals").Signal<{ id: string, users: User[] }>} */
const others = signal({ id: "", users: [] });
/** What it was asked for last. */
let asked = "";

/** Asks the server for members of a conversation, unless something else is typed meanwhile. @param {string} id @param {string} start */
async function ask(id, start) {
  const search = `${id} ${start}`;
  if (search === asked) return;
  asked = search;
  await new Promise((resolve) => { setTimeout(resolve, PAUSE_MS); });
  if (search !== asked) return;
  try {
    const found = await findMembers(id, start);
    if (search === asked) others.value = { id, users: found.map(({ user }) => user) };
  } catch {
    // Without a connection, those who are known are offered.
  }
}

/** The members of a conversation, as suggestions. @param {Conversation} conversation @returns {import("./suggestions.js").Source} */
export function mentionsIn(conversation) {
  const { id, members } = conversation;
  // The server names only some of the members of a large conversation.
  const isLarge = unknownMembers(conversation) > 0;
  return {
    label: "mention",
    started: /(?:^|[\s(])(@[^\s@]{0,32})$/u,
    offer(typed) {
      const start = typed.slice(1).toLowerCase();
      const matches = (/** @type {User} */ user) => user.username.toLowerCase().startsWith(start) || nameOf(user.id, user).toLowerCase().startsWith(start);
      const known = members.map(({ user }) => user);
      const found = isLarge && others.value.id === id ? others.value.users : [];
      const more = found.filter(({ id: other }) => !known.some((user) => user.id === other));
      const fitting = [...known, ...more].filter((user) => user.id !== me.value?.id && matches(user)).slice(0, OFFERED);
      return fitting.map((user) => ({
        key: user.id, insert: `@${user.username}`, face: html`<${Face} user=${user} size="small" />`,
        title: html`${nameOf(user.id, user)} <small>@${user.username}</small>`,
      }));
    },
    prepare(typed) {
      // A list of conversations has only some of the members of a large one.
      if (!isLarge) return;
      if (!completed.has(id)) {
        completed.add(id);
        void fetchConversation(id);
      }
      if (typed.length > 1) void ask(id, typed.slice(1).toLowerCase());
    },
  };
}
