// The sound of a new message: two quiet notes, a fifth apart.

import { signal } from "@preact/signals";

import { isPresent } from "../lib/present.js";

const KEPT = "quintet.sound";

/** The two notes, in hertz, and when each begins, in seconds. */
const NOTES = /** @type {const} */ ([[659.26, 0], [987.77, 0.09]]);
/** How long a note takes to fade, in seconds. */
const FADE_S = 0.28;
/** How loud it is at most, of 1. */
const LOUD = 0.06;
/** The shortest time between two sounds, in milliseconds. */
const APART_MS = 1_500;

/** Whether there is a sound, and whether there is one while the user is at the page. @typedef {{ on: boolean, alsoHere: boolean }} Sound */

/** @returns {Sound} */
function kept() {
  const text = localStorage.getItem(KEPT);
  return { on: text !== "off", alsoHere: text === "always" };
}

export const sound = signal(kept());

/** @param {Sound} next */
export function setSound(next) {
  localStorage.setItem(KEPT, !next.on ? "off" : next.alsoHere ? "always" : "away");
  sound.value = next;
}

/** @type {AudioContext | null} */
let context = null;
let playedAt = 0;

/** Plays it. Browsers let a page do so once its user has pressed something on it. */
export function play() {
  try {
    context ??= new AudioContext();
    void context.resume();
    for (const [hertz, after] of NOTES) {
      const begins = context.currentTime + after;
      const [note, volume] = [context.createOscillator(), context.createGain()];
      note.frequency.value = hertz;
      volume.gain.setValueAtTime(0, begins);
      volume.gain.linearRampToValueAtTime(LOUD, begins + 0.01);
      volume.gain.exponentialRampToValueAtTime(0.0001, begins + FADE_S);
      note.connect(volume).connect(context.destination);
      note.start(begins);
      note.stop(begins + FADE_S);
    }
  } catch {
    // A browser without sound.
  }
}

/** Plays it for a new message, if the user wishes. */
export function chime() {
  const { on, alsoHere } = sound.value;
  if (!on || (isPresent() && !alsoHere) || Date.now() - playedAt < APART_MS) return;
  playedAt = Date.now();
  play();
}

// Another tab.
window.addEventListener("storage", ({ key }) => { if (key === KEPT) sound.value = kept(); });
