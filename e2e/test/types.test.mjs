// The types of each dialect: TypeScript and mypy accept clients that are right, and refuse those that are wrong. The AsyncAPI
// documents are valid, and have every event.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { Parser } from "@asyncapi/parser";

import { NAMES } from "../lib/dialects.mjs";
import { checkAcknowledgement, checkEvent, schemas } from "../lib/schemas.mjs";
import { Server } from "../lib/server.mjs";

const MODULES = fileURLToPath(new URL("../node_modules", import.meta.url));
const PYTHON = fileURLToPath(new URL("../../target/python/bin/", import.meta.url));
const DOCUMENT = readFileSync(new URL("../../docs/types.md", import.meta.url), "utf8");

const OPTIONS = [
  "--noEmit", "--strict", "--exactOptionalPropertyTypes", "--noUncheckedIndexedAccess", "--skipLibCheck", "--target", "es2023",
  "--module", "nodenext", "--moduleDetection", "force", "--types", "",
];

let server, folder;
before(async () => {
  server = await Server.start();
  folder = mkdtempSync(join(tmpdir(), "quintet-types-"));
  symlinkSync(MODULES, join(folder, "node_modules"));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  for (const name of NAMES) {
    const text = await served(`${name}.d.ts`);
    writeFileSync(join(folder, `${name}.py`), await served(`${name}.py`));
    writeFileSync(join(folder, `${name}.d.ts`), text);
    // Declarations alone are not checked with `skipLibCheck`.
    writeFileSync(join(folder, `declared-${name}.ts`), text);
  }
});
after(async () => {
  rmSync(folder, { recursive: true, force: true });
  await server?.stop();
});

async function served(name) {
  const response = await fetch(`${server.url}/api/v1/types/${name}`);
  assert.equal(response.status, 200, name);
  return response.text();
}

/** Compiles files of the folder. Returns what the compiler says: nothing if all is well. */
async function compiled(lib, files) {
  const run = promisify(execFile)(join(MODULES, ".bin/tsc"), [...OPTIONS, "--lib", lib, ...files], { cwd: folder });
  return run.then(({ stdout }) => stdout, (error) => error.stdout || error.message);
}

/** Compiles a client of a dialect. */
function client(dialect, code, file = `${dialect}-client`) {
  const text = `import type { Socket } from "socket.io-client";
import type { AcknowledgedEvents, ClientToServerEvents, ErrorCode, Message, Received, ServerToClientEvents } from "./${dialect}.js";
declare const socket: Socket<ServerToClientEvents, ClientToServerEvents>;
declare const asking: Socket<ServerToClientEvents, AcknowledgedEvents>;
${code}
`;
  writeFileSync(join(folder, `${file}.ts`), text);
  return compiled("es2023,dom", [`${file}.ts`]);
}

