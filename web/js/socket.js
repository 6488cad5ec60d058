// The connection: two dialects of Quintet over one Socket.IO connection. Messages, typing, read cursors and presence use
// `chat`; meetups and notifications use `meetup`. The official client reconnects by itself and requests the events that
// it missed.

import { effect, signal } from "@preact/signals";
import { io } from "socket.io-client";

import { Failure, call, changeSession } from "./api.js";
import { session, setSession, tokenRefused } from "./session.js";
import { t } from "./texts.js";

/** Time to wait for an acknowledgement, in milliseconds. */
const PATIENCE_MS = 10_000;
/** Time before a refused connection is opened again, in milliseconds. */
const AGAIN_MS = 5_000;
/** A token is refreshed when it expires within this time, in milliseconds. */
const RENEW_MS = 3 * 24 * 60 * 60 * 1_000;
/** How often the expiry of the token is checked, in milliseconds. */
const LOOK_MS = 60 * 60 * 1_000;
const OVER = ["ERR_UNAUTHENTICATED", "ERR_TOKEN_EXPIRED"];

/** @typedef {Record<string, (payload: any) => void>} Handlers */

/** The state of the connection. @type {import("@preact/signals").Signal<"connecting" | "online" | "offline">} */
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
    await changeSession("POST", "/auth/refresh", undefined, setSession);
  } catch {
    // Checked again in an hour. If the token has expired by then, the server refuses it.
  }
}

/** Whether a connection belongs to the current session. @param {import("socket.io-client").Socket} socket */
const current = (socket) => socket === chat || socket === meetup;

/** @param {import("socket.io-client").Socket} socket @param {string} token the token that it offered @param {Error & { data?: { code?: string } }} error */
async function refused(socket, token, error) {
  if (!current(socket)) return;
  if (socket === chat) link.value = "offline";
  // The server refused the connection, so the client does not reconnect by itself.
  const again = () => { if (current(socket)) socket.connect(); };
  if (!OVER.includes(error.data?.code ?? "")) {
    if (!socket.active) setTimeout(again, AGAIN_MS);
  } else if (await tokenRefused(token, t("sessionEnded"))) {
    again();
  }
}

/** Handles a connection that the server closed for good: reconnects, unless the API reports that the session has ended. @param {import("socket.io-client").Socket} socket */
function ended(socket) {
  call("GET", "/me").then(() => { if (current(socket)) socket.connect(); }, () => {
    setTimeout(() => { if (current(socket)) ended(socket); }, AGAIN_MS);
  });
}

/**
 * Connects, and passes received events to the handlers.
 * @param {{ chat: Handlers, meetup: Handlers, up: (recovered: boolean) => void,
 *   meetupUp: (recovered: boolean) => void }} hears
 */
export function open(hears) {
  // A server that is full serves only requests with a valid token in their headers.
  const extraHeaders = { authorization: `Bearer ${session.value?.token ?? ""}` };
  // Links as the API has them: this page draws the initials of people without a picture itself.
  const query = { links: "stored" };
  const options = { query, extraHeaders, reconnectionDelay: 500, reconnectionDelayMax: 5_000 };
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
    let offered = "";
    socket.auth = (say) => {
      offered = session.value?.token ?? "";
      say({ token: offered, recover: true });
    };
    socket.on("connect_error", (error) => void refused(socket, offered, error));
    socket.on("disconnect", (reason) => {
      if (socket === chat) link.value = "offline";
      if (reason === "io server disconnect") ended(socket);
    });
  }
  // Send a new token, from this tab or another, over the open connections.
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

/** Sends an event that may be lost. @param {string} name @param {object} payload */
export function mention(name, payload) {
  if (chat?.connected) chat.volatile.emit(name, payload);
}

/**
 * Sends an event and waits for its acknowledgement. Fails without a connection, or if the acknowledgement takes too long.
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
