// What a browser says of itself, in words.

import { t } from "../texts.js";

/** Browsers, by a word in what they say of themselves; the first that is there counts, because each names those that it resembles. @type {[RegExp, string][]} */
const BROWSERS = [
  [/Edg(?:e|A|iOS)?\//, "Edge"], [/OPR\//, "Opera"], [/SamsungBrowser\//, "Samsung Internet"], [/Firefox\/|FxiOS\//, "Firefox"],
  [/Chrom(?:e|ium)\/|CriOS\//, "Chrome"], [/Safari\//, "Safari"],
];

/** Systems, likewise. @type {[RegExp, string][]} */
const SYSTEMS = [
  [/iPhone/, "iPhone"], [/iPad/, "iPad"], [/Android/, "Android"], [/Windows/, "Windows"], [/Mac OS X|Macintosh/, "macOS"], [/CrOS/, "ChromeOS"], [/Linux/, "Linux"],
];

/** A device by what its browser, or another program, says of itself. @param {string | null} client */
export function deviceOf(client) {
  const text = client ?? "";
  const [browser, system] = [BROWSERS, SYSTEMS].map((all) => all.find(([sign]) => sign.test(text))?.[1]);
  if (browser && system) return t("browserOn", { browser, system });
  return browser ?? system ?? (text.split(/[\s/]/)[0] || t("unknownDevice"));
}
