// The composer: text, files by button, paste and drop, and editing a message.

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

import { Failure, upload, why } from "../api.js";
import { html } from "../lib/html.js";
import { size, typeOf } from "../lib/size.js";
import { me } from "../session.js";
import { say } from "../socket.js";
import { inALine, titleOf } from "../state/conversations.js";
import { attached, drafts, editing, keepDraft, replying } from "../state/drafts.js";
import { shown, view } from "../state/messages.js";
import { tell } from "../state/notices.js";
import { post } from "../state/outbox.js";
import { stopTyping, typeIn } from "../state/typing.js";
import { youOrName } from "../state/people.js";
import { waitsForAnswer } from "../state/serverfacts.js";
import { slowModeIn } from "../state/writing.js";
import { inWords, language, t } from "../texts.js";
import { NoComposer, countdown, useHindrance } from "./hindrance.js";
import * as icons from "./icons.js";
import { MentionList, useMentions } from "./mentions.js";
import { IconButton } from "./parts.js";

/** @typedef {import("../types.js").Message} Message */
/** @typedef {import("../types.js").Conversation} Conversation */
/** @typedef {import("../state/drafts.js").Attachment} Attachment */

/** The longest text of a message, in bytes: `CONTENT_BYTES_MAX` in `crates/domain/src/limits.rs`. */
const BYTES_MAX = 5_120;

/** The number of bytes of a text, if it may be too long. @param {string} text */
const bytesOf = (text) => (text.length * 3 <= BYTES_MAX ? text.length : new TextEncoder().encode(text).length);

/** The largest file, in bytes: `FILE_BYTES_MAX` in the same place. */
const FILE_BYTES_MAX = 25_000_000;

let attachments = 0;

/** @param {string} id @param {(files: Attachment[]) => Attachment[]} change */
function change(id, change) {
  attached.value = new Map(attached.value).set(id, change(attached.value.get(id) ?? []));
}

/** What keeps a file from being sent, before it is uploaded. @param {File} file */
function refusal(file) {
  if (file.size > FILE_BYTES_MAX) return t("fileTooLarge", { name: file.name, size: size(file.size), most: size(FILE_BYTES_MAX) });
  return file.size === 0 ? t("fileEmpty", { name: file.name }) : "";
}

/** Starts to upload files for the next message of a conversation. @param {string} id @param {Iterable<File>} files */
export function attach(id, files) {
  for (const file of files) {
    const refused = refusal(file);
    if (refused) {
      tell(refused);
      continue;
    }
    /** @type {Attachment} */
    const one = { id: ++attachments, file, part: 0, done: null, abort: new AbortController() };
    const same = (/** @type {Partial<Attachment>} */ next) =>
      change(id, (all) => all.map((known) => (known.id === one.id ? { ...known, ...next } : known)));
    change(id, (all) => [...all, one]);
    upload(file, (part) => same({ part }), one.abort.signal).then((done) => same({ done, part: 1 }), (error) => {
      change(id, (all) => all.filter((known) => known.id !== one.id));
      if (!one.abort.signal.aborted) tell(t("uploadFailed", { name: file.name, why: why(error) }));
    });
  }
}

/** @param {{ id: string }} props */
function Attachments({ id }) {
  const files = attached.value.get(id) ?? [];
  /** @param {Attachment} one */
  function remove(one) {
    one.abort.abort();
    change(id, (all) => all.filter((known) => known.id !== one.id));
  }
  return html`<ul class="attachments">${files.map((one) => html`<li key=${one.id}>
    ${one.done?.mime.startsWith("image/") ? html`<img src=${one.done.url} alt="" />` : html`<span class="file-icon"><${icons.file} /></span>`}
    <span class="attachment-text"><span class="line" dir="auto">${one.file.name}</span>
      <small>${[typeOf(one.file.name, one.done?.mime ?? one.file.type), size(one.file.size)].filter(Boolean).join(" · ")}</small></span>
    ${!one.done && html`<progress max="1" value=${one.part} aria-label=${t("uploading", { name: one.file.name, percent: Math.round(one.part * 100) })}></progress>`}
    <${IconButton} label=${t("removeFile", { name: one.file.name })} icon=${icons.close} onClick=${() => remove(one)} />
  </li>`)}</ul>`;
}

