// The files of a message that is being written: they are uploaded while its text is.

import { upload, why } from "../api.js";
import { html } from "../lib/html.js";
import { size, typeOf } from "../lib/size.js";
import { attached } from "../state/drafts.js";
import { tell } from "../state/notices.js";
import { t } from "../texts.js";
import * as icons from "./icons.js";
import { IconButton } from "./parts.js";

/** @typedef {import("../state/drafts.js").Attachment} Attachment */

/** The largest file, in bytes: `FILE_BYTES_MAX` in `crates/domain/src/limits.rs`. */
const FILE_BYTES_MAX = 25_000_000;

let attachments = 0;

/** Changes the files of the next message of a conversation or a thread. @param {string} id @param {(files: Attachment[]) => Attachment[]} change */
export function change(id, change) {
  attached.value = new Map(attached.value).set(id, change(attached.value.get(id) ?? []));
}

/** What keeps a file from being sent, before it is uploaded. @param {File} file */
function refusal(file) {
  if (file.size > FILE_BYTES_MAX) return t("fileTooLarge", { name: file.name, size: size(file.size), most: size(FILE_BYTES_MAX) });
  return file.size === 0 ? t("fileEmpty", { name: file.name }) : "";
}

/** Starts to upload files for the next message of a conversation or a thread. @param {string} id @param {Iterable<File>} files */
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
export function Attachments({ id }) {
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
