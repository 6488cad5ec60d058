// Sizes and types of files for display.

import { language } from "../texts.js";

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte"];

/** A size in bytes, in the largest unit of which it has at least one. @param {number} bytes */
export function size(bytes) {
  const power = Math.min(Math.max(0, Math.floor(Math.log10(Math.max(bytes, 1)) / 3)), UNITS.length - 1);
  const unit = UNITS[power];
  const format = new Intl.NumberFormat(language.value, { style: "unit", unit, unitDisplay: power === 0 ? "long" : "short", maximumFractionDigits: power > 1 ? 1 : 0 });
  return format.format(bytes / 1_000 ** power);
}

/** The longest extension that says something about a file. */
const EXTENSION_MAX = 5;

/** The type of a file in a word: the extension of its name, else the second part of its media type. @param {string | null | undefined} name @param {string} [mime] */
export function typeOf(name, mime = "") {
  const extension = /\.([\p{L}\p{N}]+)$/u.exec(name ?? "")?.[1] ?? "";
  const known = extension.length <= EXTENSION_MAX ? extension : "";
  return (known || (mime === "application/octet-stream" ? "" : mime.split("/")[1] ?? "")).toUpperCase();
}
