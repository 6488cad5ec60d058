//! The reads by which it is decided who is sent a push message.
//!
//! What must stay true: the rules decide; nothing here does.

use quintet_domain::{Timestamp, UserId};
use quintet_rules::push::{self, PushAbout, PushContent, PushNotice, PushStep};
use quintet_rules::rows::{PushRows, PushSubscriptionRow};

use super::MemoryStore;
use crate::future::ReadResult;
use crate::push::PushReads;

impl PushReads for MemoryStore {
    fn subscriptions(&self, user: UserId) -> ReadResult<'_, Vec<PushSubscriptionRow>> {
        self.read(move |data| Ok(push::subscriptions(data, &user)?))
    }

    fn has_subscribers(&self) -> ReadResult<'_, bool> {
        self.read(|data| Ok(data.has_push_subscribers()?))
    }

    fn step(&self) -> ReadResult<'_, PushStep> {
        let now = self.environment.now();
        self.read(move |data| Ok(push::step(data, now)?))
    }

    fn notice(&self, user: UserId, about: PushAbout) -> ReadResult<'_, Option<PushNotice>> {
        let now = self.environment.now();
        self.read(move |data| Ok(push::notice(data, &user, &about, now)?))
    }

    fn step_behind(&self, after: u64) -> ReadResult<'_, PushStep> {
        let now = self.environment.now();
        self.read(move |data| Ok(push::step_behind(data, after, now)?))
    }

    fn needed(&self, user: UserId, about: PushAbout) -> ReadResult<'_, Option<(PushContent, Timestamp)>> {
        let now = self.environment.now();
        self.read(move |data| Ok(push::needed(data, &user, &about, now)?))
    }
}
