//! Keys of rows: numbers that a store assigns, and that clients never see.
//!
//! What must stay true: a key identifies one row of its kind for as long as anything refers to it.

macro_rules! key {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub i64);
    };
}

key! {
    /// The key of a user. It is never used again while the log refers to it.
    UserKey
}
key! {
    /// The key of a conversation.
    ConversationKey
}
key! {
    /// The key of a message: the position at which it was committed. Messages that were older than the log when a
    /// database of version 0.1 was migrated have keys of 0 and below, in the same order.
    MessageKey
}
key! {
    /// The key of a meetup.
    MeetupKey
}
key! {
    /// The key of a notification.
    NotificationKey
}
key! {
    /// The key of a file.
    FileKey
}
key! {
    /// The key of a guest's secret. It is never used again.
    SecretKey
}
