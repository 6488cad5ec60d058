// The card of a person: who it is, when it was here last, and what one can do.

import { useEffect, useState } from "preact/hooks";

import { call } from "../api.js";
import { html } from "../lib/html.js";
import { dayAndClock } from "../lib/time.js";
import { conversationLink } from "../route.js";
import { me } from "../session.js";
import { askToBlock, isBlocked, setBlocked } from "../state/blocks.js";
import { ordered, titleOf } from "../state/conversations.js";
import { card, reported } from "../state/dialogs.js";
import { know, nameOf, online, people } from "../state/people.js";
import { t } from "../texts.js";
import { ConversationFace } from "./faces.js";
import * as icons from "./icons.js";
import { openPerson } from "./opening.js";
import { Avatar, Dialog } from "./parts.js";

/** @typedef {import("../types.js").User} User */

/** How many conversations that both are in are shown. */
const SHARED = 5;

/** Whether somebody is here, or when that was last. @param {User} user */
function lastHere(user) {
  if (user.guest) return t("guest");
  if (online.value.has(user.id)) return t("online");
  return user.lastSeen ? t("lastSeen", { when: dayAndClock(user.lastSeen) }) : t("offline");
}

export function PersonCard() {
  const opened = card.value;
  const id = opened?.user.id ?? "";
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    if (!id || opened?.user.guest) return;
    // Its name and its picture may have changed since it wrote; without an answer, what is known is shown.
    call("GET", `/users/${encodeURIComponent(id)}`).then((user) => know([user]), () => {});
  }, [id]);
  if (!opened) return null;
  const { message } = opened;
  const user = { ...opened.user, ...(opened.user.guest ? {} : people.value.get(id)) };
  const close = () => { card.value = null; };
  const name = user.name || user.username;
  const isOwn = id === me.value?.id;
  const canBlock = !isOwn && !user.guest && !user.service;
  const blocks = isBlocked(id);
  const shared = isOwn ? [] : ordered.value.filter(({ kind, members }) => kind !== "direct" && members.some((member) => member.user.id === id));
  const write = async () => {
    setBusy(true);
    if (await openPerson(id)) close();
    setBusy(false);
  };
  return html`<${Dialog} title=${nameOf(id, user)} onClose=${close} kind="person-card">
    <div class="person">
      <${Avatar} id=${id} name=${name} avatar=${user.avatar} size="large" dot=${online.value.has(id)} />
      <p class="line">@${user.username}</p>
      <p class="hint">${lastHere(user)}</p>
      ${blocks && html`<p class="hint">${t("youBlocked", { name })}</p>`}
    </div>
    <div class="actions">
      ${!isOwn && !user.guest && html`<button class="primary" onClick=${write} disabled=${busy}><${icons.send} />${t("message")}</button>`}
      ${canBlock && html`<button onClick=${() => (blocks ? setBlocked(id, false) : askToBlock(id))}>${t(blocks ? "unblock" : "block")}</button>`}
      ${message && !isOwn && html`<button onClick=${() => { close(); reported.value = message; }}>${t("reportMessage")}</button>`}
      ${isOwn && html`<a class="button" href="#/settings/profile" onClick=${close}>${t("settings")}</a>`}
    </div>
    ${shared.length > 0 && html`<h3>${t("sharedConversations")}</h3>
      <ul class="shared">${shared.slice(0, SHARED).map((conversation) => html`<li key=${conversation.id}><a class="item" href=${conversationLink(conversation.id)} onClick=${close}>
        <${ConversationFace} conversation=${conversation} size="small" /><span class="item-title" dir="auto">${titleOf(conversation)}</span></a></li>`)}</ul>
      ${shared.length > SHARED && html`<p class="hint">${t("andMore", { count: shared.length - SHARED })}</p>`}`}
  <//>`;
}
