// The open conversation: header, history and composer.

import { useEffect, useState } from "preact/hooks";

import { html } from "../lib/html.js";
import { snug } from "../lib/narrow.js";
import { dayAndClock } from "../lib/time.js";
import { me } from "../session.js";
import { conversations, fetchConversation, otherOf, rightsIn, titleOf } from "../state/conversations.js";
import { openCard } from "../state/dialogs.js";
import { catchUp, closeMessages, openMessages, showMessage, shown, view } from "../state/messages.js";
import { meetupOf } from "../state/meetups.js";
import { nameOf, online, people } from "../state/people.js";
import { enlarged } from "../state/pictures.js";
import { typing } from "../state/typing.js";
import { t } from "../texts.js";
import { attach } from "./attachments.js";
import { Composer } from "./composer.js";
import { ConversationFace } from "./faces.js";
import { History } from "./history.js";
import * as icons from "./icons.js";
import { NarrowLines } from "./lines.js";
import { Options } from "./options.js";
import { IconButton, ViewHeader } from "./parts.js";
import { Details, Lightbox, MeetupCard, Offer, Pins, ThreadPanel } from "./views.js";

/** @typedef {import("../types.js").Conversation} Conversation */

/** The line below the title. @param {Conversation} conversation */
function subtitle(conversation) {
  const other = otherOf(conversation);
  if (other) {
    if (online.value.has(other.id)) return t("online");
    const seen = people.value.get(other.id)?.lastSeen;
    return seen ? t("lastSeen", { when: dayAndClock(seen) }) : t("offline");
  }
  return `${t(conversation.kind)} · ${t("memberCount", { count: conversation.memberCount ?? conversation.members.length })}`;
}

/** @param {{ id: string }} props */
function Typing({ id }) {
  const [a, b, ...more] = (typing.value.get(id) ?? []).map((user) => nameOf(user));
  let text = "";
  if (more.length > 0) text = t("typingMany");
  else if (a && b) text = t("typingTwo", { a, b });
  else if (a) text = t("typingOne", { name: a });
  return html`<p class="typing" role="status">${text}</p>`;
}

/** @param {{ id: string, message?: string, thread?: string }} props `message`: one that a link leads to; `thread`: the first message of the one that is open */
export function ConversationView({ id, message = "", thread = "" }) {
  const conversation = conversations.value.get(id);
  const [details, setDetails] = useState(false);
  const [pins, setPins] = useState(false);
  const [dropping, setDropping] = useState(false);
  const [missing, setMissing] = useState(false);

  useEffect(() => {
    setDetails(false);
    setPins(false);
    // A message of it may have been chosen, and is being loaded.
    if (view.value?.id !== id && !message) void openMessages(id);
    return () => { if (view.value?.id === id) closeMessages(); };
  }, [id]);
  useEffect(() => { if (message) void showMessage(id, message); }, [id, message]);
  // A conversation that is not in the list may only be hidden, so load it.
  const gone = !conversation;
  useEffect(() => {
    let asks = true;
    setMissing(false);
    if (gone) void fetchConversation(id).then((found) => { if (asks) setMissing(!found); });
    return () => {
      asks = false;
      // It is available again: catch up on messages that were missed, but do not leave a message that was chosen.
      if (gone) void catchUp(shown.value === null).catch(() => {});
    };
  }, [id, gone]);

  if (!conversation) {
    return html`<section class="pane"><${ViewHeader} title=${t("conversations")} />
      ${missing ? html`<${Offer} key=${id} id=${id} />` : html`<p class="hint middle">${t("loading")}</p>`}<${NarrowLines} /></section>`;
  }
  const title = titleOf(conversation);
  const meetup = conversation.kind === "meetup" ? meetupOf(id) : null;
  const rights = rightsIn(conversation);
  const other = otherOf(conversation);
  const about = () => { if (other) openCard(other); };
  const drag = (/** @type {boolean} */ over) => (/** @type {DragEvent} */ event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    setDropping(over);
  };
  const dropped = (/** @type {DragEvent} */ event) => {
    event.preventDefault();
    setDropping(false);
    attach(id, event.dataTransfer?.files ?? []);
  };
  return html`<div class=${thread ? "split" : "split whole"}><section class="pane" aria-label=${title} inert=${thread !== "" && snug.value} onDragOver=${drag(true)} onDragLeave=${drag(false)} onDrop=${dropped}>
    <header class="bar">
      <a class="icon-button only-narrow" href="#/" aria-label=${t("back")} title=${t("back")}><${icons.back} /></a>
      ${other ? html`<button class="face-button" aria-haspopup="dialog" aria-label=${t("cardOf", { name: title })} title=${t("cardOf", { name: title })} onClick=${about}><${ConversationFace} conversation=${conversation} size="small" /></button>`
        : html`<${ConversationFace} conversation=${conversation} size="small" />`}
      <div class="bar-text"><h1 dir="auto">${other ? html`<span onClick=${about}>${title}</span>` : title}</h1><p class="line">${subtitle(conversation)}</p></div>
      <${IconButton} label=${t("pinned")} icon=${icons.pin} expanded=${pins} onClick=${() => setPins(!pins)} />
      <${Options} conversation=${conversation} />
      <${IconButton} label=${t("details")} icon=${icons.info} expanded=${details} onClick=${() => setDetails(!details)} />
    </header>
    ${meetup && html`<${MeetupCard} meetup=${meetup} here=${true} />`}
    ${view.value?.id === id && html`<${History} key=${id} conversation=${conversation} />`}
    <${Typing} id=${id} />
    ${!thread && html`<${NarrowLines} />`}
    <${Composer} key=${`composer ${id}`} conversation=${conversation} />
    ${dropping && html`<p class="drop">${t("dropHere")}</p>`}
    ${pins && html`<${Pins} conversationId=${id} mayPin=${rights.mayPin} onClose=${() => setPins(false)} />`}
    ${enlarged.value !== null && html`<${Lightbox} url=${enlarged.value} />`}
    ${details && html`<${Details} conversation=${conversation} me=${me.value} onClose=${() => setDetails(false)} />`}
  </section>
  ${thread && html`<${ThreadPanel} conversation=${conversation} rootId=${thread} />`}</div>`;
}
