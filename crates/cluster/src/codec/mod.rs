//! How nodes write what they tell each other.
//!
//! A message is the version of the format, the node that sends it, and a body in the format of postcard: `body.rs` has
//! its messages, `event.rs` its events, `values.rs` the users, conversations and messages within them.
//!
//! What must stay true: reading is total, and takes memory in proportion to the bytes that are read. A field that is
//! added, removed or moved makes a new version; a kind may be appended to a list without one, because what a node does not
//! know is read from the store.

mod body;
mod details;
mod event;
mod names;
mod values;

use bytes::Bytes;
use quintet_domain::{Entry, NodeId};

use self::body::Body;
use crate::{Envelope, GroupNotice};

/// The version of the format.
const VERSION: u8 = 4;
/// The space in bytes that is taken for a message before its size is known.
const ENCODED_BYTES_USUAL: usize = 1_024;
/// Maximum number of messages by which a group is sent. The rest of a larger group is read from the store.
const PIECES_MAX: usize = 8;

/// The reason for which a message cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// The message has another version, or contains a kind of thing that this build does not know: another version of
    /// Quintet wrote it.
    #[error("another version of Quintet wrote the message")]
    Newer,
    /// The message is not what any version writes.
    #[error("the message is damaged")]
    Damaged,
}

/// Writes a message.
#[must_use]
pub fn encode(envelope: &Envelope) -> Bytes {
    write(envelope.from, &Body { number: envelope.number, message: body::Message::of(&envelope.message) })
}

/// Writes the notice of a group as messages of at most `bytes_max` bytes. The first has the number `number`, and each
/// further one the next number.
///
/// A group that is too large for one message is sent by several, each of which contains what follows the one before.
/// Entries that do not fit into them are left out, and are read from the store.
#[must_use]
pub fn encode_group(from: NodeId, number: u64, notice: &GroupNotice, bytes_max: usize) -> Vec<Bytes> {
    let mut encoded: Vec<Bytes> = Vec::new();
    // Read from its end: the position before each piece, its newest position, and its entries.
    let mut waiting = vec![(notice.after, notice.last, notice.entries.as_deref())];
    while let Some((after, last, entries)) = waiting.pop() {
        let number = number + encoded.len() as u64;
        let written = |entries: Option<&[Entry]>| {
            write(from, &Body { number, message: body::Message::group(notice, (after, last), entries) })
        };
        let bytes = written(entries);
        if bytes.len() <= bytes_max {
            encoded.push(bytes);
            continue;
        }
        match entries.filter(|entries| entries.len() > 1) {
            Some(entries) if bytes.len() <= bytes_max.saturating_mul(PIECES_MAX) => {
                // As few as have room for everything, with some room to spare, because each repeats what is not an entry.
                let count = bytes.len().div_ceil((bytes_max / 8 * 7).max(1)).clamp(2, entries.len());
                let mut begins_at = after;
                let mut pieces = Vec::with_capacity(count);
                for entries in entries.chunks(entries.len().div_ceil(count)) {
                    let ends_at = entries.last().map_or(last, |newest| newest.position);
                    pieces.push((begins_at, ends_at, Some(entries)));
                    begins_at = ends_at;
                }
                if let Some((_, ends_at, _)) = pieces.last_mut() {
                    *ends_at = last;
                }
                waiting.extend(pieces.into_iter().rev());
            }
            Some(_) | None => encoded.push(written(None)),
        }
    }
    encoded
}

/// Returns the node that sent a message, without reading the rest of it; none if it is not a message of this version.
#[must_use]
pub fn sender(message: &[u8]) -> Option<NodeId> {
    header(message).ok().map(|(from, _)| from)
}

/// Reads a message.
///
/// # Errors
/// [`CodecError::Newer`] if another version of Quintet wrote it, [`CodecError::Damaged`] if none did.
pub fn decode(message: &[u8]) -> Result<Envelope, CodecError> {
    let (from, rest) = header(message)?;
    let (body, rest) = postcard::take_from_bytes::<Body<'_>>(rest).map_err(|error| match error {
        // Of the values that are read, only the number of a kind is checked by serde itself.
        postcard::Error::SerdeDeCustom => CodecError::Newer,
        _ => CodecError::Damaged,
    })?;
    if !rest.is_empty() {
        return Err(CodecError::Damaged);
    }
    Ok(Envelope { from, number: body.number, message: body.message.read() })
}

fn header(message: &[u8]) -> Result<(NodeId, &[u8]), CodecError> {
    let (version, rest) = message.split_first().ok_or(CodecError::Damaged)?;
    if *version != VERSION {
        return Err(CodecError::Newer);
    }
    let (from, rest) = rest.split_first_chunk().ok_or(CodecError::Damaged)?;
    Ok((NodeId(u64::from_le_bytes(*from)), rest))
}

fn write(from: NodeId, body: &Body<'_>) -> Bytes {
    let mut bytes = Vec::with_capacity(ENCODED_BYTES_USUAL);
    bytes.push(VERSION);
    bytes.extend_from_slice(&from.0.to_le_bytes());
    match postcard::to_extend(body, bytes) {
        Ok(bytes) => bytes.into(),
        // Writing to memory does not fail. No node reads an empty message.
        Err(error) => {
            tracing::error!(%error, "a message to other nodes could not be written");
            Bytes::new()
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a panic is how a test fails")]
mod tests {
    use serde::Serialize;

    use super::*;
    use crate::Message;

    /// What a newer version could send in the place of an [`Envelope`] without a group: a kind that is appended.
    #[derive(Serialize)]
    struct NewerBody {
        number: u64,
        kind: u32,
        more: u64,
    }

    #[test]
    fn a_kind_that_is_not_known_is_newer() {
        let envelope = Envelope { from: NodeId(7), number: 1, message: Message::Alive { users: 1, hash: 2 } };
        let encoded = encode(&envelope);
        assert_eq!(decode(&encoded), Ok(envelope));
        let mut newer = encoded[..9].to_vec();
        newer.extend(postcard::to_stdvec(&NewerBody { number: 1, kind: 8, more: 2 }).unwrap());
        assert_eq!(decode(&newer), Err(CodecError::Newer));
        assert_eq!(sender(&newer), Some(NodeId(7)));
        newer[0] = VERSION + 1;
        assert_eq!(decode(&newer), Err(CodecError::Newer));
        assert_eq!(sender(&newer), None);
    }
}
