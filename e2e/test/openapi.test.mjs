// The API matches its OpenAPI document: generated requests to every operation, and no response that the document lacks. The
// document is as linters want it.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { createConfig, lintFromString } from "@redocly/openapi-core";
import { Validator } from "@seriousme/openapi-schema-validator";
import core from "@stoplight/spectral-core";
import Parsers from "@stoplight/spectral-parsers";
import rulesets from "@stoplight/spectral-rulesets";

import { Server } from "../lib/server.mjs";

const SCHEMATHESIS = fileURLToPath(new URL("../../target/python/bin/schemathesis", import.meta.url));

const CONFIG = fileURLToPath(new URL("../python/schemathesis.toml", import.meta.url));

/** Checks for every response. The check that all valid requests are accepted is left out: a schema cannot express that a
 * time must be in the future, or that a cursor must come from an earlier response. */
const CHECKS = [
  "not_a_server_error",
  "status_code_conformance",
  "content_type_conformance",
  "response_headers_conformance",
  "response_schema_conformance",
  "negative_data_rejection",
  "missing_required_header",
  "unsupported_method",
  "allow_header_conformance",
  "use_after_free",
  "ignored_auth",
];

/** Operations that revoke the token of the request. */
const ENDS = [
  "revokeTokens", "logOut", "eraseMe", "changePassword", "messengerChangePassword", "anyMessengerChangePassword",
];

let server, paths, document;

before(async () => {
  server = await Server.start();
  const text = await (await fetch(`${server.url}/api/v1/openapi.json`)).text();
  ({ paths } = JSON.parse(text));
  // Read from a file; if schemathesis fetched it by URL, it would skip the operation that serves the document.
  document = join(server.folder, "openapi.json");
  writeFileSync(document, text);
});

after(() => server.stop());

/** Runs schemathesis on the selected operations, and returns its output. */
async function run(token, seconds, operations) {
  const words = ["--config-file", CONFIG, "run", document, "--url", server.url];
  words.push("--header", `Authorization: Bearer ${token}`, "--checks", CHECKS.join(","), "--seed", "1", "--max-time", String(seconds), "--no-color", ...operations);
  const options = { cwd: server.folder, maxBuffer: 64 * 1024 * 1024 };
  const { stdout } = await promisify(execFile)(SCHEMATHESIS, words, options).catch((error) => {
    throw new Error(`${error.message}\n${error.stdout}`);
  });
  return stdout;
}

function tested(said) {
  return Number(/Tested: (\d+)/.exec(said)?.[1]);
}

test("the document is valid OpenAPI 3.1", async () => {
  const { valid, errors } = await new Validator().validate(JSON.parse(readFileSync(document, "utf8")));
  assert.ok(valid, JSON.stringify(errors, null, 1));
});

/** What both linters find of a document, as the name of the rule and the place. */
async function lint(text) {
  // The checks of health need no token, take nothing, and have no rate: they are answered or not.
  const config = await createConfig({ extends: ["recommended"], rules: { "operation-4xx-response": "off" } });
  const problems = await lintFromString({ source: text, absoluteRef: "/openapi.json", config });
  const spectral = new core.Spectral();
  // Whom to ask about a server is its operator's to say.
  spectral.setRuleset({ extends: [[rulesets.oas, "recommended"]], rules: { "info-contact": "off", "operation-description": "error" } });
  const results = await spectral.run(new core.Document(text, Parsers.Json, "/openapi.json"));
  return [
    ...problems.map(({ ruleId, location: [{ pointer }] }) => `${ruleId} ${pointer}`),
    ...results.map(({ code, path }) => `${code} ${path.join("/")}`),
  ];
}

test("Redocly and Spectral find nothing to say against the document", async () => {
  const text = readFileSync(document, "utf8");
  assert.deepEqual(await lint(text), []);
  const { "/api/v1/me": { get } } = JSON.parse(text).paths;
  const wrong = { ...JSON.parse(text), paths: { "/api/v1/me": { get: { ...get, summary: undefined, description: undefined } } } };
  const found = await lint(JSON.stringify(wrong));
  for (const expected of ["operation-summary #/paths/~1api~1v1~1me/get/summary", "operation-description paths//api/v1/me/get"]) {
    assert.ok(found.includes(expected), found.join("\n"));
  }
});

test("every operation says what it needs, and has a name for programs", () => {
  const operations = Object.values(paths).flatMap(Object.values);
  assert.deepEqual(operations.filter(({ security }) => !security).map(({ operationId }) => operationId), []);
  assert.deepEqual(operations.map(({ operationId }) => operationId).filter((id) => !/^[a-z]+([A-Z][a-z]*)*$/.test(id)), []);
});

/** Log-outs of existing clients, which end the session of a token if the request has one. */
const logOuts = () => Object.entries(paths)
  .filter(([path]) => path.endsWith("/auth/logout"))
  .map(([, { post }]) => post.operationId)
  .filter((id) => !ENDS.includes(id));

const all = () => Object.values(paths).flatMap(Object.keys).length;

test("every operation, for a user", async () => {
  const { token } = await server.register("ada");
  const ending = [...ENDS, ...logOuts()];
  const said = await run(token, 35, ending.flatMap((id) => ["--exclude-operation-id", id]));
  assert.equal(tested(said), all() - ending.length, said);
});

test("operations that end a user's sessions", async () => {
  for (const id of ENDS) {
    const { token } = await server.register(id.toLowerCase());
    assert.equal(tested(await run(token, 2, ["--include-operation-id", id])), 1);
  }
});

/** Calls that several dialects share are answered in the dialect of the token. */
test("calls under /api, for a client of each dialect", async () => {
  const shared = Object.entries(paths).filter(([path]) => path.startsWith("/api/") && !path.startsWith("/api/v1/"));
  const ids = shared.flatMap(([, item]) => Object.values(item)).map(({ operationId }) => operationId);
  const ending = [...ENDS, ...logOuts()];
  const asked = ids.filter((id) => !ending.includes(id)).flatMap((id) => ["--include-operation-id", id]);
  const person = (name) => ({ username: name, name, email: `${name}@example.org`, password: "correct horse" });
  for (const dialect of ["chat", "conversations", "meetup"]) {
    const response = await fetch(`${server.url}/${dialect}/api/auth/register`, {
      method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(person(`at-home-in-${dialect}`)),
    });
    const { token } = await response.json();
    const said = await run(token, 10, asked);
    assert.equal(tested(said), asked.length / 2, said);
  }
});

test("every operation, for another backend", async () => {
  const said = await run(await server.key("shop"), 30, []);
  assert.equal(tested(said), all(), said);
});
