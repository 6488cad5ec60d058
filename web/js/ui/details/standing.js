// What the user may do in a conversation: the table of `crates/domain/src/permissions.rs`, as far as the page offers it.

import { me } from "../../session.js";

/** @typedef {import("../../types.js").Conversation} Conversation */
/** @typedef {import("../../types.js").Member} Member */

const RANKS = { member: 0, admin: 1, owner: 2 };

/** @param {Conversation} conversation */
export function roleIn({ kind, members }) {
  const role = members.find(({ user }) => user.id === me.value?.id)?.role ?? "member";
  const owns = role === "owner";
  const leads = owns || role === "admin";
  const isGroup = kind === "group" || kind === "room";
  return {
    isGroup, leads, owns, role,
    /** Whether the user changes the name and the description. */
    changes: kind === "group" ? leads : kind !== "direct" && owns,
    /** Whether the user bans, silences and limits. */
    moderates: isGroup ? leads : kind === "meetup" && owns,
    removes: isGroup && leads,
    makesAdmins: isGroup && owns,
  };
}

/** Whether the user is of a higher role than a member. @param {Conversation} conversation @param {Member} member */
export function outranks(conversation, { user, role }) {
  return user.id !== me.value?.id && RANKS[roleIn(conversation).role] > RANKS[role];
}
