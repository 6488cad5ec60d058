// @ts-check
// A life with openapi-fetch and the types that openapi-typescript makes of the OpenAPI document.

import assert from "node:assert/strict";

import createClient from "openapi-fetch";

/** @typedef {import("./api.js").paths} Paths */

/**
 * Logs in, begins a conversation, sends, reads, uploads, downloads and logs out.
 *
 * @param {string} baseUrl
 * @param {string} email
 * @param {string} password
 * @param {string} other the other user of a direct conversation
 */
export async function live(baseUrl, email, password, other) {
  const client = /** @type {typeof createClient<Paths>} */ (createClient)({ baseUrl });
  const wrong = await client.POST("/api/v1/auth/login", { body: { email, password: "wrong horse" } });
  assert.equal(wrong.error?.status, 401);
  const { data: session } = await client.POST("/api/v1/auth/login", { body: { email, password } });
  assert.ok(session);
  client.use({ onRequest: ({ request }) => { request.headers.set("authorization", `Bearer ${session.token}`); } });

  const { data: conversation } = await client.POST("/api/v1/conversations", { body: { kind: "direct", memberIds: [other] } });
  assert.ok(conversation);

  const content = "a, b\n1, 2\n";
  const { data: upload } = await client.POST("/api/v1/files", {
    body: { file: content },
    bodySerializer({ file }) {
      const form = new FormData();
      form.append("file", new Blob([file], { type: "text/csv" }), "table.csv");
      return form;
    },
  });
  assert.ok(upload);

  const path = { id: conversation.id };
  const { data: message } = await client.POST("/api/v1/conversations/{id}/messages", {
    params: { path }, body: { content: "Hello", files: [{ url: upload.url }] },
  });
  assert.ok(message);
  const { data: page } = await client.GET("/api/v1/conversations/{id}/messages", { params: { path, query: { limit: 10 } } });
  assert.deepEqual(page?.items.map((one) => [one.id, one.content]), [[message.id, "Hello"]]);

  const [, , id = "", secret = ""] = new URL(upload.url, baseUrl).pathname.split("/");
  const { data: download } = await client.GET("/files/{id}/{secret}", { params: { path: { id, secret } }, parseAs: "text" });
  assert.equal(download, content);

  assert.equal((await client.POST("/api/v1/auth/logout")).response.status, 204);
  assert.equal((await client.GET("/api/v1/me")).error?.status, 401);
}
