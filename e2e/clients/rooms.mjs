// Rooms in an app of Next.js: a path of its own, a connection that says who it is only afterwards, and events without a user.

import axios from "axios";
import { io } from "socket.io-client";

import { App, PASSWORD } from "./app.mjs";

/** The path of such apps, set in the server by `[server] socket_path`. */
export const PATH = "/api/socket/io";

export class RoomsApp extends App {
  static vocabulary = "rooms";

  static ways = [
    (room, text) => ({ room_id: room, message: text }),
    (room, text, me) => ({ roomId: room, user_id: me, text, type: "TEXT" }),
    (room, text) => ({ chatId: room, content: text, messageType: "Text" }),
    (room, text) => ({ roomId: room, userId: "", content: text, type: "" }),
  ];

  /** The vocabulary has no log-in of its own. Its apps bring the tokens of another one. */
  async enter(name) {
    const form = { username: name, email: `${name}@example.org`, password: PASSWORD };
    const { data } = await axios.post(`${this.url}/api/v1/auth/register`, form, { proxy: false });
    this.signedIn(data.token);
    this.me = data.user.id;
    await this.connect();
  }

  async connect() {
    await this.connected(io(this.url, { path: PATH, addTrailingSlash: false, forceNew: true, reconnection: false }));
    // What happens before the server knows who this is is not heard.
    await this.socket.emitWithAck("authenticate", this.token);
  }

  listen() {
    const show = (message) => this.show(message.id, message.content, message.userId);
    this.on("message_received", show);
    this.on("history", (messages) => messages.forEach(show));
    this.on("room_members", ({ users }) => { this.online = new Set(users.filter((user) => user.online).map((user) => user.userId)); });
    this.on("user_joined", ({ userId }) => this.online.add(userId));
    this.on("user_left", ({ userId }) => this.online.delete(userId));
    for (const name of ["room_added", "room_created"]) this.on(name, ({ id }) => this.chats.add(id));
    this.on("notification_received", ({ notification }) => this.notices.push(notification.title));
  }

  /** Enters a room: by its id alone, or in an object without a name. */
  join(room, alone) {
    this.socket.emit("join_room", alone ? room : { room_id: room });
  }

  /** Makes a room, with nothing but its name. */
  create(name) {
    return this.ask("create_room", name);
  }

  async say(room, text, way) {
    this.socket.emit("send_message", way(room, text, this.me));
    await this.shows(text.toWellFormed());
  }

  typing(room) {
    this.socket.emit("typing", { room_id: room });
  }

  readAll(room) {
    this.socket.emit("read_messages", room);
  }

  async history(room) {
    const { data } = await this.http.get(`/rooms/${room}/messages`);
    return data.messages.map((message) => ({ id: message.id, text: message.content, by: message.userId }));
  }
}
