// A meetup as a card: requesting to join, accepting, confirming and cancelling.

import { useState } from "preact/hooks";

import { why } from "../api.js";
import { html } from "../lib/html.js";
import { clock, day, dayAndClock } from "../lib/time.js";
import { conversationLink } from "../route.js";
import { me } from "../session.js";
import { ask } from "../state/asked.js";
import { askToJoin, decideRequest, setMeetupStatus, takeOut } from "../state/meetups.js";
import { nameOf } from "../state/people.js";
import { t } from "../texts.js";
import { Leaf } from "./faces.js";
import { Face, Wrong } from "./parts.js";

/** @typedef {import("../types.js").Meetup} Meetup */

const STATUS = /** @type {const} */ ({
  open: "statusOpen", confirmed: "statusConfirmed", cancelled: "statusCancelled", completed: "statusCompleted", expired: "statusExpired",
});

/** How many faces of participants are shown. */
const FACES = 5;

/** Who comes, and how many places are left. @param {{ meetup: Meetup }} props */
function Coming({ meetup: { participants, capacity, status } }) {
  const left = capacity === null ? null : Math.max(0, capacity - participants.length);
  const names = participants.map((user) => nameOf(user.id)).join(", ");
  const more = participants.length - FACES;
  return html`<p class="coming">
    ${participants.length > 0 && html`<span class="faces" aria-hidden="true">${participants.slice(0, FACES).map((user) => html`<${Face} key=${user.id} user=${user} size="tiny" />`)}</span>`}
    <span>${participants.length === 0 ? t("participantsNone") : more > 0 ? t("participantCount", { count: participants.length }) : names}</span>
    ${left !== null && status === "open" && html`<span>· ${left === 0 ? t("placesNone") : t("placesLeft", { count: left })}</span>`}
  </p>`;
}

/** @param {{ meetup: Meetup, here?: boolean }} props */
export function MeetupCard({ meetup, here = false }) {
  const [error, setError] = useState("");
  const own = me.value?.id ?? "";
  const { host, participants, requests, status, startsAt } = meetup;
  const mine = host.id === own;
  const comes = participants.some((user) => user.id === own);
  const asked = requests.some(({ user }) => user.id === own);
  const going = status === "open" || status === "confirmed";
  const act = (/** @type {() => Promise<void>} */ work) => async () => {
    setError("");
    try {
      await work();
    } catch (failure) {
      setError(why(failure));
    }
  };
  const sure = (/** @type {import("../texts.js").TextName} */ action, /** @type {import("../texts.js").TextName} */ text, /** @type {() => Promise<void>} */ work) => async () => {
    if (await ask({ title: t(action), text: t(text, { name: meetup.activity }), action: t(action) })) await act(work)();
  };
  return html`<article class=${`card status-${status}`} aria-label=${meetup.activity}>
    <${Leaf} moment=${startsAt} size="large" />
    <header><h2 dir="auto">${meetup.activity}</h2><span class="status">${t(STATUS[status])}</span></header>
    <p><time datetime=${startsAt} title=${dayAndClock(startsAt)}>${t("dayAndTime", { day: day(startsAt), time: clock(startsAt) })}</time> · <span dir="auto">${meetup.location}</span></p>
    <p class="line">${t("host", { name: mine ? t("you") : nameOf(host.id) })}</p>
    <${Coming} meetup=${meetup} />
    ${mine && status === "open" && requests.length > 0 && html`<ul class="people">${requests.map(({ user }) => html`<li key=${user.id}>
      <${Face} user=${user} size="small" /><span class="line">${t("asks", { name: nameOf(user.id) })}</span>
      <button class="primary" aria-label=${t("acceptPerson", { name: nameOf(user.id) })} onClick=${act(() => decideRequest(meetup, user.id, "accept"))}>${t("accept")}</button>
      <button class="quiet" aria-label=${t("declinePerson", { name: nameOf(user.id) })} onClick=${act(() => decideRequest(meetup, user.id, "decline"))}>${t("decline")}</button>
    </li>`)}</ul>`}
    <${Wrong} error=${error} />
    <div class="actions">
      ${!mine && !comes && !asked && status === "open" && html`<button class="primary" onClick=${act(() => askToJoin(meetup))}>${t("askToJoin")}</button>`}
      ${asked && html`<span class="hint">${t("asked")}</span>`}
      ${comes && going && html`<button class="quiet" onClick=${sure("leaveMeetup", "leaveMeetupAsk", () => takeOut(meetup, own))}>${t("leaveMeetup")}</button>`}
      ${mine && status === "open" && html`<button class="primary" onClick=${act(() => setMeetupStatus(meetup, "confirmed"))}>${t("confirm")}</button>`}
      ${mine && status === "confirmed" && html`<button class="quiet" onClick=${act(() => setMeetupStatus(meetup, "completed"))}>${t("complete")}</button>`}
      ${mine && going && html`<button class="quiet" onClick=${sure("cancelMeetup", "cancelMeetupAsk", () => setMeetupStatus(meetup, "cancelled"))}>${t("cancelMeetup")}</button>`}
      ${!here && (mine || comes) && html`<a class="button" href=${conversationLink(meetup.chatId)}>${t("openChat")}</a>`}
    </div>
  </article>`;
}
