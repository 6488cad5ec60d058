// A load balancer for tests: it deals requests and upgrades out to several nodes at random, each request of a polling client
// by itself. A seed makes the choices repeatable.

import http from "node:http";
import net from "node:net";
import { once } from "node:events";

import { within } from "./client.mjs";
import { random } from "./random.mjs";

/** The largest answer to a handshake. */
const HANDSHAKE_BYTES_MAX = 10_000;

export class Dealer {
  #server;
  #ports;
  #random;
  #sticky;
  /** The node of each session, if sessions stay where they began. */
  #sessions = new Map();
  #sockets = new Set();
  /** The connections to nodes, with their ports. */
  #toNodes = new Map();

  /**
   * Starts to listen. `ports` returns those of the nodes that there are now; one that refuses a connection is passed
   * over, as load balancers do. With `sticky`, a session stays on the node that began it.
   */
  static async start(ports, { seed, port = 0, sticky = false }) {
    const dealer = new Dealer();
    dealer.#ports = ports;
    dealer.#random = random(seed);
    dealer.#sticky = sticky;
    /** The number of requests that each port was dealt. */
    dealer.dealt = new Map();
    dealer.#server = http.createServer({ maxHeaderSize: 64 * 1_024 }, (request, response) => dealer.#request(request, response));
    // Time-outs are the server's own.
    Object.assign(dealer.#server, { requestTimeout: 0, headersTimeout: 0, keepAliveTimeout: 70_000 });
    dealer.#server.on("upgrade", (request, client, head) => dealer.#upgrade(request, client, head));
    dealer.#server.on("connection", (socket) => dealer.#hold(socket));
    dealer.#server.listen(port, "127.0.0.1");
    await once(dealer.#server, "listening");
    dealer.port = dealer.#server.address().port;
    dealer.url = `http://127.0.0.1:${dealer.port}`;
    return dealer;
  }

  #hold(socket) {
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
    socket.on("error", () => {});
  }

  /** The nodes in the order in which they are tried for a request. */
  #order(request) {
    const left = [...this.#ports()];
    const order = [];
    while (left.length > 0) order.push(...left.splice(Math.floor(this.#random() * left.length), 1));
    const sid = new URL(request.url, "http://dealer").searchParams.get("sid");
    const home = this.#sticky && sid && this.#sessions.get(sid);
    if (home && order.includes(home)) return [home];
    return order;
  }

  /** Connects to the first node that accepts. */
  async #connect(request) {
    for (const port of this.#order(request)) {
      const socket = net.connect(port, "127.0.0.1");
      this.#hold(socket);
      const connected = await new Promise((resolve) => {
        socket.once("connect", () => resolve(true)).once("close", () => resolve(false));
      });
      if (connected) {
        this.dealt.set(port, (this.dealt.get(port) ?? 0) + 1);
        this.#toNodes.set(socket, port);
        socket.once("close", () => this.#toNodes.delete(socket));
        return { socket, port };
      }
    }
    return null;
  }

  /** The headers that are passed on, in which the dealer says who asked. */
  #headers(request) {
    const kept = [];
    for (let at = 0; at < request.rawHeaders.length; at += 2) {
      const name = request.rawHeaders[at];
      if (!/^(x-forwarded-for|forwarded)$/i.test(name)) kept.push(name, request.rawHeaders[at + 1]);
    }
    return [...kept, "X-Forwarded-For", request.socket.remoteAddress];
  }

  async #request(request, response) {
    const found = await this.#connect(request);
    if (!found) {
      response.writeHead(502, { connection: "close" }).end("no node answers");
      return;
    }
    const { socket, port } = found;
    if (request.socket.destroyed) {
      socket.destroy();
      return;
    }
    const headers = this.#headers(request);
    const asked = http.request({ method: request.method, path: request.url, headers, createConnection: () => socket });
    const fail = () => {
      socket.destroy();
      if (response.headersSent) response.destroy();
      else response.writeHead(502, { connection: "close" }).end("the node did not answer");
    };
    asked.on("error", fail);
    asked.on("response", (answer) => {
      if (this.#sticky) this.#learn(request, answer, port);
      response.writeHead(answer.statusCode, answer.statusMessage, answer.rawHeaders);
      answer.pipe(response);
      answer.on("error", fail);
      answer.on("close", () => { if (!answer.complete) fail(); });
    });
    response.on("close", () => socket.destroy());
    request.on("error", () => socket.destroy());
    request.pipe(asked);
  }

  /** Learns the session that an answer begins. */
  #learn(request, answer, port) {
    const { searchParams } = new URL(request.url, "http://dealer");
    if (searchParams.get("transport") !== "polling" || searchParams.has("sid")) return;
    let text = "";
    answer.on("data", (chunk) => {
      if (text.length > HANDSHAKE_BYTES_MAX) return;
      text += chunk;
      const sid = /"sid\\?":\\?"([^"\\]+)/.exec(text)?.[1];
      if (sid) this.#sessions.set(sid, port);
    });
  }

  async #upgrade(request, client, head) {
    const found = await this.#connect(request);
    if (!found) {
      client.end("HTTP/1.1 502 Bad Gateway\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
      return;
    }
    const { socket } = found;
    if (client.destroyed) {
      socket.destroy();
      return;
    }
    const headers = this.#headers(request);
    const lines = [`${request.method} ${request.url} HTTP/1.1`];
    for (let at = 0; at < headers.length; at += 2) lines.push(`${headers[at]}: ${headers[at + 1]}`);
    socket.write(`${lines.join("\r\n")}\r\n\r\n`);
    socket.write(head);
    socket.pipe(client);
    client.pipe(socket);
    client.on("close", () => socket.destroy());
    socket.on("close", () => client.destroy());
  }

  /** Cuts all connections to one node. Nothing that it says arrives from now on. */
  cut(port) {
    for (const [socket, to] of this.#toNodes) if (to === port) socket.destroy();
  }

  /** Cuts all connections. */
  cutAll() {
    for (const socket of this.#sockets) socket.destroy();
  }

  async stop() {
    this.#server.close();
    this.cutAll();
    await within(once(this.#server, "close"), "the end of the dealer");
  }
}
