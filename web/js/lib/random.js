// Random ids.

/** Returns random bytes as hexadecimal digits. (`randomUUID` exists only in secure contexts.) @param {number} bytes */
export function randomHex(bytes) {
  return Array.from(crypto.getRandomValues(new Uint8Array(bytes)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
