// The root of the page: selects the view, and shows messages above all views.

import { useEffect, useLayoutEffect } from "preact/hooks";

import { html } from "../lib/html.js";
import { narrow } from "../lib/narrow.js";
import { route } from "../route.js";
import { me } from "../session.js";
import { card, reported } from "../state/dialogs.js";
import { picking } from "../state/emojis.js";
import { forwarding } from "../state/forwarding.js";
import { inviting } from "../state/invitation.js";
import { startKeeping } from "../state/kept.js";
import { start, stop } from "../state/live.js";
import { announced } from "../state/notices.js";
import { overlay } from "../state/overlay.js";
import { keepPage } from "../state/push.js";
import { unreadInAll } from "../state/settings.js";
import { t } from "../texts.js";
import { Ask } from "./ask.js";
import { ConversationView } from "./conversation.js";
import { InvitationView } from "./invitation.js";
import { loadViews } from "./lazy.js";
import { Lines } from "./lines.js";
import { Login } from "./login.js";
import { useShortcuts } from "./shortcuts.js";
import { Sidebar } from "./sidebar.js";
import { EmojiPicker, Forward, Home, InvitePeople, Meetups, NewConversation, Notifications, Overlay, PersonCard, Report, SearchPage, Settings } from "./views.js";

/** How long the page rests before it is kept for the time without a network, in milliseconds. */
const REST_MS = 3_000;

function View() {
  const { name, id, message, thread } = route.value;
  switch (name) {
    case "c": return html`<${ConversationView} id=${id} message=${message} thread=${thread} />`;
    case "meetups": return html`<${Meetups} />`;
    case "notifications": return html`<${Notifications} />`;
    case "settings": return html`<${Settings} />`;
    case "new": return html`<${NewConversation} />`;
    case "search": return html`<${SearchPage} id=${id} />`;
    case "invite": return html`<${InvitationView} key=${id} code=${id} />`;
    default: return html`<section class="pane empty">${!narrow.value && html`<${Home} />`}</section>`;
  }
}

function Inside() {
  useEffect(() => {
    start();
    loadViews();
    const endKeeping = startKeeping();
    const kept = setTimeout(keepPage, REST_MS);
    return () => {
      clearTimeout(kept);
      endKeeping();
      stop();
    };
  }, []);
  useShortcuts();
  // On a phone, the opened view replaces the list and gets the focus.
  // A message that was chosen may have the focus already.
  useLayoutEffect(() => {
    const main = document.getElementById("main");
    if (narrow.value && route.value.name !== "home" && !main?.contains(document.activeElement)) main?.focus();
  }, [route.value]);
  const skip = () => document.getElementById("main")?.focus();
  // On a phone, the list is the main landmark while nothing else is open.
  const listAlone = narrow.value && route.value.name === "home";
  return html`<div class=${`app at-${route.value.name}`}>
    ${!narrow.value && html`<button class="skip" onClick=${skip}>${t("skipToContent")}</button>`}
    <div class="side" role=${listAlone ? "main" : undefined}>
      ${listAlone && html`<h1 class="hidden">${t("appName")}</h1>`}
      <${Sidebar} />
      ${!narrow.value && html`<${Lines} />`}
    </div>
    <div id="main" class="view" role="main" tabindex="-1"><${View} /></div>
    ${narrow.value && route.value.name !== "c" && html`<${Lines} />`}
    ${overlay.value && html`<${Overlay} />`}
    ${card.value && html`<${PersonCard} />`}
    ${reported.value && html`<${Report} />`}
    ${forwarding.value && html`<${Forward} key=${forwarding.value.id} />`}
    ${inviting.value && html`<${InvitePeople} />`}
    ${picking.value && html`<${EmojiPicker} />`}
  </div>`;
}

export function App() {
  const id = me.value?.id;
  const unread = id ? unreadInAll.value : 0;
  useEffect(() => {
    document.title = unread ? `(${unread}) ${t("appName")}` : t("appName");
    // The number at the icon of an app that was installed; not every browser has one.
    const told = unread ? navigator.setAppBadge?.(unread) : navigator.clearAppBadge?.();
    told?.catch(() => {});
  }, [unread]);
  return html`${id ? html`<${Inside} key=${id} />` : html`<${Login} /><${Lines} />`}<${Ask} />
    <p class="hidden" role="log" aria-live="polite">${announced.value}</p>`;
}
