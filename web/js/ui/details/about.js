// What a conversation is: its face, its name and its description, which those who lead it change.

import { useRef, useState } from "preact/hooks";

import { call, upload, why } from "../../api.js";
import { html } from "../../lib/html.js";
import { squareOf } from "../../lib/square.js";
import { put } from "../../state/conversations.js";
import { t } from "../../texts.js";
import { ConversationFace } from "../faces.js";
import { Field, Form, Wrong } from "../parts.js";
import { roleIn } from "./standing.js";

/** The description of a conversation, which is in its custom data. @param {import("../../types.js").Conversation} conversation */
export function descriptionOf({ metadata }) {
  const found = metadata?.description;
  return typeof found === "string" ? found : "";
}

/** @param {{ conversation: import("../../types.js").Conversation }} props */
export function About({ conversation }) {
  const [error, setError] = useState("");
  const [changing, setChanging] = useState(false);
  const { id, kind, name, metadata = {} } = conversation;
  const description = descriptionOf(conversation);
  const { changes } = roleIn(conversation);
  const picker = useRef(/** @type {HTMLInputElement | null} */ (null));
  /** @param {object} change */
  async function change(change) {
    setError("");
    put(await call("PATCH", `/conversations/${encodeURIComponent(id)}`, change));
  }
  /** @param {string | null} picture its link */
  const setPicture = (picture) => {
    // What an earlier version of the page has put into the custom data is replaced.
    const { picture: old, ...others } = metadata;
    return change({ picture, ...(old === undefined ? {} : { metadata: others }) });
  };
  const picked = async (/** @type {any} */ event) => {
    const [file] = event.target.files;
    event.target.value = "";
    if (!file) return;
    const square = await squareOf(file);
    if (!square) return setError(t("pictureNeeded", { name: file.name }));
    await upload(square, () => {}).then(({ url }) => setPicture(url)).catch((failure) => setError(why(failure)));
  };
  /** @param {Record<string, any>} given */
  async function send(given) {
    const { description: _, ...others } = metadata;
    const next = given.description ? { ...others, description: given.description } : others;
    await change({ name: given.name, metadata: next });
    setChanging(false);
  }
  if (changing) {
    return html`<${Form} send=${send}>
      <${Field} label=${t("name")} name="name" value=${name} required maxlength="128" autocomplete="off" autofocus />
      <div class="field"><label for="description">${`${t("description")} (${t("optional")})`}</label><textarea id="description" name="description" rows="3" maxlength="1000" dir="auto" defaultValue=${description}></textarea></div>
      <${Wrong} />
      <div class="actions"><button type="button" class="quiet" onClick=${() => setChanging(false)}>${t("cancel")}</button><button class="primary">${t("save")}</button></div>
    <//>`;
  }
  return html`<div class="about"><${ConversationFace} conversation=${conversation} size="large" />
    <p class="hint">${t(kind)}</p>
    ${description && html`<p class="description" dir="auto">${description}</p>`}
    ${changes && kind !== "meetup" && html`<div class="actions">
      <button onClick=${() => setChanging(true)}>${t("changeAbout")}</button>
      <input type="file" accept="image/*" hidden ref=${picker} onChange=${picked} tabindex="-1" aria-hidden="true" />
      <button onClick=${() => picker.current?.click()}>${t("changePicture")}</button>
      ${(conversation.picture || metadata.picture) && html`<button class="quiet" onClick=${() => setPicture(null).catch((failure) => setError(why(failure)))}>${t("removePicture")}</button>`}</div>
      <${Wrong} error=${error} />`}</div>`;
}
