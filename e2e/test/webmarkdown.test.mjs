// Markdown in the messages of the web chat: what is marked becomes elements, everything else stands as it was written, and
// hostile texts neither run nor hold the page up.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { until } from "../lib/people.mjs";
import { Teams } from "../lib/teams.mjs";

/** Texts, and what the page makes of each: its elements in short, with their text. */
const MARKED = [
  ["**bold**, *italic*, _too_ and ~~gone~~", "p(strong(bold), em(italic), em(too) and del(gone))"],
  ["`a < b && c` and ``with ` inside``", "p(code(a < b && c) and code(with ` inside))"],
  ["one\ntwo", "p(one|two)"],
  ["one\n\ntwo", "p(one||two)"],
  ["**one**\n\ntwo", "p(strong(one))p(two)"],
  ["- tea\n- coffee\n  - black", "ul(li(p(tea))li(p(coffee)ul(li(p(black)))))"],
  ["3. three\n4. four", "ol(li(p(three))li(p(four)))"],
  ["- [ ] open\n- [x] done", "ul(li(p(☐ open))li(p(☑ done)))"],
  ["> said\n\nanswered", "blockquote(p(said))p(answered)"],
  ["see https://example.org/a_(b)), or www.example.org.", "p(see a[https://example.org/a_(b)](https://example.org/a_(b))), or a[http://www.example.org](www.example.org).)"],
  ["write to ada@example.org", "p(write to a[mailto:ada@example.org](ada@example.org))"],
  ["[here](https://example.org/x)", "p(a[https://example.org/x](here))"],
  ["[bank.example](https://evil.example/x)", "p(a[https://evil.example/x](bank.example) span((evil.example)))"],
];

/** Texts that stand as they are. */
const PLAIN = [
  "2*3*4 = 24 and snake_case_names and 5 * 6 * 7", "about ~5 minutes, or ~10", "# no heading", "title\n=====", "a | b\n--|--\n1 | 2",
  "<b>no</b> <!-- no --> &amp; &lt;i&gt;", "![picture](https://example.org/a.png)", "[x](javascript:alert(1))", "[x](data:text/html,hi)",
  "[a]: https", "1986", "***", "*", "`", "[](", "a  b   c",
];

/** What would nest or run without end. */
const HOSTILE = [
  ">".repeat(5_000), "> ".repeat(2_500), "- ".repeat(2_500), "1. ".repeat(1_600), "*".repeat(5_000), "**a ".repeat(1_200), "_a *b ".repeat(800),
  "[".repeat(5_000), "![".repeat(2_500), "[a](".repeat(1_200), "`".repeat(4_999), "` ``".repeat(1_200), "~~a".repeat(1_600), "<a ".repeat(1_600),
  "\\".repeat(5_000), "www.".repeat(1_250), "a@".repeat(2_500), "(".repeat(2_500) + "https://a.example/" + "(".repeat(2_400),
];

describe("markdown in the chat", () => {
  let teams;

  before(async () => { teams = await Teams.start(); });
  after(() => teams?.stop());

  /** The elements of each text in short. Addresses of links are in brackets; a line break is a bar. */
  const shape = (page, ids) => page.evaluate((wanted) => {
    const of = (node) => {
      if (node.nodeType === Node.TEXT_NODE) return node.textContent.replaceAll("\n", "|");
      const inside = [...node.childNodes].map(of).join("");
      return `${node.localName}${node.localName === "a" ? `[${node.getAttribute("href")}]` : ""}(${inside})`;
    };
    return wanted.map((id) => [...document.querySelector(`li[data-id="${id}"] .text`).childNodes].map(of).join(""));
  }, ids);

  test("marks become elements, and other texts stand as they were written", async () => {
    const { accounts: [one, two], id } = await teams.group("marks", ["ada", "bob"]);
    const sent = [];
    for (const text of [...MARKED.map(([text]) => text), ...PLAIN]) sent.push((await teams.send(two, id, text)).id);
    const ada = await teams.enter(one, id);
    const { page } = ada;
    await page.locator(`li[data-id="${sent.at(-1)}"]`).waitFor();
    const shapes = await shape(page, sent);
    assert.deepEqual(shapes.slice(0, MARKED.length), MARKED.map(([, wanted]) => wanted));
    const texts = await page.evaluate((ids) => ids.map((one) => document.querySelector(`li[data-id="${one}"] .text`).textContent), sent.slice(MARKED.length));
    assert.deepEqual(texts, PLAIN);
    assert.equal(await page.locator(".text :is(h1, h2, table, hr, img, b, i)").count(), 0);
    // Others see the text as it was typed.
    const { items } = await teams.call(one, "GET", `/conversations/${id}/messages`);
    assert.equal(items[0].content, MARKED[0][0]);
    await ada.leave();
  });

  test("code is copied, mentions count in it not, emojis are large, and every text has its direction", async () => {
    const { accounts: [one, two], id } = await teams.group("code", ["ada", "bob"]);
    const ada = await teams.enter(one, id, { permissions: ["clipboard-read", "clipboard-write"] });
    const { page } = ada;
    await teams.send(two, id, "Try this:\n```rust\nfn main() {\n    let a = \"**b** <i>\";\n}\n```\nand tell");
    const code = ada.message("Try this").locator("pre");
    assert.equal(await code.textContent(), "fn main() {\n    let a = \"**b** <i>\";\n}");
    await ada.message("Try this").getByRole("button", { name: "Copy the code" }).click();
    await page.getByText("Copied.").first().waitFor();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), "fn main() {\n    let a = \"**b** <i>\";\n}");
    await teams.send(two, id, "**@adacode** and `@adacode`", { mentions: [one.id] });
    await page.locator("strong .mentioned", { hasText: "@adacode" }).waitFor();
    assert.equal(await page.locator("code .mentioned").count(), 0);
    await teams.send(two, id, "🎉👍🏽");
    await until(page, () => [...document.querySelectorAll(".text.emoji")].some((text) => Number.parseFloat(getComputedStyle(text).fontSize) > 30));
    await teams.send(two, id, "مرحبا hello");
    await teams.send(two, id, "hello مرحبا");
    const direction = (text) => ada.message(text).locator(".said").evaluate((element) => getComputedStyle(element).direction);
    assert.deepEqual([await direction("مرحبا hello"), await direction("hello مرحبا")], ["rtl", "ltr"]);
    await ada.leave();
  });

  test("hostile texts neither run nor hold the page up", async () => {
    const { accounts: [one, two], id } = await teams.group("hostile", ["ada", "bob"]);
    const ada = await teams.enter(one, id);
    const { page } = ada;
    for (const text of HOSTILE) {
      const before = Date.now();
      const { id: message } = await teams.send(two, id, text);
      await page.locator(`li[data-id="${message}"]`).waitFor();
      await page.evaluate(() => new Promise((done) => { requestAnimationFrame(() => requestAnimationFrame(done)); }));
      assert.ok(Date.now() - before < 5_000, `${text.slice(0, 20)}… took ${Date.now() - before} ms`);
    }
    const deepest = await page.evaluate(() => {
      const depth = (element) => 1 + Math.max(0, ...[...element.children].map(depth));
      return Math.max(...[...document.querySelectorAll(".text")].map(depth));
    });
    assert.ok(deepest < 30, `elements nest ${deepest} deep`);
    await ada.leave();
  });
});