/** For each dialect, a client that sends, asks, listens and finds out why it was refused; and lines that must not compile. */
const CLIENTS = {
  meetup: {
    right: `
      socket.on("receiveMessage", ({ chatId, message }) => console.log(chatId.length, message.message, message.reactions?.[0]?.count));
      socket.emit("userTyping", "chat");
      socket.emit("sendMessage", { chatId: "chat", message: "Hello" }, (answer) => {
        if (answer.status === "sent") console.log(answer.messageId.length);
        else console.log(answer.code satisfies ErrorCode, answer.message);
      });
      const { status } = await asking.emitWithAck("addReaction", { messageId: "m", emoji: "+1" });
      const words: "reacted" | "error" = status;`,
    wrong: [
      'socket.on("receiveMesage", () => {});',
      'socket.on("receiveMessage", ({ message }) => message.content);',
      'socket.emit("sendMessage", { chatId: "chat", text: "Hello" });',
      'socket.emit("sendMessage", { chatId: "chat", message: 7 });',
      'socket.emit("connect", {});',
    ],
  },
  messenger: {
    right: `
      socket.on("privateMessage", (message) => { const kept: Message = message; console.log(kept.sender.firstName, message.recipient?.length); });
      socket.on("userOnline", (id) => console.log(id.length));
      socket.emit("joinGroup", "group");
      socket.emit("joinGroup", { groupId: 7 });
      const answer = await asking.emitWithAck("groupMessage", { groupId: "group", content: "Hello", replyTo: null });
      if (answer.success) console.log(answer.message.isRead); else console.log(answer.retryAfterMs);`,
    wrong: [
      'socket.on("privateMessage", (message) => message.recipient.length);',
      'socket.emit("groupMessage", { recipientId: "user", content: "Hello" });',
      'socket.emit("joinGroup", true);',
      'socket.emit("setPreferences", { groupId: "group", notify: "sometimes" });',
      'await asking.emitWithAck("groupMessage", { groupId: "group" });',
    ],
  },
  rooms: {
    right: `
      socket.on("history", (messages) => messages.forEach((message) => console.log(message.user.username)));
      socket.on("room_settings_updated", (settings: Received<"room_settings_updated">) => console.log(settings.muted));
      socket.emit("join_room", { roomId: "room", guestSecret: "s" });
      const answer = await asking.emitWithAck("create_room", "Room");
      if (answer.ok) console.log(answer.id, answer.guestSecret); else console.log(answer.code);`,
    wrong: [
      'socket.on("history", (messages) => messages.content);',
      'socket.emit("send_message", { roomId: "room" });',
      'const answer = await asking.emitWithAck("create_room", "Room"); answer.id;',
      'socket.emit("create_rooms", "Room");',
    ],
  },
  conversations: {
    right: `
      socket.on("receive_message", ({ message, conversationId }) => console.log(message.readBy[0]?.readAt, conversationId));
      socket.emit("join_conversations");
      socket.emit("join_conversations", ["a", "b"]);
      socket.emit("join_conversations", (answer) => console.log(answer.success));
      socket.emit("upload_file", { conversationId: "c", fileName: "a.png", data: new Uint8Array(3) });
      socket.emit("upload_file", { conversationId: "c", fileName: "a.png", data: new Blob([]) });
      const answer = await asking.emitWithAck("edit_message", { messageId: "m", newContent: "Hello" });
      if (!answer.success) console.log(answer.detail);`,
    wrong: [
      'socket.on("receive_message", (message: Message) => console.log(message));',
      'socket.emit("edit_message", { messageId: "m", content: "Hello" });',
      'socket.emit("upload_file", { conversationId: "c", fileName: "a.png", data: 7 });',
      'socket.on("message_edited", ({ editedAt }) => editedAt.getTime());',
    ],
  },
  chat: {
    right: `
      socket.on("message:new", (message) => console.log(message.sender.status === "online", message.chat_id));
      socket.on("message:reaction", ({ changes }) => changes?.map((change) => change.userId));
      socket.emit("message:send", { chatId: "c", content: "Hello", messageType: "image", metadata: { a: [1] }, files: [{ url: "/files/a/b" }] });
      socket.emit("chat:configure", { chatId: "c", muted: Date.now() });
      const answer = await asking.emitWithAck("chat:join", "c");
      if (answer.success) console.log(answer.chatId);`,
    wrong: [
      'socket.on("message:new", (message) => message.sender.status === "away");',
      'socket.emit("message:send", { chatId: "c", content: "Hello", messageType: "smell" });',
      'socket.emit("message:send", { chatID: "c", content: "Hello" });',
      'socket.emit("message:send", "c");',
      'socket.emit("message:send");',
    ],
  },
};

for (const dialect of NAMES) {
  const { right, wrong } = CLIENTS[dialect];

  test(`a client of ${dialect} compiles`, async () => {
    assert.equal(await client(dialect, right), "");
  });

  test(`wrong lines of a client of ${dialect} do not`, async () => {
    const expected = wrong.map((line) => `// @ts-expect-error\n${line}`).map((line) => `{\n${line}\n}`).join("\n");
    assert.equal(await client(dialect, expected, `${dialect}-wrong`), "");
  });

  test(`every event of ${dialect} has its type`, async () => {
    const { ServerToClientEvents: told, ClientToServerEvents: asked } = schemas(dialect).names;
    const names = (events) => Object.keys(events.properties).map((name) => JSON.stringify(name));
    const heard = names(told).map((name) => `socket.on(${name}, (payload) => { const kept: Received<${name}> = payload; });`);
    const sent = names(asked).map((name) => `// @ts-expect-error\nsocket.emit(${name}, Symbol());`);
    assert.ok(heard.length > 15 && sent.length > 10, `${heard.length} events are sent and ${sent.length} are read`);
    assert.equal(await client(dialect, [...heard, ...sent].join("\n"), `${dialect}-events`), "");
  });
}

test("the declarations compile with the types of browsers and without", async () => {
  const files = NAMES.map((name) => `declared-${name}.ts`);
  for (const lib of ["es2023", "es2023,dom"]) assert.equal(await compiled(lib, files), "", lib);
});

test("the example of the document compiles", async () => {
  const [[, code], ...others] = DOCUMENT.matchAll(/^```ts\n(.*?)^```$/gms);
  assert.deepEqual(others, []);
  writeFileSync(join(folder, "example.ts"), code);
  assert.equal(await compiled("es2023,dom", ["example.ts"]), "");
});

