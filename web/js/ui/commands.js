// Commands: what a text does that begins with "/" and a name.

import { call } from "../api.js";
import { html } from "../lib/html.js";
import { go, invitationLink } from "../route.js";
import { me } from "../session.js";
import { ask } from "../state/asked.js";
import { drop, isIn, leadsIn, put, titleOf } from "../state/conversations.js";
import { tell } from "../state/notices.js";
import { configure, isMuted } from "../state/settings.js";
import { t } from "../texts.js";
import { copy } from "../lib/clipboard.js";
import * as icons from "./icons.js";

/** @typedef {import("../types.js").Conversation} Conversation */
/**
 * @typedef {object} Command
 * @property {string} name
 * @property {import("../texts.js").TextName} about
 * @property {import("../texts.js").TextName | ""} [argument] what stands behind the name
 * @property {boolean} [needsArgument]
 * @property {() => any} icon
 * @property {(conversation: Conversation) => boolean} fits whether it is possible in a conversation
 * @property {(conversation: Conversation, rest: string) => void | string | Promise<void>} run returns a text to send in its place
 */

const always = () => true;
/** @param {Conversation} conversation */
const isNamed = ({ kind }) => kind === "group" || kind === "room";
/** @param {Conversation} conversation */
const isLed = (conversation) => isNamed(conversation) && leadsIn(conversation);
/** @param {Conversation} conversation */
const path = ({ id }) => `/conversations/${encodeURIComponent(id)}`;

/** @param {Conversation} conversation */
async function leave(conversation) {
  const name = titleOf(conversation);
  if (!await ask({ title: t("leave"), text: t(conversation.kind === "room" ? "leaveRoomAsk" : "leaveAsk", { name }), action: t("leave") })) return;
  await call("DELETE", `${path(conversation)}/members/${encodeURIComponent(me.value?.id ?? "")}`);
  drop(conversation.id);
  go("#/");
}

/** Adds somebody by name, or makes a link for those who are not here yet. @param {Conversation} conversation @param {string} rest */
async function invite(conversation, rest) {
  const username = rest.replace(/^@/, "");
  if (!username) {
    const { code } = await call("POST", `${path(conversation)}/invitations`, {});
    await copy(invitationLink(code), t("invitationCopied"));
    return;
  }
  const { items } = await call("GET", `/users?q=${encodeURIComponent(username)}&limit=200`);
  const user = items.find((/** @type {import("../types.js").User} */ one) => one.username.toLowerCase() === username.toLowerCase());
  if (!user) tell(t("commandNobody", { name: `@${username}` }));
  else if (isIn(conversation, user.id)) tell(t("commandIsIn", { name: `@${user.username}` }));
  else put(await call("POST", `${path(conversation)}/members`, { userId: user.id }));
}

/** @type {Command[]} */
const COMMANDS = [
  { name: "me", about: "commandMe", argument: "commandMeArgument", needsArgument: true, icon: icons.edit, fits: always, run: (_, rest) => `_${rest.replace(/_/g, "\\_")}_` },
  { name: "invite", about: "commandInvite", argument: "commandInviteArgument", icon: icons.plus, fits: (one) => one.kind === "group" && leadsIn(one), run: invite },
  { name: "mute", about: "commandMute", icon: icons.muted, fits: (one) => !isMuted(one), run: async ({ id }) => { if (await configure(id, { muted: true })) tell(t("commandMuted")); } },
  { name: "unmute", about: "commandUnmute", icon: icons.bell, fits: isMuted, run: async ({ id }) => { if (await configure(id, { muted: false })) tell(t("commandUnmuted")); } },
  { name: "rename", about: "rename", argument: "name", needsArgument: true, icon: icons.edit, fits: isLed, run: async (one, rest) => { put(await call("PATCH", path(one), { name: rest })); } },
  { name: "leave", about: "leave", icon: icons.close, fits: isNamed, run: leave },
];

/** A text that begins like a command, and not like a path or a note that was struck off. */
const COMMAND = /^\/([a-z]+)(?:\s+([^]*))?$/i;

/** @typedef {{ name: string, rest: string, command: Command | undefined }} Called */

/** The command that a text calls; null if it is a text. @param {string} text @returns {Called | null} */
export function commandIn(text) {
  const [, name, rest = ""] = COMMAND.exec(text.trim()) ?? [];
  return name === undefined ? null : { name, rest: rest.trim(), command: COMMANDS.find((one) => one.name === name.toLowerCase()) };
}

/** Why a command cannot be run; empty if it can. @param {Called} called @param {Conversation} conversation */
export function whyNot({ name, rest, command }, conversation) {
  if (!command) return t("commandUnknown", { name: `/${name}` });
  if (!command.fits(conversation)) return t("commandNotHere", { name: `/${name}` });
  return command.needsArgument && !rest ? t("commandLacks", { name: `/${name}`, what: t(command.argument || "name") }) : "";
}

/** The commands of a conversation, as suggestions. @param {Conversation} conversation @returns {import("./suggestions.js").Source} */
export function commandsIn(conversation) {
  return {
    label: "commands",
    started: /^(\/[a-z]*)$/i,
    offer: (typed) => COMMANDS.filter((one) => one.fits(conversation) && one.name.startsWith(typed.slice(1).toLowerCase())).map(({ name, about, argument, icon }) => ({
      key: name, insert: `/${name}`, face: html`<span class="switcher-icon">${icon()}</span>`,
      title: html`<strong>/${name}</strong> ${argument && html`<small>${t(argument)}</small> `}<small>– ${t(about)}</small>`,
    })),
  };
}
