//! The guarantees of [`Bus`], checked against every implementation. Each check creates its bus by a factory.

use std::sync::Arc;
use std::time::Duration;

use quintet_bus::{Bus, LocalBus, Publication, RemotePresence, Subscription};
use quintet_domain::{
    CommandReply, Commit, Entry, Ephemeral, Event, NodeId, Refusal, Ticket, Timestamp, User, UserId, UserKind, Written,
};

type Factory<'f> = &'f dyn Fn() -> Arc<dyn Bus>;

fn user(id: &str) -> Arc<User> {
    Arc::new(User {
        id: UserId::trusted(id),
        username: id.to_owned(),
        name: id.to_owned(),
        last_name: None,
        avatar: None,
        kind: UserKind::Registered,
        last_seen: None,
        created_at: Timestamp(0),
    })
}

fn commit(position: u64) -> Commit {
    let event = Event::UserChanged { user: user("ada"), metadata: None, visible: true };
    let entry = Entry { position, sequence: None, origin: None, acked: false, event, withheld: None };
    Commit { position, replies: Vec::new(), entries: vec![entry], ..Commit::default() }
}

fn presence(last_seen_ms: i64) -> Ephemeral {
    Ephemeral::Event(Event::Presence { user: user("ada"), online: true, last_seen: Timestamp(last_seen_ms) })
}

fn positions(subscription: &mut Subscription) -> Vec<u64> {
    let mut positions = Vec::new();
    while let Some(publication) = subscription.try_next() {
        match publication {
            Publication::Committed(commit) => positions.push(commit.position),
            Publication::Ephemeral(_) | Publication::Remote { .. } => {}
        }
    }
    positions
}

fn commits_arrive_in_order_at_every_subscriber(make: Factory<'_>) {
    let bus = make();
    bus.committed(commit(1));
    let mut first = bus.subscribe();
    bus.committed(commit(2));
    let mut second = bus.subscribe();
    bus.committed(commit(3));
    bus.committed(commit(4));
    assert_eq!(positions(&mut first), [2, 3, 4]);
    assert_eq!(positions(&mut second), [3, 4]);
}

fn replies_arrive_unchanged_with_and_without_entries(make: Factory<'_>) {
    let bus = make();
    let mut subscription = bus.subscribe();
    let replies = vec![
        CommandReply { ticket: Ticket(7), after: 1, outcome: Ok(Written::MarkRead(())) },
        CommandReply { ticket: Ticket(3), after: 2, outcome: Err(Refusal::internal()) },
    ];
    let with_entries = Commit { replies: replies.clone(), ..commit(2) };
    let alone = Commit { position: 2, replies, entries: Vec::new(), ..Commit::default() };
    bus.committed(with_entries.clone());
    bus.committed(alone.clone());
    assert_eq!(subscription.try_next(), Some(Publication::Committed(with_entries)));
    assert_eq!(subscription.try_next(), Some(Publication::Committed(alone)));
    assert_eq!(subscription.try_next(), None);
}

fn a_slow_subscriber_loses_no_commit(make: Factory<'_>) {
    const COUNT: u64 = 20_000;
    let bus = make();
    let mut subscription = bus.subscribe();
    let writer = std::thread::spawn(move || (1..=COUNT).for_each(|position| bus.committed(commit(position))));
    let mut expected = 1;
    while expected <= COUNT {
        match subscription.try_next() {
            Some(Publication::Committed(commit)) => {
                assert_eq!(commit.position, expected);
                expected += 1;
            }
            Some(Publication::Ephemeral(_) | Publication::Remote { .. }) => panic!("nobody published one"),
            None => std::thread::sleep(Duration::from_micros(50)),
        }
    }
    writer.join().expect("the writer ends");
}

fn an_ephemeral_event_is_returned_or_received_by_all(make: Factory<'_>) {
    const TRIED_MAX: i64 = 1_000_000;
    let bus = make();
    let mut first = bus.subscribe();
    let mut second = bus.subscribe();
    let refused = (0..TRIED_MAX).find(|number| match bus.ephemeral(presence(*number)) {
        Ok(()) => false,
        Err(returned) => {
            assert_eq!(returned, presence(*number));
            true
        }
    });
    let refused = refused.expect("a bus is bounded");
    assert!(refused > 0);
    for number in 0..refused {
        let expected = Some(Publication::Ephemeral(presence(number)));
        assert_eq!(first.try_next(), expected);
        assert_eq!(second.try_next(), expected);
    }
    assert_eq!((first.try_next(), second.try_next()), (None, None));
    assert_eq!(bus.ephemeral(presence(refused)), Ok(()));
}

fn a_dropped_subscriber_hinders_nobody(make: Factory<'_>) {
    let bus = make();
    drop(bus.subscribe());
    let mut subscription = bus.subscribe();
    let gone = bus.subscribe();
    drop(gone);
    for position in 1..=10_000 {
        bus.committed(commit(position));
        assert_eq!(bus.ephemeral(presence(0)), Ok(()));
        assert!(subscription.try_next().is_some() && subscription.try_next().is_some());
    }
}

fn conforms(make: Factory<'_>) {
    commits_arrive_in_order_at_every_subscriber(make);
    replies_arrive_unchanged_with_and_without_entries(make);
    a_slow_subscriber_loses_no_commit(make);
    an_ephemeral_event_is_returned_or_received_by_all(make);
    a_dropped_subscriber_hinders_nobody(make);
}

#[test]
fn the_local_bus_conforms() {
    conforms(&|| Arc::new(LocalBus::new()));
}

#[test]
fn what_other_nodes_tell_arrives_in_order_with_the_commits_and_is_never_dropped() {
    const COUNT: u64 = 10_000;
    let bus = Arc::new(LocalBus::new());
    let mut subscription = bus.subscribe();
    let other = NodeId(7);
    let publishing = Arc::clone(&bus);
    let publisher = std::thread::spawn(move || {
        for position in 1..=COUNT {
            publishing.committed(commit(position));
            publishing.remote(other, RemotePresence::Came(user(&position.to_string())));
        }
    });
    let mut next = || loop {
        match subscription.try_next() {
            Some(publication) => return publication,
            None => std::thread::yield_now(),
        }
    };
    for position in 1..=COUNT {
        assert_eq!(next(), Publication::Committed(commit(position)));
        let presence = RemotePresence::Came(user(&position.to_string()));
        assert_eq!(next(), Publication::Remote { node: other, presence });
    }
    publisher.join().expect("the publisher ends");
}
