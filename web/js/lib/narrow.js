// Whether there is room for one view only; the style has the same width.

import { signal } from "@preact/signals";

const query = matchMedia("(max-width: 48rem)");

export const narrow = signal(query.matches);

query.addEventListener("change", () => { narrow.value = query.matches; });
