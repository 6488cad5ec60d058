// The members of a conversation, and what one may do with each.

import { useState } from "preact/hooks";

import { call, why } from "../../api.js";
import { match } from "../../lib/fold.js";
import { html } from "../../lib/html.js";
import { me } from "../../session.js";
import { ask } from "../../state/asked.js";
import { fetchConversation, put, titleOf } from "../../state/conversations.js";
import { openCard } from "../../state/dialogs.js";
import { findMembers, unknownMembers } from "../../state/members.js";
import { tell } from "../../state/notices.js";
import { nameOf } from "../../state/people.js";
import { t } from "../../texts.js";
import { Choose } from "../choose.js";
import * as icons from "../icons.js";
import { openPerson } from "../opening.js";
import { Face, IconButton, Wrong } from "../parts.js";
import { useSearch } from "../search.js";
import { Restrict } from "./restrict.js";
import { outranks, roleIn } from "./standing.js";

/** @typedef {import("../../types.js").Conversation} Conversation */
/** @typedef {import("../../types.js").Member} Member */
/** @typedef {import("../../types.js").User} User */

/** How many members are shown at first, and more with each press; from how many on they can be searched. */
const PAGE = 50;
const SEARCHED_FROM = 12;

/** @param {{ conversation: Conversation, member: Member, act: (work: () => Promise<unknown>) => Promise<void>, onRestrict: (kind: "ban" | "silence") => void }} props */
function MemberItem({ conversation, member, act, onRestrict }) {
  const [open, setOpen] = useState(false);
  const { user, role } = member;
  const { id, kind } = conversation;
  const { removes, makesAdmins, moderates } = roleIn(conversation);
  const name = nameOf(user.id, user);
  const isOwn = user.id === me.value?.id;
  const isBelow = outranks(conversation, member);
  const path = `/conversations/${encodeURIComponent(id)}/members`;
  const canManage = isBelow && (removes || makesAdmins || moderates);
  const setRole = (/** @type {string} */ next) => act(async () => put(await call("POST", path, { userId: user.id, role: next })));
  const remove = async () => {
    const text = t("removeAsk", { name, conversation: titleOf(conversation) });
    if (!await ask({ title: t("removePerson", { name }), text, action: t("remove") })) return;
    await act(async () => {
      await call("DELETE", `${path}/${encodeURIComponent(user.id)}`);
      await fetchConversation(id);
    });
  };
  return html`<li>
    <button class="face-button" aria-haspopup="dialog" aria-label=${t("cardOf", { name })} title=${t("cardOf", { name })} onClick=${() => openCard(user)}><${Face} user=${user} size="small" /></button>
    <span class="line" dir="auto">${name} <small>@${user.username}${isOwn ? `, ${t("you")}` : ""}${role !== "member" ? `, ${t(role)}` : ""}</small></span>
    ${!isOwn && !user.guest && kind !== "direct" && html`<${IconButton} label=${t("writeTo", { name })} icon=${icons.send} onClick=${() => openPerson(user.id)} />`}
    ${canManage && html`<${IconButton} label=${t("manageMember", { name })} icon=${icons.more} expanded=${open} onClick=${() => setOpen(!open)} />`}
    ${open && html`<div class="member-actions">
      ${makesAdmins && !user.guest && (role === "admin" ? html`<button onClick=${() => setRole("member")}>${t("unmakeAdmin")}</button>` : html`<button onClick=${() => setRole("admin")}>${t("makeAdmin")}</button>`)}
      ${moderates && html`<button onClick=${() => onRestrict("silence")}>${t("silence")}</button>`}
      ${moderates && html`<button class="danger" onClick=${() => onRestrict("ban")}>${t("ban")}</button>`}
      ${removes && html`<button class="danger" onClick=${remove}>${t("remove")}</button>`}
    </div>`}
  </li>`;
}

/**
 * The members that fit a text. Of a large conversation, the server is asked for those who are not known here; whether it has
 * answered is the second.
 * @param {Conversation} conversation @param {string} text @returns {[Member[], boolean]}
 */
function useFitting(conversation, text) {
  const { id, members } = conversation;
  const [answer, setAnswer] = useState({ text: "", found: /** @type {Member[]} */ ([]) });
  const isAsked = text !== "" && unknownMembers(conversation) > 0;
  useSearch(isAsked ? text : "", async (isNewest) => {
    if (!isAsked) return;
    let found = /** @type {Member[]} */ ([]);
    try {
      found = await findMembers(id, text);
    } catch {
      // Without a connection, those who are known are found.
    }
    if (isNewest()) setAnswer({ text, found });
  });
  if (!text) return [members, true];
  const known = members.filter(({ user }) => match(nameOf(user.id, user), text) >= 0 || match(user.username, text) >= 0);
  if (!isAsked) return [known, true];
  const listed = new Set(members.map(({ user }) => user.id));
  const others = answer.text === text ? answer.found.filter(({ user }) => !listed.has(user.id)) : [];
  return [[...known, ...others], answer.text === text];
}

/** @param {{ conversation: Conversation }} props */
export function Members({ conversation }) {
  const [error, setError] = useState("");
  const [restricting, setRestricting] = useState(/** @type {{ user: User, kind: "ban" | "silence" } | null} */ (null));
  const [wanted, setWanted] = useState("");
  const [most, setMost] = useState(PAGE);
  const { id, kind, members, memberCount = members.length } = conversation;
  const { leads } = roleIn(conversation);
  const text = wanted.trim().replace(/^@/, "");
  const [found, isComplete] = useFitting(conversation, text);
  const unknown = unknownMembers(conversation);
  /** @param {() => Promise<unknown>} work */
  async function act(work) {
    setError("");
    try {
      await work();
    } catch (failure) {
      setError(why(failure));
    }
  }
  const add = (/** @type {User} */ user) => act(async () => {
    const found = put(await call("POST", `/conversations/${encodeURIComponent(id)}/members`, { userId: user.id }));
    // Whoever has to be asked first becomes a member once it accepts.
    if (!found.members.some((member) => member.user.id === user.id) && found.memberCount === undefined) tell(t("personAsked", { name: nameOf(user.id, user) }));
  });
  return html`<h3>${t("memberCount", { count: memberCount })}</h3>
    ${members.length >= SEARCHED_FROM && html`<input type="search" autocomplete="off" aria-label=${t("findMember")} placeholder=${t("findMember")} value=${wanted}
      onInput=${(/** @type {any} */ event) => { setWanted(event.target.value); setMost(PAGE); }} />`}
    <ul class="people members">${found.slice(0, most).map((member) => html`<${MemberItem} key=${member.user.id} conversation=${conversation} member=${member} act=${act}
      onRestrict=${(/** @type {"ban" | "silence"} */ restriction) => setRestricting({ user: member.user, kind: restriction })} />`)}</ul>
    ${found.length > most ? html`<button class="quiet wide" onClick=${() => setMost(most + PAGE)}>${t("showMore")}</button>`
      : html`<p class="hint" role="status">${found.length === 0 ? (isComplete && t("searchNothing", { query: text })) : unknown > 0 && !text ? t("andMore", { count: unknown }) : ""}</p>`}
    ${leads && kind === "group" && html`<${Choose} without=${members.map(({ user }) => user.id)} onChoose=${add} />`}
    <${Wrong} error=${error} />
    ${restricting && html`<${Restrict} conversation=${conversation} user=${restricting.user} kind=${restricting.kind} onClose=${() => setRestricting(null)} />`}`;
}
