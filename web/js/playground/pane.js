// The pane of one user: messages, composer and frames.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";

import { html } from "../lib/html.js";
import { AnyEvent } from "./form.js";
import { Line, choose, stage } from "./stage.js";
import { DIALECTS } from "./voices.js";

/** @typedef {import("./stage.js").Person} Person */

/** Scrolls a list to its end when it grows. @param {unknown} newest */
function useEnd(newest) {
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => { if (box.current) box.current.scrollTop = box.current.scrollHeight; }, [newest]);
  return box;
}

/** A frame with its event name highlighted; it shows its beginning, and all of it when opened. @param {{ frame: import("./stage.js").Frame }} props */
function FrameLine({ frame }) {
  const [, before = "", name = "", after = ""] = /^(\d+(?:\/[^,]*,)?\d*\[)("[^"]*")?(.*)$/s.exec(frame.text) ?? ["", frame.text];
  return html`<li class=${frame.out ? "out" : "in"}><details><summary><span class="hidden">${frame.out ? "sent" : "received"}</span>
    <code>${before}<b>${name}</b>${after}</code></summary></details></li>`;
}

/** @param {{ person: Person, place: string, index: number }} props */
export function Pane({ person, place, index }) {
  const [text, setText] = useState("");
  const line = useMemo(() => new Line(person, place), [person.id, person.dialect, place]);
  useEffect(() => () => line.close(), [line]);
  const said = useEnd(line.heard.value.length);
  const passed = useEnd(line.frames.value.length);
  const nameOf = (/** @type {string} */ id) => stage.value?.people.find((one) => one.id === id)?.name ?? "Someone";

  /** @param {Event} event */
  function submit(event) {
    event.preventDefault();
    if (!text.trim()) return;
    void line.say(text.trim()).catch(() => {});
    setText("");
  }
  return html`<section class=${`pane voice-${index}`} aria-label=${`${person.name}, dialect ${person.dialect}`}>
    <header>
      <h2>${person.name}</h2>
      <label class="hidden" for=${`${person.id}-dialect`}>Dialect of ${person.name}</label>
      <select id=${`${person.id}-dialect`} value=${person.dialect} onChange=${(/** @type {any} */ event) => choose(person.id, event.target.value)}>
        ${DIALECTS.map((dialect) => html`<option value=${dialect}>${dialect}</option>`)}</select>
      <span class=${`lamp ${line.link.value === "online" ? "on" : ""}`} role="img" aria-label=${line.link.value} title=${line.link.value}></span>
    </header>
    <ol class="said" ref=${said} tabindex="0" aria-label=${`Messages received by ${person.name}`}>${line.heard.value.map((one) => html`<li key=${one.id} class=${one.sender === person.id ? "own" : ""}>
      <b>${one.sender === person.id ? "" : `${nameOf(one.sender)} `}</b>${one.gone ? html`<i>deleted</i>` : one.text}</li>`)}</ol>
    <form class="say" onSubmit=${submit}>
      <input aria-label=${`Message as ${person.name}`} placeholder=${`Message as ${person.name}`} value=${text} autocomplete="off"
        onInput=${(/** @type {any} */ event) => { setText(event.target.value); line.type(); }} />
      <button class="primary">Send</button>
    </form>
    <h3>Frames</h3>
    <ol class="frames" ref=${passed} tabindex="0" aria-label=${`Frames of ${person.name}`}>${line.frames.value.map((frame) => html`<${FrameLine} key=${`${frame.at} ${frame.out} ${frame.text}`} frame=${frame} />`)}</ol>
    <${AnyEvent} line=${line} />
  </section>`;
}
