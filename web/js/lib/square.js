// Square pictures of a size that is good for faces.

/** The width and the height, in pixels. */
const SIDE = 256;

/** Makes a square of the middle of a picture; null if it is no picture that the browser knows. @param {File} file @returns {Promise<File | null>} */
export async function squareOf(file) {
  const bitmap = await createImageBitmap(file).catch(() => null);
  if (!bitmap) return null;
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [SIDE, SIDE];
  const side = Math.min(bitmap.width, bitmap.height);
  const context = canvas.getContext("2d");
  if (context) context.imageSmoothingQuality = "high";
  context?.drawImage(bitmap, (bitmap.width - side) / 2, (bitmap.height - side) / 2, side, side, 0, 0, SIDE, SIDE);
  bitmap.close();
  // A browser that cannot write WebP writes PNG instead.
  const made = await new Promise((/** @type {(made: Blob | null) => void} */ resolve) => canvas.toBlob(resolve, "image/webp", 0.85));
  return made && new File([made], made.type === "image/webp" ? "picture.webp" : "picture.png", { type: made.type });
}
