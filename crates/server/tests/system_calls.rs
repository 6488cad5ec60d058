//! What a durable send costs in system calls, counted: pages and bytes written, locks, and writes to sockets.
//!
//! The sends come one after the other, each when the one before has reached everybody, so that the counts depend on the
//! server and not on time. 100 groups of the same members, ten of whom are connected: each send has ten receivers, and the
//! messages are spread over as many conversations as in `quintet-bench run fanout`.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::support::trace::{Call, Trace};
use crate::support::{Server, Wire};
use serde_json::{Value, json};

const GROUPS: usize = 100;
const MEMBERS: usize = 10;
/// Members who are away: with them the groups are so large that nothing counts as delivered by itself, which would be told
/// to the senders a little later.
const ABSENT: usize = 11;
/// The sends that are not counted: they fill caches and begin each conversation's pages.
const UNCOUNTED: usize = 100;
/// The sends that are counted.
const SENDS: usize = 400;
/// The bytes of a page of the database, and of its header in the log.
const PAGE_IN_LOG_BYTES: u64 = 4_096 + 24;
/// The most pages of the log that a send may write: one each of the messages, of their two indexes, and of the
/// conversations. It is the median, because about every thirtieth message begins a new page, which changes others too.
const LOG_PAGES_MAX: u64 = 4;
/// The most bytes that a send may write to files, on average, with its share of checkpoints.
const WRITTEN_BYTES_MAX: f64 = 20_000.0;
/// The most bytes of a heartbeat on a socket, which no send causes.
const HEARTBEAT_BYTES: u64 = 3;

/// The calls that are traced: all that write or lock, and those that show how threads wake each other.
const TRACED: [&str; 15] = [
    "write",
    "writev",
    "pwrite64",
    "pwritev",
    "pwritev2",
    "sendto",
    "sendmsg",
    "sendmmsg",
    "fcntl",
    "fdatasync",
    "fsync",
    "ftruncate",
    "pread64",
    "getrandom",
    "futex",
];

/// What a call writes to, locks or reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum On {
    /// The write-ahead log of the database.
    Log,
    /// The file of the database itself, to which checkpoints write.
    Database,
    /// The index of the log, where processes share it.
    LogIndex,
    /// The socket of a client.
    Socket,
    /// The heartbeat of a connection, which no send causes.
    Heartbeat,
    /// Anything else: wake-ups, the terminal.
    Other,
}

impl On {
    fn of(call: &Call) -> Self {
        match call.on.as_str() {
            on if on.ends_with("quintet.sqlite3-wal") => Self::Log,
            on if on.ends_with("quintet.sqlite3") => Self::Database,
            on if on.ends_with("quintet.sqlite3-shm") => Self::LogIndex,
            on if on.starts_with("socket:") && is_heartbeat(call) => Self::Heartbeat,
            on if on.starts_with("socket:") => Self::Socket,
            _ => Self::Other,
        }
    }
}

fn is_heartbeat(call: &Call) -> bool {
    call.returned.is_some_and(|bytes| bytes <= HEARTBEAT_BYTES)
}

fn is_write(call: &Call) -> bool {
    matches!(call.name.as_str(), "write" | "writev" | "pwrite64" | "pwritev" | "pwritev2" | "sendto" | "sendmsg")
}

/// The number of calls and the bytes that they wrote or read, by name and by what they are on.
#[derive(Default)]
struct Counts(BTreeMap<(String, On), (u64, u64)>);

impl Counts {
    fn of(calls: &[Call]) -> Self {
        let mut counts = Self::default();
        for call in calls {
            let (number, bytes) = counts.0.entry((call.name.clone(), On::of(call))).or_default();
            *number += 1;
            if is_write(call) || call.name == "pread64" {
                *bytes += call.returned.unwrap_or(0);
            }
        }
        counts
    }

    /// The number of calls and their bytes, of those that are chosen.
    fn sum(&self, chosen: impl Fn(&str, On) -> bool) -> (u64, u64) {
        let of_these = self.0.iter().filter(|((name, on), _)| chosen(name, *on)).map(|(_, counts)| counts);
        of_these.fold((0, 0), |(number, bytes), (more, more_bytes)| (number + more, bytes + more_bytes))
    }

    fn table(&self) -> String {
        let mut text = format!("{:<12} {:<10} {:>14} {:>16}\n", "call", "on", "calls a send", "bytes a send");
        for ((name, on), (number, bytes)) in &self.0 {
            let (number, bytes) = (*number as f64 / SENDS as f64, *bytes as f64 / SENDS as f64);
            let _ = writeln!(text, "{name:<12} {:<10} {number:>14.2} {bytes:>16.0}", format!("{on:?}"));
        }
        text
    }
}

/// The text of a message, by its number: 60 bytes, as in a chat.
fn text(number: usize) -> String {
    format!("message-{number:06} the quick brown fox jumps over the lazy do")
}

/// Sends messages one after the other, each to the next conversation, and waits for all copies of each.
async fn send(members: &mut [Wire], conversations: &[Value], numbers: std::ops::Range<usize>) {
    for number in numbers {
        let content = text(number);
        let payload = json!({ "conversationId": conversations[number % GROUPS], "content": content });
        let sender = number % MEMBERS;
        let ack = members[sender].ask("send_message", &payload).await;
        for member in &mut *members {
            assert_eq!(member.next("receive_message").await["message"]["content"], content);
        }
        members[sender].acked(ack).await;
    }
}

