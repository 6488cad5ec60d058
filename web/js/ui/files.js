// The files of a message: pictures in their own proportions, and others with their type and size.

import { useState } from "preact/hooks";

import { html } from "../lib/html.js";
import { size, typeOf } from "../lib/size.js";
import { enlarged, isOwn, isPicture } from "../state/pictures.js";
import { t } from "../texts.js";
import * as icons from "./icons.js";

/** @typedef {import("../types.js").AttachedFile} AttachedFile */

/** The largest and smallest sides of a picture in the stream, in pixels. */
const WIDTH_MAX = 380;
const HEIGHT_MAX = 340;
const SIDE_MIN = 56;
/** The proportions of a picture whose size is not known yet. */
const UNKNOWN = { width: 320, height: 240 };

/** The sizes of pictures that messages do not tell, by their links. @type {Map<string, { width: number, height: number }>} */
const measured = new Map();

/** The box in which a picture is shown. @param {{ width: number, height: number }} natural */
function boxOf({ width, height }) {
  const scale = Math.min(1, WIDTH_MAX / width, HEIGHT_MAX / height);
  return { width: Math.max(SIDE_MIN, Math.round(width * scale)), height: Math.max(SIDE_MIN, Math.round(height * scale)) };
}

/** @param {AttachedFile} props */
function Picture({ url, name, width, height }) {
  const told = width && height ? { width, height } : undefined;
  const [found, setFound] = useState(measured.get(url));
  const box = boxOf(told ?? found ?? UNKNOWN);
  const loaded = (/** @type {any} */ { target: { naturalWidth, naturalHeight } }) => {
    if (told || found || !naturalWidth) return;
    const natural = { width: naturalWidth, height: naturalHeight };
    measured.set(url, natural);
    setFound(natural);
  };
  const open = (/** @type {MouseEvent} */ event) => {
    // With a modifier key, the browser opens it in a tab or a window of its own.
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    enlarged.value = url;
  };
  return html`<a class="picture" href=${url} target="_blank" rel="noopener noreferrer" onClick=${open}
    style=${{ width: `${box.width}px`, aspectRatio: `${box.width} / ${box.height}` }}>
    <img src=${url} alt=${name ? t("imageNamed", { name }) : t("image")} loading="lazy" onLoad=${loaded} /></a>`;
}

/** The host of a link as the browser parses it, because the name beside it can be anything. @param {string} url */
function hostOf(url) {
  try {
    return new URL(url).host;
  } catch {
    return url;
  }
}

/** @param {AttachedFile} props */
function Link({ url, name, mime, size: bytes }) {
  const own = isOwn(url);
  if (!own && !/^https:\/\//.test(url)) return html`<p class="text" dir="auto">${name ?? url}</p>`;
  const about = [typeOf(name, mime), bytes === undefined ? "" : size(bytes), own ? "" : hostOf(url)].filter(Boolean).join(" · ");
  return html`<a class="file" href=${url} target="_blank" rel="noopener noreferrer"><span class="file-icon"><${icons.file} /></span>
    <span class="file-name" dir="auto">${name ?? t("file")}</span>${about && html` <span class="file-about">${about}</span>`}</a>`;
}

/** @param {{ files: AttachedFile[], type: string }} props `type`: of the message */
export function Files({ files, type }) {
  if (files.length === 0) return null;
  return html`<div class="files">${files.map((file) => (isPicture(file, type)
    ? html`<${Picture} key=${file.url} ...${file} />` : html`<${Link} key=${file.url} ...${file} />`))}</div>`;
}
