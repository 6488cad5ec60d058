// Markdown in messages: a text becomes blocks, and blocks become components. There is no HTML anywhere.
//
// What must stay true: whatever is not one of the marks below stands in the text as it was written; only links to the web
// and to addresses are links; and a text that nests deeper than people write is shown as it is.

import { Marked } from "marked";

/**
 * @typedef {{ type: "text", text: string } | { type: "code", text: string } | { type: "mention", text: string }
 *   | { type: "strong" | "em" | "del", children: Inline[] } | { type: "link", href: string, children: Inline[] }} Inline
 * @typedef {{ type: "paragraph", children: Inline[] } | { type: "code", text: string, language: string }
 *   | { type: "quote", children: Block[] } | { type: "list", start: number | null, items: Block[][] }} Block
 */

/** Whether a text may contain a mark at all; most do not, and need no lexer. */
const MARKED = /[*_~`[\]<>\\@]|:\/\/|www\.|^[ \t]*(?:[-+]|\d{1,9}[.)])[ \t]/m;
/** Blocks in blocks in one line, deeper than people write. */
const NESTED = /^[ \t]*(?:[-*+][ \t]+|>[ \t]?|\d{1,9}[.)][ \t]+){6}/m;
/** A line that would be a rule elsewhere. */
const RULE = /^ {0,3}(?:(?:-[ \t]*){3,}|(?:_[ \t]*){3,}|(?:\*[ \t]*){3,})(?:\n|$)/;
/** How deep marks may nest. */
const DEPTH_MAX = 8;
/** The protocols of links. */
const LINKED = /^(?:https?:\/\/|mailto:)/i;

/** The names that the text being read mentions, as a pattern for the start of a text. @type {RegExp | null} */
let named = null;

const nothing = () => undefined;

const marked = new Marked({
  gfm: true,
  breaks: true,
  tokenizer: {
    // Not in messages: HTML, headings, rules, tables, definitions and code by indentation.
    html: nothing, tag: nothing, heading: nothing, lheading: nothing, hr: nothing, table: nothing, def: nothing, code: nothing, reflink: nothing,
    // An item says something, and a line of three marks is a line.
    list: (src) => (/^ {0,3}(?:[*+-]|\d{1,9}[.)])[ \t]+\S/.test(src) && !RULE.test(src) ? false : undefined),
    // Two tildes, because one stands for "about".
    del: (src) => (src.startsWith("~~") ? false : undefined),
    // Not inside a word or a product: 2*3*4.
    emStrong: (_src, _masked, before) => (/[\p{L}\p{N}]/u.test(before ?? "") ? undefined : false),
  },
  extensions: [{
    name: "mention",
    level: "inline",
    start: (src) => (named ? src.indexOf("@") : -1),
    tokenizer: (src) => {
      const raw = named?.exec(src)?.[0];
      return raw ? { type: "mention", raw } : undefined;
    },
  }],
});

/** @param {string} text @returns {Inline} */
const plain = (text) => ({ type: "text", text });

/** @param {any[] | undefined} tokens @param {number} depth @returns {Inline[]} */
function inlines(tokens, depth) {
  return (tokens ?? []).flatMap((token) => inline(token, depth));
}

/** @param {any} token @param {number} depth @returns {Inline[]} */
function inline(token, depth) {
  const { type, raw } = token;
  if (depth > DEPTH_MAX) return [plain(raw)];
  switch (type) {
    case "strong": case "em": case "del": return [{ type, children: inlines(token.tokens, depth + 1) }];
    case "codespan": return [{ type: "code", text: token.text }];
    case "mention": return [{ type: "mention", text: raw }];
    case "escape": return [plain(raw.slice(1))];
    // Said by its item.
    case "checkbox": return [];
    case "br": return [plain(raw.replace(/^(?: +|\\)/, ""))];
    case "link": {
      if (!LINKED.test(token.href)) return [plain(raw)];
      return [{ type: "link", href: token.href, children: inlines(token.tokens, depth + 1) }];
    }
    // Texts, and what has no component, such as pictures.
    default: return token.tokens && type === "text" ? inlines(token.tokens, depth) : [plain(raw)];
  }
}

/** @param {any[]} tokens @param {number} depth @returns {Block[]} */
function blocksOf(tokens, depth) {
  /** @type {Block[]} */
  const blocks = [];
  let isApart = true;
  for (const token of tokens) {
    const last = blocks.at(-1);
    const { type, raw } = token;
    if (type === "checkbox") continue;
    if (depth > DEPTH_MAX) {
      blocks.push({ type: "paragraph", children: [plain(raw)] });
    } else if (type === "code") {
      blocks.push({ type: "code", text: token.text, language: (token.lang ?? "").split(/\s/)[0] });
    } else if (type === "blockquote") {
      blocks.push({ type: "quote", children: blocksOf(token.tokens, depth + 1) });
    } else if (type === "list") {
      const items = token.items.map((/** @type {any} */ item) => itemOf(item, depth + 1));
      blocks.push({ type: "list", start: token.ordered ? Number(token.start) : null, items });
    } else if (type !== "space") {
      const children = token.tokens ? inlines(token.tokens, depth) : [plain(raw)];
      // Lines that would be a heading or a rule elsewhere are lines of the paragraph.
      if (last?.type === "paragraph" && !isApart) last.children.push(plain("\n"), ...children);
      else blocks.push({ type: "paragraph", children });
    }
    isApart = type === "space" || /\n[ \t]*\n[ \t]*$/.test(raw);
  }
  return blocks;
}

/** @param {any} item @param {number} depth @returns {Block[]} */
function itemOf(item, depth) {
  const blocks = blocksOf(item.tokens, depth);
  const [first] = blocks;
  if (item.task && first?.type === "paragraph") first.children.unshift(plain(item.checked ? "☑ " : "☐ "));
  return blocks;
}

/** Reads a text. @param {string} text @param {string[]} names the usernames that it mentions @returns {Block[]} */
export function blocks(text, names = []) {
  /** @type {Block[]} */
  const asItIs = [{ type: "paragraph", children: [plain(text)] }];
  if (!MARKED.test(text) || NESTED.test(text)) return asItIs;
  // The longest first, because one name may be the beginning of another.
  const ordered = [...names].sort((a, b) => b.length - a.length).map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  named = names.length > 0 ? new RegExp(`^@(?:${ordered.join("|")})(?![\\p{L}\\p{N}_])`, "iu") : null;
  try {
    const found = blocksOf(marked.lexer(text), 0);
    return found.length > 0 ? found : asItIs;
  } catch {
    // A text that nests so deeply that the stack ends.
    return asItIs;
  } finally {
    named = null;
  }
}

/** Emojis, also joined, coloured and as flags, and white space between them. */
const EMOJIS = /^(?:\p{Extended_Pictographic}[\p{Emoji_Modifier}\uFE0F\u200D\u{E0020}-\u{E007F}]*|[\u{1F1E6}-\u{1F1FF}]{2}|\s)+$/u;
/** The largest number of emojis that are shown large. */
const LARGE_MAX = 6;

/** Whether a text consists of a few emojis. @param {string} text */
export function isEmojiOnly(text) {
  return text.length < 100 && EMOJIS.test(text) && [...new Intl.Segmenter().segment(text.replace(/\s/g, ""))].length <= LARGE_MAX;
}
