//! What all nodes count together, in rows of the database.
//!
//! What must stay true: each count is one statement, so that two nodes never admit what one would refuse; the tables are
//! bounded, because what does not count any more is removed, and beyond a number of rows the older half.

use std::sync::Arc;

use quintet_domain::limits::{
    LOGIN_BACKOFF_SECONDS, LOGIN_BACKOFF_SECONDS_MAX, LOGIN_FAILURES_FORGOTTEN_SECONDS, LOGIN_FAILURES_MAX,
};
use tokio_postgres::Row;

use super::error::Fetched;
use super::rows::Values;
use super::side_link::SideLink;
use crate::ReadResult;
use crate::shared_counts::{SharedCounts, SharedRate};

/// The number of rows of a table above which the older half is removed.
const ROWS_MAX: i64 = 100_000;

const ADMIT: &str = "INSERT INTO shared_rate AS r (key, used_up_us)
     VALUES ($1, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint + $2::bigint)
     ON CONFLICT (key) DO UPDATE SET used_up_us = greatest(r.used_up_us + $2::bigint, excluded.used_up_us)
     WHERE greatest(r.used_up_us + $2::bigint, excluded.used_up_us) <= excluded.used_up_us + ($3::bigint - 1) * $2::bigint
     RETURNING 1";
const WAIT: &str =
    "SELECT used_up_us + (1 - $3::bigint) * $2::bigint - (extract(epoch FROM clock_timestamp()) * 1000000)::bigint
     FROM shared_rate WHERE key = $1";
/// The milliseconds after the last failure for which the next attempt waits.
macro_rules! backoff {
    () => {
        "CASE WHEN f.count < $2::bigint THEN 0
              ELSE least($3::bigint << least(f.count - $2::bigint, 16)::int, $4::bigint) END"
    };
}
const ATTEMPT: &str = concat!(
    "INSERT INTO login_failure AS f (key, count, last_ms)
     VALUES ($1, 1, (extract(epoch FROM clock_timestamp()) * 1000)::bigint)
     ON CONFLICT (key) DO UPDATE SET last_ms = excluded.last_ms,
         count = CASE WHEN excluded.last_ms - f.last_ms > $5::bigint THEN 1 ELSE f.count + 1 END
     WHERE excluded.last_ms - f.last_ms > $5::bigint OR excluded.last_ms >= f.last_ms + ",
    backoff!(),
    " RETURNING 1"
);
const ATTEMPT_WAIT: &str = concat!(
    "SELECT f.last_ms + ",
    backoff!(),
    " - (extract(epoch FROM clock_timestamp()) * 1000)::bigint FROM login_failure f WHERE key = $1"
);
const SUCCEEDED: &str = "DELETE FROM login_failure WHERE key = $1";
const UNCOUNT: &str = "UPDATE login_failure SET count = greatest(count - 1, 0) WHERE key = $1";
const SWEEP_RATES: &str =
    "DELETE FROM shared_rate WHERE used_up_us < (extract(epoch FROM clock_timestamp()) * 1000000)::bigint";
const SWEEP_FAILURES: &str =
    "DELETE FROM login_failure WHERE last_ms < (extract(epoch FROM clock_timestamp()) * 1000)::bigint - $1::bigint";
const HALVE_RATES: &str = "DELETE FROM shared_rate WHERE (SELECT count(*) FROM shared_rate) > $1::bigint
     AND used_up_us <= (SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY used_up_us) FROM shared_rate)";
const HALVE_FAILURES: &str = "DELETE FROM login_failure WHERE (SELECT count(*) FROM login_failure) > $1::bigint
     AND last_ms <= (SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY last_ms) FROM login_failure)";

const FORGOTTEN_MS: i64 = LOGIN_FAILURES_FORGOTTEN_SECONDS as i64 * 1_000;
/// The parameters of [`backoff`].
const BACKOFF: [i64; 3] =
    [LOGIN_FAILURES_MAX as i64, LOGIN_BACKOFF_SECONDS as i64 * 1_000, LOGIN_BACKOFF_SECONDS_MAX as i64 * 1_000];

/// What all nodes count together.
pub(super) struct PostgresCounts(Arc<SideLink>);

impl PostgresCounts {
    pub(super) fn new(link: Arc<SideLink>) -> Self {
        Self(link)
    }

    async fn query(&self, sql: &'static str, values: Values<'_>) -> Fetched<Vec<Row>> {
        self.0.query(sql, values).await
    }
}

/// A wait that a statement has found; `None` if it is over.
fn wait_of(rows: &[Row]) -> Fetched<Option<u64>> {
    let wait: Option<i64> = rows.first().map(|row| row.try_get(0)).transpose()?;
    Ok(wait.and_then(|wait| u64::try_from(wait).ok()).filter(|wait| *wait > 0))
}

impl SharedCounts for PostgresCounts {
    fn admit(&self, rates: Vec<SharedRate>) -> ReadResult<'_, Option<u64>> {
        Box::pin(self.0.within(async move {
            for SharedRate { key, interval_us, burst } in rates {
                let values: Values<'_> = &[&key, &interval_us.cast_signed(), &burst.cast_signed()];
                if !self.query(ADMIT, values).await?.is_empty() {
                    continue;
                }
                // A wait that is over meanwhile is one of a moment.
                return Ok(Some(wait_of(&self.query(WAIT, values).await?)?.unwrap_or(1)));
            }
            Ok(None)
        }))
    }

    fn attempt(&self, key: String) -> ReadResult<'_, Option<u64>> {
        Box::pin(self.0.within(async move {
            let [most, first, longest] = BACKOFF;
            let counted = self.query(ATTEMPT, &[&key, &most, &first, &longest, &FORGOTTEN_MS]).await?;
            if !counted.is_empty() {
                return Ok(None);
            }
            let wait = self.query(ATTEMPT_WAIT, &[&key, &most, &first, &longest]).await?;
            Ok(Some(wait_of(&wait)?.unwrap_or(1)))
        }))
    }

    fn succeeded(&self, key: String) -> ReadResult<'_, ()> {
        Box::pin(self.0.within(async move { self.query(SUCCEEDED, &[&key]).await.map(|_| ()) }))
    }

    fn uncount(&self, key: String) -> ReadResult<'_, ()> {
        Box::pin(self.0.within(async move { self.query(UNCOUNT, &[&key]).await.map(|_| ()) }))
    }

    fn sweep(&self) -> ReadResult<'_, ()> {
        Box::pin(self.0.within(async move {
            self.query(SWEEP_RATES, &[]).await?;
            self.query(SWEEP_FAILURES, &[&FORGOTTEN_MS]).await?;
            self.query(HALVE_RATES, &[&ROWS_MAX]).await?;
            self.query(HALVE_FAILURES, &[&ROWS_MAX]).await?;
            Ok(())
        }))
    }
}
