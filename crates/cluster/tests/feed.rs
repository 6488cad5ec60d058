//! The feed beside a model: whatever a wire loses, repeats, splits and reorders, and however a node's own groups fall in
//! between, each position is delivered once and in order, and each reply once.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::collections::VecDeque;
use std::time::Duration;

use proptest::prelude::*;
use quintet_cluster::{Feed, GAP_WAIT, GroupNotice};
use quintet_domain::{CommandReply, Commit, Entry, Event, Refusal, Ticket, UserId};
use quintet_store::Missed;
use tokio::time::Instant;

/// What happens next. Numbers choose among what there is.
#[derive(Clone, Debug)]
enum Step {
    /// Another node commits a group of some entries.
    Theirs(u64),
    /// This node's writer commits a group with some entries and a reply, or fails to commit it. After a commit it reads
    /// what others have committed before, or fails to.
    Own { entries: u64, commits: bool, reads: bool },
    /// The feed takes the oldest group of this node's writer.
    TakeOwn,
    /// The wire brings one of the messages that are on their way. It may bring it again.
    Brings { which: usize, again: bool, entries: bool },
    /// The wire loses one of them.
    Loses(usize),
    /// The newest position is polled.
    Poll,
    /// Time passes, in milliseconds.
    Passes(u64),
    /// The store is asked, if it is time.
    Ask,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (1..4_u64).prop_map(Step::Theirs),
        3 => (0..3_u64, prop::bool::weighted(0.8), prop::bool::weighted(0.7))
            .prop_map(|(entries, commits, reads)| Step::Own { entries, commits, reads }),
        5 => Just(Step::TakeOwn),
        6 => (any::<usize>(), prop::bool::weighted(0.3), prop::bool::weighted(0.9))
            .prop_map(|(which, again, entries)| Step::Brings { which, again, entries }),
        1 => any::<usize>().prop_map(Step::Loses),
        1 => Just(Step::Poll),
        1 => (1..40_u64).prop_map(Step::Passes),
        1 => Just(Step::Ask),
    ];
    prop::collection::vec(step, 1..120)
}

/// The entry at a position. Its event names the position, so that none can be taken for another.
fn entry(position: u64) -> Entry {
    let event = Event::Revoked { user: UserId::trusted("ada"), generation: position };
    Entry { position, sequence: None, origin: None, acked: false, event, withheld: None }
}

fn entries(after: u64, last: u64) -> Vec<Entry> {
    (after + 1..=last).map(entry).collect()
}

fn notice(after: u64, last: u64, with_entries: bool) -> GroupNotice {
    let entries = with_entries.then(|| entries(after, last));
    GroupNotice { identity: "data".to_owned(), part: 1, after, last, entries, traced: Vec::new() }
}

/// A node, the database that it shares with others, and the wire.
struct World {
    feed: Feed,
    now: Instant,
    /// The newest position of the database.
    newest: u64,
    /// Groups of other nodes on the wire: after, last.
    wire: Vec<(u64, u64)>,
    /// What the writer has handed over and the feed has not taken yet: what it has read, where the commit begins, and the
    /// commit.
    own: VecDeque<(Vec<Missed>, u64, Commit)>,
    /// The position up to which the writer has handed over everything, but for gaps that it could not read.
    handed_over: u64,
    gaps: VecDeque<(u64, u64)>,
    tickets: u64,
    /// The position of the last entry that was delivered.
    delivered: u64,
    /// The position of the last commit that was delivered.
    reached: u64,
    replied: u64,
}

impl World {
    fn new(start: u64) -> Self {
        Self {
            feed: Feed::new(start),
            now: Instant::now(),
            newest: start,
            wire: Vec::new(),
            own: VecDeque::new(),
            handed_over: start,
            gaps: VecDeque::new(),
            tickets: 0,
            delivered: start,
            reached: start,
            replied: 0,
        }
    }

