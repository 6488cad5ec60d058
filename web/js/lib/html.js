// Preact's elements, written as in HTML. What is put into them is text, never markup.

import { h } from "preact";
import htm from "htm";

export const html = htm.bind(h);
