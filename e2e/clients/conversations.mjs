// Conversations in an app of React that grew: it joins in four ways, and sends what `mongoose` calls its fields.

import { io } from "socket.io-client";

import { App, PASSWORD } from "./app.mjs";

export class ConversationsApp extends App {
  static vocabulary = "conversations";

  static ways = [
    (id, text) => ({ conversation_id: id, message: text }),
    (id, text, me) => ({ conversationId: id, senderId: me, text, type: "TEXT" }),
    (id, text) => ({ chatId: id, content: text, message_type: "Text" }),
  ];

  async enter(name) {
    const form = { username: name, email: `${name}@example.org`, password: PASSWORD };
    await this.http.post("/auth/register", form);
    const { data } = await this.http.post("/auth/login", { email: form.email, password: PASSWORD });
    this.signedIn(data.token);
    this.me = data.user._id;
    await this.connect();
  }

  async connect() {
    await this.connected(io(this.url, { auth: { token: this.token }, forceNew: true, reconnection: false }));
    const { data } = await this.http.get("/conversations");
    data.conversations.forEach((conversation) => this.chats.add(conversation._id));
    const ids = [...this.chats];
    this.socket.emit("authenticate", this.token);
    this.socket.emit("join_conversations");
    this.socket.emit("join_conversations", { conversationIds: ids });
    this.socket.emit("join_conversations", { conversations: ids });
    if (ids.length > 0) this.socket.emit("join_conversations", ids[0]);
  }

  listen() {
    this.on("receive_message", ({ message }) => this.show(message._id, message.content, message.sender._id));
    this.on("online_users", (ids) => { this.online = new Set(ids); });
    this.on("user_online", ({ userId }) => this.online.add(userId));
    this.on("user_offline", ({ userId }) => this.online.delete(userId));
    this.on("conversation_created", ({ conversation }) => this.chats.add(conversation._id));
    this.on("notification_created", ({ notification }) => this.notices.push(notification.title));
  }

  async say(id, text, way) {
    const { success, message } = await this.ask("send_message", way(id, text, this.me));
    if (!success) throw new Error(message);
    this.show(message._id, message.content, message.sender._id);
  }

  typing(id) {
    this.socket.emit("typing", { conversation_id: id });
  }

  readAll(id) {
    this.socket.emit("mark_read", { conversation_id: id });
  }

  async history(id) {
    const { data } = await this.http.get(`/messages/${id}`, { params: { page: 1, limit: 50 } });
    return data.messages.map((message) => ({ id: message._id, text: message.content, by: message.sender._id }));
  }
}
