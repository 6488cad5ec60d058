// Icons: inline SVG with one line weight, in the colour of the text. Labels are given where they are used.

import { html } from "../lib/html.js";

/** @param {string} path */
const icon = (path) => html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false"><path d=${path} /></svg>`;

export const send = () => icon("M4 12 20 4l-4 16-4.5-6.5L4 12Zm7.5 1.5L20 4");
export const attach = () => icon("M20 11.5 12 19.5a5 5 0 0 1-7-7l8.5-8.5a3.3 3.3 0 0 1 4.7 4.7L9.8 17a1.7 1.7 0 0 1-2.4-2.4l7.6-7.6");
export const back = () => icon("M15 5l-7 7 7 7");
export const bell = () => icon("M6 16v-5a6 6 0 0 1 12 0v5l1.5 2h-15L6 16Zm4 4.5a2 2 0 0 0 4 0");
export const calendar = () => icon("M4 6h16v14H4zM4 10h16M8 3v5M16 3v5");
export const plus = () => icon("M12 5v14M5 12h14");
export const more = () => html`<svg class="icon thick" viewBox="0 0 24 24" aria-hidden="true" focusable="false"><path d="M5.5 12h.01M12 12h.01M18.5 12h.01" /></svg>`;
export const close = () => icon("M6 6l12 12M18 6 6 18");
export const down = () => icon("M12 5v14M6 13l6 6 6-6");
export const info = () => icon("M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18Zm0 8v5M12 8h.01");
export const check = () => icon("M5 12.5l4.5 4.5L19 7.5");
export const checks = () => icon("M2 12.5l4.5 4.5L16 7.5M11.5 16l1 1L22 7.5");
export const waiting = () => icon("M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18Zm0 4.5V12l3 2");
export const warning = () => icon("M12 4 2.5 20h19L12 4Zm0 6v5M12 17.5h.01");
export const pin = () => icon("M9 4h6l-1 6 3 3v2H7v-2l3-3L9 4ZM12 15v5.5");
export const muted = () => icon("M6 16v-5a6 6 0 0 1 12 0v5l1.5 2h-15L6 16ZM10 20.5a2 2 0 0 0 4 0M4 3l16 18");
export const archive = () => icon("M4 5h16v4H4zM5.5 9v10h13V9M10 13h4");
export const unread = () => icon("M12 7.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9Z");
export const fold = () => icon("M9 6l6 6-6 6");
export const file = () => icon("M6 3h8l4 4v14H6zM14 3v4h4");
export const download = () => icon("M12 4v11M7 10.5l5 5 5-5M5 20h14");
export const reply = () => icon("M10 6 4 12l6 6M4 12h9a7 7 0 0 1 7 7");
export const smile = () => icon("M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18ZM8.5 14.5c.8 1.2 2 2 3.5 2s2.7-.8 3.5-2M9 9.5h.01M15 9.5h.01");
export const forward = () => icon("M14 6l6 6-6 6M20 12h-9a7 7 0 0 0-7 7");
export const thread = () => icon("M4 5h13v9H9l-3 3v-3H4zM20 9v9h-2v2.5L15.5 18H11");
export const edit = () => icon("M4 20l1-4.5L16.5 4l3.5 3.5L8.5 19 4 20ZM14 6.5l3.5 3.5");
export const bin = () => icon("M4 7h16M9 7V4h6v3M6.5 7l1 13h9l1-13M10 11v5.5M14 11v5.5");
export const copy = () => icon("M9 9h11v11H9zM15 9V4H4v11h5");
export const chain = () => icon("M10 14a4 4 0 0 0 5.7 0l3.5-3.5a4 4 0 0 0-5.7-5.7L12 6.3M14 10a4 4 0 0 0-5.7 0l-3.5 3.5a4 4 0 0 0 5.7 5.7l1.5-1.5");
export const keyboard = () => icon("M3 6h18v12H3zM7 10h.01M11 10h.01M15 10h.01M8 14h8");
export const person = () => icon("M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8ZM4.5 20a7.5 7.5 0 0 1 15 0");
export const lock = () => icon("M5 11h14v9H5zM8 11V8a4 4 0 0 1 8 0v3M12 15v1.5");
export const look = () => icon("M12 3a9 9 0 1 0 0 18c1.5 0 2-1 1.5-2.2-.6-1.5.3-2.8 1.9-2.8H18a3 3 0 0 0 3-3A9 9 0 0 0 12 3ZM7.5 12h.01M9.5 7.8h.01M14.5 7.8h.01");
export const hand = () => icon("M12 3l7.5 3v5.5c0 4.5-3 8-7.5 9.5-4.5-1.5-7.5-5-7.5-9.5V6L12 3Z");
export const flag = () => icon("M6 21V4M6 4.5c4-2 8 2 12 0V14c-4 2-8-2-12 0");
export const block = () => icon("M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18ZM5.7 5.7l12.6 12.6");
export const search = () => icon("M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13Zm5 11.5L20.5 20.5");
export const logo = () => html`<svg class="logo" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
  <circle class="note n1" cx="16" cy="5.5" r="4" /><circle class="note n2" cx="26" cy="12.8" r="4" />
  <circle class="note n3" cx="22.2" cy="24.5" r="4" /><circle class="note n4" cx="9.8" cy="24.5" r="4" />
  <circle class="note n5" cx="6" cy="12.8" r="4" />
</svg>`;
