//! The size limits of WebSocket messages, and the description of a message that exceeds them.

/// Bytes kept of a skipped message: enough to recognise its type and name.
pub const HEAD_BYTES_MAX: usize = 512;

/// Frames that a message may come in: browsers and common libraries send a message as one.
pub const FRAMES_MAX: u32 = 1_024;

/// How binary messages are handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryBound {
    /// They are taken up to this many bytes, inflated. A larger one is an error.
    UpTo(usize),
    /// They are passed over without being held or inflated.
    Skip,
    /// None is expected: one is an error, of which nothing is held.
    Refuse,
}

/// How large the messages may be that a decoder takes, in bytes, inflated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageBounds {
    /// The largest message of text. A larger one is passed over, and reported as [`Skipped`](super::Skipped).
    pub text: usize,
    /// How binary messages are handled.
    pub binary: BinaryBound,
    /// Whether compressed text is inflated. Where it is not, it is passed over.
    pub inflates: bool,
    /// The largest message that is passed over, in bytes on the wire. A larger one is an error.
    pub skipped: usize,
}

/// Why a message was skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PassedOver {
    /// It is larger than its bound.
    TooLarge,
    /// It was not wanted at the moment, whatever its size.
    Unwanted,
}

impl MessageBounds {
    /// Takes messages of up to `bytes` bytes and passes none over.
    #[must_use]
    pub const fn up_to(bytes: usize) -> Self {
        Self { text: bytes, binary: BinaryBound::UpTo(bytes), inflates: true, skipped: bytes }
    }
}

/// A message that was passed over: it was too large, or not wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// Whether it was binary.
    pub binary: bool,
    /// Why it was passed over.
    pub why: PassedOver,
    /// Its first bytes, inflated where that could be done: at most [`HEAD_BYTES_MAX`].
    pub head: Vec<u8>,
    /// What it cost, in bytes: its length on the wire, or as much of it as was inflated.
    pub bytes: usize,
}

impl Skipped {
    /// The first bytes as text, up to the first that is not UTF-8.
    #[must_use]
    pub fn head_text(&self) -> &str {
        match std::str::from_utf8(&self.head) {
            Ok(text) => text,
            Err(error) => std::str::from_utf8(&self.head[..error.valid_up_to()]).unwrap_or_default(),
        }
    }
}
