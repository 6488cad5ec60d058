// Meetups, and the operations on them.

import { computed, signal } from "@preact/signals";

import { Failure, call } from "../api.js";
import { know } from "./people.js";

/** @typedef {import("../types.js").Meetup} Meetup */

const SHOWN = 100;

/** @type {import("@preact/signals").Signal<Map<string, Meetup>>} */
export const meetups = signal(new Map());
export const meetupsLoaded = signal(false);

/** Upcoming meetups first, ordered by time. */
export const orderedMeetups = computed(() => {
  const over = (/** @type {Meetup} */ meetup) => !["open", "confirmed"].includes(meetup.status);
  return [...meetups.value.values()].sort((a, b) =>
    Number(over(a)) - Number(over(b)) || (a.startsAt < b.startsAt ? -1 : 1));
});

let asked = 0;
/** The request from which each meetup was last updated. @type {Map<string, number>} */
const shown = new Map();

/** Stores a meetup, unless a later request has already updated it; responses can arrive out of order. @param {Meetup} meetup @param {number} at */
function put(meetup, at) {
  if ((shown.get(meetup.id) ?? 0) > at) return;
  shown.set(meetup.id, at);
  know([meetup.host, ...meetup.participants, ...meetup.requests.map((request) => request.user)]);
  meetups.value = new Map(meetups.value).set(meetup.id, meetup);
}

/** The meetup of a conversation, or null. @param {string} chatId */
export function meetupOf(chatId) {
  return [...meetups.value.values()].find((meetup) => meetup.chatId === chatId) ?? null;
}

export async function loadMeetups() {
  const at = ++asked;
  const { items } = await call("GET", `/meetups?limit=${SHOWN}`);
  for (const meetup of items) put(meetup, at);
  meetupsLoaded.value = true;
}

/** Changes a meetup. The response is newer than those of all requests sent before it arrived. @param {string} method @param {string} path @param {unknown} [body] */
async function change(method, path, body) {
  const changed = await call(method, `/meetups${path}`, body);
  put(changed, ++asked);
}

/** Loads a meetup again. @param {string} id */
export async function refreshMeetup(id) {
  try {
    const at = ++asked;
    put(await call("GET", `/meetups/${encodeURIComponent(id)}`), at);
  } catch (error) {
    if (!(error instanceof Failure) || error.status !== 404) return;
    const rest = new Map(meetups.value);
    rest.delete(id);
    meetups.value = rest;
  }
}

/** @param {{ activity: string, location: string, startsAt: string, capacity?: number }} what */
export async function proposeMeetup(what) {
  await change("POST", "", what);
}

/** @param {Meetup} meetup @param {string} status */
export async function setMeetupStatus({ id }, status) {
  await change("PATCH", `/${encodeURIComponent(id)}`, { status });
}

/** @param {Meetup} meetup */
export async function askToJoin({ id }) {
  await change("POST", `/${encodeURIComponent(id)}/requests`);
}

/** @param {Meetup} meetup @param {string} userId @param {"accept" | "decline"} what */
export async function decideRequest({ id }, userId, what) {
  await change("POST", `/${encodeURIComponent(id)}/requests/${encodeURIComponent(userId)}/${what}`);
}

/** @param {Meetup} meetup @param {string} userId */
export async function takeOut({ id }, userId) {
  await change("DELETE", `/${encodeURIComponent(id)}/participants/${encodeURIComponent(userId)}`);
}

export function forgetMeetups() {
  meetups.value = new Map();
  shown.clear();
  meetupsLoaded.value = false;
}
