// A message, and a message that is not stored yet. Content is shown as text; only plain URLs become links.

import { useState } from "preact/hooks";

import { why } from "../api.js";
import { html } from "../lib/html.js";
import { clock, dayAndClock } from "../lib/time.js";
import { me } from "../session.js";
import { say } from "../socket.js";
import { editing, replying } from "../state/drafts.js";
import { tell } from "../state/notices.js";
import { discard, tryAgain } from "../state/outbox.js";
import { nameOf, online, people } from "../state/people.js";
import { togglePin } from "../state/reactions.js";
import { inWords, t } from "../texts.js";
import * as icons from "./icons.js";
import { atMentions } from "./mentions.js";
import { Avatar, Dialog, IconButton } from "./parts.js";
import { QuoteButton } from "./quote.js";
import { ReactionPicker, Reactions } from "./reactions.js";

/** @typedef {import("../types.js").Message} Message */
/** @typedef {import("../types.js").Conversation} Conversation */

const LINK = /(https?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]])/;
/** How many readers are listed by name. */
const NAMES = 12;

/** Text with clickable links and marked mentions. @param {{ content: string, mentions?: { id: string, username: string }[] }} props */
function Text({ content, mentions = [] }) {
  const marked = (/** @type {string} */ text) => atMentions(text, mentions).map((part, index) => (index % 2 === 1
    ? html`<span class="mentioned">${part}</span>` : part));
  return html`<p class="text" dir="auto">${content.split(LINK).map((part, index) => (index % 2 === 1
    ? html`<a href=${part} target="_blank" rel="noopener noreferrer nofollow">${part}</a>` : marked(part)))}</p>`;
}

/** The host of a link as the browser parses it, because the name beside it can be anything. @param {string} url */
function hostOf(url) {
  try {
    return new URL(url).host;
  } catch {
    return url;
  }
}

/** @param {{ url: string, name: string | null, type: string }} props */
function Attached({ url, name, type }) {
  // Only files of this server are embedded; others are shown as links.
  const own = url.startsWith("/files/");
  const safe = own || /^https:\/\//.test(url);
  if (!safe) return html`<p class="text">${name ?? url}</p>`;
  if (type === "image" && own) {
    return html`<a class="picture" href=${url} target="_blank" rel="noopener noreferrer">
      <img src=${url} alt=${name ? t("imageNamed", { name }) : t("image")} loading="lazy" /></a>`;
  }
  return html`<a class="file" href=${url} target="_blank" rel="noopener noreferrer"><${icons.file} /><span>${name ?? t("file")}</span>${!own && html`<span class="file-host">${hostOf(url)}</span>`}</a>`;
}

/** The delivery state of the user's own message. @param {{ message: Message, conversation: Conversation }} props */
function Mark({ message, conversation }) {
  const others = conversation.members.filter(({ user }) => user.id !== me.value?.id);
  const readers = others.filter((member) => member.readSequence >= message.sequence);
  if (readers.length > 0) {
    const names = readers.slice(0, NAMES).map(({ user }) => nameOf(user.id)).join(", ");
    const label = t("readBy", { names: readers.length > NAMES ? `${names}, …` : names });
    return html`<span class="mark read" role="img" aria-label=${label} title=${label}><${icons.checks} /></span>`;
  }
  // A member that has been online since has received the message.
  const since = others.some(({ user }) =>
    online.value.has(user.id) || (people.value.get(user.id)?.lastSeen ?? "") > message.createdAt);
  const label = t(since ? "delivered" : "sent");
  return html`<span class="mark" role="img" aria-label=${label} title=${label}>${since ? html`<${icons.checks} />` : html`<${icons.check} />`}</span>`;
}

/** @param {{ message: Message, onClose: () => void }} props */
function AskDelete({ message, onClose }) {
  async function remove() {
    onClose();
    try {
      const answer = await say("message:delete", { messageId: message.id });
      if (!answer.success) tell(inWords(answer.code, answer.message));
    } catch (error) {
      tell(why(error));
    }
  }
  return html`<${Dialog} title=${t("delete")} onClose=${onClose}>
    <p>${t("deleteAsk")}</p>
    <div class="actions"><button class="quiet" onClick=${onClose}>${t("cancel")}</button>
      <button class="danger" onClick=${remove}>${t("delete")}</button></div>
  <//>`;
}

