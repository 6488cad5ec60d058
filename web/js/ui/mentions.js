// Mentions: the members that are offered while a name is typed after "@".

import { signal } from "@preact/signals";

import { call } from "../api.js";
import { html } from "../lib/html.js";
import { me } from "../session.js";
import { fetchConversation } from "../state/conversations.js";
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

/** Whom the server has found for what was typed. The server names only some of the members of a large conversation. @type {import("@preact/signals").Signal<User[]>} */
const others = signal([]);
/** What it was asked for last. */
let asked = "";

/** Asks the server for people, unless something else is typed meanwhile. @param {string} start */
async function ask(start) {
  if (start === asked) return;
  asked = start;
  await new Promise((resolve) => { setTimeout(resolve, PAUSE_MS); });
  if (start !== asked) return;
  try {
    const { items } = await call("GET", `/users?q=${encodeURIComponent(start)}&limit=${2 * OFFERED}`);
    if (start === asked) others.value = items;
  } catch {
    // Without a connection, those who are known are offered.
  }
}

/** The members of a conversation, as suggestions. @param {Conversation} conversation @returns {import("./suggestions.js").Source} */
export function mentionsIn({ id, members, memberCount = members.length }) {
  return {
    label: "mention",
    started: /(?:^|[\s(])(@[^\s@]{0,32})$/u,
    offer(typed) {
      const start = typed.slice(1).toLowerCase();
      const matches = (/** @type {User} */ user) => user.username.toLowerCase().startsWith(start) || nameOf(user.id, user).toLowerCase().startsWith(start);
      const known = members.map(({ user }) => user);
      const more = members.length < memberCount ? others.value.filter(({ id: other }) => !known.some((user) => user.id === other)) : [];
      const found = [...known, ...more].filter((user) => user.id !== me.value?.id && matches(user)).slice(0, OFFERED);
      return found.map((user) => ({
        key: user.id, insert: `@${user.username}`, face: html`<${Face} user=${user} size="small" />`,
        title: html`${nameOf(user.id, user)} <small>@${user.username}</small>`,
      }));
    },
    prepare(typed) {
      // A list of conversations has only some of the members of a large one.
      if (members.length >= memberCount) return;
      if (!completed.has(id)) {
        completed.add(id);
        void fetchConversation(id);
      }
      if (typed.length > 1) void ask(typed.slice(1).toLowerCase());
    },
  };
}
