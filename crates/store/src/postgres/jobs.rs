//! Periodic work, as rows of the database that nodes take.
//!
//! What must stay true: a row is taken by one node, and no node waits for another one to take it.

use std::sync::Arc;
use std::time::Duration;

use super::rows::Values;
use super::side_link::SideLink;
use crate::ReadResult;
use crate::jobs::{HELD_FOR, Job, Jobs};

/// The time after which a node that took a job counts as gone.
const GONE_AFTER: Duration = Duration::from_secs(60);

const MAKE: &str =
    "INSERT INTO job (name, due_at, cursor) SELECT name, clock_timestamp(), 0 FROM unnest($1::text[]) name
     ON CONFLICT DO NOTHING";
const TAKE: &str = "UPDATE job SET due_at = clock_timestamp() + make_interval(secs => $2)
     WHERE name IN (
         SELECT name FROM job WHERE name = ANY($1::text[]) AND due_at <= clock_timestamp() FOR UPDATE SKIP LOCKED)
     RETURNING name, cursor";
const DONE: &str = "UPDATE job SET due_at = clock_timestamp() + make_interval(secs => $3), cursor = $2 WHERE name = $1";

/// The deliveries of a webhook are a job too, whose cursor names the holder.
const HOLD: &str = "INSERT INTO job AS j (name, due_at, cursor)
     VALUES ('webhook ' || $1::text, clock_timestamp() + make_interval(secs => $3), $2)
     ON CONFLICT (name) DO UPDATE SET due_at = excluded.due_at, cursor = excluded.cursor
     WHERE j.cursor = excluded.cursor OR j.due_at <= clock_timestamp()
     RETURNING 1";
const GIVE_UP: &str = "DELETE FROM job WHERE name = 'webhook ' || $1::text AND cursor = $2";

/// The jobs of a database.
pub(super) struct PostgresJobs {
    link: Arc<SideLink>,
    /// Whether all rows are certain to be there.
    made: std::sync::atomic::AtomicBool,
}

impl PostgresJobs {
    pub(super) fn new(link: Arc<SideLink>) -> Self {
        Self { link, made: std::sync::atomic::AtomicBool::new(false) }
    }
}

impl Jobs for PostgresJobs {
    fn take(&self, jobs: Vec<Job>) -> ReadResult<'_, Vec<(Job, i64)>> {
        Box::pin(self.link.within(async move {
            use std::sync::atomic::Ordering::Relaxed;
            if !self.made.load(Relaxed) {
                let names: Vec<&str> = Job::ALL.iter().map(|job| job.name()).collect();
                self.link.query(MAKE, &[&names]).await?;
                self.made.store(true, Relaxed);
            }
            let names: Vec<&str> = jobs.iter().map(|job| job.name()).collect();
            let values: Values<'_> = &[&names, &GONE_AFTER.as_secs_f64()];
            let mut taken = Vec::new();
            for row in self.link.query(TAKE, values).await? {
                let (name, cursor): (String, i64) = (row.try_get(0)?, row.try_get(1)?);
                taken.extend(jobs.iter().filter(|job| job.name() == name).map(|job| (*job, cursor)));
            }
            Ok(taken)
        }))
    }

    fn done(&self, job: Job, cursor: i64, again_in: Duration) -> ReadResult<'_, ()> {
        Box::pin(self.link.within(async move {
            self.link.query(DONE, &[&job.name(), &cursor, &again_in.as_secs_f64()]).await.map(|_| ())
        }))
    }

    fn hold(&self, webhook: String, holder: u64) -> ReadResult<'_, bool> {
        Box::pin(self.link.within(async move {
            let values: Values<'_> = &[&webhook, &holder.cast_signed(), &HELD_FOR.as_secs_f64()];
            Ok(!self.link.query(HOLD, values).await?.is_empty())
        }))
    }

    fn give_up(&self, webhook: String, holder: u64) -> ReadResult<'_, ()> {
        Box::pin(
            self.link
                .within(async move { self.link.query(GIVE_UP, &[&webhook, &holder.cast_signed()]).await.map(|_| ()) }),
        )
    }
}
