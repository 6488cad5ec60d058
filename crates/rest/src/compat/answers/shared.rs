//! Parts of answers that several dialects share.
//!
//! What must stay true: nothing here depends on which dialect uses it.

use serde::Serialize;
use utoipa::ToSchema;

/// One thing that is wrong with a request, as existing backends list them.
#[derive(Serialize, ToSchema)]
pub(crate) struct FieldFailure {
    /// The message for people.
    msg: String,
}

impl FieldFailure {
    /// The list with one failure, as backends of two dialects give it for invalid requests only.
    pub(super) fn list(invalid: bool, message: &str) -> Option<Vec<Self>> {
        invalid.then(|| vec![Self { msg: message.to_owned() }])
    }
}
