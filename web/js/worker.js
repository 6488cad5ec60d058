// The service worker: keeps the page, so that it opens without a network; shows what is pushed while the page is closed, and
// opens the page at it.
//
// What must stay true: what it keeps is public and the same for all users, never a response of the API or a file; and the page
// that it keeps is complete: it is replaced only when all that the new one names is there.

// @ts-ignore The types of workers and of pages exclude each other.
const worker = /** @type {any} */ (self);

/** The words for messages without a text, in the language of the page that registered the worker. */
const WORDS = JSON.parse(new URL(worker.location.href).searchParams.get("words") ?? "{}");

const PAGE = "quintet.page";
const ASSETS = "quintet.assets";
/** The files that a page names, whose names change with their content. */
const NAMED = /"(\/assets\/[^"]+\.[0-9a-f]{12}\.[a-z]+)"/g;
/** How long a network is waited for that does not answer, if a page is there, in milliseconds. */
const PATIENCE_MS = 5_000;

/** @typedef {{ title: string, body: string, tag: string, kind?: string, sender?: string }} Pushed */

/** @param {string} page @returns {string[]} */
const namesIn = (page) => [...page.matchAll(NAMED)].map(([, path]) => path ?? "");

/** What is kept at a path, whatever a request asks for in its headers. @param {string} name @param {string} path @returns {Promise<any>} */
async function kept(name, path) {
  return (await caches.open(name)).match(path, { ignoreVary: true });
}

/** Keeps a page and all that it names, and what the one before it names, which may still be open. @param {any} response */
async function keep(response) {
  const page = await response.clone().text();
  const before = await (await kept(PAGE, "/"))?.text() ?? "";
  const assets = await caches.open(ASSETS);
  const held = (await assets.keys()).map(({ url }) => new URL(url).pathname);
  const named = namesIn(page);
  await Promise.all(named.filter((path) => !held.includes(path)).map((path) => assets.add(path)));
  await (await caches.open(PAGE)).put("/", response);
  const wanted = new Set([...named, ...namesIn(before)]);
  await Promise.all(held.filter((path) => !wanted.has(path)).map((path) => assets.delete(path, { ignoreVary: true })));
}

/** @param {any} response */
const isPage = (response) => response.ok && (response.headers.get("content-type") ?? "").startsWith("text/html");

/** The page: of the server, and the one that is kept if that does not answer. @param {any} event */
async function page(event) {
  const held = await kept(PAGE, "/");
  const asked = fetch(event.request);
  // The page is kept even if the answer came too late to be shown.
  event.waitUntil(asked.then((response) => (isPage(response) ? keep(response.clone()) : undefined)).catch(() => {}));
  if (!held) return asked;
  const late = new Promise((resolve) => setTimeout(resolve, PATIENCE_MS, held));
  return Promise.race([asked.then((response) => (response.status >= 500 ? held : response), () => held), late]);
}

/** A file whose name changes with its content. @param {any} request */
async function asset(request) {
  return (await kept(ASSETS, new URL(request.url).pathname)) ?? fetch(request);
}

worker.addEventListener("fetch", (/** @type {any} */ event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== worker.location.origin) return;
  if (request.mode === "navigate" && pathname === "/") event.respondWith(page(event));
  else if (pathname.startsWith("/assets/")) event.respondWith(asset(request));
});

/** @param {Pushed} said */
async function show({ title, body, tag, kind, sender }) {
  const text = body || WORDS[kind ?? ""] || WORDS.message || "";
  const pages = await worker.clients.matchAll({ type: "window", includeUncontrolled: true });
  await worker.registration.showNotification(title, {
    body: sender ? `${sender}: ${text}` : text,
    tag,
    // A page that is open has shown it under the same tag.
    renotify: pages.length === 0,
  });
}

/** Opens what a notification is about: in a page that is there, or in a new one. @param {string} hash */
async function open(hash) {
  const windows = await worker.clients.matchAll({ type: "window", includeUncontrolled: true });
  const page = windows.find((/** @type {any} */ window) => new URL(window.url).pathname === "/");
  if (!page) return worker.clients.openWindow(`/${hash}`);
  page.postMessage({ open: hash });
  return page.focus();
}

worker.addEventListener("push", (/** @type {any} */ event) => {
  if (event.data) event.waitUntil(show(event.data.json()));
});

worker.addEventListener("notificationclick", (/** @type {any} */ event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.tag));
});

// The page that registered the worker was loaded without it.
worker.addEventListener("message", (/** @type {any} */ event) => {
  if (event.data?.keep !== true) return;
  // Without an answer, the page is kept when it is next opened.
  event.waitUntil(fetch("/", { headers: { accept: "text/html" } }).then((response) => (isPage(response) ? keep(response) : undefined)).catch(() => {}));
});

// A new version replaces the old one at once: both keep the same in the same way.
worker.addEventListener("install", () => worker.skipWaiting());
