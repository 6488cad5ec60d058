// The people whom the user has blocked.

import { computed, signal } from "@preact/signals";

import { call, why } from "../api.js";
import { t } from "../texts.js";
import { ask } from "./asked.js";
import { tell } from "./notices.js";
import { know, nameOf } from "./people.js";

/** @typedef {import("../types.js").User} User */

/** Their ids, in the order in which they were blocked. @type {import("@preact/signals").Signal<string[]>} */
export const blocked = signal([]);

const among = computed(() => new Set(blocked.value));

/** @param {string} userId */
export const isBlocked = (userId) => among.value.has(userId);

/** Counts what the server has told, so that an older response does not undo it. */
let told = 0;

/** Handles whom the user has blocked, all of them. @param {{ userIds: string[] }} said */
export function blocksChanged({ userIds }) {
  told += 1;
  blocked.value = userIds;
}

/** Loads whom the user has blocked, with their names. */
export async function loadBlocks() {
  const before = told;
  /** @type {{ items: { user: User }[] }} */
  const { items } = await call("GET", "/me/blocks");
  know(items.map(({ user }) => user));
  if (told === before) blocked.value = items.map(({ user }) => user.id);
}

/** Blocks a user or ends the block, and shows why that failed. @param {string} userId @param {boolean} on @returns {Promise<boolean>} */
export async function setBlocked(userId, on) {
  try {
    await call(on ? "PUT" : "DELETE", `/me/blocks/${encodeURIComponent(userId)}`);
    // The event may be late.
    const others = blocked.value.filter((id) => id !== userId);
    blocked.value = on ? [...others, userId] : others;
    return true;
  } catch (error) {
    tell(why(error));
    return false;
  }
}

/** Blocks a user once the person agrees, who is told what that does. @param {string} userId */
export async function askToBlock(userId) {
  const name = nameOf(userId);
  if (await ask({ title: t("blockNamed", { name }), text: t("blockAsk", { name }), action: t("block") })) await setBlocked(userId, true);
}

export function forgetBlocks() {
  blocked.value = [];
}
