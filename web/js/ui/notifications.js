// The list of notifications.

import { useLayoutEffect } from "preact/hooks";

import { html } from "../lib/html.js";
import { dayAndClock } from "../lib/time.js";
import { allowed, askBrowser, newNotices, notices, readNotices } from "../state/notices.js";
import { t } from "../texts.js";
import { ViewHeader } from "./parts.js";

export function Notifications() {
  // Notifications count as read as soon as they are shown.
  useLayoutEffect(() => { void readNotices().catch(() => {}); }, [newNotices.value]);
  return html`<section class="pane">
    <${ViewHeader} title=${t("notifications")} />
    <div class="page">
      ${allowed.value === "default" && html`<p><button onClick=${askBrowser}>${t("browserNotifications")}</button></p>`}
      ${allowed.value !== "default" && html`<p class="hint">${t(allowed.value === "granted" ? "browserNotificationsOn" : "browserNotificationsOff")}</p>`}
      ${notices.value.length === 0 && html`<p class="hint">${t("noNotifications")}</p>`}
      <ul class="notices">${notices.value.map((notice) => html`<li key=${notice.id}>
        <h2>${notice.title}</h2><p>${notice.message}</p><time class="hint" datetime=${notice.timestamp}>${dayAndClock(notice.timestamp)}</time></li>`)}</ul>
    </div>
  </section>`;
}
