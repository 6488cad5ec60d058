// Meetups: those that are planned, and what one may do with them.

import { computed, signal } from "@preact/signals";

import { call } from "../api.js";
import { know } from "./people.js";

/** @typedef {import("../types.js").Meetup} Meetup */

const SHOWN = 100;

/** @type {import("@preact/signals").Signal<Map<string, Meetup>>} */
export const meetups = signal(new Map());
export const meetupsLoaded = signal(false);

/** Those to come first, the soonest at the top. */
export const orderedMeetups = computed(() => {
  const over = (/** @type {Meetup} */ meetup) => !["open", "confirmed"].includes(meetup.status);
  return [...meetups.value.values()].sort((a, b) =>
    Number(over(a)) - Number(over(b)) || (a.startsAt < b.startsAt ? -1 : 1));
});

/** @param {Meetup} meetup */
function put(meetup) {
  know([meetup.host, ...meetup.participants, ...meetup.requests.map((request) => request.user)]);
  meetups.value = new Map(meetups.value).set(meetup.id, meetup);
}

/** The meetup that a conversation belongs to. @param {string} chatId */
export function meetupOf(chatId) {
  return [...meetups.value.values()].find((meetup) => meetup.chatId === chatId) ?? null;
}

export async function loadMeetups() {
  const { items } = await call("GET", `/meetups?limit=${SHOWN}`);
  for (const meetup of items) put(meetup);
  meetupsLoaded.value = true;
}

/** Looks one up anew. @param {string} id */
export async function refreshMeetup(id) {
  try {
    put(await call("GET", `/meetups/${encodeURIComponent(id)}`));
  } catch {
    const rest = new Map(meetups.value);
    rest.delete(id);
    meetups.value = rest;
  }
}

/** @param {{ activity: string, location: string, startsAt: string, capacity?: number }} what */
export async function proposeMeetup(what) {
  put(await call("POST", "/meetups", what));
}

/** @param {Meetup} meetup @param {string} status */
export async function setMeetupStatus({ id }, status) {
  put(await call("PATCH", `/meetups/${encodeURIComponent(id)}`, { status }));
}

/** @param {Meetup} meetup */
export async function askToJoin({ id }) {
  put(await call("POST", `/meetups/${encodeURIComponent(id)}/requests`));
}

/** @param {Meetup} meetup @param {string} userId @param {"accept" | "decline"} what */
export async function decideRequest({ id }, userId, what) {
  put(await call("POST", `/meetups/${encodeURIComponent(id)}/requests/${encodeURIComponent(userId)}/${what}`));
}

/** @param {Meetup} meetup @param {string} userId */
export async function takeOut({ id }, userId) {
  put(await call("DELETE", `/meetups/${encodeURIComponent(id)}/participants/${encodeURIComponent(userId)}`));
}

export function forgetMeetups() {
  meetups.value = new Map();
  meetupsLoaded.value = false;
}
