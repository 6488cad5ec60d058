// The pictures of groups and rooms.
//
// An earlier version of the page had them in the custom data of the conversation (`picture`), as `data:` URLs.

/** What a picture in custom data may be: other members, and other clients, write the custom data as well. */
const PICTURE = /^data:(image\/(?:webp|png|jpeg));base64,([A-Za-z0-9+/]+={0,2})$/;

/** The links that were made, by the pictures, because the policy of the page allows no `data:`. @type {Map<string, string | null>} */
const links = new Map();

/** @param {string} text */
function linkTo(text) {
  const [, type, data] = PICTURE.exec(text) ?? [];
  if (!type || !data) return null;
  try {
    return URL.createObjectURL(new Blob([Uint8Array.from(atob(data), (char) => char.charCodeAt(0))], { type }));
  } catch {
    return null;
  }
}

/** A link to the picture of a conversation; null without one. @param {{ picture?: string, metadata?: Record<string, any> }} conversation */
export function pictureOf({ picture, metadata }) {
  const text = metadata?.picture;
  if (picture || typeof text !== "string") return picture ?? null;
  if (!links.has(text)) links.set(text, linkTo(text));
  return links.get(text) ?? null;
}
