//! The reads by which it is decided who is sent a push message.
//!
//! What must stay true: the rules decide; nothing here does.

use quintet_domain::{Timestamp, UserId};
use quintet_rules::push::{self, PushAbout, PushContent, PushNotice, PushStep};
use quintet_rules::rows::{PushRows, PushSubscriptionRow};

use super::PostgresStore;
use super::rows::PostgresRows;
use crate::Party;
use crate::future::ReadResult;
use crate::push::PushReads;
use crate::readers::Class;

impl PushReads for PostgresStore {
    fn subscriptions(&self, user: UserId) -> ReadResult<'_, Vec<PushSubscriptionRow>> {
        self.readers
            .run(Class::Interactive, user.clone(), move |conn| Ok(push::subscriptions(&PostgresRows(conn), &user)?))
    }

    fn has_subscribers(&self) -> ReadResult<'_, bool> {
        self.readers.run(Class::Interactive, Party::Server, |conn| Ok(PostgresRows(conn).has_push_subscribers()?))
    }

    fn step(&self) -> ReadResult<'_, PushStep> {
        let now = self.environment.now();
        self.readers.run(Class::Heavy, Party::Server, move |conn| Ok(push::step(&PostgresRows(conn), now)?))
    }

    fn notice(&self, user: UserId, about: PushAbout) -> ReadResult<'_, Option<PushNotice>> {
        let now = self.environment.now();
        self.readers.run(Class::Interactive, Party::Server, move |conn| {
            Ok(push::notice(&PostgresRows(conn), &user, &about, now)?)
        })
    }

    fn step_behind(&self, after: u64) -> ReadResult<'_, PushStep> {
        let now = self.environment.now();
        self.readers
            .run(Class::Heavy, Party::Server, move |conn| Ok(push::step_behind(&PostgresRows(conn), after, now)?))
    }

    fn needed(&self, user: UserId, about: PushAbout) -> ReadResult<'_, Option<(PushContent, Timestamp)>> {
        let now = self.environment.now();
        self.readers.run(Class::Interactive, Party::Server, move |conn| {
            Ok(push::needed(&PostgresRows(conn), &user, &about, now)?)
        })
    }
}
