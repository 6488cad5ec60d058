//! Ids in requests: in the path and in fields.
//!
//! What must stay true: no id from outside is trusted. A malformed id in a path is answered like an unknown one. A
//! malformed id in a field that refers to a user is refused by the field's name.

use axum::extract::FromRequestParts;
use http::request::Parts;
use quintet_domain::{ConversationId, IdError, LoginSessionId, MeetupId, MessageId, Refusal, RequestId, UserId};

use crate::error::Problem;
use crate::extract::Path;

/// An id that can be a segment of a path.
pub(crate) trait PathId: Sized {
    /// The noun for the object in refusals.
    const NOUN: &'static str;

    /// Parses an id.
    ///
    /// # Errors
    /// [`IdError`] if the text is not a valid id.
    fn read(text: &str) -> Result<Self, IdError>;
}

macro_rules! path_id {
    ($($name:ident $noun:literal),*) => {$(
        impl PathId for $name {
            const NOUN: &'static str = $noun;

            fn read(text: &str) -> Result<Self, IdError> {
                Self::new(text)
            }
        }
    )*};
}

path_id!(
    ConversationId "conversation",
    MessageId "message",
    MeetupId "meetup",
    LoginSessionId "session",
    RequestId "request",
    UserId "user"
);

/// Parses the id of an object that has to exist.
///
/// # Errors
/// Not found if the text is malformed, because no object has such an id.
pub(crate) fn existing<I: PathId>(text: &str) -> Result<I, Refusal> {
    I::read(text).map_err(|_| Refusal::not_found(I::NOUN, text))
}

/// The only id in a path.
pub(crate) struct Id<I>(pub(crate) I);

impl<S: Send + Sync, I: PathId> FromRequestParts<S> for Id<I> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(id) = Path::<String>::from_request_parts(parts, state).await?;
        Ok(Self(existing(&id)?))
    }
}

/// The two ids in a path.
pub(crate) struct Ids<I, J>(pub(crate) I, pub(crate) J);

impl<S: Send + Sync, I: PathId, J: PathId> FromRequestParts<S> for Ids<I, J> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path((first, second)) = Path::<(String, String)>::from_request_parts(parts, state).await?;
        Ok(Self(existing(&first)?, existing(&second)?))
    }
}

/// Parses a field that refers to a user.
///
/// # Errors
/// An invalid payload that names the field.
pub(crate) fn user_id(field: &str, text: &str) -> Result<UserId, Refusal> {
    UserId::new(text).map_err(|error| Refusal::invalid(field, format!("is no id: {error}")))
}

#[cfg(test)]
mod tests {
    use quintet_domain::Code;

    use super::*;

    #[test]
    fn a_malformed_id_is_like_an_unknown_one() {
        for text in ["", "a b", "a\u{200B}", &"a".repeat(129)] {
            let refusal = existing::<MessageId>(text).expect_err("malformed");
            assert_eq!((refusal.code, refusal.message), {
                let unknown = Refusal::not_found("message", text);
                (Code::NotFound, unknown.message)
            });
            assert_eq!(user_id("userId", text).expect_err("malformed").code, Code::InvalidPayload);
        }
        assert_eq!(existing::<UserId>("u1").expect("an id").as_str(), "u1");
    }
}
