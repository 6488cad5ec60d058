//! Much to read: one account that is in very many groups asks for all of it, again and again, and comes back to it.

use std::io;
use std::time::Instant;

use rusqlite::Connection;

use super::ground::{ATTACKER, Ground};
use super::{Attack, Tally};
use crate::load::Load;
use crate::quintet::{self, Api};

/// Groups that the one account is in.
const GROUPS: usize = 20_000;
/// Other users.
const USERS: usize = 1_000;
/// Those of them who are in the groups, five in each: with the others the one account shares nothing.
const SHARERS: usize = 50;
/// Users that a search looks through.
const NAMES: usize = 200_000;
/// Requests under way at once.
const AT_ONCE: usize = 40;

pub(super) const LISTS: Attack = Attack {
    name: "lists",
    about: "one account in 20,000 groups asks for all users, 40 requests at once",
    strikers: AT_ONCE,
    prepare: be_there,
    fill: groups,
    strike: |ground, until| ask(ground, "/messenger/api/users", until),
};

pub(super) const CONVERSATIONS: Attack = Attack {
    name: "conversations",
    about: "the same account asks for its conversations, 40 requests at once",
    strike: |ground, until| ask(ground, "/conversations/api/conversations", until),
    ..LISTS
};

pub(super) const SEARCH: Attack = Attack {
    name: "search",
    about: "one account searches 200,000 users for a name that nobody has, 40 requests at once",
    fill: names,
    strike: |ground, until| ask(ground, "/api/v1/users?q=nobody+at+all", until),
    ..LISTS
};

pub(super) const RECOVERY: Attack = Attack {
    name: "recovery",
    about: "the account in 20,000 groups loses its connection and comes back to it, 20 at once",
    strikers: AT_ONCE / 2,
    strike: come_back,
    ..LISTS
};

/// Makes the attacker's account.
fn be_there(ground: &Ground) -> io::Result<()> {
    Api::of(ground.address(), ATTACKER)?.get("/me").map(|_| ())
}

/// Puts the attacker into very many groups, each with other members and a message.
fn groups(store: &Connection) -> rusqlite::Result<()> {
    let attacker = quintet::user(ATTACKER);
    others(store, USERS)?;
    store.execute_batch(&format!(
        "BEGIN;
         WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {GROUPS})
             INSERT INTO conversation (pk, id, kind, name, open, sequence, member_count, created_at, updated_at,
                 last_message_pk)
             SELECT 1000000 + i, 'group-' || i, 'group', 'Group ' || i, 0, 10, 6, 0, i, 1000000 + i FROM n;
         INSERT INTO member (conversation_pk, user_pk, role, joined_at, joined_sequence, read_sequence)
             SELECT c.pk, u.pk, 'owner', 0, 0, 0 FROM conversation c, user u
             WHERE c.pk > 1000000 AND u.id = '{attacker}';
         WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 4)
             INSERT INTO member (conversation_pk, user_pk, role, joined_at, joined_sequence, read_sequence)
             SELECT c.pk, 1000001 + (c.pk * 5 + i) % {SHARERS}, 'member', 0, 1, 0 FROM conversation c, n
             WHERE c.pk > 1000000;
         INSERT INTO message (pk, id, conversation_pk, sequence, sender_pk, kind, content, created_at)
             SELECT c.pk, 'message-' || c.pk, c.pk, 10, 1000001 + (c.pk * 5) % {SHARERS}, 'text', 'Hello', 0
             FROM conversation c WHERE c.pk > 1000000;
         COMMIT"
    ))
}

fn names(store: &Connection) -> rusqlite::Result<()> {
    others(store, NAMES)
}

/// Makes other users.
fn others(store: &Connection, count: usize) -> rusqlite::Result<()> {
    store.pragma_update(None, "synchronous", "OFF")?;
    store.execute_batch(&format!(
        "BEGIN;
         WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
             INSERT INTO user (pk, id, kind, username, username_key, name, email, email_key, created_at)
             SELECT 1000000 + i, 'other-' || i, 'registered', 'other-' || i, 'other-' || i, 'Other ' || i,
                 'other-' || i || '@example.org', 'other-' || i || '@example.org', 0 FROM n;
         COMMIT"
    ))
}

/// Asks for a path again and again.
fn ask(ground: &Ground, path: &str, until: Instant) -> io::Result<Tally> {
    let token = quintet::token(ATTACKER);
    let mut tally = Tally::new();
    while Instant::now() < until {
        let answer = match ground.get(path, Some(&token)) {
            Ok(status) => status.to_string(),
            Err(error) => error.kind().to_string(),
        };
        *tally.entry(answer).or_default() += 1;
    }
    Ok(tally)
}

/// Connects with recovery, and comes back to that connection again and again.
fn come_back(ground: &Ground, until: Instant) -> io::Result<Tally> {
    let mut first = Load::new()?;
    first.remember();
    first.connect(ground.address(), &[quintet::recoverable(ATTACKER)])?;
    let memory = first.memories().pop().unwrap_or_default();
    drop(first);
    let mut times = 0;
    while Instant::now() < until {
        let mut load = Load::new()?;
        load.connect(ground.address(), &[quintet::returning(ATTACKER, &memory.secret, &memory.offset)])?;
        times += 1;
    }
    Ok(Tally::from([("let in".to_owned(), times)]))
}
