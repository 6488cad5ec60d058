// Two front ends, written for the documented backends of `conversations` and `chat`, with only their addresses changed to
// Quintet's. They register, log in, list, open a conversation and exchange messages.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { Client, within } from "../lib/client.mjs";
import { start } from "../lib/launch.mjs";

class FrontEnd {
  constructor({ api, socket }) {
    Object.assign(this, { apiAddress: api, socketAddress: socket });
  }

  async call(method, path, body) {
    const headers = { "content-type": "application/json" };
    if (this.token) headers.authorization = `Bearer ${this.token}`;
    const response = await fetch(this.apiAddress + path, { method, headers, body: body && JSON.stringify(body) });
    return { status: response.status, data: await response.json() };
  }

  async enter(username) {
    const credentials = { username, email: `${username}@example.org`, password: "correct horse" };
    assert.equal((await this.call("POST", "/auth/register", credentials)).status, 201);
    const { data } = await this.call("POST", "/auth/login", { email: credentials.email, password: credentials.password });
    this.token = data.token;
    this.client = await Client.connect(this.socketAddress, { auth: { token: this.token } });
  }

  leave() {
    this.client?.close();
  }
}

class Conversations extends FrontEnd {
  async start(username) {
    await this.enter(username);
    const { data } = await this.call("GET", "/auth/me");
    assert.equal(data.success, true);
    this.me = data.user._id;
    this.client.emit("join_conversations", (await this.conversations()).map(({ _id }) => _id));
  }

  async conversations() {
    return (await this.call("GET", "/conversations")).data.conversations;
  }

  async open(username) {
    const { data } = await this.call("GET", `/users/search?q=${username}`);
    const other = data.users.find((user) => user.username === username);
    const opened = await this.call("POST", "/conversations", { participantId: other._id });
    this.client.emit("join_conversations", [opened.data.conversation._id]);
    return opened.data.conversation._id;
  }

  async say(conversationId, content) {
    const ack = await this.client.call("send_message", { conversationId, content, type: "text" });
    assert.equal(ack.success, true);
  }

  async hear(content) {
    return this.client.hear("receive_message", ({ message }) => message.content === content);
  }
}

class Chat extends FrontEnd {
  async start(username) {
    await this.enter(username);
    this.me = (await this.call("GET", "/auth/me")).data.user.id;
  }

  async chats() {
    const { chats } = (await this.call("GET", "/chats")).data;
    chats.forEach(({ id }) => this.client.emit("chat:join", { chatId: id }));
    return chats;
  }

  async say(chatId, content) {
    await this.client.call("message:send", { chatId, content, messageType: "text" });
  }

  async hear(content) {
    return this.client.hear("message:new", (message) => message.content === content);
  }
}

describe("existing front ends", () => {
  let server;
  before(async () => {
    server = await start({ listen: ["0", "0=conversations", "0=chat"] });
  });
  after(() => server.stop());

  const places = {
    "one listener for all dialects": () => [0, 0],
    "a listener for each dialect": () => [1, 2],
  };
  for (const [name, listeners] of Object.entries(places)) {
    test(`exchange messages: ${name}`, async (context) => {
      const [first, second] = listeners().map((at) => server.urls[at]);
      const ada = new Conversations({ api: `${first}/api`, socket: first });
      const bob = new Chat({ api: `${second}/api`, socket: second });
      context.after(() => [ada, bob].forEach((one) => one.leave()));
      const suffix = name.length;
      await ada.start(`ada${suffix}`);
      await bob.start(`bob${suffix}`);
      const place = await ada.open(`bob${suffix}`);
      const [chat] = await bob.chats();
      assert.equal(chat.id, place);
      assert.deepEqual(chat.participants.map(({ id }) => id).sort(), [ada.me, bob.me].sort());
      await ada.say(place, "from conversations");
      assert.equal((await bob.hear("from conversations")).sender.id, ada.me);
      await bob.say(place, "from chat");
      assert.equal((await ada.hear("from chat")).message.sender._id, bob.me);
      // Both messages are visible after a reload.
      const [listed] = await ada.conversations();
      assert.equal(listed.lastMessage.content, "from chat");
      const { data } = await ada.call("GET", `/messages/${place}?page=1&limit=50`);
      assert.deepEqual(data.messages.map(({ content }) => content), ["from conversations", "from chat"]);
      const history = (await bob.call("GET", `/chats/${place}/messages?limit=50&offset=0`)).data;
      assert.equal(history.count, 2);
      // Closing the socket makes the user go offline.
      ada.leave();
      await within(bob.client.hear("user:status", ({ userId, status }) => userId === ada.me && status === "offline"), "the offline event");
    });
  }
});