/** @param {{ conversation: Conversation }} props */
export function Composer({ conversation }) {
  const { id } = conversation;
  const area = useRef(/** @type {HTMLTextAreaElement | null} */ (null));
  const picker = useRef(/** @type {HTMLInputElement | null} */ (null));
  const [text, setText] = useState(() => drafts.peek().get(id) ?? "");
  const [waits, setWaiting] = useState(false);
  const files = attached.value.get(id) ?? [];
  const changes = editing.value?.conversationId === id ? editing.value : null;
  const { hindrance, leftS } = useHindrance(conversation);
  // Edits do not count in slow mode.
  const mustWait = hindrance.kind === "slow" && !changes;
  const original = replying.value?.conversationId === id && !changes ? replying.value : null;

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
      editing.value = null;
      replying.value = null;
    };
  }, [id]);

  /** @param {string} next */
  function write(next) {
    setText(next);
    if (!changes) keepDraft(id, next);
    if (next) typeIn(id);
    else stopTyping();
  }

  const bytes = bytesOf(text.trim());
  const isTooLong = bytes > BYTES_MAX;

  /** Makes a file of a text that is too long for a message. */
  function sendAsFile() {
    attach(id, [new File([text.trim()], `${t("textFile")}.txt`, { type: "text/plain" })]);
    mentions.close();
    write("");
    area.current?.focus();
  }

  const mentions = useMentions(conversation, area, write);

  function stopEditing() {
    editing.value = null;
    setText(drafts.peek().get(id) ?? "");
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
    stopTyping();
    // A reply to a message of a thread belongs to the thread as well.
    const answers = original ? { replyTo: original.id, ...(original.threadId ? { threadId: original.threadId } : {}) } : {};
    // The text is sent with the first file; each other file is a separate message.
    files.forEach(({ done }, index) => {
      if (!done) return;
      const { url, name, mime, size, width, height } = done;
      const type = mime.startsWith("image/") ? "image" : "file";
      const one = { url, name, mime, size, ...(width && height ? { width, height } : {}) };
      post(id, { content: index === 0 ? content : "", type, files: [one], ...(index === 0 ? answers : {}) });
    });
    if (files.length === 0) post(id, { content, ...answers });
    replying.value = null;
    mentions.close();
    change(id, () => []);
    keepDraft(id, "");
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
    if (event.isComposing || mentions.key(event)) return;
    if (event.key === "Enter" && !event.shiftKey) submit(event);
    else if (event.key === "Escape" && changes) stopEditing();
    else if (event.key === "Escape" && original) replying.value = null;
    else if (event.key === "ArrowUp" && !text && !changes) {
      const own = view.value?.items.findLast((message) => message.sender.id === me.value?.id && !message.deletedAt);
      if (own) {
        event.preventDefault();
        editing.value = own;
      }
    }
  }

  /** @param {ClipboardEvent} event */
  function paste(event) {
    const pasted = event.clipboardData?.files ?? [];
    if (pasted.length === 0) return;
    event.preventDefault();
    attach(id, pasted);
  }

  if (hindrance.kind !== "free" && hindrance.kind !== "slow") return html`<div class="composer"><${NoComposer} hindrance=${hindrance} /></div>`;
  const label = t("writeTo", { name: titleOf(conversation) });
  const slowS = slowModeIn(conversation);
  return html`<form class="composer" onSubmit=${submit}>
    <${MentionList} mentions=${mentions} />
    <div class="box">
    ${changes && html`<p class="editing"><span>${t("editing")}</span><${IconButton} label=${t("cancel")} icon=${icons.close} onClick=${stopEditing} /></p>`}
    ${original && html`<p class="editing"><span class="line">${t("replyingTo", { name: youOrName(original.sender.id, original.sender) })}: <span dir="auto">${inALine(original)}</span></span><${IconButton} label=${t("cancel")} icon=${icons.close} onClick=${() => { replying.value = null; }} /></p>`}
    <${Attachments} id=${id} />
    <div class="too-long" role="alert">${isTooLong && html`<p>${t("textTooLong", { size: bytes.toLocaleString(language.value), most: BYTES_MAX.toLocaleString(language.value) })}</p>
      ${!changes && html`<button type="button" onClick=${sendAsFile}><${icons.file} />${t("sendAsFile")}</button>`}`}</div>
    ${waits && html`<p class="waits" role="status">${t("sendsWhenUploaded")}</p>`}
    ${waitsForAnswer(conversation) && html`<p class="waits" role="status">${t("firstWaits", { name: titleOf(conversation) })}</p>`}
    ${slowS > 0 && html`<p class="waits">${mustWait ? t("slowWait", { time: countdown(leftS) }) : t("slowMode", { time: countdown(slowS) })}</p>`}
    <div class="composer-row">
      <input type="file" multiple hidden ref=${picker} aria-hidden="true" tabindex="-1"
        onChange=${(/** @type {any} */ event) => { attach(id, event.target.files); event.target.value = ""; }} />
      <${IconButton} label=${t("attach")} icon=${icons.attach} onClick=${() => picker.current?.click()} />
      <textarea ref=${area} rows="1" aria-label=${label} placeholder=${t("write")} dir="auto" value=${text}
        aria-autocomplete="list" aria-haspopup="listbox" aria-controls="mention-list" aria-activedescendant=${mentions.offered.length > 0 ? `mention-${mentions.current}` : undefined}
        onInput=${(/** @type {any} */ event) => { write(event.target.value); mentions.look(); }} onClick=${mentions.look} onBlur=${mentions.close} onKeyDown=${key} onPaste=${paste}></textarea>
      <${IconButton} label=${changes ? t("save") : t("send")} icon=${icons.send} type="submit" kind="primary" disabled=${mustWait} />
    </div>
    </div>
  </form>`;
}
