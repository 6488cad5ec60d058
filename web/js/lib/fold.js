// Texts as a search compares them.

/** A text without case and accents. @param {string} text */
export function folded(text) {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}

/** How well a text matches what was typed: 2 if it begins with it, 1 if one of its words does, 0 if it has it, -1 if not. @param {string} text @param {string} wanted */
export function match(text, wanted) {
  const [whole, part] = [folded(text), folded(wanted)];
  const at = whole.indexOf(part);
  if (at <= 0) return at === 0 ? 2 : -1;
  return new RegExp(`[^\\p{L}\\p{N}]${part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}`, "u").test(whole) ? 1 : 0;
}
