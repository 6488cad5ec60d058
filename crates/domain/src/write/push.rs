//! Writes about browsers that messages are pushed to.

use crate::{Actor, Timestamp, UserId};

/// Subscribes a browser of a registered user, or renews its subscription. A browser, which is known by its endpoint, is
/// subscribed for one user alone: whoever subscribed it last. Beyond
/// [`PUSH_SUBSCRIPTIONS_MAX`](crate::limits::PUSH_SUBSCRIPTIONS_MAX) the one that was renewed longest ago is removed.
#[derive(Clone, PartialEq, Eq)]
pub struct AddPushSubscription {
    /// The user of the browser.
    pub actor: Actor,
    /// The URL at which its push service takes messages for it.
    pub endpoint: String,
    /// The public key of the browser, as an uncompressed point on the curve P-256.
    pub p256dh: Vec<u8>,
    /// The secret that the browser shares with the sender.
    pub auth: Vec<u8>,
}

/// Without the keys, which would let others write to the browser.
impl std::fmt::Debug for AddPushSubscription {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AddPushSubscription").field("actor", &self.actor.user).finish_non_exhaustive()
    }
}

/// Ends subscriptions. The result is their number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemovePushSubscriptions {
    /// The user of the browsers; `None` for the user who has the endpoint.
    pub user: Option<UserId>,
    /// The endpoint of the browser; `None` for all browsers of the user.
    pub endpoint: Option<String>,
}

/// Stores when users were last active, for nodes that have no connections of theirs. It causes no event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotePushActivity {
    /// The users, each with the moment when it was last active.
    pub users: Vec<(UserId, Timestamp)>,
    /// Whether those without subscriptions are stored as well, because a webhook is told whom to push to.
    pub everybody: bool,
}

/// Stores up to which position it has been decided who is sent a push message; never back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MovePushCursor {
    /// The position up to which it has been decided.
    pub to: u64,
}
