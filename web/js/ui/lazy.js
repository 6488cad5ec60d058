// Views that are loaded when they are first shown: rare and large ones, so that the page itself loads soon.
//
// Modules that are imported by `import("…")` alone are not among those that the page loads at once (`crates/web/build.rs`).

import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";

import { html } from "../lib/html.js";
import { tell } from "../state/notices.js";
import { t } from "../texts.js";
import { ViewHeader } from "./parts.js";

/** @typedef {{ hasFailed: boolean }} Waiting */

/** What loads each view. @type {(() => Promise<void>)[]} */
const loaders = [];

/** A view that fills the page, while it is loaded. @param {Waiting} props */
export function EmptyPane({ hasFailed }) {
  return html`<section class="pane"><${ViewHeader} title=${t("loading")} />
    ${hasFailed && html`<div class="middle"><p class="hint">${t("viewFailed")}</p><button onClick=${() => location.reload()}>${t("reload")}</button></div>`}</section>`;
}

/** A thread, while its view is loaded. @param {Waiting} props */
export function EmptyThread({ hasFailed }) {
  return html`<section class="thread-panel" aria-label=${t("threadTitle")}><p class="hint middle">${t(hasFailed ? "viewFailed" : "loading")}</p></section>`;
}

/**
 * Makes a component of one that is loaded when it is first shown.
 * @param {() => Promise<any>} load imports its module, and returns the component
 * @param {(props: Waiting) => any} [Meanwhile] what is shown until then; without it, nothing
 * @returns {(props: any) => any}
 */
export function lazy(load, Meanwhile) {
  const state = signal({ View: /** @type {any} */ (null), hasFailed: false });
  /** @type {Promise<void> | null} */
  let asked = null;
  const ask = async () => {
    if (state.peek().View) return;
    asked ??= load().then((View) => { state.value = { View, hasFailed: false }; }).finally(() => { asked = null; });
    await asked;
  };
  loaders.push(ask);
  return function Lazy(props) {
    const { View, hasFailed } = state.value;
    useEffect(() => {
      // Without a connection, or because the server has another version of the page since.
      if (!View) void ask().catch(() => { state.value = { View: null, hasFailed: true }; if (!Meanwhile) tell(t("viewFailed")); });
    }, []);
    if (View) return html`<${View} ...${props} />`;
    return Meanwhile ? html`<${Meanwhile} hasFailed=${hasFailed} />` : null;
  };
}

/** How long the page rests before it loads the views that were not needed yet, in milliseconds. */
const REST_MS = 3_000;

/** Loads all views, one after the other, while nothing else is to be done, so that they are there even without a connection. */
export function loadViews() {
  /** @type {{ saveData?: boolean } | undefined} */
  const connection = /** @type {any} */ (navigator).connection;
  if (connection?.saveData) return;
  setTimeout(async () => {
    for (const ask of loaders) await ask().catch(() => {});
  }, REST_MS);
}
