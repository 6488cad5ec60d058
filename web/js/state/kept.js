// What the page shows while it has not had a connection: the list of conversations and the messages that were read last, as
// they were when the page was left. They are kept in the browser's storage for their user, and removed at the end of the
// session.

import { effect } from "@preact/signals";

import { me, session } from "../session.js";
import { link } from "../socket.js";
import { conversations, loaded, ordered } from "./conversations.js";
import { view } from "./messages.js";
import { know, people } from "./people.js";

/** @typedef {import("../types.js").Message} Message */
/** @typedef {import("../types.js").Conversation} Conversation */
/** @typedef {{ conversations: Conversation[], messages: [string, Message[]][] }} Kept */

const KEPT = "quintet.kept/";
/** How many conversations are kept, members of each, conversations with messages, and messages of each. */
const CONVERSATIONS = 50;
const MEMBERS = 10;
const READ = 8;
const MESSAGES = 40;

/** The newest messages of the conversations that were read last, the last first. @type {[string, Message[]][]} */
let lately = [];

const key = () => `${KEPT}${encodeURIComponent(me.value?.id ?? "")}`;

/** @returns {Kept} */
function stored() {
  try {
    const { conversations: list = [], messages = [] } = JSON.parse(localStorage.getItem(key()) ?? "{}");
    return { conversations: list, messages };
  } catch {
    return { conversations: [], messages: [] };
  }
}

/** Notes the messages of the open conversation, if the newest are among them. */
function note() {
  const now = view.peek();
  if (!now || now.after !== null || now.loading === "first" || now.error) return;
  lately = [[now.id, now.items.slice(-MESSAGES)], ...lately.filter(([id]) => id !== now.id)];
  lately = lately.slice(0, READ);
}

/** Keeps what is known now. */
function keep() {
  if (!me.value || !loaded.value) return;
  note();
  const few = (/** @type {Conversation} */ conversation) => {
    const own = conversation.members.filter(({ user }) => user.id === me.value?.id);
    const others = conversation.members.filter(({ user }) => user.id !== me.value?.id).slice(0, MEMBERS);
    const members = [...own, ...others].map((member) => ({ ...member, user: { ...people.value.get(member.user.id), ...member.user, online: false } }));
    return { ...conversation, members, memberCount: conversation.memberCount ?? conversation.members.length };
  };
  try {
    localStorage.setItem(key(), JSON.stringify({ conversations: ordered.value.slice(0, CONVERSATIONS).map(few), messages: lately }));
  } catch {
    // The browser's storage is full: what was kept before stays.
  }
}

/** Begins to keep what is shown, and shows what is kept until there is a connection. Returns what ends that. */
export function startKeeping() {
  lately = stored().messages;
  const leaves = () => { if (document.hidden) keep(); };
  document.addEventListener("visibilitychange", leaves);
  window.addEventListener("pagehide", keep);
  const ends = [
    effect(() => {
      const now = view.value;
      if (!now?.error) note();
      else if (now.items.length === 0 && link.value === "offline") {
        // The error stays, so that the messages are loaded as soon as that is possible.
        const items = lately.find(([id]) => id === now.id)?.[1] ?? [];
        if (items.length > 0) view.value = { ...now, items };
      }
    }),
    effect(() => {
      if (link.value !== "offline" || loaded.value || conversations.peek().size > 0) return;
      const found = stored().conversations;
      know(found.flatMap(({ members }) => members.map(({ user }) => user)));
      conversations.value = new Map(found.map((conversation) => [conversation.id, conversation]));
    }),
  ];
  return () => {
    for (const end of ends) end();
    document.removeEventListener("visibilitychange", leaves);
    window.removeEventListener("pagehide", keep);
    lately = [];
  };
}

// However a session ends, nobody else is shown what was its user's.
effect(() => {
  if (session.value) return;
  for (const name of Object.keys(localStorage).filter((one) => one.startsWith(KEPT))) localStorage.removeItem(name);
});
