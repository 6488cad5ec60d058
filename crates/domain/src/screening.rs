//! What the operator's lists of words and links say of a text that somebody sends.

use std::sync::Arc;

/// What is done about a text that has something of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ListAction {
    /// It is refused, with a sentence that names the part.
    #[default]
    Refuse,
    /// The part is replaced by `*`.
    Mask,
    /// It is sent, and the server reports the message.
    Flag,
}

impl ListAction {
    /// Every action that an entry of a list can have.
    pub const ALL: [Self; 3] = [Self::Refuse, Self::Mask, Self::Flag];

    /// The action as text, as lists name it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Refuse => "refuse",
            Self::Mask => "mask",
            Self::Flag => "flag",
        }
    }

    /// Parses the text of an action; none if there is no such action.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.as_str() == text)
    }
}

/// What the lists say of a text. It does not hold for services, which only the rule knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Screening {
    /// The part for which the text is refused.
    pub refused: Option<String>,
    /// The text without what is masked; none if nothing is.
    pub masked: Option<String>,
    /// The reason for which the server reports the message.
    pub flagged: Option<Arc<str>>,
}

impl Screening {
    /// The screening as a write carries it: none if the lists say nothing.
    #[must_use]
    pub fn kept(self) -> Option<Box<Self>> {
        (self != Self::default()).then(|| Box::new(self))
    }
}
