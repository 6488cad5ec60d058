// The pictures of the open conversation, and the one that is shown in full.

import { computed, signal } from "@preact/signals";

import { view } from "./messages.js";

/** @typedef {import("../types.js").Message} Message */
/** @typedef {import("../types.js").AttachedFile} AttachedFile */

/** Whether a link is to a file of this server. Only such files are embedded. @param {string} url */
export const isOwn = (url) => url.startsWith("/files/");

/** The files of a message: all of a list, or the one that it carries. @param {Message} message @returns {AttachedFile[]} */
export function filesOf({ file, files }) {
  return files ?? (file ? [file] : []);
}

/** Whether a file is shown as a picture. @param {AttachedFile} file @param {string} type the type of its message */
export function isPicture({ url, mime }, type) {
  return isOwn(url) && (mime === undefined ? type === "image" : mime.startsWith("image/"));
}

/** The picture that is shown in full, by its link. @type {import("@preact/signals").Signal<string | null>} */
export const enlarged = signal(null);

/** All pictures of the loaded messages, in their order. */
export const pictures = computed(() => (view.value?.items ?? []).flatMap((message) =>
  filesOf(message).filter((file) => isPicture(file, message.type)).map((file) => ({ ...file, message }))));
