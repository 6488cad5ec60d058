// The stored history of a conversation.

/** Reads the whole history, page by page, oldest first. */
export async function history(server, token, id) {
  const items = [];
  let after = 0;
  for (;;) {
    const { body } = await server.api(token, "GET", `/conversations/${id}/messages?limit=200&after=${after}`);
    items.push(...body.items);
    if (body.next === null) return items;
    after = body.next;
  }
}
