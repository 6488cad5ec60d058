// Details of a conversation: members, renaming, leaving and deleting.

import { useEffect, useState } from "preact/hooks";

import { call, why } from "../api.js";
import { html } from "../lib/html.js";
import { conversationLink, go } from "../route.js";
import { ask } from "../state/asked.js";
import { directWith, drop, fetchConversation, put, titleOf } from "../state/conversations.js";
import { nameOf } from "../state/people.js";
import { t } from "../texts.js";
import { Choose } from "./choose.js";
import * as icons from "./icons.js";
import { Dialog, Face, Field, IconButton, Wrong, values } from "./parts.js";

/** @typedef {import("../types.js").Conversation} Conversation */

/** @param {{ conversation: Conversation, me: import("../types.js").User | null, onClose: () => void }} props */
export function Details({ conversation, me, onClose }) {
  const [error, setError] = useState("");
  const { id, kind, members, memberCount = members.length } = conversation;
  useEffect(() => {
    if (members.length < memberCount) void fetchConversation(id);
  }, [id, members.length < memberCount]);
  const role = members.find(({ user }) => user.id === me?.id)?.role ?? "member";
  const leads = role === "owner" || role === "admin";
  const path = `/conversations/${encodeURIComponent(id)}`;

  /** @param {() => Promise<unknown>} work */
  async function attempt(work) {
    setError("");
    try {
      await work();
    } catch (failure) {
      setError(why(failure));
    }
  }
  const rename = (/** @type {Event} */ event) => {
    const { name } = values(event);
    void attempt(async () => put(await call("PATCH", path, { name })));
  };
  const add = (/** @type {import("../types.js").User} */ user) =>
    attempt(async () => put(await call("POST", `${path}/members`, { userId: user.id })));
  const remove = (/** @type {string} */ userId) => attempt(async () => {
    await call("DELETE", `${path}/members/${encodeURIComponent(userId)}`);
    if (userId === me?.id) {
      drop(id);
      go("#/");
    } else {
      await fetchConversation(id);
    }
  });
  const end = () => attempt(async () => {
    await call("DELETE", path);
    drop(id);
    go("#/");
  });
  const name = titleOf(conversation);
  const asksToRemove = async (/** @type {import("../types.js").User} */ user) => {
    const text = t("removeAsk", { name: nameOf(user.id), conversation: name });
    if (await ask({ title: t("removePerson", { name: nameOf(user.id) }), text, action: t("remove") })) await remove(user.id);
  };
  const asksToLeave = async () => {
    const text = t(kind === "room" ? "leaveRoomAsk" : "leaveAsk", { name });
    if (await ask({ title: t("leave"), text, action: t("leave") })) await remove(me?.id ?? "");
  };
  const asksToEnd = async () => {
    const text = t("deleteConversationAsk", { name, count: memberCount });
    if (await ask({ title: t("deleteConversation"), text, action: t("delete") })) await end();
  };
  const write = (/** @type {string} */ userId) => attempt(async () => go(conversationLink((await directWith(userId)).id)));

  return html`<${Dialog} title=${titleOf(conversation)} onClose=${onClose}>
    <p class="hint">${t(kind)}</p>
    ${leads && (kind === "group" || kind === "room") && html`<form class="row" onSubmit=${rename}>
      <${Field} label=${t("name")} name="name" value=${conversation.name} required maxlength="128" /><button>${t("rename")}</button></form>`}
    <h3>${t("memberCount", { count: memberCount })}</h3>
    <ul class="people">${members.map(({ user, role: theirs }) => html`<li key=${user.id}>
      <${Face} user=${user} size="small" />
      <span class="line">${nameOf(user.id)} <small>@${user.username}${user.id === me?.id ? `, ${t("you")}` : ""}${theirs !== "member" ? `, ${t(theirs)}` : ""}</small></span>
      ${user.id !== me?.id && !user.guest && kind !== "direct" && html`<${IconButton} label=${t("writeTo", { name: nameOf(user.id) })} icon=${icons.send} onClick=${() => write(user.id)} />`}
      ${leads && user.id !== me?.id && (kind === "group" || kind === "room") && html`<${IconButton} label=${t("removePerson", { name: nameOf(user.id) })} icon=${icons.close} onClick=${() => asksToRemove(user)} />`}
    </li>`)}</ul>
    ${leads && kind === "group" && html`<${Choose} without=${members.map(({ user }) => user.id)} onChoose=${add} />`}
    <${Wrong} error=${error} />
    <div class="actions">
      ${(kind === "group" || kind === "room") && html`<button class="quiet" onClick=${asksToLeave}>${t("leave")}</button>`}
      ${kind === "direct" && html`<button class="quiet" onClick=${end}>${t("hideConversation")}</button>`}
      ${role === "owner" && (kind === "group" || kind === "room") && html`<button class="danger" onClick=${asksToEnd}>${t("deleteConversation")}</button>`}
    </div>
  <//>`;
}
