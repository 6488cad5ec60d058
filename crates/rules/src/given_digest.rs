//! The digest of a message as its client sent it, for messages of which something else is stored.
//!
//! What must stay true: the digest of the same message is the same in every version of the server, because it is stored.

use std::fmt;

use quintet_domain::{FileLink, NewDetails, NewText};
use sha2::{Digest, Sha256};

/// The number of bytes that are kept of the digest. Nobody but the sender could make two messages that have the same.
const BYTES: usize = 16;

/// The digest of a message as its client sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GivenDigest([u8; BYTES]);

/// Adds a text with its length, so that the parts of two messages cannot be taken for each other.
fn add(hash: &mut Sha256, text: &str) {
    hash.update((text.len() as u64).to_be_bytes());
    hash.update(text.as_bytes());
}

/// Adds a list with its length.
fn add_all<'t>(hash: &mut Sha256, texts: impl ExactSizeIterator<Item = &'t str>) {
    hash.update((texts.len() as u64).to_be_bytes());
    texts.for_each(|text| add(hash, text));
}

fn add_file(hash: &mut Sha256, file: &FileLink) {
    add(hash, &file.url);
    add_all(hash, file.name.as_deref().into_iter());
}

impl GivenDigest {
    /// Returns the digest of a message. Where it is sent to and the id that the client gave it are no part of it, because the
    /// message was found by them.
    #[must_use]
    pub fn of(text: &NewText) -> Self {
        let NewText { target: _, kind, content, file, client_message_id: _, details } = text;
        let none = NewDetails::default();
        let NewDetails { files, metadata, reply_to, thread, mentions, mention_all } =
            details.as_deref().unwrap_or(&none);
        let mut hash = Sha256::new();
        add(&mut hash, kind.as_str());
        add(&mut hash, content);
        for list in [file.as_slice(), files] {
            hash.update((list.len() as u64).to_be_bytes());
            list.iter().for_each(|file| add_file(&mut hash, file));
        }
        add_all(&mut hash, metadata.iter().map(|metadata| metadata.as_str()));
        let ids = [reply_to, thread].map(|id| id.as_ref().map_or("", |id| id.as_str()));
        add_all(&mut hash, ids.into_iter());
        hash.update([u8::from(mentions.is_some()), u8::from(*mention_all)]);
        add_all(&mut hash, mentions.iter().flatten().map(|id| id.as_str()).collect::<Vec<_>>().into_iter());
        let mut kept = [0; BYTES];
        kept.copy_from_slice(&hash.finalize()[..BYTES]);
        Self(kept)
    }

    /// Reads what [`fmt::Display`] writes; none if it is something else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != 2 * BYTES || !text.is_ascii() {
            return None;
        }
        let mut bytes = [0; BYTES];
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).ok()?;
        }
        Some(Self(bytes))
    }
}

impl fmt::Display for GivenDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use quintet_domain::{ConversationId, MessageId, MessageKind, Metadata, Target, UserId};

    use super::*;

    fn text(content: &str, details: NewDetails) -> NewText {
        NewText {
            target: Target::Conversation(ConversationId::trusted("c")),
            kind: MessageKind::Text,
            content: content.to_owned(),
            file: None,
            client_message_id: None,
            details: details.kept(),
        }
    }

    #[test]
    fn every_part_of_a_message_counts() {
        let plain = || text("hello", NewDetails::default());
        let link = |url: &str| FileLink { url: url.to_owned(), name: None };
        let with = |details: NewDetails| text("hello", details);
        let message = |id: &str| Some(MessageId::trusted(id));
        let all = [
            plain(),
            text("hello.", NewDetails::default()),
            NewText { kind: MessageKind::Image, ..plain() },
            NewText { file: Some(link("https://a/")), ..plain() },
            NewText { file: Some(FileLink { name: Some("a".to_owned()), ..link("https://a/") }), ..plain() },
            with(NewDetails { files: vec![link("https://a/")], ..NewDetails::default() }),
            with(NewDetails { metadata: Some(Metadata::trusted("{\"a\":1}")), ..NewDetails::default() }),
            with(NewDetails { reply_to: message("m"), ..NewDetails::default() }),
            with(NewDetails { thread: message("m"), ..NewDetails::default() }),
            with(NewDetails { mentions: Some(Vec::new()), ..NewDetails::default() }),
            with(NewDetails { mentions: Some(vec![UserId::trusted("u")]), ..NewDetails::default() }),
            with(NewDetails { mention_all: true, ..NewDetails::default() }),
        ];
        for (at, one) in all.iter().enumerate() {
            let same: Vec<usize> =
                (0..all.len()).filter(|other| GivenDigest::of(&all[*other]) == GivenDigest::of(one)).collect();
            assert_eq!(same, [at]);
        }
    }

    /// Digests are stored, so that this one must never change.
    #[test]
    fn a_digest_is_read_as_it_is_written() {
        let digest = GivenDigest::of(&text("hello", NewDetails::default()));
        assert_eq!(GivenDigest::parse(&digest.to_string()), Some(digest));
        assert_eq!(digest.to_string(), "a2cf2985c9c4de8de6c15fbba38654e3");
        for bad in ["", "00", &"g".repeat(32), &"é".repeat(16)] {
            assert_eq!(GivenDigest::parse(bad), None, "{bad}");
        }
    }
}
