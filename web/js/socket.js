// The connection: two vocabularies of Quintet over one Socket.IO connection. Messages, typing, reading and presence come
// in `chat`; meetups and notifications in `meetup`. The official client comes back by itself, and asks to be told what
// it missed.

import { signal } from "@preact/signals";
import { io } from "socket.io-client";

import { call } from "./api.js";
import { session, setSession } from "./session.js";

/** How long an acknowledgement may take before it is asked for again. */
const PATIENCE_MS = 10_000;
/** Time after which a refusal that may pass is tried again. */
const AGAIN_MS = 5_000;
/** A token is renewed when it has less than this left. */
const RENEW_MS = 3 * 24 * 60 * 60 * 1_000;
/** How often that is looked at. */
const LOOK_MS = 60 * 60 * 1_000;
const OVER = ["ERR_UNAUTHENTICATED", "ERR_TOKEN_EXPIRED"];

/** @typedef {Record<string, (payload: any) => void>} Handlers */

/** How the connection is. @type {import("@preact/signals").Signal<"connecting" | "online" | "offline">} */
export const link = signal("connecting");

/** @type {import("socket.io-client").Socket | null} */
let chat = null;
/** @type {import("socket.io-client").Socket | null} */
let meetup = null;
/** @type {number | undefined} */
let looking;

async function renew() {
  const current = session.value;
  if (!current || Date.parse(current.expiresAt) - Date.now() > RENEW_MS) return;
  try {
    setSession(await call("POST", "/auth/refresh"));
    chat?.emit("authenticate", { token: session.value?.token });
    meetup?.emit("authenticate", { token: session.value?.token });
  } catch {
    // Looked at again in an hour; a token that is over by then says so itself.
  }
}

/** @param {import("socket.io-client").Socket} socket @param {Error & { data?: { code?: string } }} error */
function refused(socket, error) {
  link.value = "offline";
  if (OVER.includes(error.data?.code ?? "")) setSession(null);
  // Refused by the server, not cut: the client does not come back by itself.
  else if (!socket.active) setTimeout(() => { if (session.value) socket.connect(); }, AGAIN_MS);
}

/**
 * Connects, and tells what it hears.
 * @param {{ chat: Handlers, meetup: Handlers, up: (recovered: boolean) => void }} hears
 */
export function open(hears) {
  /** @param {(auth: object) => void} say */
  const auth = (say) => say({ token: session.value?.token, recover: true });
  chat = io("/chat", { auth, reconnectionDelay: 500, reconnectionDelayMax: 5_000 });
  meetup = io("/meetup", { auth, reconnectionDelay: 500, reconnectionDelayMax: 5_000 });
  for (const [name, hear] of Object.entries(hears.chat)) chat.on(name, hear);
  for (const [name, hear] of Object.entries(hears.meetup)) meetup.on(name, hear);
  const main = chat;
  main.on("connect", () => {
    link.value = "online";
    hears.up(main.recovered);
  });
  main.on("disconnect", (reason) => {
    link.value = "offline";
    // The identity is over, or seems so: the API says which.
    if (reason === "io server disconnect") {
      call("GET", "/me").then(() => main.connect(), () => {});
      meetup?.connect();
    }
  });
  for (const socket of [chat, meetup]) socket.on("connect_error", (error) => refused(socket, error));
  link.value = "connecting";
  void renew();
  looking = setInterval(renew, LOOK_MS);
}

export function close() {
  clearInterval(looking);
  chat?.disconnect();
  meetup?.disconnect();
  chat = meetup = null;
}

/** Says something that may be lost. @param {string} name @param {object} payload */
export function mention(name, payload) {
  if (chat?.connected) chat.volatile.emit(name, payload);
}

/**
 * Says something and waits for the answer; fails where there is no connection, or none in time.
 * @param {string} name
 * @param {object} payload
 * @returns {Promise<any>}
 */
export async function say(name, payload) {
  if (!chat?.connected) throw new Error("not connected");
  return chat.timeout(PATIENCE_MS).emitWithAck(name, payload);
}
