//! What became of the messages and edits that clients asked for.
//!
//! What must stay true: each text is stored at most once; one whose only attempts were refused is not stored; one that
//! was acknowledged is stored, also after every crash.

use std::collections::BTreeMap;

use quintet_domain::{Entry, Event};

use super::Check;

/// A text that clients tried to store: of a message, or of an edit.
#[derive(Debug, Default)]
struct Attempts {
    made: u32,
    refused: u32,
    /// Its entry, once it is committed.
    position: Option<u64>,
    /// Whether the message was removed because it is not kept any longer: then the store has forgotten the id that its
    /// client gave it, and takes a repetition for another message.
    purged: bool,
}

/// All texts that clients tried to store. Each text is used for one message or edit alone.
#[derive(Debug, Default)]
pub(crate) struct Sends(BTreeMap<String, Attempts>);

impl Sends {
    /// A client asks for a text to be stored, perhaps again.
    pub(crate) fn attempt(&mut self, text: &str) {
        self.0.entry(text.to_owned()).or_default().made += 1;
    }

    /// How often a text was tried.
    pub(crate) fn attempts(&self, text: &str) -> u32 {
        self.0.get(text).map_or(0, |attempts| attempts.made)
    }

    /// The position at which a text was stored.
    pub(crate) fn position(&self, text: &str) -> Option<u64> {
        self.0.get(text)?.position
    }

    /// A message with this text was removed because it is not kept any longer.
    pub(crate) fn purged(&mut self, text: &str) {
        if let Some(attempts) = self.0.get_mut(text) {
            attempts.purged = true;
        }
    }

    /// An attempt was refused.
    pub(crate) fn refused(&mut self, text: &str) -> Check {
        let Some(attempts) = self.0.get_mut(text) else { return Ok(()) };
        attempts.refused += 1;
        match attempts.position {
            Some(position) if attempts.refused == attempts.made => {
                Err(format!("`{text}` was refused, and is stored at {position}"))
            }
            _ => Ok(()),
        }
    }

    /// An entry was committed.
    pub(crate) fn committed(&mut self, entry: &Entry) -> Check {
        let (Event::MessageCreated(message) | Event::MessageEdited(message)) = &entry.event else { return Ok(()) };
        let text = &message.content;
        let Some(attempts) = self.0.get_mut(text) else {
            return Err(format!("`{text}` was stored at {}, and nobody sent it", entry.position));
        };
        if let Some(before) = attempts.position.replace(entry.position)
            && !std::mem::take(&mut attempts.purged)
        {
            return Err(format!("`{text}` was stored twice, at {before} and at {}", entry.position));
        }
        if attempts.refused == attempts.made {
            return Err(format!("`{text}` was refused, and then stored at {}", entry.position));
        }
        Ok(())
    }
}