    /// Checks what the feed delivers.
    fn check(&mut self, commits: Vec<Commit>) {
        for commit in commits {
            let mut replies = commit.replies.iter().peekable();
            for found in &commit.entries {
                while let Some(reply) = replies.next_if(|reply| reply.after < found.position) {
                    self.reply(reply);
                }
                assert_eq!(*found, entry(self.delivered + 1), "each position follows the one before");
                self.delivered += 1;
            }
            replies.for_each(|reply| self.reply(reply));
            assert!(commit.position >= self.reached && commit.position >= self.delivered);
            self.reached = commit.position;
            assert_eq!(self.delivered, self.reached, "everything up to the position of a commit is delivered");
        }
        assert_eq!(self.feed.applied(), self.reached);
    }

    fn reply(&mut self, reply: &CommandReply) {
        self.replied += 1;
        assert_eq!(reply.ticket, Ticket(self.replied), "each reply comes once, in order");
        assert!(reply.after <= self.delivered, "a reply comes behind everything that it follows");
        let accepted = reply.outcome.is_ok();
        assert!(!accepted || reply.after == self.delivered, "a reply comes before everything that follows it");
    }

    /// The writer commits a group, and reads what it has not handed over yet.
    fn commit(&mut self, count: u64, commits: bool, reads: bool, replies: bool) {
        // Refusals of a group that was not committed follow nothing.
        let begun_at = if commits { self.newest } else { 0 };
        self.newest += if commits { count } else { 0 };
        let last = if commits { self.newest } else { 0 };
        let mut commit =
            Commit { position: last, replies: Vec::new(), entries: entries(begun_at, last), ..Commit::default() };
        if replies {
            self.tickets += 1;
            // Only a write with entries is delivered in its place exactly: the others may come later.
            let changed = commits && count > 0;
            let outcome =
                if changed { Ok(quintet_domain::Written::Barrier(begun_at)) } else { Err(Refusal::internal()) };
            commit.replies.push(CommandReply { ticket: Ticket(self.tickets), after: begun_at, outcome });
        }
        if commits {
            if begun_at > self.handed_over {
                self.gaps.push_back((self.handed_over, begun_at));
            }
            self.handed_over = last;
        }
        let mut missed = Vec::new();
        while commits
            && reads
            && let Some((begins_at, last)) = self.gaps.pop_front()
        {
            // What the feed has delivered is not read again.
            let after = begins_at.max(self.feed.applied());
            if after < last {
                missed.push(Missed { after, last, entries: entries(after, last) });
            }
        }
        self.own.push_back((missed, begun_at, commit));
    }

    fn take_own(&mut self) {
        if let Some((missed, begun_at, commit)) = self.own.pop_front() {
            let delivered = self.feed.own(missed, begun_at, commit, self.now);
            self.check(delivered);
        }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Theirs(count) => {
                self.wire.push((self.newest, self.newest + count));
                self.newest += count;
            }
            Step::Own { entries, commits, reads } => self.commit(entries, commits, reads, true),
            Step::TakeOwn => self.take_own(),
            Step::Brings { which, again, entries } => {
                if self.wire.is_empty() {
                    return;
                }
                let which = which % self.wire.len();
                let (after, last) = self.wire[which];
                // A large group comes in several pieces, which may arrive in any order.
                if again && last - after > 1 {
                    self.wire[which] = (after, after + 1);
                    self.wire.push((after + 1, last));
                }
                if !again {
                    self.wire.swap_remove(which);
                }
                let delivered = self.feed.notice(notice(after, last, entries), self.now);
                self.check(delivered);
            }
            Step::Loses(which) => {
                if !self.wire.is_empty() {
                    self.wire.swap_remove(which % self.wire.len());
                }
            }
            Step::Poll => self.feed.newest(self.newest, self.now),
            Step::Passes(ms) => self.now += Duration::from_millis(ms),
            Step::Ask => {
                if self.feed.asks_at().is_some_and(|at| at <= self.now) {
                    self.commit(0, true, true, false);
                }
            }
        }
    }

    /// The wire loses the rest. One poll and one question find everything.
    fn settle(&mut self) {
        while !self.own.is_empty() {
            self.take_own();
        }
        self.feed.newest(self.newest, self.now);
        self.now += GAP_WAIT;
        if self.feed.applied() < self.newest {
            assert!(self.feed.asks_at().is_some_and(|at| at <= self.now), "what is missing is asked for");
            self.commit(0, true, true, false);
            self.take_own();
        }
        assert_eq!((self.delivered, self.reached), (self.newest, self.newest));
        assert_eq!(self.replied, self.tickets);
        assert_eq!(self.feed.asks_at(), None, "nothing is asked for that is there");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn every_position_once_and_every_reply_once(start in 0..3_u64, steps in steps()) {
        let mut world = World::new(start);
        for step in steps {
            world.step(step);
        }
        world.settle();
    }
}

