// Apps with the habits of front ends in the wild, one for each vocabulary: old spellings, ids alone, old clients. Each lives one
// life with somebody who speaks another vocabulary, and at its end both see the same history.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { ChatApp } from "../clients/chat.mjs";
import { ConversationsApp } from "../clients/conversations.mjs";
import { MeetupApp } from "../clients/meetup.mjs";
import { MessengerApp } from "../clients/messenger.mjs";
import { PATH, RoomsApp } from "../clients/rooms.mjs";
import { Client } from "../lib/client.mjs";
import { DIALECTS, NAMES } from "../lib/dialects.mjs";
import { history } from "../lib/history.mjs";
import { start } from "../lib/launch.mjs";

const APPS = [MeetupApp, MessengerApp, RoomsApp, ConversationsApp, ChatApp];

describe("apps with old habits", () => {
  let server, service;
  before(async () => {
    const listen = ["0", ...NAMES.map((name) => `0=${name}`)];
    server = await start({ listen, env: { QUINTET_SERVER_SOCKET_PATH: PATH } });
    service = await server.key("calendar");
  });
  after(() => server.stop());

  /** Begins the life of an app: it knows nobody and has no chats; somebody else is online. */
  async function meet(context, App, url, suffix) {
    const speaks = NAMES[(NAMES.indexOf(App.vocabulary) + 2) % NAMES.length];
    const peer = await server.register(`${App.vocabulary}-peer-${suffix}`);
    const client = await Client.connect(server.url, { auth: { token: peer.token, dialect: speaks } });
    context.after(() => client.close());
    const app = new App(url);
    context.after(() => app.leave());
    await app.enter(`${App.vocabulary}-app-${suffix}`);
    return { app, peer, client, words: DIALECTS[speaks] };
  }

  async function begin(app, peer, name) {
    const group = { kind: "group", name, memberIds: [app.me] };
    const { body, status } = await server.api(peer.token, "POST", "/conversations", group);
    assert.equal(status, 201, JSON.stringify(body));
    return body;
  }

  const texts = (messages) => messages.map(({ id, text, by }) => `${id} ${by}: ${text}`);

  /** Checks that the app shows what is stored, in the same order, and would load the same. It may show less of the beginning. */
  async function seeTheSame(app, peer, place, skipped = 0) {
    const stored = await history(server, peer.token, place);
    const expected = stored.map((message) => ({ id: message.id, text: message.content, by: message.sender.id }));
    assert.deepEqual(texts(app.screen), texts(expected.slice(skipped)));
    if (app.history) assert.deepEqual(texts(await app.history(place)), texts(expected));
    assert.deepEqual(app.errors, []);
  }

  for (const App of APPS) {
    const listeners = { "the listener for all": 0, "its own listener": 1 + NAMES.indexOf(App.vocabulary) };
    for (const [at, index] of Object.entries(listeners)) {
      test(`${App.vocabulary} at ${at}: a whole life`, async (context) => {
        const { app, peer, client, words } = await meet(context, App, server.urls[index], `a${index}`);
        const place = await begin(app, peer, "the group");
        await app.until(() => app.chats.has(place.id), "the group that somebody else began");
        app.join?.(place.id, true);
        const [heardName, read] = words.heard(peer, place, app);
        for (const [number, way] of App.ways.entries()) {
          for (const text of [`the ${number + 1}. way`, `${number + 1} 🎉`.slice(0, -1)]) {
            await app.say(place.id, text, way);
            const message = read(await client.hear(heardName, (payload) => read(payload).text === text.toWellFormed()));
            assert.equal(message.author, app.me);
          }
        }
        const [typedName, typed] = words.typed(true, place);
        app.typing(place.id);
        await client.hear(typedName, (payload) => typed(payload)?.user === app.me);
        const ack = await client.call(...words.send(peer, place, "an answer"));
        const id = words.sent(ack);
        assert.ok(id, JSON.stringify(ack));
        await app.shows("an answer");
        app.readAll(place.id);
        const [seenName, seen] = words.wasRead();
        await client.hear(seenName, (payload) => seen(payload).user === app.me && seen(payload).ids.includes(id));
        await seeTheSame(app, peer, place.id);
        if (app.create) {
          const { ok, id: room } = await app.create("a room of its own");
          assert.ok(ok && app.chats.has(room));
        }
        if (app.whisper) {
          await app.whisper(peer.id, "between the two");
          await client.hear(heardName, (payload) => read(payload).text === "between the two");
        }
        assert.deepEqual(app.errors, []);
      });

      test(`${App.vocabulary} at ${at}: reloads`, async (context) => {
        const { app, peer, client, words } = await meet(context, App, server.urls[index], `b${index}`);
        const online = async (place) => {
          if (place) app.join?.(place.id, false);
          if (place || !app.join) await app.until(() => app.online.has(peer.id), "who is online");
        };
        await online();
        const place = await begin(app, peer, "begun by somebody else");
        await app.until(() => app.chats.has(place.id), "a chat without a reload");
        await online(place);
        await app.say(place.id, "before the reload", App.ways[0]);
        const notice = { userId: app.me, title: "Tea", message: "It is four o'clock." };
        assert.equal((await server.api(service, "POST", "/notifications", notice)).status, 201);
        await app.until(() => app.notices.includes("Tea"), "the notification");
        await app.reload();
        await online(place);
        assert.ok(!app.history || app.join || app.chats.has(place.id), "the chat is in the list");
        for (const { id, text, by } of (await app.history?.(place.id)) ?? []) app.show(id, text, by);
        assert.ok(words.sent(await client.call(...words.send(peer, place, "after the reload"))));
        await app.shows("after the reload");
        // An app that can load no history shows what came since.
        await seeTheSame(app, peer, place.id, app.history ? 0 : 1);
        client.close();
        await app.until(() => !app.online.has(peer.id), "that somebody went offline");
      });
    }
  }
});
