// Chats in an app whose fields have the names of its database's columns, with the token in a header.

import { io } from "socket.io-client";

import { App, PASSWORD } from "./app.mjs";

export class ChatApp extends App {
  static vocabulary = "chat";

  static ways = [
    (chat, text) => ({ chat_id: chat, message: text, message_type: "TEXT" }),
    (chat, text, me) => ({ chatId: chat, sender_id: me, text }),
    (chat, text) => ({ room_id: chat, content: text, type: "Text" }),
    (chat, text) => ({ conversationId: chat, userId: "", content: text, messageType: "", fileUrl: "", tempId: "1" }),
  ];

  async enter(name) {
    const form = { username: name, email: `${name}@example.org`, password: PASSWORD };
    await this.http.post("/auth/register", form);
    const { data } = await this.http.post("/auth/login", { username: name, password: PASSWORD });
    this.signedIn(data.token);
    this.me = data.user.id;
    await this.connect();
  }

  async connect() {
    const extraHeaders = { Authorization: `Bearer ${this.token}` };
    await this.connected(io(this.url, { extraHeaders, transports: ["websocket"], forceNew: true, reconnection: false }));
    this.socket.emit("authenticate", this.token);
    const { data } = await this.http.get("/chats");
    data.chats.forEach((chat) => {
      this.chats.add(chat.id);
      this.socket.emit("chat:join", chat.id);
    });
  }

  listen() {
    this.on("message:new", (message) => this.show(message.id, message.content, message.sender_id));
    this.on("users:online", (ids) => { this.online = new Set(ids); });
    this.on("user:status", ({ userId, status }) => this.online[status === "online" ? "add" : "delete"](userId));
    this.on("chat:created", ({ chat }) => this.chats.add(chat.id));
    this.on("notification:new", ({ notification }) => this.notices.push(notification.title));
  }

  async say(chat, text, way) {
    const { success, message } = await this.ask("message:send", way(chat, text, this.me));
    if (!success) throw new Error(message);
    this.show(message.id, message.content, message.sender_id);
  }

  typing(chat) {
    this.socket.emit("typing:start", chat);
  }

  readAll(chat) {
    this.socket.emit("message:read", { chat_id: chat });
  }

  async history(chat) {
    const { data } = await this.http.get(`/chats/${chat}/messages`, { params: { limit: 50, offset: 0 } });
    return data.messages.map((message) => ({ id: message.id, text: message.content, by: message.sender.id }));
  }
}
