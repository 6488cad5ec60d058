// The settings: a list of sections beside the open one, or before it on a phone.

import { call } from "../../api.js";
import { html } from "../../lib/html.js";
import { narrow } from "../../lib/narrow.js";
import { route } from "../../route.js";
import { me, setSession } from "../../session.js";
import { leavePush } from "../../state/push.js";
import { t } from "../../texts.js";
import * as icons from "../icons.js";
import { Avatar, ViewHeader } from "../parts.js";
import { Account } from "./account.js";
import { Look } from "./look.js";
import { Notifying } from "./notifying.js";
import { Privacy } from "./privacy.js";
import { Profile } from "./profile.js";

/** @type {{ id: string, title: import("../../texts.js").TextName, icon: () => any, View: () => any }[]} */
const SECTIONS = [
  { id: "profile", title: "profile", icon: icons.person, View: Profile },
  { id: "account", title: "account", icon: icons.lock, View: Account },
  { id: "look", title: "look", icon: icons.look, View: Look },
  { id: "notifications", title: "notifications", icon: icons.bell, View: Notifying },
  { id: "privacy", title: "privacy", icon: icons.hand, View: Privacy },
];

async function logOut() {
  await leavePush();
  // The request carries the token that ends with it. Whatever becomes of it, the user is logged out here.
  const ended = call("POST", "/auth/logout");
  setSession(null);
  await ended.catch(() => {});
}

/** @param {{ current: string | undefined }} props the section that is open */
function Sections({ current }) {
  const user = me.value;
  if (!user) return null;
  const name = user.name || user.username;
  return html`<nav class="settings-nav" aria-label=${t("settings")}>
    <p class="settings-me"><${Avatar} id=${user.id} name=${name} avatar=${user.avatar} /><span class="item-text"><span class="item-title" dir="auto">${name}</span><small class="line">@${user.username}</small></span></p>
    <ul>${SECTIONS.map(({ id, title, icon }) => html`<li key=${id}><a class="item" href=${`#/settings/${id}`} aria-current=${id === current ? "page" : undefined}>
      ${icon()}<span class="item-title">${t(title)}</span><${icons.fold} /></a></li>`)}</ul>
    <div class="settings-foot"><a class="button quiet" href="/playground">${t("playground")}</a>
      <button class="quiet" onClick=${logOut}>${t("logOut")}</button></div>
  </nav>`;
}

export function Settings() {
  const isNarrow = narrow.value;
  const section = SECTIONS.find(({ id }) => id === route.value.id) ?? (isNarrow ? undefined : SECTIONS[0]);
  const isAlone = isNarrow && section !== undefined;
  return html`<section class="pane">
    <${ViewHeader} title=${t(isAlone ? section.title : "settings")} back=${isAlone ? "#/settings" : "#/"} />
    <div class="settings">
      ${!isAlone && html`<${Sections} current=${section?.id} />`}
      ${section && html`<div class="settings-page" key=${section.id}>${!isAlone && html`<h2>${t(section.title)}</h2>`}<${section.View} /></div>`}
    </div>
  </section>`;
}
