//! Expensive reads: an account in very many groups lists all of them, and recovers its connection, again and again.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::attack::bystander::Bystander;
use crate::support::{Http, Server, Wire};

/// The number of groups that the one account is in.
const GROUPS: usize = 2_000;
/// The number of other users.
const USERS: usize = 1_000;
/// The number of users who are in the groups, five in each. The account shares nothing with the others.
const SHARERS: usize = 50;
/// The number of concurrent requests of the account.
const AT_ONCE: usize = 40;
/// The duration of the attack.
const FOR: Duration = Duration::from_secs(3);

/// Inserts very many groups of a user directly into the store, each with other members and a message. The server is
/// stopped for it, and the one that is returned has its data.
fn into_many_groups(server: Server, user: &str) -> Server {
    // Older messages could not be recovered, because the server prunes its log when it starts.
    let now_ms = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis();
    let sql = format!(
        "BEGIN IMMEDIATE;
         WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {USERS})
             INSERT INTO user (pk, id, kind, username, username_key, name, email, email_key, created_at)
             SELECT 100000 + i, 'other-' || i, 'registered', 'other-' || i, 'other-' || i, 'Other ' || i,
                 'other-' || i || '@example.org', 'other-' || i || '@example.org', 0 FROM n;
         WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {GROUPS})
             INSERT INTO conversation (pk, id, kind, name, open, sequence, member_count, created_at, updated_at,
                 last_message)
             SELECT 100000 + i, 'group-' || i, 'group', 'Group ' || i, 0, 10, 6, 0, i, 100000 + i FROM n;
         INSERT INTO member (conversation_pk, user_pk, role, joined_at, joined_sequence, read_sequence)
             SELECT c.pk, u.pk, 'owner', 0, 0, 0 FROM conversation c, user u WHERE c.pk > 100000 AND u.id = '{user}';
         WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 4)
             INSERT INTO member (conversation_pk, user_pk, role, joined_at, joined_sequence, read_sequence)
             SELECT c.pk, 100001 + (c.pk * 5 + i) % {SHARERS}, 'member', 0, 1, 0 FROM conversation c, n
             WHERE c.pk > 100000;
         UPDATE user SET conversations = (SELECT count(*) FROM member WHERE user_pk = user.pk);
         INSERT INTO message (position, id, conversation_pk, sequence, sender_pk, kind, content, created_at)
             SELECT c.pk, 'message-' || c.pk, c.pk, 10, 100001 + (c.pk * 5) % {SHARERS}, 'text', 'Hello', {now_ms}
             FROM conversation c WHERE c.pk > 100000;
         COMMIT"
    );
    Server::with().run_after(server, |data| {
        let store = rusqlite::Connection::open(data.join("quintet.sqlite3")).expect("the store opens");
        store.execute_batch(&sql).expect("the store is filled");
    })
}

/// Runs something many times at once on other threads, so that the bystander does not wait for the attackers' own work.
/// Returns all results.
async fn at_once<F>(count: usize, one: impl Fn() -> F) -> Vec<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    let tasks: Vec<_> = (0..count).map(|_| tokio::spawn(one())).collect();
    let mut outcomes = Vec::new();
    for task in tasks {
        outcomes.push(task.await.expect("no attacker panics"));
    }
    outcomes
}

/// Requests a path again and again until a time. Returns the statuses.
async fn asker(http: Http, token: String, path: &'static str, until: Instant) -> Vec<u16> {
    let mut statuses = Vec::new();
    while Instant::now() < until {
        let answer = http.call(&token, "GET", path, Value::Null).await;
        let refused = matches!(answer.status, 429 | 503);
        assert!(answer.status == 200 || refused, "{} {}", answer.status, answer.text);
        assert!(!refused || answer.head.contains("retry-after: "), "no word of when to come again: {}", answer.head);
        statuses.push(answer.status);
    }
    statuses
}

