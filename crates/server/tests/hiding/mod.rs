//! Nobody is shown presence or receipts of somebody who has blocked it, nor, where strangers ask, of somebody who has not
//! accepted that it writes: random histories in all five vocabularies and over HTTP, in which everything that reaches a
//! client is looked through.
//!
//! `HIDING_CASES` is the number of histories, and `HIDING_SEED` that of the first one.

mod claims;
mod looking;
mod looks;
mod model;
mod sequences;
mod steps;
mod vocabularies;
mod world;

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use self::claims::Kind;
use self::looks::Look;
use self::sequences::create_crowd;
use self::steps::{Step, Where, history};
use self::vocabularies::NAMESPACES;
use self::world::{SECRET, USERS, World};
use crate::support::Server;

/// The number of histories, unless another one is given.
const CASES: u64 = 8;
/// The number of histories that run beside each other on one server.
const AT_ONCE: usize = 8;
/// One in how many of all things a history looks at when it ends: as many histories look at all of them.
const LOOKERS: usize = 4;

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |value| value.parse().expect("a number"))
}

fn server(contact: &str) -> Server {
    Server::with().env("QUINTET_JWT_SECRET", SECRET).env("QUINTET_PEOPLE_CONTACT", contact).run()
}

/// The history of a seed.
fn steps_of(seed: u64) -> Vec<Step> {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    history().new_tree(&mut runner).expect("a history").current()
}

/// Plays the history of a seed, and looks at some of all things at the end.
async fn play(server: &Server, seed: u64, strangers: bool, looks: Vec<Look>) {
    let first = usize::try_from(seed).expect("a small seed") % LOOKERS;
    let at_the_end: Vec<usize> = (first..looks.len()).step_by(LOOKERS).collect();
    let mut world = World::new(server, &format!("w{seed}"), strangers, looks).await;
    world.come_and_go().await;
    for step in steps_of(seed) {
        // Of a test that fails, the output shows the steps.
        println!("{seed}: {step:?}");
        world.take(&step).await;
    }
    for number in at_the_end {
        for viewer in 0..USERS {
            world.look(viewer, number).await;
        }
    }
}

/// What there is to look at over HTTP, found by looking at everything once.
async fn looks(server: &Server, strangers: bool) -> Vec<Look> {
    let all = Look::all(&server.http()).await;
    let mut world = World::new(server, "scout", strangers, all).await;
    if strangers {
        world.take(&Step::Open(0, 1)).await;
        world.take(&Step::Open(1, 0)).await;
        world.take(&Step::Say(0, Where::With(1))).await;
    }
    world.take(&Step::Say(0, Where::Hall)).await;
    world.look_around(0).await
}

async fn histories_of(contact: &str, strangers: bool) {
    let server = server(contact);
    create_crowd(&server.http()).await;
    let looks = looks(&server, strangers).await;
    let (first, cases) = (number("HIDING_SEED", 1), number("HIDING_CASES", CASES));
    let seeds: Vec<u64> = (first..first + cases).collect();
    for some in seeds.chunks(AT_ONCE) {
        join_all(some.iter().map(|seed| play(&server, *seed, strangers, looks.clone()))).await;
    }
}

#[tokio::test]
async fn whatever_happens_the_blocked_are_shown_nothing_of_those_who_blocked_them() {
    histories_of("everyone", false).await;
}

#[tokio::test]
async fn whatever_happens_strangers_are_shown_nothing_of_those_who_have_not_accepted() {
    histories_of("requests", true).await;
}

