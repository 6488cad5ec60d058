// The composer: text, files by button, paste and drop, and editing a message.

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

import { Failure, why } from "../api.js";
import { html } from "../lib/html.js";
import { me } from "../session.js";
import { say } from "../socket.js";
import { inALine, titleOf } from "../state/conversations.js";
import { attached, beginEdit, drafts, editing, keepDraft, replying, writing } from "../state/drafts.js";
import { picking } from "../state/emojis.js";
import { shown, view } from "../state/messages.js";
import { tell } from "../state/notices.js";
import { post } from "../state/outbox.js";
import { thread as open } from "../state/thread.js";
import { stopTyping, typeIn } from "../state/typing.js";
import { youOrName } from "../state/people.js";
import { waitsForAnswer } from "../state/serverfacts.js";
import { slowModeIn } from "../state/writing.js";
import { inWords, language, t } from "../texts.js";
import { Attachments, attach, change } from "./attachments.js";
import { commandIn, commandsIn, whyNot } from "./commands.js";
import { EMOJIS } from "./emojinames.js";
import { NoComposer, countdown, useHindrance } from "./hindrance.js";
import * as icons from "./icons.js";
import { mentionsIn } from "./mentions.js";
import { IconButton } from "./parts.js";
import { SuggestionList, useSuggestions } from "./suggestions.js";

/** @typedef {import("../types.js").Message} Message */
/** @typedef {import("../types.js").Conversation} Conversation */

/** The longest text of a message, in bytes: `CONTENT_BYTES_MAX` in `crates/domain/src/limits.rs`. */
const BYTES_MAX = 5_120;

/** The number of bytes of a text, if it may be too long. @param {string} text */
const bytesOf = (text) => (text.length * 3 <= BYTES_MAX ? text.length : new TextEncoder().encode(text).length);

