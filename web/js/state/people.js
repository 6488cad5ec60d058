// Known users, and who is online.

import { signal } from "@preact/signals";

import { me } from "../session.js";
import { t } from "../texts.js";

/** @typedef {import("../types.js").User} User */

/** @type {import("@preact/signals").Signal<Map<string, User>>} */
export const people = signal(new Map());

/** @type {import("@preact/signals").Signal<Set<string>>} */
export const online = signal(new Set());

/** Stores users from API responses. @param {User[]} users */
export function know(users) {
  const known = new Map(people.value);
  const there = new Set(online.value);
  for (const user of users) {
    // A guest's id may belong to an account by now; accounts have no `guest` field.
    known.set(user.id, { ...known.get(user.id), ...user, guest: user.guest === true });
    if (user.online) there.add(user.id);
    else if (user.online === false) there.delete(user.id);
  }
  people.value = known;
  online.value = there;
}

/**
 * The length from which on the server's list of who is online may lack some: `ONLINE_TOLD_MAX` in
 * `crates/domain/src/limits.rs`.
 */
const PRESENT_MAX = 1_000;

/** Stores who is online, as a new connection is told. @param {string[]} ids */
export function present(ids) {
  online.value = new Set(ids.length < PRESENT_MAX ? ids : [...online.value, ...ids]);
}

/** @param {{ userId: string, status: string }} said */
export function presence({ userId, status }) {
  const there = new Set(online.value);
  if (status === "online") there.add(userId);
  else there.delete(userId);
  online.value = there;
  const user = people.value.get(userId);
  if (user && status !== "online") know([{ ...user, online: false, lastSeen: new Date().toISOString() }]);
}

/**
 * The display name of a user. Names of guests are marked, because a guest can choose any name.
 * @param {string} id @param {User} [unknown] the user to show if the id is not known
 */
export function nameOf(id, unknown) {
  const user = id === me.value?.id ? me.value : people.value.get(id) ?? unknown;
  if (!user) return t("someone");
  const name = user.name || user.username;
  return user.guest ? t("guestNamed", { name }) : name;
}

/** The display name of a user, or "you". @param {string} id @param {User} [unknown] the user to show if the id is not known */
export function youOrName(id, unknown) {
  return id === me.value?.id ? t("you") : nameOf(id, unknown);
}

export function forgetPeople() {
  people.value = new Map();
  online.value = new Set();
}
