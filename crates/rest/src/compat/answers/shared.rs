//! Parts of answers that several dialects share.
//!
//! What must stay true: nothing here depends on which dialect uses it.

use serde::Serialize;
use utoipa::ToSchema;

/// The answer to a log-out, for the clients of all dialects.
#[derive(Serialize, ToSchema)]
pub(crate) struct LoggedOut {
    success: bool,
    message: &'static str,
}

impl LoggedOut {
    /// The one answer to every log-out.
    pub(crate) const DONE: Self = Self { success: true, message: "Logged out successfully" };
}

/// One error in a request, as existing backends list errors.
#[derive(Serialize, ToSchema)]
pub(crate) struct FieldFailure {
    /// The message for people.
    msg: String,
}

impl FieldFailure {
    /// Returns a list with one error, or `None` if the request was not invalid, as backends of two dialects do.
    pub(super) fn list(invalid: bool, message: &str) -> Option<Vec<Self>> {
        invalid.then(|| vec![Self { msg: message.to_owned() }])
    }
}
