//! What clients give with a message or an edit beside the text, checked.
//!
//! What must stay true: a bound that is exceeded is named with its field; what refers to other rows is checked by rules.

use crate::limits::{FILES_OF_MESSAGE_MAX, MENTIONS_MAX, METADATA_DEPTH_MAX};
use crate::{FileLink, MessageId, Metadata, Refusal, UserId};

/// The details of a message to be sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewDetails {
    /// All files, if the client gave a list of files. The first is also the file of the message.
    pub files: Vec<FileLink>,
    /// The custom data.
    pub metadata: Option<Metadata>,
    /// The message that it answers.
    pub reply_to: Option<MessageId>,
    /// Any message of the thread that it belongs to.
    pub thread: Option<MessageId>,
    /// The users whom it mentions; none if they are to be found in the text, as `@username`.
    pub mentions: Option<Vec<UserId>>,
    /// Whether it mentions all members.
    pub mention_all: bool,
}

impl NewDetails {
    /// Returns the details as a message to be sent has them: none if they say nothing.
    #[must_use]
    pub fn kept(self) -> Option<Box<Self>> {
        (self != Self::default()).then(|| Box::new(self))
    }
}

/// The details that an edit changes. What is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EditedDetails {
    /// The new custom data; an empty object removes it.
    pub metadata: Option<Metadata>,
    /// The users whom the message mentions from now on.
    pub mentions: Option<Vec<UserId>>,
    /// Whether the message mentions all members from now on.
    pub mention_all: Option<bool>,
}

impl EditedDetails {
    /// Returns the details as an edit has them: none if they say nothing.
    #[must_use]
    pub fn kept(self) -> Option<Box<Self>> {
        (self != Self::default()).then(|| Box::new(self))
    }
}

/// Checks the ids of the users whom a message mentions.
///
/// # Errors
/// A refusal that names `field` if there are more than [`MENTIONS_MAX`].
pub fn validate_mentions(field: &str, mentions: &[UserId]) -> Result<(), Refusal> {
    if mentions.len() > MENTIONS_MAX {
        return Err(Refusal::too_large(field, format!("names {} users; at most {MENTIONS_MAX} are", mentions.len())));
    }
    Ok(())
}

/// Checks the files that a message is sent with.
///
/// # Errors
/// A refusal that names `field` if there are more than [`FILES_OF_MESSAGE_MAX`].
pub fn validate_files(field: &str, files: &[FileLink]) -> Result<(), Refusal> {
    if files.len() > FILES_OF_MESSAGE_MAX {
        let what = format!("has {} files; at most {FILES_OF_MESSAGE_MAX} are allowed", files.len());
        return Err(Refusal::too_large(field, what));
    }
    Ok(())
}

impl Metadata {
    /// Checks custom data: an object of at most `bytes_max` bytes, with at most [`METADATA_DEPTH_MAX`] objects and lists
    /// within each other. The text must be JSON, which the caller has parsed before.
    ///
    /// # Errors
    /// A refusal that names `field` and the limit.
    pub fn check(field: &str, json: &str, bytes_max: usize) -> Result<Self, Refusal> {
        let json = json.trim();
        if !json.starts_with('{') {
            return Err(Refusal::invalid(field, "must be an object"));
        }
        if json.len() > bytes_max {
            return Err(Refusal::too_large(
                field,
                format!("has {} bytes; at most {bytes_max} are allowed", json.len()),
            ));
        }
        if depth(json) > METADATA_DEPTH_MAX {
            let what = format!("has objects or lists nested more than {METADATA_DEPTH_MAX} deep");
            return Err(Refusal::too_large(field, what));
        }
        Ok(Self::trusted(json))
    }

    /// Returns the data as it is stored: none for an object without fields, which removes what was there.
    #[must_use]
    pub fn kept(self) -> Option<Self> {
        (!self.is_empty()).then_some(self)
    }

    /// Returns whether the object has no fields.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.as_str().bytes().all(|byte| matches!(byte, b'{' | b'}' | b' ' | b'\t' | b'\r' | b'\n'))
    }
}

/// Returns how many objects and lists of JSON stand within each other at most.
fn depth(json: &str) -> usize {
    let (mut depth, mut deepest, mut quoted, mut escaped) = (0_usize, 0, false, false);
    for byte in json.bytes() {
        match (quoted, byte) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (_, b'"') => quoted = !quoted,
            (false, b'{' | b'[') => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            (false, b'}' | b']') => depth = depth.saturating_sub(1),
            (_, _) => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Code;
    use crate::limits::METADATA_BYTES_MAX;

    fn nested(depth: usize) -> String {
        format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth))
    }

    #[test]
    fn custom_data_is_a_bounded_object() {
        let check = |json: &str| Metadata::check("metadata", json, METADATA_BYTES_MAX);
        for good in ["{}", r#"{"a":"[[[[{{{{\"[[[["}"#, &nested(METADATA_DEPTH_MAX), r#" {"a":[]} "#] {
            assert_eq!(check(good).as_ref().map(Metadata::as_str), Ok(good.trim()));
        }
        let filled = |bytes: usize| format!("{{\"a\":\"{}\"}}", "x".repeat(bytes - 8));
        assert!(check(&filled(METADATA_BYTES_MAX)).is_ok());
        let refusal = check(&filled(METADATA_BYTES_MAX + 1)).expect_err("too large");
        assert_eq!(refusal.message, "`metadata` has 4097 bytes; at most 4096 are allowed.");
        assert_eq!(refusal.code, Code::TooLarge);
        for depth in [METADATA_DEPTH_MAX + 1, 65] {
            let refusal = check(&nested(depth)).expect_err("too deep");
            assert_eq!(refusal.message, "`metadata` has objects or lists nested more than 32 deep.");
        }
        for other in ["[]", "1", "\"{}\"", "null"] {
            assert_eq!(check(other).expect_err("no object").message, "`metadata` must be an object.");
        }
        assert!(check("{ }").is_ok_and(|data| data.is_empty() && data.kept().is_none()));
        assert!(check("{\"a\":1}").is_ok_and(|data| !data.is_empty()));
    }
}
