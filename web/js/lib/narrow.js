// Whether the screen is so narrow that it shows one view at a time. The stylesheet uses the same width.

import { signal } from "@preact/signals";

const query = matchMedia("(max-width: 48rem)");

export const narrow = signal(query.matches);

query.addEventListener("change", () => { narrow.value = query.matches; });
