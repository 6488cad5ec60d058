// Messages that are pushed to this browser while the page is closed: the subscription, and the worker that shows them.

import { effect, signal } from "@preact/signals";

import { call, why } from "../api.js";
import { go } from "../route.js";
import { me, session } from "../session.js";
import { language, t } from "../texts.js";
import { allowed } from "./notices.js";

/** Which user has turned it on in this browser. */
const KEPT = "quintet.push";
/** How long a log-out waits for the server to forget the browser, in milliseconds. */
const PATIENCE_MS = 3_000;

/** Whether this browser can show messages while the page is closed. */
export const canPush = "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;

/** Whether it does for the user, and what went wrong. */
export const pushing = signal({ on: false, busy: false, error: "" });

/** The address of the worker, which has the words for messages without a text. */
function address() {
  const words = {
    image: t("image"), file: t("file"), audio: t("audio"), video: t("video"), location: t("location"), message: t("message"),
  };
  return `/service-worker.js?words=${encodeURIComponent(JSON.stringify(words))}`;
}

/** Whether this browser can keep the page, so that it opens without a network. */
const canKeep = "serviceWorker" in navigator;

/** Lets the worker keep the page. */
export async function keepPage() {
  try {
    if (canKeep) (await registered()).active?.postMessage({ keep: true });
  } catch {
    // The browser does not let this page have a worker, and it needs a network then.
  }
}

/** Registers the worker with the words of the current language, and waits until it is the one that works. */
async function registered() {
  const registration = await navigator.serviceWorker.register(address());
  const next = registration.installing ?? registration.waiting;
  if (next) {
    await new Promise((resolve) => next.addEventListener("statechange", () => {
      if (next.state === "activated" || next.state === "redundant") resolve(undefined);
    }));
  }
  return navigator.serviceWorker.ready;
}

/** @param {string} text base64url */
function bytes(text) {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (char) => char.charCodeAt(0));
}

/** Whether a subscription was made with a key of the server. @param {PushSubscription} subscription @param {Uint8Array} key */
function isOf(subscription, key) {
  const made = subscription.options.applicationServerKey;
  return made !== null && new Uint8Array(made).join() === key.join();
}

/** Subscribes this browser, or renews its subscription, and tells the server. */
async function subscribe() {
  const { publicKey } = await call("GET", "/push/key");
  const applicationServerKey = bytes(publicKey);
  const { pushManager } = await registered();
  let subscription = await pushManager.getSubscription();
  // The server may have another key since, and then nothing that it sends arrives.
  if (subscription && !isOf(subscription, applicationServerKey)) {
    await subscription.unsubscribe();
    subscription = null;
  }
  subscription ??= await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey });
  await call("POST", "/me/push", subscription.toJSON());
}

/** Ends the subscription in this browser. Returns its endpoint. */
async function unsubscribe() {
  const registration = await navigator.serviceWorker.getRegistration("/");
  const subscription = await registration?.pushManager.getSubscription();
  await subscription?.unsubscribe();
  return subscription?.endpoint ?? null;
}

/** @param {() => Promise<boolean>} work returns whether messages are pushed from now on */
async function change(work) {
  pushing.value = { ...pushing.value, busy: true, error: "" };
  try {
    pushing.value = { on: await work(), busy: false, error: "" };
  } catch (failure) {
    pushing.value = { ...pushing.value, busy: false, error: why(failure) };
  }
}

/** Asks for permission, and lets messages be pushed to this browser. */
export function startPush() {
  return change(async () => {
    allowed.value = await Notification.requestPermission();
    if (allowed.value !== "granted") throw new Error(t("browserNotificationsOff"));
    await subscribe();
    localStorage.setItem(KEPT, me.value?.id ?? "");
    return true;
  });
}

/** Lets no more messages be pushed to this browser. */
export function stopPush() {
  return change(async () => {
    localStorage.removeItem(KEPT);
    const endpoint = await unsubscribe();
    if (endpoint) await call("DELETE", "/me/push", { endpoint });
    return false;
  });
}

/** Renews the subscription of the user who turned it on, when the page is opened. */
export async function renewPush() {
  const on = canPush && localStorage.getItem(KEPT) === me.value?.id && Notification.permission === "granted";
  pushing.value = { on, busy: false, error: "" };
  if (!on) return;
  try {
    await subscribe();
  } catch {
    // The next time the page is opened, it is tried again. Until then the earlier subscription counts.
  }
}

/** Ends the subscription before a log-out, while there still is a token to say so. */
export async function leavePush() {
  if (!pushing.value.on) return;
  await Promise.race([stopPush(), new Promise((resolve) => setTimeout(resolve, PATIENCE_MS))]);
}

if (canPush) {
  navigator.serviceWorker.addEventListener("message", (event) => {
    if (typeof event.data?.open === "string" && event.data.open.startsWith("#/")) go(event.data.open);
  });
  navigator.serviceWorker.startMessages();
  // However a session ends, nobody else is shown its messages.
  effect(() => {
    if (session.value || localStorage.getItem(KEPT) === null) return;
    localStorage.removeItem(KEPT);
    pushing.value = { on: false, busy: false, error: "" };
    void unsubscribe().catch(() => {});
  });
  // The worker has words in the language of the page.
  effect(() => {
    if (language.value && pushing.value.on) void registered().catch(() => {});
  });
}
