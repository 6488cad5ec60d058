// The entry point of the chat.

import { render } from "preact";

import { html } from "./lib/html.js";
import { showLanguage } from "./texts.js";
import { apply } from "./theme.js";
import { App } from "./ui/app.js";

showLanguage();
apply();
const root = document.getElementById("app");
if (root) render(html`<${App} />`, root);
