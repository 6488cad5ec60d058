//! What a database says of itself to an operator who asks whether it is fit for its purpose.

use std::time::{Duration, Instant};

use tokio_postgres::{Client, Error};

use super::link::drive_quietly;
use super::migrate::{known_version, refused, version};
use super::open::on_a_thread;
use super::target::PostgresTarget;
use crate::OpenError;

/// The number of round trips that are timed.
const ROUND_TRIPS: usize = 21;

/// What a PostgreSQL database says of itself.
#[derive(Clone, Debug)]
pub struct DatabaseFacts {
    /// The version of the server as a number, such as `150004` for 15.4.
    pub version: i32,
    /// The encoding of texts, such as `UTF8`.
    pub encoding: String,
    /// Whether the server is a standby, which cannot be written.
    pub is_standby: bool,
    /// Whether a commit that is confirmed survives the end of the machine: the settings `fsync` and `full_page_writes`.
    pub commits_survive: bool,
    /// The number of connections that the server admits.
    pub connections_max: i32,
    /// The number of connections of all its clients now.
    pub connections: i64,
    /// The schema version of the database; 0 if it has no schema yet.
    pub schema: i64,
    /// The newest schema version that this binary supports.
    pub schema_known: i64,
    /// The median time of a statement that does nothing.
    pub round_trip: Duration,
}

/// Asks a database what it is, and changes nothing. Blocks the thread.
///
/// # Errors
/// [`OpenError`], whose text is a sentence for the operator, if the database cannot be reached.
pub fn examine_database(target: &PostgresTarget) -> Result<DatabaseFacts, OpenError> {
    on_a_thread(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(OpenError::Thread)?;
        runtime.block_on(async {
            let failed = |error: Error| refused(target, &error);
            let (client, connection) = target.connect().await.map_err(failed)?;
            tokio::spawn(drive_quietly(connection));
            facts(&client).await.map_err(failed)
        })
    })?
}

async fn facts(client: &Client) -> Result<DatabaseFacts, Error> {
    let sql =
        "SELECT current_setting('server_version_num')::int, current_setting('server_encoding'), pg_is_in_recovery(),
                      current_setting('fsync')::bool AND current_setting('full_page_writes')::bool,
                      current_setting('max_connections')::int,
                      (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')";
    let row = client.query_one(sql, &[]).await?;
    let schema = version(client).await?;
    let mut times = Vec::with_capacity(ROUND_TRIPS);
    for _ in 0..ROUND_TRIPS {
        let begun = Instant::now();
        client.simple_query("").await?;
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    Ok(DatabaseFacts {
        version: row.try_get(0)?,
        encoding: row.try_get(1)?,
        is_standby: row.try_get(2)?,
        commits_survive: row.try_get(3)?,
        connections_max: row.try_get(4)?,
        connections: row.try_get(5)?,
        schema,
        schema_known: known_version(),
        round_trip: times[ROUND_TRIPS / 2],
    })
}
