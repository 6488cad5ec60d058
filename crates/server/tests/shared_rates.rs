//! Log-ins and registrations are counted over all nodes.

use crate::database::TestDatabase;
use crate::support::Server;
use quintet_domain::limits::{LOGIN_FAILURES_MAX, LOGINS_PER_MINUTE};
use serde_json::json;

#[tokio::test]
async fn attempts_at_one_node_count_at_the_others() {
    let database = TestDatabase::new();
    let start = || {
        let start = Server::with().env("QUINTET_DATABASE_URL", &database.url()).env("QUINTET_FILES_SHARED", "true");
        // Each client has the address that the proxy in front says.
        start.env("QUINTET_LIMITS_RATES", "true").env("QUINTET_LIMITS_TRUSTED_PROXIES", "127.0.0.1").run()
    };
    let nodes = [start(), start()];
    nodes[0].http().register("alice").await;
    let log_in = async |at: u32, address: &str, name: &str| {
        let body = json!({ "username": name, "password": "wrong" }).to_string();
        let headers = [("content-type", "application/json"), ("x-forwarded-for", address)];
        nodes[at as usize % 2].http().send("POST", "/api/v1/auth/login", &headers, &body).await.status
    };
    // One address, many names.
    let mut statuses = Vec::new();
    for at in 0..LOGINS_PER_MINUTE {
        statuses.push(log_in(at, "192.0.2.1", &format!("nobody{at}")).await);
    }
    assert_eq!(statuses.iter().filter(|status| **status == 401).count(), LOGINS_PER_MINUTE as usize, "{statuses:?}");
    // In the time that this took, a few attempts may have become possible again, at either node.
    let mut more = Vec::new();
    for at in 0..2 * LOGINS_PER_MINUTE {
        more.push(log_in(at, "192.0.2.1", "somebody").await);
    }
    let admitted = more.iter().filter(|status| **status == 401).count();
    assert!(admitted < LOGINS_PER_MINUTE as usize / 2, "each node alone would admit as many again: {more:?}");
    // One name, many addresses.
    let mut statuses = Vec::new();
    for at in 0..2 * LOGIN_FAILURES_MAX {
        statuses.push(log_in(at, &format!("198.51.100.{at}"), "alice").await);
    }
    let checked = statuses.iter().filter(|status| **status == 401).count();
    assert!((LOGIN_FAILURES_MAX as usize..LOGIN_FAILURES_MAX as usize + 5).contains(&checked), "{statuses:?}");
}
