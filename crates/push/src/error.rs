//! What is wrong with what a browser hands over.
//!
//! What must stay true: an error names its field.

/// What is wrong with a subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{field}` {reason}")]
pub struct SubscriptionError {
    /// The field of the browser's object: `endpoint`, `keys.p256dh` or `keys.auth`.
    pub field: &'static str,
    /// What is wrong, to be read after the name of the field.
    pub reason: &'static str,
}
