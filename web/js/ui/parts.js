// Small components that all views share.

import { createContext } from "preact";
import { useContext, useId, useRef, useState } from "preact/hooks";

import { Failure, why } from "../api.js";
import { html } from "../lib/html.js";
import { online } from "../state/people.js";
import { t } from "../texts.js";
import * as icons from "./icons.js";
import { useModal } from "./lines.js";

/** @typedef {import("../types.js").User} User */

/** The number of hues in css/tokens.css. */
const HUES = 7;

/** The class of the hue of a user or a conversation, which follows from the id alone. @param {string} id */
export function hueOf(id) {
  let sum = 0;
  for (const letter of id) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) % 9_973;
  return `hue-${sum % HUES}`;
}

/** The initials of a name: of its first and its last word that begin with a letter or a digit. @param {string} name */
export function initials(name) {
  const words = name.trim().split(/\s+/).filter(Boolean);
  const named = words.map((word) => /[\p{L}\p{N}]/u.exec(word)?.[0] ?? "").filter(Boolean);
  const both = named.length > 1 ? [named[0], named.at(-1)] : named;
  return both.join("").toUpperCase() || [...new Intl.Segmenter().segment(words[0] ?? "?")][0]?.segment || "?";
}

/**
 * A picture or initials, without a label of its own. Only pictures of this server are shown, and those that the page made.
 * @param {{ id: string, name: string, avatar?: string | null, dot?: boolean, size?: string, kind?: string }} props `kind`: of a
 *   conversation; each has its own shape
 */
export function Avatar({ id, name, avatar = null, dot = false, size = "", kind = "" }) {
  const picture = avatar?.startsWith("/files/") || avatar?.startsWith("blob:") ? html`<img src=${avatar} alt="" loading="lazy" />` : html`<span data-initials=${initials(name)}></span>`;
  return html`<span class=${`avatar ${hueOf(id)} ${kind} ${size}`}><span class="shape">${picture}</span>${dot && html`<span class="dot"></span>`}</span>`;
}

/** A user's picture with a dot if the user is online. @param {{ user: User, size?: string }} props */
export function Face({ user, size = "" }) {
  return html`<${Avatar} id=${user.id} name=${user.name || user.username} avatar=${user.avatar} size=${size}
    dot=${online.value.has(user.id)} />`;
}

/**
 * A button with an icon and an accessible label.
 * @param {{ label: string, icon: any, onClick?: (event: Event) => void, kind?: string, disabled?: boolean,
 *   expanded?: boolean, type?: string }} props
 */
export function IconButton({ label, icon, onClick, kind = "", disabled = false, expanded, type = "button" }) {
  return html`<button type=${type} class=${`icon-button ${kind}`} aria-label=${label} title=${label}
    aria-expanded=${expanded} disabled=${disabled} onClick=${onClick}>${icon()}</button>`;
}

/** What is wrong with a form: a text, and the name of the input that it is about, if it is about one. @typedef {{ text: string, field: string }} Fault */

/** @type {Fault} */
const NO_FAULT = { text: "", field: "" };
/** Of the form around a component. */
const FormFault = createContext(NO_FAULT);

/**
 * A form that says why it was refused: at the input that the server names, which gets the focus, or where the form has its
 * `Wrong`. What was said goes with the next change.
 * @param {{ send: (values: Record<string, any>, form: HTMLFormElement) => unknown, kind?: string, children?: any }} props `send`
 *   fails with what is said; `kind`: the class
 */
export function Form({ send, kind, children }) {
  const [fault, setFault] = useState(NO_FAULT);
  /** @param {Event} event */
  async function submit(event) {
    const form = /** @type {HTMLFormElement} */ (event.currentTarget);
    const given = values(event);
    setFault(NO_FAULT);
    try {
      await send(given, form);
    } catch (failure) {
      const named = failure instanceof Failure && failure.field ? form.elements.namedItem(failure.field) : null;
      const input = named instanceof HTMLInputElement && named.type !== "hidden" && !named.hidden ? named : null;
      setFault({ text: why(failure), field: input?.name ?? "" });
      input?.focus();
    }
  }
  return html`<${FormFault.Provider} value=${fault}><form class=${kind} onSubmit=${submit} onInput=${() => setFault(NO_FAULT)}>${children}</form><//>`;
}

/** A labelled field. @param {any} props */
export function Field({ label, hint, name, value, ...rest }) {
  // Two forms may ask for the same.
  const id = useId();
  const { text, field } = useContext(FormFault);
  const isWrong = text !== "" && field === name;
  const about = [isWrong && `${id}-wrong`, hint && `${id}-hint`].filter(Boolean).join(" ");
  return html`<div class="field">
    <label for=${id}>${label}</label>
    <input id=${id} name=${name} defaultValue=${value} aria-invalid=${isWrong ? "true" : undefined} aria-describedby=${about || undefined} ...${rest} />
    ${isWrong && html`<small id=${`${id}-wrong`} class="wrong">${text}</small>`}
    ${hint && html`<small id=${`${id}-hint`}>${hint}</small>`}
  </div>`;
}

/** What is wrong: `error`, or what the form around it was refused for, unless that is said at a field. @param {{ error?: string }} props */
export function Wrong({ error = "" }) {
  const { text, field } = useContext(FormFault);
  return html`<p class="wrong" role="alert">${error || (field ? "" : text)}</p>`;
}

/**
 * A modal dialog. Escape and the close button close it; the focus moves into it and returns afterwards.
 * @param {{ title: string, onClose: () => void, onBack?: () => void, kind?: string, role?: string, describedBy?: string, children?: any }} props
 *   `kind`: its class; `role`: what it is to assistive technology, if more than a dialog; `describedBy`: the id of the text that describes it
 */
export function Dialog({ title, onClose, onBack, kind = "", role, describedBy, children }) {
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const titleId = useId();
  const lines = useModal(dialog);
  const outside = (/** @type {Event} */ event) => { if (event.target === dialog.current) onClose(); };
  return html`<dialog ref=${dialog} class=${kind} role=${role} aria-labelledby=${titleId} aria-describedby=${describedBy} onCancel=${(/** @type {Event} */ event) => { event.preventDefault(); onClose(); }} onClick=${outside}>
    <div class="dialog">
      <header>${onBack && html`<${IconButton} label=${t("backOne")} icon=${icons.back} onClick=${onBack} />`}<h2 id=${titleId} dir="auto">${title}</h2><${IconButton} label=${t("close")} icon=${icons.close} onClick=${onClose} /></header>
      ${children}
    </div>
    ${lines}
  </dialog>`;
}

/** Returns the values of a form by field name. @param {Event} event @returns {Record<string, any>} */
export function values(event) {
  event.preventDefault();
  const form = new FormData(/** @type {HTMLFormElement} */ (event.currentTarget));
  // Passwords are not trimmed.
  return Object.fromEntries([...form].map(([name, value]) => [name, /[pP]assword$/.test(name) ? String(value) : String(value).trim()]));
}

/** The header of a view, with a back link on a phone. @param {{ title: string, back?: string, children?: any }} props `back`: where that leads */
export function ViewHeader({ title, back = "#/", children }) {
  return html`<header class="bar">
    <a class="icon-button only-narrow" href=${back} aria-label=${t(back === "#/" ? "back" : "backTo")} title=${t(back === "#/" ? "back" : "backTo")}><${icons.back} /></a>
    <h1>${title}</h1>
    ${children}
  </header>`;
}
