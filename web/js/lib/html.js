// Preact elements in HTML syntax. Interpolated values are text, never markup.

import { h } from "preact";
import htm from "htm";

export const html = htm.bind(h);
