// The first view: who and what is here, and what one may begin with.

import { useEffect, useState } from "preact/hooks";

import { call } from "../api.js";
import { html } from "../lib/html.js";
import { me } from "../session.js";
import { pictureOf } from "../state/grouppictures.js";
import { inviting } from "../state/invitation.js";
import { know, nameOf, online } from "../state/people.js";
import { t } from "../texts.js";
import * as icons from "./icons.js";
import { joinRoom, openPerson } from "./opening.js";
import { Avatar, Face } from "./parts.js";

/** @typedef {import("../types.js").User} User */
/** @typedef {import("../types.js").Room} Room */

/** How many people and rooms are asked for, and shown. */
const ASKED = 100;
const PEOPLE_SHOWN = 12;
const ROOMS_SHOWN = 8;

/** @param {string} path @returns {Promise<any[]>} nothing without an answer, because nothing depends on it */
async function some(path) {
  try {
    return (await call("GET", `${path}?limit=${ASKED}`)).items;
  } catch {
    return [];
  }
}

export function Home() {
  const [users, setUsers] = useState(/** @type {User[]} */ ([]));
  const [rooms, setRooms] = useState(/** @type {Room[]} */ ([]));
  useEffect(() => {
    let asks = true;
    void some("/users").then((found) => {
      know(found);
      if (asks) setUsers(found);
    });
    void some("/rooms").then((found) => { if (asks) setRooms(found); });
    return () => { asks = false; };
  }, []);
  const others = users.filter(({ id }) => id !== me.value?.id);
  const here = others.filter(({ id }) => online.value.has(id));
  const shown = [...here, ...others.filter((user) => !here.includes(user))].slice(0, PEOPLE_SHOWN);
  const open = [...rooms].sort((a, b) => b.memberCount - a.memberCount).slice(0, ROOMS_SHOWN);
  return html`<div class="home">
    <header><${icons.logo} /><h1 dir="auto">${t("hello", { name: me.value?.name || me.value?.username || "" })}</h1><p class="hint">${t("pickConversation")}</p></header>
    <p class="home-actions"><a class="button primary" href="#/new"><${icons.plus} />${t("newGroup")}</a>
      <button onClick=${() => { inviting.value = true; }}><${icons.chain} />${t("invitePeople")}</button></p>
    ${shown.length > 0 && html`<section aria-labelledby="home-people"><h2 id="home-people">${t("searchPeople")} <small>${here.length > 0 && t("onlineCount", { count: here.length })}</small></h2>
      <ul class="home-list">${shown.map((user) => html`<li key=${user.id}><button class="home-item" onClick=${() => openPerson(user.id)}><${Face} user=${user} />
        <span class="item-text"><span class="item-title" dir="auto">${nameOf(user.id, user)}</span><span class="line">${t("sayHello")}</span></span></button></li>`)}</ul></section>`}
    ${open.length > 0 && html`<section aria-labelledby="home-rooms"><h2 id="home-rooms">${t("rooms")}</h2>
      <ul class="home-list">${open.map((room) => html`<li key=${room.id}><button class="home-item" onClick=${() => joinRoom(room.id)}><${Avatar} id=${room.id} name=${room.name ?? ""} avatar=${pictureOf(room)} kind=${room.kind} />
        <span class="item-text"><span class="item-title" dir="auto">${room.name}</span><span class="line">${t("memberCount", { count: room.memberCount })}${room.isMember ? "" : ` · ${t("join")}`}</span></span></button></li>`)}</ul></section>`}
  </div>`;
}
