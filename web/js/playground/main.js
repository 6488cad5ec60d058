// The playground: up to five people, each in a vocabulary of one's choice, in one conversation.

import { render } from "preact";
import { useState } from "preact/hooks";

import { html } from "../lib/html.js";
import { apply } from "../theme.js";
import { Pane } from "./pane.js";
import { begin, end, stage, trouble } from "./stage.js";

function Start() {
  const [count, setCount] = useState(5);
  const [busy, setBusy] = useState(false);
  const start = async () => {
    setBusy(true);
    await begin(count);
    setBusy(false);
  };
  return html`<div class="start">
    <p>Up to five people talk in one conversation, each in another of Quintet's vocabularies. Under each you see the
      frames as they pass, and a form for every event.</p>
    <p>They are real accounts on this server, made for you and erased when you are done.</p>
    <p class="row"><label for="count">People</label>
      <select id="count" value=${count} onChange=${(/** @type {any} */ event) => setCount(Number(event.target.value))}>
        ${[2, 3, 4, 5].map((number) => html`<option value=${number}>${number}</option>`)}</select>
      <button class="primary" disabled=${busy} onClick=${start}>Begin</button></p>
    <p class="wrong" role="alert">${trouble.value}</p>
  </div>`;
}

function Playground() {
  const now = stage.value;
  return html`<header class="top">
    <h1>Quintet <span>five vocabularies, one conversation</span></h1>
    ${now && html`<button onClick=${end}>Done: erase them</button>`}
    <a href="/">The chat</a><a href="/api/v1/docs/">The HTTP API</a>
  </header>
  <main class=${now ? "panes" : ""}>${now ? now.people.map((person, index) => html`<${Pane} key=${`${person.id} ${person.dialect}`} person=${person} place=${now.place} index=${index} />`) : html`<${Start} />`}</main>`;
}

apply();
const root = document.getElementById("app");
if (root) render(html`<${Playground} />`, root);
