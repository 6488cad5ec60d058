// A picture in full, above the page; the arrow keys go to the pictures before and after it.

import { useRef } from "preact/hooks";

import { html } from "../lib/html.js";
import { dayAndClock } from "../lib/time.js";
import { nameOf } from "../state/people.js";
import { enlarged, pictures } from "../state/pictures.js";
import { t } from "../texts.js";
import * as icons from "./icons.js";
import { useModal } from "./lines.js";
import { IconButton } from "./parts.js";

/** @param {{ url: string }} props the picture that is shown */
export function Lightbox({ url }) {
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const lines = useModal(dialog);
  const all = pictures.value;
  const at = all.findIndex((picture) => picture.url === url);
  const picture = all[at];
  const close = () => {
    // While it is still in the document, so that the focus returns.
    dialog.current?.close();
    enlarged.value = null;
  };
  const turn = (/** @type {number} */ by) => {
    const next = at < 0 ? undefined : all[at + by];
    if (next) enlarged.value = next.url;
  };
  const key = (/** @type {KeyboardEvent} */ event) => {
    if (event.key === "ArrowLeft") turn(-1);
    else if (event.key === "ArrowRight") turn(1);
  };
  const outside = (/** @type {any} */ event) => { if (event.target.localName === "figure") close(); };
  const name = picture?.name ?? t("image");
  const about = picture ? `${nameOf(picture.message.sender.id, picture.message.sender)}, ${dayAndClock(picture.message.createdAt)}` : "";
  return html`<dialog class="lightbox" ref=${dialog} aria-label=${name} onKeyDown=${key} onClick=${outside}
    onCancel=${(/** @type {Event} */ event) => { event.preventDefault(); close(); }}>
    <header><h2 class="line" dir="auto">${name}<small>${about}</small></h2>
      <a class="icon-button" href=${url} download=${name} aria-label=${t("download")} title=${t("download")}><${icons.download} /></a>
      <${IconButton} label=${t("close")} icon=${icons.close} onClick=${close} /></header>
    <figure>
      <img src=${url} alt=${t("imageNamed", { name })} />
      ${at > 0 && html`<${IconButton} label=${t("pictureBefore")} icon=${icons.back} kind="turn before" onClick=${() => turn(-1)} />`}
      ${at >= 0 && at < all.length - 1 && html`<${IconButton} label=${t("pictureAfter")} icon=${icons.fold} kind="turn after" onClick=${() => turn(1)} />`}
    </figure>
    ${lines}
  </dialog>`;
}
