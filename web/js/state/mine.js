// Which reactions to a message are the user's own. Responses of the API say it in `mine`; events, which are the same for
// all members, do not.

import { me } from "../session.js";

/** @typedef {import("../types.js").Message} Message */
/** @typedef {import("../types.js").Reaction} Reaction */

/** Returns whether a reaction is one of the user's own; undefined if it may be one of those that are only counted. @param {Reaction} reaction */
export function own({ mine, userIds, count }) {
  if (mine !== undefined) return mine;
  return userIds.includes(me.value?.id ?? "") || (count > userIds.length ? undefined : false);
}

/** Returns whether a reaction is known to be one of the user's own. @param {Reaction} reaction */
export function isMine(reaction) {
  return own(reaction) === true;
}

/** Returns whether the server has to be asked which reactions are the user's own. @param {Reaction[]} reactions */
export function areUnclear(reactions) {
  return reactions.some((reaction) => own(reaction) === undefined);
}

/**
 * The reactions of a newer version of a message. Where that version does not say whether a reaction is the user's own, it
 * is as it was.
 * @param {Reaction[] | undefined} known @param {Reaction[] | undefined} next
 */
export function keepOwn(known = [], next) {
  return next?.map((reaction) => {
    const before = known.find(({ emoji }) => emoji === reaction.emoji);
    return { ...reaction, mine: own(reaction) ?? (before && own(before)) };
  });
}