test("AsyncAPI documents have every event, and are valid", async () => {
  const parser = new Parser();
  const documents = {};
  for (const name of NAMES) {
    const text = await served(`${name}.asyncapi.json`);
    const { document: parsed, diagnostics } = await parser.parse(text);
    assert.deepEqual(diagnostics, [], name);
    documents[name] = parsed;
    const [channel] = parsed.channels().all();
    assert.equal(channel.address(), `/${name}`);
    const document = JSON.parse(text);
    const { ServerToClientEvents: told, ClientToServerEvents: asked } = schemas(name).names;
    const of = (action) => Object.values(document.operations).filter((one) => one.action === action).map(({ messages }) => {
      const { $ref } = document.channels.events.messages[messages[0].$ref.split("/").at(-1)];
      return document.components.messages[$ref.split("/").at(-1)].name;
    });
    assert.deepEqual(of("send").sort(), Object.keys(told.properties).sort());
    assert.deepEqual(of("receive").sort(), Object.keys(asked.properties).sort());
  }
  const [send] = documents.chat.operations().filterByReceive().filter((one) => one.id() === "receiveMessageSend");
  assert.deepEqual(send.reply().messages().all().map((one) => one.id()), ["MessageSendAcknowledgement"]);
  const wrong = JSON.parse(await served("chat.asyncapi.json"));
  wrong.operations.sendMessageNew.messages[0].$ref += "s";
  assert.notDeepEqual((await parser.validate(wrong)).filter(({ severity }) => severity === 0), []);
});

/** Checks files of the folder with mypy. Returns what it says about errors: nothing if all is well. */
async function checked(files) {
  const run = promisify(execFile)(join(PYTHON, "mypy"), ["--strict", "--no-error-summary", ...files], { cwd: folder });
  return run.then(({ stdout }) => stdout, (error) => error.stdout || error.message);
}

test("a client in Python is typed, and works", async () => {
  copyFileSync(new URL("../python/typed.py", import.meta.url), join(folder, "typed.py"));
  const wrong = [
    'on("message:news", print)',
    'on("user:status", lambda status: print(status["mood"]))',
    'call("message:send", {"chatId": "c", "text": "Hello"})',
    'call("message:send", {"chatId": "c", "content": "Hello", "messageType": "smell"})',
    'call("chat:join", None)',
    'call("chat:join", "c")["chatId"]',
  ];
  const lines = wrong.map((line) => `    ${line}  # type: ignore`);
  const right = '    on("user:status", lambda status: print(status["userId"]))\n    print(await asking("chat:join", "c"))';
  writeFileSync(join(folder, "lines.py"), `from chat import AsyncCall, Call, On


async def lines(on: On, call: Call, asking: AsyncCall) -> None:
${right}
${lines.join("\n")}
`);
  const [[, example], ...others] = DOCUMENT.matchAll(/^```python\n(.*?)^```$/gms);
  assert.deepEqual(others, []);
  writeFileSync(join(folder, "example.py"), example);
  assert.equal(await checked([...NAMES.map((name) => `${name}.py`), "typed.py", "lines.py", "example.py"]), "");
  const [ada, eve] = [await server.register("ada"), await server.register("eve")];
  const { body: { id } } = await server.api(ada.token, "POST", "/conversations", { kind: "group", name: "Lunch", memberIds: [eve.id] });
  const options = { cwd: folder, env: { ...process.env, PYTHONPATH: folder } };
  const { stdout } = await promisify(execFile)(join(PYTHON, "python"), ["typed.py", server.url, ada.token, id], options);
  assert.equal(stdout, "A message was sent and heard.\n");
});

test("what is received is checked, and the error names the event and what is wrong", () => {
  const status = { userId: "u", status: "online" };
  checkEvent("chat", "user:status", status);
  assert.throws(() => checkEvent("chat", "user:status", { ...status, status: "away" }), /chat, user:status: data\/status/);
  assert.throws(() => checkEvent("chat", "user:status", { ...status, mood: "good" }), /user:status: data must NOT have additional properties/);
  assert.throws(() => checkEvent("chat", "user_online", status), /chat has no user_online/);
  assert.throws(() => checkEvent(undefined, "user:status", {}), /user:status: data must have required property/);
  checkAcknowledgement("chat", "chat:join", { success: true, chatId: "c" });
  assert.throws(() => checkAcknowledgement("chat", "chat:join", { success: true }), /Acknowledgements of chat, chat:join/);
});
