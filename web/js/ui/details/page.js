// Details of a conversation: what it is, its members, and what those who lead it can do.

import { useEffect, useState } from "preact/hooks";

import { call, why } from "../../api.js";
import { html } from "../../lib/html.js";
import { go } from "../../route.js";
import { ask } from "../../state/asked.js";
import { drop, fetchConversation, titleOf } from "../../state/conversations.js";
import { t } from "../../texts.js";
import { Dialog, Wrong } from "../parts.js";
import { About } from "./about.js";
import { Invitations } from "./invitations.js";
import { Limits } from "./limits.js";
import { Members } from "./members.js";
import { Restrictions } from "./restrictions.js";
import { roleIn } from "./standing.js";

/** @typedef {import("../../types.js").Conversation} Conversation */

/** What shows in the dialog: the details, or one of its pages. @typedef {"" | "invitations" | "limits" | "restrictions"} Page */

/** @type {Record<Exclude<Page, "">, { title: import("../../texts.js").TextName, View: (props: { conversation: Conversation }) => any }>} */
const PAGES = {
  invitations: { title: "invitations", View: Invitations },
  limits: { title: "limits", View: Limits },
  restrictions: { title: "restrictions", View: Restrictions },
};

/** @param {{ conversation: Conversation, me: import("../../types.js").User | null, onClose: () => void }} props */
export function Details({ conversation, me, onClose }) {
  const [error, setError] = useState("");
  const [page, setPage] = useState(/** @type {Page} */ (""));
  const { id, kind, members, memberCount = members.length } = conversation;
  useEffect(() => {
    if (members.length < memberCount) void fetchConversation(id);
  }, [id, members.length < memberCount]);
  const { isGroup, leads, owns, moderates } = roleIn(conversation);
  const path = `/conversations/${encodeURIComponent(id)}`;
  const name = titleOf(conversation);

  /** @param {string} address */
  async function remove(address) {
    setError("");
    try {
      await call("DELETE", address);
      drop(id);
      go("#/");
    } catch (failure) {
      setError(why(failure));
    }
  }
  const asksToLeave = async () => {
    const text = t(kind === "room" ? "leaveRoomAsk" : "leaveAsk", { name });
    if (await ask({ title: t("leave"), text, action: t("leave") })) await remove(`${path}/members/${encodeURIComponent(me?.id ?? "")}`);
  };
  const asksToEnd = async () => {
    const text = t("deleteConversationAsk", { name, count: memberCount });
    if (await ask({ title: t("deleteConversation"), text, action: t("delete") })) await remove(path);
  };
  if (page) {
    const { title, View } = PAGES[page];
    return html`<${Dialog} title=${t(title)} onClose=${onClose} onBack=${() => setPage("")} kind="details"><${View} conversation=${conversation} /><//>`;
  }
  const link = (/** @type {Exclude<Page, "">} */ to) => html`<button class="item" onClick=${() => setPage(to)}>${t(PAGES[to].title)}</button>`;
  return html`<${Dialog} title=${name} onClose=${onClose} kind="details">
    <${About} conversation=${conversation} />
    ${moderates && html`<nav class="details-links" aria-label=${t("manage")}>${kind === "group" && leads && link("invitations")}${link("limits")}${link("restrictions")}</nav>`}
    <${Members} conversation=${conversation} />
    <${Wrong} error=${error} />
    <div class="actions">
      ${isGroup && html`<button class="quiet" onClick=${asksToLeave}>${t("leave")}</button>`}
      ${kind === "direct" && html`<button class="quiet" onClick=${() => remove(path)}>${t("hideConversation")}</button>`}
      ${owns && isGroup && html`<button class="danger" onClick=${asksToEnd}>${t("deleteConversation")}</button>`}
    </div>
  <//>`;
}
