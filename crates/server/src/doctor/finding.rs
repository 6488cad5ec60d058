//! What is found, and how it is printed: a line each.

use std::fmt;

/// What was found about one thing that a server needs.
#[derive(Debug)]
pub(super) enum Finding {
    /// It is as it should be.
    Good(String),
    /// The server runs with it, and would run better, or more safely, without.
    Advice(String),
    /// The server cannot do its work with it.
    Fault(String),
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Good(text) => write!(f, "good    {text}"),
            Self::Advice(text) => write!(f, "advice  {text}"),
            Self::Fault(text) => write!(f, "fault   {text}"),
        }
    }
}
