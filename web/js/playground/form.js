// A form for every event of a dialect, generated from the catalogue.

import { useRef, useState } from "preact/hooks";

import { html } from "../lib/html.js";
import { CATALOGUE, KINDS } from "./catalogue.js";
import { stage } from "./stage.js";
import { MEANINGS, codeFor } from "./voices.js";

/** @typedef {import("./catalogue.js").Field} Field */
/** @typedef {import("./catalogue.js").Spec} Spec */
/** @typedef {import("./stage.js").Line} Line */

/** The most likely value of a field. @param {Field} field @param {Line} line */
function guess({ name, type, required }, line) {
  const last = line.heard.value.findLast((one) => !one.gone)?.id ?? "";
  const other = stage.value?.people.find((person) => person.id !== line.person.id)?.id ?? "";
  if (name === "token") return line.person.token;
  if (type === "id" || type === "ids") {
    const meant = { place: line.place, me: line.person.id, message: last, other }[MEANINGS[name] ?? "other"];
    // If an event accepts a recipient or a group, use the group.
    return name === "recipientId" && !required ? "" : meant;
  }
  if (type === "content") return "Hello from the form";
  if (name === "username") return line.person.name;
  if (name === "name" && required) return "My room";
  return "";
}

/** Converts the text of a field to the type that the event needs. @param {Field | { type: string }} field @param {string} text @returns {unknown} */
function valueOf({ type }, text) {
  switch (type) {
    case "ids": return text.split(/[\s,]+/).filter(Boolean);
    case "flag": return text === "true";
    case "custom data":
    case "files":
      // What is not JSON is sent as it is, so that the refusal can be seen.
      try { return JSON.parse(text); } catch { return text; }
    case "binary": return new TextEncoder().encode(text);
    default: return text;
  }
}

/** Builds the payload of an event from its form. @param {Spec} spec @param {FormData} form */
function payloadOf(spec, form) {
  if (spec.fields === null) return valueOf({ type: spec.value }, String(form.get("value") ?? ""));
  /** @type {Record<string, unknown>} */
  const payload = {};
  for (const field of spec.fields) {
    const text = String(form.get(field.name) ?? "");
    if (text || field.required) payload[field.name] = valueOf(field, text);
  }
  return payload;
}

/** @param {{ field: Field, line: Line, prefix: string }} props */
function Input({ field, line, prefix }) {
  const id = `${prefix}-${field.name}`;
  const choices = { flag: ["", "true", "false"], kind: ["", ...KINDS] }[field.type];
  return html`<div class="input"><label for=${id}>${field.name}${field.required ? "" : html`<small> optional</small>`}</label>
    ${choices ? html`<select id=${id} name=${field.name}>${choices.map((choice) => html`<option value=${choice}>${choice}</option>`)}</select>`
      : html`<input id=${id} name=${field.name} defaultValue=${guess(field, line)} placeholder=${field.type} autocomplete="off" />`}
  </div>`;
}

/** @param {{ line: Line }} props */
export function AnyEvent({ line }) {
  const { dialect, id } = line.person;
  // On Socket.IO, `connect` is part of the handshake and not an event.
  const specs = (CATALOGUE[dialect] ?? []).filter((spec) => spec.toServer && spec.name !== "connect");
  const [name, setName] = useState(specs[0]?.name ?? "");
  const [copied, setCopied] = useState("");
  const spec = specs.find((one) => one.name === name) ?? specs[0];
  if (!spec) return null;
  const prefix = `${id}-${spec.name}`;
  const fields = spec.fields ?? [{ name: "value", type: spec.value, required: true }];

  /** @param {Event} event */
  function submit(event) {
    event.preventDefault();
    const filled = new FormData(/** @type {HTMLFormElement} */ (event.currentTarget));
    line.emit(spec?.name ?? "", payloadOf(/** @type {Spec} */ (spec), filled)).catch(() => {
      // A missing acknowledgement is visible in the frames.
    });
  }

  /** @param {any} event */
  async function copy(event) {
    const shown = payloadOf(/** @type {Spec} */ (spec), new FormData(event.currentTarget.form));
    const code = codeFor(dialect, spec?.name ?? "", shown);
    try {
      await navigator.clipboard.writeText(code);
      setCopied("Copied.");
    } catch {
      // Browsers have no clipboard on insecure origins: show the code instead.
      setCopied(code);
    }
  }
  // Fill in the form again for each event, and for each new message while the form does not have the focus.
  const newest = useRef("");
  const form = useRef(/** @type {HTMLFormElement | null} */ (null));
  if (!form.current?.contains(document.activeElement)) newest.current = line.heard.value.at(-1)?.id ?? "";
  const key = `${prefix} ${newest.current}`;
  return html`<details class="any"><summary>Send any event</summary>
    <form key=${key} ref=${form} onSubmit=${submit}>
      <div class="input"><label for=${`${id}-event`}>event</label>
        <select id=${`${id}-event`} value=${spec.name} onChange=${(/** @type {any} */ event) => { setName(event.target.value); setCopied(""); }}>
          ${specs.map((one) => html`<option value=${one.name}>${one.name}${one.ours ? " (added by Quintet)" : ""}</option>`)}</select></div>
      ${fields.map((field) => html`<${Input} key=${field.name} field=${field} line=${line} prefix=${prefix} />`)}
      <div class="row"><button class="primary">Send event</button><button type="button" onClick=${copy}>Copy client code</button></div>
      <div role="status">${copied && (copied === "Copied." ? copied : html`<pre tabindex="0">${copied}</pre>`)}</div>
    </form>
  </details>`;
}
