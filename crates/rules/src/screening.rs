//! What lists of words and links do to a text that somebody sends.
//!
//! What must stay true: services are exempt, and a text that is refused has changed no row.

use std::sync::Arc;

use quintet_domain::{Refusal, Screening, User};

/// What is done about a text that is not refused.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Screened {
    /// The text without what is masked; none if nothing is.
    pub(crate) masked: Option<String>,
    /// The reason for which the server reports the message.
    pub(crate) flagged: Option<Arc<str>>,
}

/// Applies what lists say of a text of a user.
///
/// # Errors
/// A refusal that names the part for which the text is refused.
pub(crate) fn apply(by: &User, screening: Option<Box<Screening>>) -> Result<Screened, Refusal> {
    let Some(screening) = screening.filter(|_| !by.is_service()) else { return Ok(Screened::default()) };
    let Screening { refused, masked, flagged } = *screening;
    match refused {
        Some(part) => {
            Err(Refusal::forbidden(format!("The message has `{part}`, which is not allowed on this server.")))
        }
        None => Ok(Screened { masked, flagged }),
    }
}
