// A message, and a message that is not stored yet. Content is shown as text; only plain URLs become links.

import { html } from "../lib/html.js";
import { clock, dayAndClock } from "../lib/time.js";
import { me } from "../session.js";
import { showMessage, shown } from "../state/messages.js";
import { discard, tryAgain } from "../state/outbox.js";
import { nameOf, online, people } from "../state/people.js";
import { t } from "../texts.js";
import { Actions } from "./actions.js";
import * as icons from "./icons.js";
import { atMentions } from "./mentions.js";
import { Avatar } from "./parts.js";
import { QuoteButton } from "./quote.js";
import { Reactions } from "./reactions.js";

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
  const arrived = others.some(({ deliveredSequence = 0 }) => deliveredSequence >= message.sequence);
  // A member that has been online since has received the message, although this page may not have been told.
  const since = others.some(({ user }) =>
    online.value.has(user.id) || (people.value.get(user.id)?.lastSeen ?? "") > message.createdAt);
  const label = t(arrived ? "arrived" : since ? "delivered" : "sent");
  return html`<span class="mark" role="img" aria-label=${label} title=${label}>${arrived || since ? html`<${icons.checks} />` : html`<${icons.check} />`}</span>`;
}

/** The files of a message: all of a list, or the one that it carries. @param {{ message: Message }} props */
function Files({ message: { file, files, type } }) {
  /** @type {import("../types.js").AttachedFile[]} */
  const list = files ?? (file ? [file] : []);
  const kindOf = (/** @type {string | undefined} */ mime) => (mime === undefined ? type : mime.startsWith("image/") ? "image" : "file");
  if (list.length === 0) return null;
  return html`<div class="files">${list.map(({ url, name = null, mime }) => html`<${Attached} key=${url} url=${url} name=${name} type=${kindOf(mime)} />`)}</div>`;
}

/** The thread of a message: a button on a reply that shows the first message, and the number of replies on that one. @param {{ message: Message }} props */
function ThreadLine({ message: { conversationId, threadId, thread } }) {
  if (threadId) return html`<button class="quiet thread" onClick=${() => showMessage(conversationId, threadId)}>${t("inThread")}</button>`;
  return thread && thread.count > 0 ? html`<p class="thread">${t("threadCount", { count: thread.count })}</p>` : null;
}

/**
 * @param {{ message: Message, conversation: Conversation, continues: boolean, mayDelete: boolean, mayPin: boolean, isShown: boolean }} props
 */
export function MessageItem({ message, conversation, continues, mayDelete, mayPin, isShown }) {
  const { sender, createdAt, deletedAt, editedAt, replyTo, pinned, mentions = [], mentionAll } = message;
  const own = sender.id === me.value?.id;
  const forMe = !own && !deletedAt && (mentionAll || mentions.some(({ id }) => id === me.value?.id));
  const known = people.value.get(sender.id) ?? sender;
  const name = known.name || known.username;
  const kinds = ["message", own && "own", continues && "continues", isShown && "shown", forMe && "for-me"].filter(Boolean).join(" ");
  // The mark of a chosen message ends when the focus leaves it.
  const left = () => { if (isShown) shown.value = null; };
  return html`<li class=${kinds} data-id=${message.id} tabindex="-1" onBlur=${left}>
    ${!own && html`<span class="message-face">${!continues && html`<${Avatar} id=${sender.id} name=${name} avatar=${known.avatar ?? sender.avatar} size="small" />`}</span>`}
    <div class="bubble">
      <p class=${continues || own ? "hidden" : "who"}>${own ? t("you") : name}${sender.guest && html` <span class="tag">${t("guest")}</span>`}</p>
      ${forMe && html`<p class="hidden">${t("mentionsYou")}</p>`}
      ${deletedAt ? html`<p class="text gone">${t("deleted")}</p>` : html`
        ${replyTo && html`<${QuoteButton} quote=${replyTo} conversationId=${message.conversationId} />`}
        <${Files} message=${message} />
        ${message.content && html`<${Text} content=${message.content} mentions=${mentions} />`}
        <${Reactions} message=${message} />`}
      <${ThreadLine} message=${message} />
      <p class="meta"><time datetime=${createdAt} title=${dayAndClock(createdAt)}>${clock(createdAt)}</time>
        ${pinned && !deletedAt && html`<span class="pinned-mark"><${icons.pin} />${t("pinnedOne")}</span>`}
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
