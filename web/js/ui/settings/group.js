// A group of settings that belong together, with a title.

import { useId } from "preact/hooks";

import { html } from "../../lib/html.js";
import { narrow } from "../../lib/narrow.js";

/** @param {{ title?: string, hint?: any, children?: any }} props `hint`: a sentence about all of it */
export function Group({ title = "", hint = "", children }) {
  const id = useId();
  // On a phone, the title of the section is that of the page.
  const level = narrow.value ? "h2" : "h3";
  return html`<section class="settings-group" aria-labelledby=${title ? id : undefined}>
    ${title && html`<${level} id=${id}>${title}<//>`}
    ${hint && html`<p class="hint">${hint}</p>`}
    ${children}
  </section>`;
}

/** A setting that is on or off. @param {{ label: string, hint?: string, checked: boolean, disabled?: boolean, onChange: () => void, id?: string }} props */
export function Switch({ label, hint = "", checked, disabled = false, onChange, id = "" }) {
  const made = useId();
  const hintId = `${id || made}-hint`;
  return html`<div class="setting"><label class="switch"><span>${label}</span>
      <input type="checkbox" role="switch" checked=${checked} disabled=${disabled} aria-describedby=${hint ? hintId : undefined} onChange=${onChange} /></label>
    ${hint && html`<p class="hint" id=${hintId}>${hint}</p>`}</div>`;
}
