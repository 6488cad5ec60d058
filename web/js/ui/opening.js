// What opens something that was found: a person, a room that is joined thereby, or a message in its place.

import { call, why } from "../api.js";
import { conversationLink, go } from "../route.js";
import { directWith, put } from "../state/conversations.js";
import { showMessage } from "../state/messages.js";
import { tell } from "../state/notices.js";

/** @param {() => Promise<import("../types.js").Conversation>} open returns the conversation @returns {Promise<boolean>} whether it is open */
async function enter(open) {
  try {
    go(conversationLink((await open()).id));
    return true;
  } catch (error) {
    tell(why(error));
    return false;
  }
}

/** @param {string} userId */
export const openPerson = (userId) => enter(() => directWith(userId));

/** @param {string} id */
export const joinRoom = (id) => enter(async () => put(await call("POST", `/conversations/${encodeURIComponent(id)}/members`)));

/** @param {import("../types.js").Message} message */
export function openMessage({ conversationId, id, sequence }) {
  go(conversationLink(conversationId));
  void showMessage(conversationId, id, sequence);
}
