// Small pictures that fit into the custom data of a conversation.

/** The width and the height, in pixels. */
const SIDE = 96;
/** How many characters a picture may have there. */
const LONGEST = 12_000;

/** Makes a small square of the middle of a picture, as a `data:` URL; null if it is no picture that the browser knows. @param {File} file @returns {Promise<string | null>} */
export async function thumbnail(file) {
  const bitmap = await createImageBitmap(file).catch(() => null);
  if (!bitmap) return null;
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [SIDE, SIDE];
  const side = Math.min(bitmap.width, bitmap.height);
  const context = canvas.getContext("2d");
  context?.drawImage(bitmap, (bitmap.width - side) / 2, (bitmap.height - side) / 2, side, side, 0, 0, SIDE, SIDE);
  bitmap.close();
  // A browser that cannot write WebP writes PNG instead.
  return [0.85, 0.6, 0.3].map((quality) => canvas.toDataURL("image/webp", quality)).find((url) => url.length <= LONGEST) ?? null;
}