/** @param {{ conversation: Conversation, thread?: string }} props `thread`: the id of the first message of the thread to write in */
export function Composer({ conversation, thread = "" }) {
  const { id } = conversation;
  /** The key of the draft and the files. */
  const place = thread ? `${id}/${thread}` : id;
  const isHere = writing.value === thread;
  const area = useRef(/** @type {HTMLTextAreaElement | null} */ (null));
  const picker = useRef(/** @type {HTMLInputElement | null} */ (null));
  const [text, setText] = useState(() => drafts.peek().get(place) ?? "");
  const [waits, setWaiting] = useState(false);
  const files = attached.value.get(place) ?? [];
  const changes = isHere && editing.value?.conversationId === id ? editing.value : null;
  const { hindrance, leftS } = useHindrance(conversation);
  // Edits do not count in slow mode.
  const mustWait = hindrance.kind === "slow" && !changes;
  const original = isHere && replying.value?.conversationId === id && !changes ? replying.value : null;

  // A layout effect, because a later one could overwrite what the user types in between.
  useLayoutEffect(() => {
    if (!changes) return;
    setText(changes.content);
    area.current?.focus();
  }, [changes?.id]);
  useEffect(() => {
    if (original) area.current?.focus();
  }, [original?.id]);
  useEffect(() => {
    // A message that was chosen elsewhere keeps the focus.
    if (matchMedia("(hover: hover)").matches && shown.value === null) area.current?.focus();
    return () => {
      stopTyping();
      if (writing.value !== thread) return;
      editing.value = null;
      replying.value = null;
    };
  }, [place]);

  /** @param {string} next */
  function write(next) {
    setText(next);
    setRefused("");
    if (!changes) keepDraft(place, next);
    if (next) typeIn(id);
    else stopTyping();
  }

  const bytes = bytesOf(text.trim());
  const isTooLong = bytes > BYTES_MAX;

  // The command that cannot be run, and why; gone as soon as the text changes.
  const [refused, setRefused] = useState("");

  /** Runs the command that the text calls; returns whether it was one. @param {string} content */
  function isCommand(content) {
    const called = files.length === 0 ? commandIn(content) : null;
    if (!called) return false;
    const wrong = whyNot(called, conversation);
    setRefused(wrong);
    if (wrong || !called.command) return true;
    const done = called.command.run(conversation, called.rest);
    if (typeof done === "string") deliver(done);
    else {
      clear();
      done?.catch((failure) => tell(why(failure)));
    }
    return true;
  }

  /** Makes a file of a text that is too long for a message. */
  function sendAsFile() {
    attach(place, [new File([text.trim()], `${t("textFile")}.txt`, { type: "text/plain" })]);
    suggestions.close();
    write("");
    area.current?.focus();
  }

  const suggestions = useSuggestions(area, write, thread ? "thread-suggestion" : "suggestion", [...(changes ? [] : [commandsIn(conversation)]), mentionsIn(conversation), EMOJIS]);

  /** Writes an emoji at the caret. @param {string} emoji */
  function insert(emoji) {
    const element = area.current;
    if (!element) return;
    element.focus();
    element.setRangeText(emoji, element.selectionStart, element.selectionEnd, "end");
    write(element.value);
  }

  function stopEditing() {
    editing.value = null;
    setText(drafts.peek().get(place) ?? "");
  }

  /** @param {Message} message @param {string} content */
  async function save(message, content) {
    if (content !== message.content) {
      try {
        const answer = await say("message:edit", { messageId: message.id, content });
        if (!answer.success) throw new Failure(inWords(answer.code, answer.message));
      } catch (error) {
        // Keep the text, so that the user can try again.
        tell(why(error));
        return;
      }
    }
    if (editing.value?.id === message.id) stopEditing();
  }

  /** @param {Event} [event] */
  function submit(event) {
    event?.preventDefault();
    const content = text.trim();
    // It is said above the text.
    if (isTooLong || mustWait) return;
    if (changes) {
      if (content || changes.file) void save(changes, content);
      return;
    }
    if (!content && files.length === 0) return;
    // Sent as soon as all files are there.
    if (files.some((one) => !one.done)) {
      setWaiting(true);
      return;
    }
    setWaiting(false);
    if (!isCommand(content)) deliver(content);
  }

  /** Sends a text, and the files. @param {string} content */
  function deliver(content) {
    stopTyping();
    // A reply to a message of a thread belongs to the thread as well.
    const root = thread || original?.threadId;
    const belongs = root ? { threadId: root } : {};
    const answers = original ? { replyTo: original.id, ...belongs } : belongs;
    // The text is sent with the first file; each other file is a separate message.
    files.forEach(({ done }, index) => {
      if (!done) return;
      const { url, name, mime, size, width, height } = done;
      const type = mime.startsWith("image/") ? "image" : "file";
      const one = { url, name, mime, size, ...(width && height ? { width, height } : {}) };
      post(id, { content: index === 0 ? content : "", type, files: [one], ...(index === 0 ? answers : belongs) });
    });
    if (files.length === 0) post(id, { content, ...answers });
    replying.value = null;
    clear();
  }

  function clear() {
    setRefused("");
    suggestions.close();
    change(place, () => []);
    keepDraft(place, "");
    setText("");
  }

  // A file that could not be uploaded, or was taken out, ends the wait: the user decides anew.
  const count = useRef(files.length);
  const isReady = files.every((one) => one.done);
  useEffect(() => {
    if (files.length < count.current) setWaiting(false);
    else if (waits && isReady) submit();
    count.current = files.length;
  }, [files.length, isReady, mustWait]);

  /** @param {KeyboardEvent} event */
  function key(event) {
    if (event.isComposing || suggestions.key(event)) return;
    if (event.key === "Enter" && !event.shiftKey) submit(event);
    else if (event.key === "Escape" && changes) stopEditing();
    else if (event.key === "Escape" && original) replying.value = null;
    else if (event.key === "ArrowUp" && !text && !changes) {
      const written = thread ? open.value?.items : view.value?.items.filter((message) => !message.threadId);
      const own = written?.findLast((message) => message.sender.id === me.value?.id && !message.deletedAt);
      if (own) {
        event.preventDefault();
        beginEdit(own, thread);
      }
    }
  }

  /** @param {ClipboardEvent} event */
  function paste(event) {
    const pasted = event.clipboardData?.files ?? [];
    if (pasted.length === 0) return;
    event.preventDefault();
    attach(place, pasted);
  }

  if (hindrance.kind !== "free" && hindrance.kind !== "slow") return html`<div class="composer"><${NoComposer} hindrance=${hindrance} /></div>`;
  const label = thread ? t("writeInThread") : t("writeTo", { name: titleOf(conversation) });
  const slowS = slowModeIn(conversation);
  return html`<form class="composer" onSubmit=${submit}>
    <${SuggestionList} suggestions=${suggestions} />
    <div class="box">
    ${changes && html`<p class="editing"><span>${t("editing")}</span><${IconButton} label=${t("cancel")} icon=${icons.close} onClick=${stopEditing} /></p>`}
    ${original && html`<p class="editing"><span class="line">${t("replyingTo", { name: youOrName(original.sender.id, original.sender) })}: <span dir="auto">${inALine(original)}</span></span><${IconButton} label=${t("cancel")} icon=${icons.close} onClick=${() => { replying.value = null; }} /></p>`}
    <${Attachments} id=${place} />
    <div class="too-long" role="alert">${isTooLong && html`<p>${t("textTooLong", { size: bytes.toLocaleString(language.value), most: BYTES_MAX.toLocaleString(language.value) })}</p>
      ${!changes && html`<button type="button" onClick=${sendAsFile}><${icons.file} />${t("sendAsFile")}</button>`}`}</div>
    <div class="too-long" role="alert">${refused && html`<p>${refused}</p><button type="button" onClick=${() => deliver(text.trim())}>${t("sendAsText")}</button>`}</div>
    ${waits && html`<p class="waits" role="status">${t("sendsWhenUploaded")}</p>`}
    ${waitsForAnswer(conversation) && html`<p class="waits" role="status">${t("firstWaits", { name: titleOf(conversation) })}</p>`}
    ${slowS > 0 && html`<p class="waits">${mustWait ? t("slowWait", { time: countdown(leftS) }) : t("slowMode", { time: countdown(slowS) })}</p>`}
    <div class="composer-row">
      <input type="file" multiple hidden ref=${picker} aria-hidden="true" tabindex="-1"
        onChange=${(/** @type {any} */ event) => { attach(place, event.target.files); event.target.value = ""; }} />
      <${IconButton} label=${t("attach")} icon=${icons.attach} onClick=${() => picker.current?.click()} />
      <textarea ref=${area} rows="1" aria-label=${label} placeholder=${thread ? t("writeInThread") : t("write")} dir="auto" value=${text}
        aria-autocomplete="list" aria-haspopup="listbox" aria-controls=${`${suggestions.id}-list`} aria-activedescendant=${suggestions.offered.length > 0 ? `${suggestions.id}-${suggestions.current}` : undefined}
        onInput=${(/** @type {any} */ event) => { write(event.target.value); suggestions.look(); }} onClick=${suggestions.look} onBlur=${suggestions.close} onKeyDown=${key} onPaste=${paste}></textarea>
      <${IconButton} label=${t("emojiChoose")} icon=${icons.smile} onClick=${() => { picking.value = { choose: insert }; }} />
      <${IconButton} label=${changes ? t("save") : t("send")} icon=${icons.send} type="submit" kind="primary" disabled=${mustWait} />
    </div>
    </div>
  </form>`;
}
