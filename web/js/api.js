// The HTTP API: one function for calls, one for uploads. Failures carry a message for the user.

import { inTurn, session, tokenRefused } from "./session.js";
import { inWords, t } from "./texts.js";

/** @typedef {import("./types.js").Session} Session */

/** An error response of the server, or a network error. */
export class Failure extends Error {
  /** @param {string} message @param {{ status?: number, code?: string, field?: string }} [how] `field`: the one that is wrong */
  constructor(message, { status = 0, code = "", field = "" } = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.field = field;
  }
}

/** Returns the message of an error, for the user. @param {unknown} error */
export function why(error) {
  return error instanceof Error && error.message ? error.message : t("errorUnknown");
}

/** Whether another user has logged in since the request was sent. @param {Session | null} asker */
function over(asker) {
  return asker?.user.id !== session.value?.user.id;
}

/** Returns the message of an error, or an empty text if the user who sent the request has logged out. @param {unknown} error @returns {string} */
export function worthTelling(error) {
  return error instanceof Failure && error.code === "over" ? "" : why(error);
}

/** @param {Session | null} asker @param {number} status @param {string} text @returns {any} */
function answer(asker, status, text) {
  // A response for one user must not be shown to another.
  if (over(asker)) throw new Failure("", { code: "over" });
  let body = null;
  try {
    body = text ? JSON.parse(text) : null;
  } catch {
    // Not JSON: a proxy in between sent the response.
  }
  if (status >= 200 && status < 300) return body;
  throw new Failure(inWords(body?.code, body?.detail ?? t("errorUnknown")), { status, code: body?.code, field: body?.field });
}

/** @param {Session | null} asker @param {string} method @param {string} path @param {unknown} body @returns {Promise<any>} */
async function request(asker, method, path, body) {
  /** @type {Record<string, string>} */
  const headers = {};
  if (asker) headers.authorization = `Bearer ${asker.token}`;
  if (body !== undefined) headers["content-type"] = "application/json";
  let response, text;
  try {
    response = await fetch(`/api/v1${path}`, { method, headers, body: body === undefined ? null : JSON.stringify(body) });
    text = await response.text();
  } catch {
    throw new Failure(t("errorNetwork"), { code: over(asker) ? "over" : "network" });
  }
  return answer(asker, response.status, text);
}

/**
 * Makes a request for the session. If its token is refused, the user has to log in again; if the token was replaced
 * meanwhile, the request is made once more, with the new one.
 * @template T
 * @param {(asker: Session | null) => Promise<T>} make
 * @returns {Promise<T>}
 */
async function inSession(make) {
  const asker = session.value;
  try {
    return await make(asker);
  } catch (failure) {
    if (!asker || !(failure instanceof Failure) || failure.status !== 401) throw failure;
    const now = await tokenRefused(asker.token, t("sessionEnded"));
    if (now?.user.id !== asker.user.id) throw failure;
    return make(now);
  }
}

/**
 * Calls the API.
 * @param {string} method
 * @param {string} path relative to `/api/v1`
 * @param {unknown} [body]
 * @returns {Promise<any>}
 */
export function call(method, path, body) {
  return inSession((asker) => request(asker, method, path, body));
}

/**
 * Makes a call that replaces the session, or ends it. The server ends the old token, and all connections with it, before
 * the answer arrives: until `follow` has set the session that follows, nothing that is refused for the old token logs the
 * user out.
 * @param {string} method
 * @param {string} path relative to `/api/v1`
 * @param {unknown} body
 * @param {(answer: any) => void} follow
 */
export async function changeSession(method, path, body, follow) {
  await inSession((asker) => inTurn(async () => {
    // Another user may have logged in while this waited for its turn.
    if (over(asker)) throw new Failure("", { code: "over" });
    follow(await request(session.value, method, path, body));
  }));
}

/**
 * Loads all items of a list, page by page.
 * @param {string} path
 * @returns {Promise<any[]>}
 */
export async function all(path) {
  const items = [];
  let cursor = "";
  do {
    const page = await call("GET", `${path}?limit=200${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
    items.push(...page.items);
    cursor = page.next ?? "";
  } while (cursor);
  return items;
}

/**
 * Uploads a file. `progress` is called with the uploaded fraction, from 0 to 1.
 * @param {File} file
 * @param {(part: number) => void} progress
 * @param {AbortSignal} [signal]
 * @returns {Promise<import("./types.js").Upload>}
 */
export function upload(file, progress, signal) {
  return inSession((asker) => post(asker, file, progress, signal));
}

/** @param {Session | null} asker @param {File} file @param {(part: number) => void} progress @param {AbortSignal} [signal] @returns {Promise<import("./types.js").Upload>} */
function post(asker, file, progress, signal) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const failed = () => reject(new Failure(t("errorNetwork"), { code: "network" }));
    request.open("POST", "/api/v1/files");
    request.setRequestHeader("authorization", `Bearer ${asker?.token}`);
    request.upload.onprogress = (event) => progress(event.total ? event.loaded / event.total : 0);
    request.onerror = failed;
    request.onabort = failed;
    request.onload = () => {
      try {
        resolve(answer(asker, request.status, request.responseText));
      } catch (error) {
        reject(error);
      }
    };
    signal?.addEventListener("abort", () => request.abort());
    const form = new FormData();
    form.append("file", file, file.name);
    request.send(form);
  });
}
