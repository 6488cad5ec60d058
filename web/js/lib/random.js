// Letters that nobody guesses and nobody else gets.

/** So many random bytes, as hexadecimal digits; `randomUUID` is there in secure contexts alone. @param {number} bytes */
export function randomHex(bytes) {
  return Array.from(crypto.getRandomValues(new Uint8Array(bytes)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
