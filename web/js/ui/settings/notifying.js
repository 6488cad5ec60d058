// Settings: how new messages are told while the page is open, and while it is closed.

import { html } from "../../lib/html.js";
import { allowed, askBrowser } from "../../state/notices.js";
import { canPush, pushing, startPush, stopPush } from "../../state/push.js";
import { play, setSound, sound } from "../../state/sound.js";
import { t } from "../../texts.js";
import { Wrong } from "../parts.js";
import { Group, Switch } from "./group.js";

/** The switch for messages while the page is closed. */
function Push() {
  const { on, busy, error } = pushing.value;
  if (!canPush) return html`<p class="hint">${t("pushUnable")}</p>`;
  return html`<${Switch} id="push" label=${t("pushSwitch")} hint=${t("pushHint")} checked=${on} disabled=${busy} onChange=${() => void (on ? stopPush() : startPush())} />
    <${Wrong} error=${error} />`;
}

export function Notifying() {
  const { on, alsoHere } = sound.value;
  return html`<${Group} title=${t("notifyingOpen")} hint=${t("notifyingHint")}>
    ${allowed.value === "default" ? html`<p><button onClick=${askBrowser}>${t("browserNotifications")}</button></p>`
      : html`<p class="hint">${t(allowed.value === "granted" ? "browserNotificationsOn" : "browserNotificationsOff")}</p>`}
    <${Switch} label=${t("soundSwitch")} hint=${t("soundHint")} checked=${on} onChange=${() => setSound({ on: !on, alsoHere })} />
    ${on && html`<${Switch} label=${t("soundHere")} checked=${alsoHere} onChange=${() => setSound({ on, alsoHere: !alsoHere })} />
      <p><button onClick=${play}>${t("soundPlay")}</button></p>`}
  <//>
  <${Group} title=${t("notifyingClosed")}><${Push} /><//>`;
}
