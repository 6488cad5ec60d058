// Mentions: the members that are offered while a name is typed after "@".

import { html } from "../lib/html.js";
import { me } from "../session.js";
import { fetchConversation } from "../state/conversations.js";
import { nameOf } from "../state/people.js";
import { Face } from "./parts.js";

/** @typedef {import("../types.js").Conversation} Conversation */
/** @typedef {import("../types.js").User} User */

/** How many members are offered. */
const OFFERED = 6;

/** Large conversations whose members have been loaded for the list. @type {Set<string>} */
const completed = new Set();

/** The members of a conversation, as suggestions. @param {Conversation} conversation @returns {import("./suggestions.js").Source} */
export function mentionsIn({ id, members, memberCount = members.length }) {
  return {
    label: "mention",
    started: /(?:^|[\s(])(@[^\s@]{0,32})$/u,
    offer(typed) {
      const start = typed.slice(1).toLowerCase();
      const matches = (/** @type {User} */ user) => user.username.toLowerCase().startsWith(start) || nameOf(user.id, user).toLowerCase().startsWith(start);
      const found = members.map(({ user }) => user).filter((user) => user.id !== me.value?.id && matches(user)).slice(0, OFFERED);
      return found.map((user) => ({
        key: user.id, insert: `@${user.username}`, face: html`<${Face} user=${user} size="small" />`,
        title: html`${nameOf(user.id, user)} <small>@${user.username}</small>`,
      }));
    },
    prepare() {
      // A list of conversations has only some of the members of a large one.
      if (members.length >= memberCount || completed.has(id)) return;
      completed.add(id);
      void fetchConversation(id);
    },
  };
}
