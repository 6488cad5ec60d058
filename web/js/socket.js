// The connection: two vocabularies of Quintet over one Socket.IO connection. Messages, typing, reading and presence come
// in `chat`; meetups and notifications in `meetup`. The official client comes back by itself, and asks to be told what
// it missed.

import { effect, signal } from "@preact/signals";
import { io } from "socket.io-client";

import { Failure, call } from "./api.js";
import { session, setSession } from "./session.js";
import { t } from "./texts.js";

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
let dispose = () => {};

async function renew() {
  const current = session.value;
  if (!current || Date.parse(current.expiresAt) - Date.now() > RENEW_MS) return;
  try {
    setSession(await call("POST", "/auth/refresh"));
  } catch {
    // Looked at again in an hour; a token that is over by then says so itself.
  }
}

/** Whether a connection is the one of now, not that of an earlier login. @param {import("socket.io-client").Socket} socket */
const current = (socket) => socket === chat || socket === meetup;

/** @param {import("socket.io-client").Socket} socket @param {Error & { data?: { code?: string } }} error */
function refused(socket, error) {
  if (!current(socket)) return;
  if (socket === chat) link.value = "offline";
  if (OVER.includes(error.data?.code ?? "")) setSession(null, t("sessionEnded"));
  // Refused by the server, not cut: the client does not come back by itself.
  else if (!socket.active) setTimeout(() => { if (current(socket)) socket.connect(); }, AGAIN_MS);
}

/** The server has ended a connection for good: the API says whether the session is over, else it is opened again. @param {import("socket.io-client").Socket} socket */
function ended(socket) {
  call("GET", "/me").then(() => { if (current(socket)) socket.connect(); }, () => {
    setTimeout(() => { if (current(socket)) ended(socket); }, AGAIN_MS);
  });
}

/**
 * Connects, and tells what it hears.
 * @param {{ chat: Handlers, meetup: Handlers, up: (recovered: boolean) => void,
 *   meetupUp: (recovered: boolean) => void }} hears
 */
export function open(hears) {
  /** @param {(auth: object) => void} say */
  const auth = (say) => say({ token: session.value?.token, recover: true });
  // A server that is full serves requests with a good token in their head, and looks no further.
  const extraHeaders = { authorization: `Bearer ${session.value?.token ?? ""}` };
  const options = { auth, extraHeaders, reconnectionDelay: 500, reconnectionDelayMax: 5_000 };
  chat = io("/chat", options);
  meetup = io("/meetup", options);
  for (const [name, hear] of Object.entries(hears.chat)) chat.on(name, hear);
  for (const [name, hear] of Object.entries(hears.meetup)) meetup.on(name, hear);
  const [main, other] = [chat, meetup];
  main.on("connect", () => {
    link.value = "online";
    hears.up(main.recovered);
  });
  other.on("connect", () => hears.meetupUp(other.recovered));
  for (const socket of [main, other]) {
    socket.on("connect_error", (error) => refused(socket, error));
    socket.on("disconnect", (reason) => {
      if (socket === chat) link.value = "offline";
      if (reason === "io server disconnect") ended(socket);
    });
  }
  // A new token, of this tab or of another, is told to connections that are open.
  dispose = effect(() => {
    const token = session.value?.token;
    if (token) extraHeaders.authorization = `Bearer ${token}`;
    if (token) for (const socket of [main, other]) if (socket.connected) socket.emit("authenticate", { token });
  });
  link.value = "connecting";
  void renew();
  looking = setInterval(renew, LOOK_MS);
}

export function close() {
  clearInterval(looking);
  dispose();
  const open = [chat, meetup];
  chat = meetup = null;
  for (const socket of open) socket?.disconnect();
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
  if (!chat?.connected) throw new Failure(t("errorNetwork"), { code: "network" });
  return chat.timeout(PATIENCE_MS).emitWithAck(name, payload).catch(() => {
    throw new Failure(t("errorNetwork"), { code: "network" });
  });
}
