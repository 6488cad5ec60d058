// The meetups view: all meetups, and proposing one.

import { useEffect, useState } from "preact/hooks";

import { why } from "../api.js";
import { html } from "../lib/html.js";
import { loadMeetups, meetupsLoaded, orderedMeetups, proposeMeetup } from "../state/meetups.js";
import { tell } from "../state/notices.js";
import { t } from "../texts.js";
import { MeetupCard } from "./meetups.js";
import { Dialog, Field, Form, ViewHeader, Wrong } from "./parts.js";

/** @param {{ onClose: () => void }} props */
function Propose({ onClose }) {
  /** @param {Record<string, any>} given */
  async function send({ activity, location, startsAt, capacity }) {
    await proposeMeetup({ activity, location, startsAt: new Date(startsAt).toISOString(), ...(capacity ? { capacity: Number(capacity) } : {}) });
    onClose();
  }
  return html`<${Dialog} title=${t("propose")} onClose=${onClose}>
    <${Form} send=${send}>
      <${Field} label=${t("activity")} name="activity" required maxlength="128" autocomplete="off" />
      <${Field} label=${t("place")} name="location" required maxlength="128" autocomplete="off" />
      <${Field} label=${t("when")} name="startsAt" type="datetime-local" required />
      <${Field} label=${`${t("capacity")} (${t("optional")})`} name="capacity" type="number" min="1" />
      <${Wrong} />
      <div class="actions"><button type="button" class="quiet" onClick=${onClose}>${t("cancel")}</button><button class="primary">${t("propose")}</button></div>
    <//>
  <//>`;
}

export function Meetups() {
  const [proposing, setProposing] = useState(false);
  // There is no event for meetups that strangers propose, so load them when the view opens.
  useEffect(() => { loadMeetups().catch((error) => tell(why(error))); }, []);
  return html`<section class="pane">
    <${ViewHeader} title=${t("meetups")}><button class="primary" onClick=${() => setProposing(true)}>${t("propose")}</button><//>
    <div class="page"><div class="cards">
      ${orderedMeetups.value.length === 0 && html`<p class="hint">${meetupsLoaded.value ? t("noMeetups") : t("loading")}</p>`}
      ${orderedMeetups.value.map((meetup) => html`<${MeetupCard} key=${meetup.id} meetup=${meetup} />`)}
    </div></div>
    ${proposing && html`<${Propose} onClose=${() => setProposing(false)} />`}
  </section>`;
}
