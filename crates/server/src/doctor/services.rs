//! The servers that this one uses: PostgreSQL, Redis, and the bucket for files.

use std::time::Duration;

use quintet_cluster::redis_round_trip;
use quintet_store::{DatabaseFacts, examine_database};

use super::finding::Finding;
use crate::config::{BusName, Config};
use crate::{compose, postgres};

/// The oldest version of PostgreSQL that is supported, as the server writes it.
const VERSION_MIN: i32 = 150_000;
/// The time of a round trip to the database from which on the operator is told: each write takes two.
const ROUND_TRIP_SLOW: Duration = Duration::from_millis(5);
/// The number of free connections to the database below which the operator is told: those of one server.
const CONNECTIONS_LOW: i64 = 20;

/// Looks at the servers that the settings name.
pub(super) async fn look(config: &Config) -> Vec<Finding> {
    let mut findings = database(config).await;
    if let BusName::Redis(url) = &config.cluster.bus {
        findings.push(match redis_round_trip(url).await {
            Ok(time) => Finding::Good(format!("The bus answers in {}.", shown(time))),
            Err(error) => Finding::Fault(format!("{}. It is named in [cluster] bus.", sentence(&error.to_string()))),
        });
    }
    match compose::bucket(config) {
        None => {}
        Some(Err(error)) => findings.push(bucket_fault(&error.to_string())),
        Some(Ok(files)) => findings.push(match files.check().await {
            Ok(()) => Finding::Good("The bucket for files takes a file, and removes it.".to_owned()),
            Err(error) => bucket_fault(&error.to_string()),
        }),
    }
    findings
}

fn bucket_fault(why: &str) -> Finding {
    Finding::Fault(format!("The bucket for files cannot be used: {why}. It is named in [files] bucket."))
}

async fn database(config: &Config) -> Vec<Finding> {
    let target = match postgres::target(&config.database) {
        Ok(None) => return Vec::new(),
        Ok(Some(target)) => target,
        Err(error) => return vec![Finding::Fault(format!("{}.", sentence(&error.to_string())))],
    };
    let name = target.name();
    let examined = tokio::task::spawn_blocking(move || examine_database(&target)).await;
    match examined {
        Ok(Ok(facts)) => about(&name, &facts),
        Ok(Err(error)) => {
            vec![Finding::Fault(format!("{}. It is named in [database] url.", sentence(&error.to_string())))]
        }
        Err(error) => vec![Finding::Fault(format!("The database {name} could not be examined: {error}."))],
    }
}

fn about(name: &str, facts: &DatabaseFacts) -> Vec<Finding> {
    let major = facts.version / 10_000;
    let mut findings = vec![Finding::Good(format!(
        "The database {name} is on PostgreSQL {major}, and answers in {}.",
        shown(facts.round_trip)
    ))];
    let mut add = |is_so: bool, finding: Finding| {
        if is_so {
            findings.push(finding);
        }
    };
    let fault = |text: String| Finding::Fault(text);
    add(
        facts.version < VERSION_MIN,
        fault(format!("PostgreSQL {major} is too old. Quintet needs version 15 or newer.")),
    );
    add(
        facts.encoding != "UTF8",
        fault(format!("The database {name} has the encoding {}. Create one with the encoding UTF8.", facts.encoding)),
    );
    add(
        facts.is_standby,
        fault(format!("The server of {name} is a standby, which cannot be written. Name the primary.")),
    );
    add(
        !facts.commits_survive,
        fault(format!(
            "The server of {name} has `fsync` or `full_page_writes` off: it confirms what a power failure loses. Turn both on."
        )),
    );
    let (has, knows) = (facts.schema, facts.schema_known);
    add(
        has > knows,
        fault(format!(
            "The database {name} has version {has}, and this quintet knows up to {knows}. Use a newer quintet."
        )),
    );
    add(
        has < knows,
        Finding::Good(format!(
            "The database {name} has version {has}; the server brings it to {knows} when it starts."
        )),
    );
    add(
        facts.round_trip >= ROUND_TRIP_SLOW,
        Finding::Advice(format!(
            "The database is {} away, and every write takes two round trips. Move the server closer to it.",
            shown(facts.round_trip)
        )),
    );
    let free = i64::from(facts.connections_max) - facts.connections;
    add(
        free < CONNECTIONS_LOW,
        Finding::Advice(format!(
            "{} of the {} connections that PostgreSQL admits are in use; a server needs up to {CONNECTIONS_LOW}. Raise \
             `max_connections`.",
            facts.connections, facts.connections_max
        )),
    );
    findings
}

fn shown(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1e3)
}

/// An error's text as the beginning of a sentence.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
