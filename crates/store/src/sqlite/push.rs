//! The reads by which it is decided who is sent a push message.
//!
//! What must stay true: the rules decide; nothing here does.

use quintet_domain::{Timestamp, UserId};
use quintet_rules::push::{self, PushAbout, PushContent, PushNotice, PushStep};
use quintet_rules::rows::{PushRows, PushSubscriptionRow};

use super::SqliteStore;
use super::rows::SqliteRows;
use crate::Party;
use crate::future::ReadResult;
use crate::push::PushReads;
use crate::readers::Class;

impl PushReads for SqliteStore {
    fn subscriptions(&self, user: UserId) -> ReadResult<'_, Vec<PushSubscriptionRow>> {
        self.readers
            .run(Class::Interactive, user.clone(), move |conn| Ok(push::subscriptions(&SqliteRows(conn), &user)?))
    }

    fn has_subscribers(&self) -> ReadResult<'_, bool> {
        self.readers.run(Class::Interactive, Party::Server, |conn| Ok(SqliteRows(conn).has_push_subscribers()?))
    }

    fn step(&self) -> ReadResult<'_, PushStep> {
        let now = self.environment.0.now();
        self.readers.run(Class::Heavy, Party::Server, move |conn| Ok(push::step(&SqliteRows(conn), now)?))
    }

    fn notice(&self, user: UserId, about: PushAbout) -> ReadResult<'_, Option<PushNotice>> {
        let now = self.environment.0.now();
        self.readers.run(Class::Interactive, Party::Server, move |conn| {
            Ok(push::notice(&SqliteRows(conn), &user, &about, now)?)
        })
    }

    fn step_behind(&self, after: u64) -> ReadResult<'_, PushStep> {
        let now = self.environment.0.now();
        self.readers.run(Class::Heavy, Party::Server, move |conn| Ok(push::step_behind(&SqliteRows(conn), after, now)?))
    }

    fn needed(&self, user: UserId, about: PushAbout) -> ReadResult<'_, Option<(PushContent, Timestamp)>> {
        let now = self.environment.0.now();
        self.readers.run(Class::Interactive, Party::Server, move |conn| {
            Ok(push::needed(&SqliteRows(conn), &user, &about, now)?)
        })
    }
}
