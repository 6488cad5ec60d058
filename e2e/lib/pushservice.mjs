// A push service, and the keys of a browser that it serves: it reads what the server sends with the browser's private key.

import { createDecipheriv, createECDH, hkdfSync, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";

/** Reads a message of one record that was encrypted for a browser (RFC 8291, and RFC 8188 as `aes128gcm`). */
function decrypted(body, ecdh, auth) {
  const salt = body.subarray(0, 16);
  const keyBytes = body[20];
  const sender = body.subarray(21, 21 + keyBytes);
  const record = body.subarray(21 + keyBytes);
  const info = Buffer.concat([Buffer.from("WebPush: info\0"), ecdh.getPublicKey(), sender]);
  const input = Buffer.from(hkdfSync("sha256", ecdh.computeSecret(sender), auth, info, 32));
  const derive = (name, length) => Buffer.from(hkdfSync("sha256", input, salt, Buffer.from(`Content-Encoding: ${name}\0`), length));
  const cipher = createDecipheriv("aes-128-gcm", derive("aes128gcm", 16), derive("nonce", 12));
  cipher.setAuthTag(record.subarray(-16));
  const text = Buffer.concat([cipher.update(record.subarray(0, -16)), cipher.final()]);
  // Behind the text is the mark of the last record.
  return text.subarray(0, text.lastIndexOf(2)).toString("utf8");
}

/** A push service for one browser. */
export class PushService {
  #server;
  #received = [];
  #waiting = [];

  static async start() {
    const service = new PushService();
    service.ecdh = createECDH("prime256v1");
    service.ecdh.generateKeys();
    service.auth = randomBytes(16);
    service.#server = createServer((request, response) => {
      const chunks = [];
      request.on("data", (chunk) => chunks.push(chunk));
      request.on("end", () => {
        service.#take(decrypted(Buffer.concat(chunks), service.ecdh, service.auth));
        response.writeHead(201).end();
      });
    });
    service.#server.listen(0, "127.0.0.1");
    await once(service.#server, "listening");
    return service;
  }

  /** What the browser hands to the page. */
  subscription() {
    const keys = { p256dh: this.ecdh.getPublicKey("base64url"), auth: this.auth.toString("base64url") };
    return { endpoint: `http://127.0.0.1:${this.#server.address().port}/browser`, expirationTime: null, keys };
  }

  #take(text) {
    const waiting = this.#waiting.shift();
    if (waiting) waiting(text);
    else this.#received.push(text);
  }

  /** The text of the next message. */
  next() {
    const text = this.#received.shift();
    return text === undefined ? new Promise((resolve) => { this.#waiting.push(resolve); }) : Promise.resolve(text);
  }

  stop() {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