/** The menu of a message, with the actions that the user may take. @param {{ message: Message, mayDelete: boolean, mayPin: boolean }} props */
function Actions({ message, mayDelete, mayPin }) {
  const [open, setOpen] = useState(false);
  const [asks, setAsks] = useState(false);
  const own = message.sender.id === me.value?.id;
  if (message.deletedAt) return null;
  const leave = (/** @type {any} */ event) => { if (!event.currentTarget.contains(event.relatedTarget)) setOpen(false); };
  // Return the focus to the button before the focused element disappears.
  const back = (/** @type {any} */ event) => event.currentTarget.closest(".message-actions").querySelector("button").focus();
  const escape = (/** @type {any} */ event) => {
    if (!open || event.key !== "Escape") return;
    back(event);
    setOpen(false);
  };
  const close = (/** @type {any} */ event) => {
    back(event);
    setOpen(false);
  };
  const reply = () => {
    setOpen(false);
    editing.value = null;
    replying.value = message;
  };
  return html`<span class=${open ? "message-actions open" : "message-actions"} onFocusOut=${leave} onKeyDown=${escape}>
    <${IconButton} label=${t("actions", { time: clock(message.createdAt) })} icon=${icons.more} expanded=${open} onClick=${() => setOpen(!open)} />
    ${open && html`<span class="menu">
      <${ReactionPicker} message=${message} onDone=${() => setOpen(false)} />
      <button onClick=${reply}>${t("reply")}</button>
      ${mayPin && html`<button onClick=${(/** @type {any} */ event) => { close(event); void togglePin(message); }}>${t(message.pinned ? "unpin" : "pin")}</button>`}
      ${own && html`<button onClick=${() => { setOpen(false); replying.value = null; editing.value = message; }}>${t("edit")}</button>`}
      ${(own || mayDelete) && html`<button onClick=${(/** @type {any} */ event) => { close(event); setAsks(true); }}>${t("delete")}</button>`}
    </span>`}
    ${asks && html`<${AskDelete} message=${message} onClose=${() => setAsks(false)} />`}
  </span>`;
}

/**
 * @param {{ message: Message, conversation: Conversation, continues: boolean, mayDelete: boolean, mayPin: boolean, isShown: boolean }} props
 */
export function MessageItem({ message, conversation, continues, mayDelete, mayPin, isShown }) {
  const { sender, createdAt, deletedAt, editedAt, file, replyTo, pinned } = message;
  const own = sender.id === me.value?.id;
  const known = people.value.get(sender.id) ?? sender;
  const name = known.name || known.username;
  const kinds = ["message", own && "own", continues && "continues", isShown && "shown"].filter(Boolean).join(" ");
  return html`<li class=${kinds} data-id=${message.id}>
    ${!own && html`<span class="message-face">${!continues && html`<${Avatar} id=${sender.id} name=${name} avatar=${known.avatar ?? sender.avatar} size="small" />`}</span>`}
    <div class="bubble">
      <p class=${continues || own ? "hidden" : "who"}>${own ? t("you") : name}${sender.guest && html` <span class="tag">${t("guest")}</span>`}</p>
      ${deletedAt ? html`<p class="text gone">${t("deleted")}</p>` : html`
        ${replyTo && html`<${QuoteButton} quote=${replyTo} conversationId=${message.conversationId} />`}
        ${file && html`<${Attached} url=${file.url} name=${file.name} type=${message.type} />`}
        ${message.content && html`<${Text} content=${message.content} mentions=${message.mentions} />`}`}
      ${!deletedAt && html`<${Reactions} message=${message} />`}
      <p class="meta"><time datetime=${createdAt} title=${dayAndClock(createdAt)}>${clock(createdAt)}</time>
        ${pinned && !deletedAt && html`<span>${t("pinnedOne")}</span>`}
        ${editedAt && !deletedAt && html`<span>${t("edited")}</span>`}
        ${own && !deletedAt && html`<${Mark} message=${message} conversation=${conversation} />`}</p>
    </div>
    <${Actions} message=${message} mayDelete=${mayDelete} mayPin=${mayPin} />
  </li>`;
}

/** @param {{ entry: import("../state/outbox.js").Entry }} props */
export function PendingItem({ entry }) {
  const label = entry.failed ? t("failed", { why: entry.failed }) : t("pending");
  return html`<li class="message own pending" data-id=${entry.id}>
    <div class="bubble">
      ${entry.fileUrl && html`<${Attached} url=${entry.fileUrl} name=${entry.fileName ?? null} type=${entry.type} />`}
      ${entry.content && html`<${Text} content=${entry.content} />`}
      <p class="meta"><time datetime=${entry.at}>${clock(entry.at)}</time>
        <span class="mark" role="img" aria-label=${label} title=${label}>${entry.failed ? html`<${icons.warning} />` : html`<${icons.waiting} />`}</span></p>
      ${entry.failed && html`<p class="wrong">${label}</p>
        <p class="actions"><button class="quiet" onClick=${() => discard(entry.id)}>${t("discard")}</button>
          <button class="quiet" onClick=${() => tryAgain(entry.id)}>${t("tryAgain")}</button></p>`}
    </div>
  </li>`;
}