/// The index after the last call that carries the text of a message.
fn after(calls: &[Call], number: usize) -> usize {
    let text = format!("message-{number:06}");
    let last = calls.iter().rposition(|call| On::of(call) == On::Socket && call.arguments.contains(&text));
    last.unwrap_or_else(|| panic!("message {number} was not delivered")) + 1
}

#[tokio::test]
async fn a_durable_send_costs_what_it_must() {
    let Some(trace) = Trace::new() else { return };
    let mut server = trace.of(Server::with(), &TRACED).run();
    let http = server.http();
    let mut users = Vec::new();
    for member in 0..MEMBERS + ABSENT {
        users.push(http.register(&format!("member-{member}")).await);
    }
    let others: Vec<&str> = users[1..].iter().map(|(id, _)| id.as_str()).collect();
    let mut conversations = Vec::new();
    for group in 0..GROUPS {
        let body = json!({ "kind": "group", "name": format!("Group {group}"), "memberIds": others });
        conversations.push(http.api(&users[0].1, "POST", "/conversations", body).await.expect(201)["id"].clone());
    }
    let mut members = Vec::new();
    for (_, token) in &users[..MEMBERS] {
        members.push(Wire::connect(server.address(), "/conversations", &json!({ "token": token })).await);
    }
    send(&mut members, &conversations, 0..UNCOUNTED + SENDS).await;
    let calls = crate::support::trace::parse(&trace.end(&mut server));
    let counted = &calls[after(&calls, UNCOUNTED - 1)..after(&calls, UNCOUNTED + SENDS - 1)];
    let counts = Counts::of(counted);
    let table = counts.table();
    println!("{table}");

    let a_send = |count: u64| count as f64 / SENDS as f64;
    let is_file = |on| matches!(on, On::Log | On::Database | On::LogIndex);
    let written = |name: &str| name.contains("write");
    let mut faults = Vec::new();
    let mut pages: Vec<u64> = (UNCOUNTED..UNCOUNTED + SENDS)
        .map(|number| {
            let of_one = Counts::of(&calls[after(&calls, number - 1)..after(&calls, number)]);
            of_one.sum(|name, on| written(name) && on == On::Log).1.div_ceil(PAGE_IN_LOG_BYTES)
        })
        .collect();
    pages.sort_unstable();
    let median = pages[SENDS / 2];
    if median > LOG_PAGES_MAX {
        faults.push(format!("{median} pages of log, at most {LOG_PAGES_MAX}"));
    }
    let (_, bytes) = counts.sum(|name, on| written(name) && is_file(on));
    if a_send(bytes) > WRITTEN_BYTES_MAX {
        faults.push(format!("{:.0} bytes written, at most {WRITTEN_BYTES_MAX}", a_send(bytes)));
    }
    let (locks, _) = counts.sum(|name, _| name == "fcntl");
    if locks > 0 {
        faults.push(format!("{:.2} fcntl, none is allowed", a_send(locks)));
    }
    let sent = counted.iter().filter(|call| is_write(call) && On::of(call) == On::Socket).count();
    if sent != SENDS * MEMBERS {
        faults
            .push(format!("{:.2} writes to sockets, exactly one for each of {MEMBERS} receivers", a_send(sent as u64)));
    }
    // The group of a lone send is that send alone: each is synced before it is acknowledged.
    let (syncs, _) = counts.sum(|name, on| matches!(name, "fdatasync" | "fsync") && on == On::Log);
    if syncs < SENDS as u64 {
        faults.push(format!("{:.2} syncs of the log, at least one", a_send(syncs)));
    }
    assert!(faults.is_empty(), "each send costs {}:\n{table}", faults.join("; "));
}

#[test]
fn a_trace_is_read_as_strace_writes_it() {
    let calls = crate::support::trace::parse(
        "12 pwrite64(9</d/quintet.sqlite3-wal>, \"7\\177, (x) = 5\"..., 4096, 32) = 4096\n\
         13  fdatasync(9</d/quintet.sqlite3-wal> <unfinished ...>\n\
         12 sendto(20<socket:[7]>, \"\\201\\0012\", 3, MSG_NOSIGNAL, NULL, 0) = 3\n\
         13  <... fdatasync resumed>)             = 0\n\
         12 sendto(20<socket:[7]>, \"42[]\", 4, MSG_NOSIGNAL, NULL, 0) = -1 EAGAIN (Resource temporarily unavailable)\n\
         12 getrandom(\"\\x01\", 1, 0) = 1\n\
         13 +++ exited with 0 +++\n",
    );
    let seen: Vec<_> = calls.iter().map(|call| (call.name.as_str(), On::of(call), call.returned)).collect();
    assert_eq!(
        seen,
        [
            ("pwrite64", On::Log, Some(4_096)),
            ("fdatasync", On::Log, Some(0)),
            ("sendto", On::Heartbeat, Some(3)),
            ("sendto", On::Socket, None),
            ("getrandom", On::Other, Some(1)),
        ]
    );
    let counts = Counts::of(&calls);
    assert_eq!(counts.sum(|name, on| name == "pwrite64" && on == On::Log), (1, 4_096));
    assert_eq!(counts.sum(|_, on| on == On::Log), (2, 4_096));
}
