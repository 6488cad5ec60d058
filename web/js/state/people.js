// Whom one has seen anywhere, and who is online.

import { signal } from "@preact/signals";

import { me } from "../session.js";
import { t } from "../texts.js";

/** @typedef {import("../types.js").User} User */

/** @type {import("@preact/signals").Signal<Map<string, User>>} */
export const people = signal(new Map());

/** @type {import("@preact/signals").Signal<Set<string>>} */
export const online = signal(new Set());

/** Notes users as the API gives them. @param {User[]} users */
export function know(users) {
  const known = new Map(people.value);
  const there = new Set(online.value);
  for (const user of users) {
    // Who was a guest by this id may be an account by now, which does not say that it is none.
    known.set(user.id, { ...known.get(user.id), ...user, guest: user.guest === true });
    if (user.online) there.add(user.id);
    else if (user.online === false) there.delete(user.id);
  }
  people.value = known;
  online.value = there;
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
 * What a user is called. Anybody can call itself anything as a guest, so a guest's name says that it is one.
 * @param {string} id @param {User} [unknown] who it is where it was not seen anywhere else
 */
export function nameOf(id, unknown) {
  const user = id === me.value?.id ? me.value : people.value.get(id) ?? unknown;
  if (!user) return t("someone");
  const name = user.name || user.username;
  return user.guest ? t("guestNamed", { name }) : name;
}

export function forgetPeople() {
  people.value = new Map();
  online.value = new Set();
}
