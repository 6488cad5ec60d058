// A link to a conversation that the user is not in: an open room can be joined, and of others nothing is said.

import { useEffect, useState } from "preact/hooks";

import { call } from "../api.js";
import { html } from "../lib/html.js";
import { pictureOf } from "../state/grouppictures.js";
import { t } from "../texts.js";
import { joinRoom } from "./opening.js";
import { Avatar } from "./parts.js";

/** @typedef {import("../types.js").Room} Room */

/** @param {{ id: string }} props */
export function Offer({ id }) {
  const [room, setRoom] = useState(/** @type {Room | null | undefined} */ (undefined));
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    let asks = true;
    call("GET", `/rooms/${encodeURIComponent(id)}`).then((found) => { if (asks) setRoom(found); }, () => { if (asks) setRoom(null); });
    return () => { asks = false; };
  }, [id]);
  if (room === undefined) return html`<p class="hint middle">${t("loading")}</p>`;
  if (room === null) return html`<p class="hint middle">${t("notInIt")}</p>`;
  const join = async () => {
    setBusy(true);
    await joinRoom(id);
    setBusy(false);
  };
  return html`<div class="middle offer">
    <${Avatar} id=${room.id} name=${room.name ?? ""} avatar=${pictureOf(room)} kind=${room.kind} size="large" />
    <h2 dir="auto">${room.name}</h2>
    <p class="hint">${t(room.kind === "room" ? "room" : "group")} · ${t("memberCount", { count: room.memberCount })}</p>
    ${room.description && html`<p dir="auto">${room.description}</p>`}
    <button class="primary" onClick=${join} disabled=${busy}>${t("joinNamed", { name: room.name ?? "" })}</button>
  </div>`;
}