/// What came early waits for what is before it, for a short time.
#[test]
fn a_gap_waits_before_it_is_asked_for() {
    let (mut feed, now) = (Feed::new(10), Instant::now());
    assert_eq!(feed.asks_at(), None);
    assert!(feed.notice(notice(12, 14, true), now).is_empty());
    assert_eq!(feed.asks_at(), Some(now + GAP_WAIT));
    let later = now + Duration::from_millis(5);
    let delivered = feed.notice(notice(10, 12, true), later);
    assert_eq!(delivered.iter().map(|commit| commit.position).collect::<Vec<_>>(), [12, 14]);
    assert_eq!((feed.applied(), feed.asks_at()), (14, None));
    // A group without entries is asked for at once.
    assert!(feed.notice(notice(14, 15, false), later).is_empty());
    assert_eq!(feed.asks_at(), Some(later));
    // So is one whose entries are not its own.
    let mut feed = Feed::new(10);
    assert!(feed.notice(GroupNotice { last: 11, ..notice(10, 12, true) }, now).is_empty());
    assert_eq!((feed.applied(), feed.asks_at()), (10, Some(now)));
}

/// A node that waits for very much keeps a part of it, and asks for the rest.
#[test]
fn what_waits_is_bounded() {
    let (mut feed, now) = (Feed::new(0), Instant::now());
    for after in 1..5_000 {
        assert!(feed.notice(notice(after, after + 1, true), now).is_empty());
    }
    assert_eq!(feed.asks_at(), Some(now), "what did not fit is asked for at once");
    let commit = Commit { position: 1, replies: Vec::new(), entries: entries(0, 1), ..Commit::default() };
    let delivered = feed.own(Vec::new(), 0, commit, now);
    assert!(feed.applied() > 1_000 && feed.applied() < 2_000, "{}", feed.applied());
    assert_eq!(delivered.iter().map(|commit| commit.entries.len() as u64).sum::<u64>(), feed.applied());
    assert_eq!(feed.asks_at(), Some(now));
    let commit =
        Commit { position: 5_000, replies: Vec::new(), entries: entries(feed.applied(), 5_000), ..Commit::default() };
    feed.own(Vec::new(), feed.applied(), commit, now);
    assert_eq!((feed.applied(), feed.asks_at()), (5_000, None));
}

/// What other nodes tell and the store never has is not asked for for ever.
#[test]
fn a_position_that_the_store_does_not_reach_is_doubted() {
    let (mut feed, start) = (Feed::new(10), Instant::now());
    feed.notice(notice(10, u64::MAX, false), start);
    feed.notice(notice(1_000, 1_001, true), start);
    let mut now = start;
    for _ in 0..4 {
        now += Duration::from_secs(1);
        feed.newest(10, now);
        assert!(feed.asks_at().is_some());
    }
    now += Duration::from_secs(2);
    feed.newest(10, now);
    assert_eq!(feed.asks_at(), None);
    // What the store has is missing all the same.
    feed.newest(11, now);
    assert_eq!(feed.asks_at(), Some(now + GAP_WAIT));
}
