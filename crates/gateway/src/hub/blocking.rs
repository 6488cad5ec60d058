//! What the hub does when a user blocks another one: the other is shown neither its presence nor its receipts from then
//! on, and what both were typing ends.
//!
//! What must stay true: a block takes effect at its place among the commits; nobody else is told of it.

use quintet_domain::UserId;

use super::Hub;
use super::local_user::HiddenCause;

impl Hub {
    /// Notes that a user has blocked another one, or blocks it no more. Neither types to the other from then on.
    pub(super) fn blocked(&mut self, user: &UserId, other: &UserId, blocked: bool, position: u64) {
        let cause = if blocked { HiddenCause::Blocked } else { HiddenCause::Unblocked };
        self.directory.set_hidden(other, user, cause, position);
        let direct = self.directory.direct(user, other).or_else(|| self.directory.direct(other, user));
        let Some(conversation) = direct.filter(|_| blocked).map(|channel| channel.conversation.id.clone()) else {
            return;
        };
        for typist in [user, other] {
            let stopped = self.typing.stop(&self.directory, &mut self.timers, typist, &conversation);
            self.publish(stopped);
        }
    }
}
