// A messenger behind a proxy that lets no WebSocket through: polling only, `message` for the text, and ids alone.

import { io } from "socket.io-client";

import { App, PASSWORD } from "./app.mjs";

export class MessengerApp extends App {
  static vocabulary = "messenger";

  static ways = [
    (group, text) => ({ group_id: group, message: text }),
    (group, text) => ({ groupId: group, text, message_type: "Text" }),
    (group, text, me) => ({ chatId: group, senderId: me, content: text, type: "TEXT" }),
  ];

  async enter(name) {
    const form = { firstName: name, lastName: "Example", email: `${name}@example.org`, country: "DE", password: PASSWORD };
    await this.http.post("/auth/signup", form);
    const { data } = await this.http.post("/auth/login", { email: form.email, password: PASSWORD });
    this.signedIn(data.token);
    this.me = data.user.id;
    await this.connect();
  }

  async connect() {
    this.whispers = [];
    const options = { auth: { token: `Bearer ${this.token}` }, transports: ["polling"], forceNew: true, reconnection: false };
    await this.connected(io(this.url, options));
    const { data } = await this.http.get("/groups");
    data.filter((group) => group.isMember).forEach((group) => this.chats.add(group._id));
  }

  listen() {
    this.on("groupMessage", (message) => this.show(message._id, message.content, message.sender._id));
    for (const name of ["privateMessage", "messageSent"]) this.on(name, (message) => this.whispers.push(message.content));
    this.on("onlineUsers", (ids) => { this.online = new Set(ids); });
    this.on("userOnline", (id) => this.online.add(id));
    this.on("userOffline", (id) => this.online.delete(id));
    this.on("groupCreated", ({ group }) => this.chats.add(group._id));
    this.on("notificationReceived", ({ notification }) => this.notices.push(notification.title));
  }

  async say(group, text, way) {
    this.socket.emit("groupMessage", way(group, text, this.me));
    await this.shows(text.toWellFormed());
  }

  async whisper(user, text) {
    this.socket.emit("privateMessage", { receiver_id: user, message: text });
    await this.until(() => this.whispers.includes(text), "the whisper");
  }

  typing(group) {
    this.socket.emit("startTyping", { group_id: group });
  }

  readAll(group) {
    this.socket.emit("readMessages", { group_id: group });
  }

  async history(group) {
    const { data } = await this.http.get(`/groups/${group}/messages`);
    return data.map((message) => ({ id: message._id, text: message.content, by: message.sender._id }));
  }
}
