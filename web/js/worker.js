// The service worker: shows what is pushed while the page is closed, and opens the page at it. It caches nothing.

// @ts-ignore The types of workers and of pages exclude each other.
const worker = /** @type {any} */ (self);

/** The words for messages without a text, in the language of the page that registered the worker. */
const WORDS = JSON.parse(new URL(worker.location.href).searchParams.get("words") ?? "{}");

/** @typedef {{ title: string, body: string, tag: string, kind?: string, sender?: string }} Pushed */

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

// A new version replaces the old one at once: it keeps nothing between two messages.
worker.addEventListener("install", () => worker.skipWaiting());
