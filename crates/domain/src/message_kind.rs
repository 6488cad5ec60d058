//! The kinds of messages.
//!
//! What must stay true: a kind that was stored is read for ever.

use crate::Refusal;

/// The kind of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MessageKind {
    /// A text message.
    Text,
    /// A message that carries a picture.
    Image,
    /// A message that carries a file of any other type.
    File,
    /// A message that carries sound, such as a spoken note.
    Audio,
    /// A message that carries a film.
    Video,
    /// A message that names a place.
    Location,
    /// A message whose meaning only its clients know.
    Custom,
}

/// What clients call a spoken note; it is read as [`MessageKind::Audio`].
const VOICE: &str = "voice";

impl MessageKind {
    /// All kinds of messages.
    pub const ALL: [Self; 7] =
        [Self::Text, Self::Image, Self::File, Self::Audio, Self::Video, Self::Location, Self::Custom];

    /// The kind as text, as it is stored and shown.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Image => "image",
            Self::File => "file",
            Self::Audio => "audio",
            Self::Video => "video",
            Self::Location => "location",
            Self::Custom => "custom",
        }
    }

    /// Parses the text of a kind as it is stored; none if there is no such kind.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// Reads a kind as clients write it: in any case, and with `voice` for audio.
    ///
    /// # Errors
    /// A refusal that names `field` and all kinds.
    pub fn read(field: &str, text: &str) -> Result<Self, Refusal> {
        let known = Self::ALL.into_iter().find(|kind| kind.as_str().eq_ignore_ascii_case(text));
        let kind = known.or_else(|| text.eq_ignore_ascii_case(VOICE).then_some(Self::Audio));
        kind.ok_or_else(|| Self::unknown(field))
    }

    /// Returns the refusal of a kind that does not exist, which names all that do.
    #[must_use]
    pub fn unknown(field: &str) -> Refusal {
        let [first @ .., last] = Self::ALL.map(Self::as_str);
        Refusal::invalid(field, format!("must be `{}` or `{last}`", first.join("`, `")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_read_in_any_case() {
        for kind in MessageKind::ALL {
            assert_eq!(MessageKind::parse(kind.as_str()), Some(kind));
            assert_eq!(MessageKind::read("type", &kind.as_str().to_uppercase()), Ok(kind));
        }
        assert_eq!(MessageKind::read("type", "Voice"), Ok(MessageKind::Audio));
        assert_eq!(MessageKind::parse("voice"), None);
        let refusal = MessageKind::read("type", "sticker").expect_err("unknown");
        let known = "`type` must be `text`, `image`, `file`, `audio`, `video`, `location` or `custom`.";
        assert_eq!(refusal.message, known);
    }
}
