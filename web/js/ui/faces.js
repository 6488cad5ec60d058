// What stands for a conversation: the picture of the other person, the initials of a group or a room, or the day of a meetup.

import { html } from "../lib/html.js";
import { dayOfMonth, month } from "../lib/time.js";
import { otherOf, someoneOnline, titleOf } from "../state/conversations.js";
import { pictureOf } from "../state/grouppictures.js";
import { meetupOf } from "../state/meetups.js";
import { Avatar, Face } from "./parts.js";

/** @typedef {import("../types.js").Conversation} Conversation */

/** A leaf of a calendar. @param {{ moment: string, size?: string }} props */
export function Leaf({ moment, size = "" }) {
  return html`<span class=${`leaf ${size}`} aria-hidden="true"><span class="leaf-month">${month(moment)}</span><span class="leaf-day">${dayOfMonth(moment)}</span></span>`;
}

/** @param {{ conversation: Conversation, size?: string }} props */
export function ConversationFace({ conversation, size = "" }) {
  const { id, kind } = conversation;
  const other = otherOf(conversation);
  if (other) return html`<${Face} user=${other} size=${size} />`;
  const meetup = kind === "meetup" ? meetupOf(id) : null;
  if (meetup) return html`<${Leaf} moment=${meetup.startsAt} size=${size} />`;
  return html`<${Avatar} id=${id} name=${titleOf(conversation)} avatar=${pictureOf(conversation)} size=${size} kind=${kind} dot=${someoneOnline(conversation)} />`;
}