/// Requests a path with many concurrent clients. Returns the number of answers of each status.
async fn ask(http: &Http, token: &str, path: &'static str) -> BTreeMap<u16, usize> {
    let until = Instant::now() + FOR;
    let mut counts = BTreeMap::new();
    for status in at_once(AT_ONCE, || asker(http.clone(), token.to_owned(), path, until)).await.concat() {
        *counts.entry(status).or_default() += 1;
    }
    counts
}

/// Recovers a lost connection again and again until a time. Returns the number of successful recoveries.
async fn comer(address: SocketAddr, auth: Value, until: Instant) -> usize {
    let secret = auth["pid"].as_str().expect("a secret").to_owned();
    let mut times = 0;
    while Instant::now() < until {
        let mut wire = Wire::open(address, "").await;
        wire.send(&format!("40{auth}")).await;
        // A recovery that another one has replaced is closed.
        times += usize::from(wire.frame().await.is_some_and(|answer| answer.contains(&secret)));
    }
    times
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn lists_over_everything_delay_nobody_else() {
    let server = Server::start();
    let (mallory, token) = server.http().register("mallory").await;
    let server = into_many_groups(server, &mallory);
    let http = server.http();
    let mut bystander = Bystander::of(&server).await;
    for path in ["/messenger/api/users", "/conversations/api/conversations", "/api/v1/users?q=nobody"] {
        let counts = bystander.beside(ask(&http, &token, path)).await;
        assert!(counts.get(&200).is_some_and(|served| *served > 0), "{path}: nothing was answered: {counts:?}");
        assert!(counts.contains_key(&429), "{path}: as much at once as somebody likes: {counts:?}");
    }
    // The list is still complete, up to its limit.
    let listed = http.call(&token, "GET", "/conversations/api/conversations", Value::Null).await.expect(200);
    assert_eq!(listed["count"], 1_000);
    // As many users as a list without pages may have, less the caller.
    let people = http.call(&token, "GET", "/messenger/api/users", Value::Null).await.expect(200);
    assert_eq!(people.as_array().map(Vec::len), Some(999));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn recoveries_of_everything_delay_nobody_else() {
    let server = Server::start();
    let (mallory, token) = server.http().register("mallory").await;
    let auth = json!({ "token": token, "dialect": "conversations", "recover": true });
    let mut wire = Wire::open(server.address(), "").await;
    let answer = wire.enter("/", &auth).await;
    let answer: Value = serde_json::from_str(answer.strip_prefix("40").expect("accepted")).expect("JSON");
    drop(wire);
    let server = into_many_groups(server, &mallory);
    let mut bystander = Bystander::of(&server).await;
    let until = Instant::now() + FOR;
    let mut again = auth;
    again["pid"] = answer["pid"].clone();
    let comings = at_once(AT_ONCE / 2, || comer(server.address(), again.clone(), until));
    let times: usize = bystander.beside(comings).await.into_iter().sum();
    assert!(times > 0, "nobody came back");
}

/// With rates on, reads are counted, a list counts as several, and each user has its own rate.
#[tokio::test]
async fn reads_have_a_rate() {
    let server = Server::with().env("QUINTET_LIMITS_RATES", "true").run();
    let http = server.http();
    let (ada, bob) = (http.register("ada").await, http.register("bob").await);
    let until_refused = async |token: &str, path: &str, most: usize| {
        for served in 0..most {
            let answer = http.call(token, "GET", path, Value::Null).await;
            if answer.status == 429 {
                assert_eq!(answer.json()["code"], "ERR_RATE_LIMITED");
                assert!(answer.head.contains("retry-after: "), "{}", answer.head);
                return served;
            }
            assert_eq!(answer.status, 200, "{}", answer.text);
        }
        panic!("{most} requests for {path} were served");
    };
    let lists = until_refused(&ada.1, "/api/v1/conversations", 1_000).await;
    assert!(lists >= 20, "a list counts as five reads of a hundred: {lists}");
    let ones = until_refused(&bob.1, "/api/v1/me", 100_000).await;
    assert!(ones >= 100, "one thing counts as one read: {ones}");
}
