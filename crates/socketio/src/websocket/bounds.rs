//! The size limits of WebSocket messages, and the description of a message that exceeds them.

/// Bytes kept of a skipped message, which are enough to recognise its type and name.
pub const HEAD_BYTES_MAX: usize = 512;

/// The largest number of frames of one message. Browsers and common libraries send a message as one frame.
pub const FRAMES_MAX: u32 = 1_024;

/// How binary messages are handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryBound {
    /// Binary messages are accepted up to this many bytes, inflated. A larger one is an error.
    UpTo(usize),
    /// Binary messages are skipped without being held or inflated.
    Skip,
    /// A binary message is an error, and nothing of it is held.
    Refuse,
}

/// The size limits of the messages that a decoder accepts, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageBounds {
    /// The largest text message, in bytes, inflated. A larger one is skipped and reported as
    /// [`Skipped`](super::Skipped).
    pub text: usize,
    /// How binary messages are handled.
    pub binary: BinaryBound,
    /// Whether compressed text messages are inflated. If not, they are skipped.
    pub inflates: bool,
    /// The largest message that is skipped, in bytes on the wire. A larger one is an error.
    pub skipped: usize,
}

/// The reason why a message was skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PassedOver {
    /// The message is larger than its bound.
    TooLarge,
    /// Messages of its kind are not accepted at the moment, whatever their size.
    Unwanted,
}

impl MessageBounds {
    /// Accepts messages of up to `bytes` bytes and skips none.
    #[must_use]
    pub const fn up_to(bytes: usize) -> Self {
        Self { text: bytes, binary: BinaryBound::UpTo(bytes), inflates: true, skipped: bytes }
    }
}

/// A message that was skipped because it was too large or not accepted at the moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// Whether the message was binary.
    pub binary: bool,
    /// The reason why the message was skipped.
    pub why: PassedOver,
    /// The message's first bytes, inflated where possible: at most [`HEAD_BYTES_MAX`].
    pub head: Vec<u8>,
    /// The cost of the message in bytes: its length on the wire, or as much of it as was inflated.
    pub bytes: usize,
}

impl Skipped {
    /// Returns the first bytes as text, up to the first byte that is not UTF-8.
    #[must_use]
    pub fn head_text(&self) -> &str {
        match std::str::from_utf8(&self.head) {
            Ok(text) => text,
            Err(error) => std::str::from_utf8(&self.head[..error.valid_up_to()]).unwrap_or_default(),
        }
    }
}
