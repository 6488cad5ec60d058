// Compares what was acknowledged and what was heard with what is stored.

/** The kinds of violations. */
export const KINDS = ["lost", "doubled", "out of order", "not delivered"];

/** Where a list of ids begins within another one, if it is a part of it without gaps; else -1. */
function begins(ids, part) {
  const at = ids.indexOf(part[0]);
  return at >= 0 && part.every((id, index) => ids[at + index] === id) ? at : -1;
}

/**
 * Returns the violations, each with its kind and a sentence.
 *
 * `stored` has the messages of each conversation in their order. `acked` has the id and the conversation that each content
 * was acknowledged with; a content is `LANE NUMBER`, and each lane sent its numbers one after the other. `receivers` are
 * members of all conversations since before the first message. What one has heard is a list of segments, each the ids by
 * conversation; a segment ends where the server said that the session began afresh, so that events may be missing.
 */
export function violations({ stored, acked, receivers }) {
  const found = [];
  const add = (kind, text) => found.push({ kind, text });
  const places = new Map();
  for (const [place, messages] of stored) {
    const lanes = new Map();
    const ids = new Set();
    for (const [at, { id, content, sequence, createdAt }] of messages.entries()) {
      if (places.has(content) || ids.has(id)) add("doubled", `${content} is stored twice`);
      places.set(content, { id, place });
      ids.add(id);
      if (at > 0 && sequence !== messages[at - 1].sequence + 1) add("out of order", `${content} has the number ${sequence} after ${messages[at - 1].sequence}`);
      if (at > 0 && createdAt < messages[at - 1].createdAt) add("out of order", `${content} has the time ${createdAt} after ${messages[at - 1].createdAt}`);
      const [lane, number] = content.split(" ");
      if (Number(number) <= (lanes.get(lane) ?? -1)) add("out of order", `${content} is stored after ${lane} ${lanes.get(lane)}`);
      lanes.set(lane, Number(number));
    }
  }
  for (const [content, { id, place }] of acked) {
    const kept = places.get(content);
    if (!kept) add("lost", `${content} was acknowledged and is not stored`);
    else if (kept.id !== id || kept.place !== place) add("doubled", `${content} was acknowledged as ${id} and is stored as ${kept.id}`);
  }
  for (const content of places.keys()) {
    if (!acked.has(content)) add("doubled", `${content} is stored, and no answer has said so`);
  }
  for (const { name, segments } of receivers) {
    for (const [place, messages] of stored) {
      const ids = messages.map((message) => message.id);
      const tell = (kind, text) => add(kind, `${name} in ${place}: ${text}`);
      let next = 0;
      for (const [index, segment] of segments.entries()) {
        const heard = segment.get(place) ?? [];
        if (heard.length === 0) continue;
        const at = begins(ids, heard);
        if (at < 0) tell("out of order", `heard ${heard.length} messages, which are no part of the history without gaps`);
        else if (at < next) tell("doubled", `heard message ${at} again, after message ${next - 1}`);
        else if (at > next && index === 0) tell("not delivered", `heard message ${at} first`);
        next = Math.max(next, at + heard.length);
      }
      // All may have been committed before a session that began afresh.
      const excused = segments.length > 1 && !segments.at(-1).get(place)?.length;
      if (next < ids.length && !excused) tell("not delivered", `heard ${next} of ${ids.length} messages`);
    }
  }
  return found;
}
