//! The ids of messages as columns store them: 16 bytes instead of 36 characters where an id is a UUID.
//!
//! What must stay true: an id is read back as it was written.

use quintet_domain::MessageId;

/// The number of characters of a UUID in its usual form.
const UUID_CHARS: usize = 36;

/// A message's id as its column stores it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IdValue<'i> {
    /// The bytes of a UUID that is written in lower case with hyphens.
    Uuid([u8; 16]),
    /// The text of any other id.
    Text(&'i str),
}

impl<'i> From<&'i MessageId> for IdValue<'i> {
    fn from(id: &'i MessageId) -> Self {
        uuid_bytes(id.as_str()).map_or(Self::Text(id.as_str()), Self::Uuid)
    }
}

fn is_hyphen_place(at: usize) -> bool {
    matches!(at, 8 | 13 | 18 | 23)
}

/// The bytes of a UUID, if the text is one in the server's own form.
fn uuid_bytes(text: &str) -> Option<[u8; 16]> {
    let text: &[u8; UUID_CHARS] = text.as_bytes().try_into().ok()?;
    let (mut bytes, mut nibbles) = ([0; 16], 0);
    for (at, &char) in text.iter().enumerate() {
        let digit = match char {
            b'-' if is_hyphen_place(at) => continue,
            _ if is_hyphen_place(at) => return None,
            b'0'..=b'9' => char - b'0',
            b'a'..=b'f' => char - b'a' + 10,
            _ => return None,
        };
        let byte: &mut u8 = &mut bytes[nibbles / 2];
        *byte = *byte << 4 | digit;
        nibbles += 1;
    }
    Some(bytes)
}

/// A UUID in the server's own form.
pub(crate) fn uuid_text(bytes: [u8; 16]) -> String {
    let mut text = String::with_capacity(UUID_CHARS);
    for byte in bytes {
        if is_hyphen_place(text.len()) {
            text.push('-');
        }
        for nibble in [byte >> 4, byte & 15] {
            text.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_canonical_uuids_are_bytes() {
        for text in [
            "",
            "id-1",
            "0191E8A4-7d3c-7000-8000-000000000001",
            "0191e8a47d3c70008000000000000001",
            "0191e8a4-7d3c-7000-8000-00000000000g",
            "0191e8a4-7d3c-7000-8000-00000000000\u{e9}",
            "-191e8a4-7d3c-7000-8000-000000000001",
            "0191e8a407d3c-7000-8000-000000000001",
        ] {
            assert_eq!(uuid_bytes(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_uuid_is_read_back(bytes: [u8; 16]) {
            let text = uuid_text(bytes);
            prop_assert_eq!(text.len(), UUID_CHARS);
            prop_assert_eq!(uuid_bytes(&text), Some(bytes));
        }
    }
}
