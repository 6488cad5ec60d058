//! The seam to the reads by which it is decided who is sent a push message.
//!
//! What must stay true: each read sees one committed state.

use quintet_domain::{NotificationId, Timestamp, UserId};
use quintet_rules::log::ChangeRecord;
use quintet_rules::push::{PushAbout, PushContent, PushNotice, PushStep};
use quintet_rules::rows::PushSubscriptionRow;
use quintet_rules::{RowResult, RowsError, UserKey};

use crate::future::ReadResult;

/// Reads about browsers that messages are pushed to.
pub trait PushReads: Send + Sync {
    /// The browsers of a user that messages are pushed to, the one that was renewed longest ago first.
    fn subscriptions(&self, user: UserId) -> ReadResult<'_, Vec<PushSubscriptionRow>>;
    /// Whether anybody has such a browser.
    fn has_subscribers(&self) -> ReadResult<'_, bool>;
    /// Who is to be sent a push message about what was committed behind the cursor, as far as one step looks.
    fn step(&self) -> ReadResult<'_, PushStep>;
    /// The push message for a user about something, as it is now; `None` if nothing is to be sent.
    fn notice(&self, user: UserId, about: PushAbout) -> ReadResult<'_, Option<PushNotice>>;
    /// Who of all people is to be sent a push message about what was committed behind a position, as far as one step looks.
    fn step_behind(&self, after: u64) -> ReadResult<'_, PushStep>;
    /// What another back end is to push to a user about something, as it is now, and when the user was last active, as the
    /// nodes have stored it; `None` if nothing is to be sent.
    fn needed(&self, user: UserId, about: PushAbout) -> ReadResult<'_, Option<(PushContent, Timestamp)>>;
}

/// The notifications among records of changes, each its version and its text.
pub(crate) fn notified(records: Vec<(i64, String)>) -> RowResult<Vec<(UserKey, NotificationId)>> {
    let mut found = Vec::with_capacity(records.len());
    for (version, data) in records {
        if let ChangeRecord::Notified { user, notification } =
            ChangeRecord::decode(version, &data).map_err(RowsError::new)?
        {
            found.push((user, notification));
        }
    }
    Ok(found)
}