/// What each vocabulary shows of others: in its events, its acknowledgements, and the answers to its clients over HTTP. `/` is
/// a connection whose vocabulary is undecided.
const SHOWN: [(&str, &str, &str); 13] = [
    (
        "/",
        "event",
        "Delivered:message:delivered Delivered:messagesArrived Delivered:messagesDelivered \
         Delivered:messages_arrived Delivered:messages_delivered LastSeen:lastSeen Offline:user:status \
         Offline:userOffline Offline:userPresence Offline:user_left Offline:user_offline Online:status \
         Online:user:status Online:userOnline Online:userPresence Online:user_joined Online:user_online \
         Read:isRead Read:last_read_at Read:message:read Read:messagesRead Read:messagesSeen Read:messages_read \
         Read:messages_seen Typing:typing:start Typing:typing:stop Typing:typingStarted Typing:typingStopped \
         Typing:typing_status Typing:userStoppedTyping Typing:userTyping Typing:user_typing",
    ),
    (
        "/chat",
        "event",
        "Delivered:message:delivered Offline:user:status Online:status Online:user:status Online:users:online \
         Read:last_read_at Read:message:read Typing:typing:start Typing:typing:stop",
    ),
    ("/conversations", "acknowledgement", "Read:readBy Read:status"),
    (
        "/conversations",
        "event",
        "Delivered:messages_delivered LastSeen:lastSeen Offline:user_offline Online:online_users Online:status \
         Online:user_online Read:messages_read Typing:typing_status",
    ),
    (
        "/meetup",
        "event",
        "Delivered:messagesDelivered LastSeen:lastSeen Offline:userPresence Online:presenceList Online:status \
         Online:userPresence Read:messagesRead Typing:userStoppedTyping Typing:userTyping",
    ),
    ("/messenger", "acknowledgement", "Read:isRead"),
    (
        "/messenger",
        "event",
        "Delivered:messagesArrived Offline:userOffline Online:onlineUsers Online:userOnline Read:isRead \
         Read:messagesSeen Typing:typingStarted Typing:typingStopped",
    ),
    (
        "/rooms",
        "event",
        "Delivered:messages_arrived Offline:user_left Online:online Online:user_joined Read:messages_seen \
         Typing:user_typing",
    ),
    (
        "any",
        "answer",
        "Delivered:status LastSeen:lastSeen Online:status Read:isRead Read:last_read_at Read:readBy Read:status",
    ),
    ("chat", "answer", "Online:status Read:last_read_at"),
    ("conversations", "answer", "Delivered:status LastSeen:lastSeen Online:status Read:readBy Read:status"),
    ("messenger", "answer", "Read:isRead"),
    ("v1", "answer", "LastSeen:lastSeen Online:online Read:readSequence"),
];

#[tokio::test]
async fn where_nobody_blocks_each_vocabulary_shows_all_that_could_be_hidden() {
    let server = server("everyone");
    let looks = looks(&server, false).await;
    let mut world = World::new(&server, "open", false, looks).await;
    let all = 0..NAMESPACES.len();
    // The first user is there in all vocabularies, and acts in each of them in turn.
    let mut steps = vec![Step::Connect(0, None), Step::Connect(1, Some(4))];
    steps.extend(all.clone().map(|vocabulary| Step::Connect(0, Some(vocabulary))));
    for (place, of_other) in [(Where::Hall, Where::Hall), (Where::With(1), Where::With(0))] {
        steps.extend(all.clone().map(|_| Step::Say(0, place)));
        steps.extend([Step::Mark(1, of_other, Kind::Delivered), Step::RenameHall, Step::Mark(1, of_other, Kind::Read)]);
        steps.extend([Step::RenameHall, Step::Type(1, of_other, true), Step::Type(1, of_other, false)]);
        steps.extend(all.clone().map(|_| Step::Repeat(0)));
        steps.extend(all.clone().map(|_| Step::Edit(0)));
        steps.extend(all.clone().map(|_| Step::JoinAgain(0, place)));
        steps.extend([Step::LeaveAndJoin(1), Step::Lose(1), Step::WaitForOffline]);
        steps.extend([Step::ChangeProfile(1), Step::Connect(1, Some(3))]);
    }
    steps.extend(all.clone().map(|vocabulary| Step::Connect(0, Some(vocabulary))));
    // What was missed is shown as well.
    steps.extend([0; 6].map(Step::Lose));
    steps.extend([Step::Edit(0), Step::Mark(1, Where::With(0), Kind::Read), Step::Say(1, Where::With(0))]);
    steps.extend([0; 6].map(Step::Resume));
    steps.extend([Step::Say(0, Where::With(1)), Step::Mark(1, Where::With(0), Kind::Delivered)]);
    for step in &steps {
        world.take(step).await;
    }
    world.wait_for_delivered(0, 1).await;
    world.look_around(0).await;
    let mut shown: BTreeMap<(&str, &str), BTreeSet<String>> = BTreeMap::new();
    for (vocabulary, place, kind, by) in &world.shown {
        shown.entry((vocabulary, place)).or_default().insert(format!("{kind:?}:{by}"));
    }
    for (vocabulary, place, expected) in SHOWN {
        let shown = shown.get(&(vocabulary, place)).cloned().unwrap_or_default();
        let missing: Vec<&str> = expected.split_whitespace().filter(|one| !shown.contains(*one)).collect();
        assert_eq!(missing, [""; 0], "not shown by {vocabulary} in any {place}; what is shown: {shown:?}");
    }
}
