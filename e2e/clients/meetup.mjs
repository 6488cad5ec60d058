// A meetup app of 2020: socket.io-client 2.x with its token in the query, snake_case ids, and no acknowledgements.

import io from "socket.io-client-2";

import { App, PASSWORD } from "./app.mjs";

export class MeetupApp extends App {
  static vocabulary = "meetup";

  /** How the app writes a message in its several places. */
  static ways = [
    (chat, text) => ({ chat_id: chat, message: text }),
    (chat, text, me) => ({ chatId: chat, sender_id: me, text }),
    (chat, text, me) => ({ conversationId: chat, userId: me, content: text, type: "TEXT" }),
    (chat, text) => ({ chatId: chat, senderId: "", message: text, clientMessageId: "" }),
  ];

  async enter(name) {
    const form = { name, email: `${name}@example.org`, password: PASSWORD };
    await this.http.post("/auth/register", form);
    const { data } = await this.http.post("/auth/login", form);
    this.signedIn(data.token);
    this.me = data.userId;
    await this.connect();
  }

  async connect() {
    this.pending = [];
    const options = { query: { token: this.token }, forceNew: true, reconnection: false };
    await this.connected(io(this.url, options));
    this.socket.emit("authenticate", this.token);
  }

  listen() {
    this.on("sendMessage", ({ messageId }) => this.show(messageId, this.pending.shift(), this.me));
    this.on("receiveMessage", ({ message }) => this.show(message.messageId, message.message, message.senderId));
    this.on("presenceList", (ids) => { this.online = new Set(ids); });
    this.on("userPresence", ({ userId, status }) => this.online[status === "online" ? "add" : "delete"](userId));
    this.on("chatCreated", ({ chat }) => this.chats.add(chat.chatId));
    this.on("newNotification", ({ notification }) => this.notices.push(notification.title));
  }

  async say(chat, text, way) {
    const shown = this.screen.length;
    this.pending.push(text.toWellFormed());
    this.socket.emit("sendMessage", way(chat, text, this.me));
    await this.until(() => this.screen.length > shown, `the answer to "${text}"`);
  }

  typing(chat) {
    this.socket.emit("userTyping", chat);
  }

  readAll(chat) {
    this.socket.emit("markRead", { chat_id: chat });
  }
}
