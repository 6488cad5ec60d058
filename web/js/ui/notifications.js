// The list of notifications.

import { useEffect, useLayoutEffect } from "preact/hooks";

import { html } from "../lib/html.js";
import { dayAndClock } from "../lib/time.js";
import { allowed, askBrowser, isOfRequest, newNotices, notices, readNotices } from "../state/notices.js";
import { loadRequests, requests } from "../state/requests.js";
import { t } from "../texts.js";
import { ViewHeader } from "./parts.js";
import { Requests } from "./requests.js";

export function Notifications() {
  // Notifications count as read as soon as they are shown.
  useLayoutEffect(() => { void readNotices().catch(() => {}); }, [newNotices.value]);
  useEffect(() => { void loadRequests().catch(() => {}); }, []);
  return html`<section class="pane">
    <${ViewHeader} title=${t("notifications")} />
    <div class="page">
      <${Requests} />
      ${allowed.value === "default" && html`<p><button onClick=${askBrowser}>${t("browserNotifications")}</button></p>`}
      ${allowed.value !== "default" && html`<p class="hint">${t(allowed.value === "granted" ? "browserNotificationsOn" : "browserNotificationsOff")}</p>`}
      ${notices.value.length + requests.value.length === 0 && html`<p class="hint">${t("noNotifications")}</p>`}
      <ul class="notices">${notices.value.filter((notice) => !(isOfRequest(notice) && requests.value.length > 0)).map((notice) => html`<li key=${notice.id}>
        <h2>${notice.title}</h2><p>${notice.message}</p><time class="hint" datetime=${notice.timestamp}>${dayAndClock(notice.timestamp)}</time></li>`)}</ul>
    </div>
  </section>`;
}
