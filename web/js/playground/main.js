// The playground: up to five users in one conversation, each in a dialect of the visitor's choice.

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
    <p>Up to five users chat in one conversation, each in a different dialect (a vocabulary of Socket.IO events). Below
      each user are the raw frames and a form for every event.</p>
    <p>Quintet creates a real account for each user, and deletes the accounts when you finish.</p>
    <p class="row"><label for="count">Users</label>
      <select id="count" value=${count} onChange=${(/** @type {any} */ event) => setCount(Number(event.target.value))}>
        ${[2, 3, 4, 5].map((number) => html`<option value=${number}>${number}</option>`)}</select>
      <button class="primary" disabled=${busy} onClick=${start}>Start</button></p>
    <p class="wrong" role="alert">${trouble.value}</p>
  </div>`;
}

function Playground() {
  const now = stage.value;
  return html`<header class="top">
    <h1>Quintet <span>five dialects, one conversation</span></h1>
    ${now && html`<button onClick=${end}>Finish and delete accounts</button>`}
    <a href="/">Chat</a><a href="/api/v1/docs/">HTTP API</a>
  </header>
  <main class=${now ? "panes" : ""}>${now ? now.people.map((person, index) => html`<${Pane} key=${`${person.id} ${person.dialect}`} person=${person} place=${now.place} index=${index} />`) : html`<${Start} />`}</main>`;
}

apply();
const root = document.getElementById("app");
if (root) render(html`<${Playground} />`, root);
