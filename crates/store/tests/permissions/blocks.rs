//! Users who have blocked others, for each store.

use quintet_domain::limits::BLOCKS_OF_USER_MAX;
use quintet_domain::{
    Actor, AddMember, AddService, Code, ConversationId, ConversationKind, CreateConversation, CreateMeetup,
    DecideRequest, DeleteMessage, EditMessage, Emoji, Event, Hidden, JoinConversation, MarkRead, MayType, MeetupId,
    NewMeetup, PinMessage, Profile, React, Reading, Refusal, RequestMeetup, Role, SetBlock, Target, Timestamp, UserId,
};
use quintet_store::{MissedSince, Party};

use crate::support::{Bench, actor, every_store, message, new_conversation, quick_stores};

every_store!(
    only_the_one_who_blocks_is_told,
    who_may_be_blocked,
    a_direct_conversation_is_closed_for_both,
    nobody_begins_to_write_to_whom_a_block_parts,
    an_addition_fails_whole_and_names_nobody,
    who_is_blocked_cannot_ask_to_meet,
    what_is_hidden_follows_the_blocks,
    a_replay_tells_of_all_blocks_at_once,
    blocks_end_with_the_person,
);

async fn set(bench: &Bench, user: &UserId, other: &UserId, blocked: bool) -> Result<Vec<UserId>, Refusal> {
    bench.write(SetBlock { actor: actor(user), user: other.clone(), blocked }).await
}

async fn block(bench: &Bench, user: &UserId, other: &UserId) {
    let blocked = set(bench, user, other, true).await.expect("blocked");
    assert!(blocked.contains(other));
}

async fn people<const N: usize>(bench: &Bench) -> [UserId; N] {
    let mut people = Vec::new();
    for name in ["ada", "bob", "eve", "joe"].iter().take(N) {
        people.push(bench.user(name).await);
    }
    people.try_into().expect("as many")
}

fn sentence<T: std::fmt::Debug>(refused: Result<T, Refusal>) -> (Code, String) {
    let refusal = refused.expect_err("a refusal");
    (refusal.code, refusal.message)
}

const CANNOT_WRITE: &str = "You cannot write to this user.";

/// The events about blocks that were handed on, with whom they were for.
async fn told(bench: &Bench) -> Vec<(UserId, Vec<UserId>, Option<UserId>)> {
    bench.settled().await;
    let entries = bench.entries.lock().unwrap();
    let blocks = entries.iter().filter_map(|entry| match &entry.event {
        Event::BlocksChanged { user, blocked, other } => Some((user.clone(), blocked.clone(), other.clone())),
        _ => None,
    });
    blocks.collect()
}

async fn only_the_one_who_blocks_is_told(bench: Bench) {
    let [ada, bob, eve] = people(&bench).await;
    for other in [&bob, &eve, &bob] {
        block(&bench, &ada, other).await;
    }
    assert_eq!(set(&bench, &ada, &bob, false).await.expect("unblocked"), [eve.clone()]);
    assert_eq!(set(&bench, &ada, &bob, false).await.expect("again"), [eve.clone()]);
    let one = |blocked: &[&UserId], other: &UserId| {
        (ada.clone(), blocked.iter().map(|id| (*id).clone()).collect(), Some(other.clone()))
    };
    assert_eq!(told(&bench).await, [one(&[&bob], &bob), one(&[&bob, &eve], &eve), one(&[&eve], &bob)]);
    let listed = bench.store.blocks(ada.clone()).await.expect("a list");
    assert_eq!(listed.iter().map(|block| block.user.id.clone()).collect::<Vec<_>>(), [eve]);
    assert!(listed[0].at > Timestamp(0));
    assert!(bench.store.blocks(bob).await.expect("a list").is_empty());
}

async fn who_may_be_blocked(bench: Bench) {
    let [ada] = people(&bench).await;
    let service = bench
        .write(AddService { name: "shop".into(), hash: "hash".into(), scopes: quintet_domain::Scopes::all() })
        .await
        .expect("added");
    let lobby = bench.conversation(&ada, ConversationKind::Room, true, &[]).await;
    let guest = UserId::trusted("guest-1");
    let join =
        JoinConversation { actor: actor(&guest), conversation: lobby, profile: Profile::default(), history: false };
    bench.write(join).await.expect("joined");
    let refused = async |user: &Actor, other: &UserId| {
        sentence(bench.write(SetBlock { actor: user.clone(), user: other.clone(), blocked: true }).await)
    };
    let (by, by_guest) = (actor(&ada), actor(&guest));
    for (by, other, code, why) in [
        (&by, &ada, Code::InvalidPayload, "`userId` must be another user."),
        (&by, &service.user.id, Code::Forbidden, "Services cannot be blocked."),
        (&by, &guest, Code::Forbidden, "Guests cannot be blocked: anybody can take the id of a guest."),
        (&by, &UserId::trusted("x"), Code::NotFound, "There is no user `x` that you can see."),
        (&by_guest, &ada, Code::Unauthenticated, "Authentication error: blocking needs an account"),
    ] {
        assert_eq!(refused(by, other).await, (code, why.to_owned()));
    }
    assert!(told(&bench).await.is_empty());
}

async fn a_direct_conversation_is_closed_for_both(bench: Bench) {
    let [ada, bob] = people(&bench).await;
    let id = bench.conversation(&ada, ConversationKind::Direct, false, &[bob.clone()]).await;
    let of_ada = bench.write(message(&ada, &id, "hello", None)).await.expect("sent").message;
    let of_bob = bench.write(message(&bob, &id, "hi", None)).await.expect("sent").message;
    block(&bench, &ada, &bob).await;
    for (one, own, others) in [(&ada, &of_ada, &of_bob), (&bob, &of_bob, &of_ada)] {
        let by = || actor(one);
        let sent = bench.write(message(one, &id, "more", None)).await;
        let edit =
            EditMessage { actor: by(), message: own.id.clone(), content: "new".into(), details: None, screening: None };
        let react = React { actor: by(), message: others.id.clone(), emoji: Emoji::trusted("+1"), active: true };
        let pin = PinMessage { actor: by(), message: own.id.clone(), pinned: true };
        let refusals = [
            sentence(sent),
            sentence(bench.write(edit).await),
            sentence(bench.write(react).await),
            sentence(bench.write(pin).await),
            sentence(bench.write(MayType { user: one.clone(), target: Target::Conversation(id.clone()) }).await),
            sentence(bench.write(MayType { user: one.clone(), target: Target::Direct(other(one, &ada, &bob)) }).await),
        ];
        for refused in refusals {
            assert_eq!(refused, (Code::Forbidden, CANNOT_WRITE.to_owned()));
        }
        // Both still read, and delete what they wrote.
        let reading = Reading::Everything(Target::Conversation(id.clone()));
        bench.write(MarkRead { actor: by(), reading }).await.expect("read");
        let page = bench.store.message(one.clone(), others.id.clone()).await;
        assert_eq!(page.expect("a message").content, if one == &ada { "hi" } else { "This message was deleted" });
        bench.write(DeleteMessage { actor: by(), message: own.id.clone() }).await.expect("deleted");
    }
    // A block in the other direction keeps it closed when the first one ends.
    block(&bench, &bob, &ada).await;
    set(&bench, &ada, &bob, false).await.expect("unblocked");
    assert_eq!(sentence(bench.write(message(&ada, &id, "now?", None)).await).1, CANNOT_WRITE);
    set(&bench, &bob, &ada, false).await.expect("unblocked");
    bench.write(message(&ada, &id, "now", None)).await.expect("sent");
}

fn other(one: &UserId, ada: &UserId, bob: &UserId) -> UserId {
    if one == ada { bob.clone() } else { ada.clone() }
}

async fn nobody_begins_to_write_to_whom_a_block_parts(bench: Bench) {
    let [ada, bob, eve] = people(&bench).await;
    block(&bench, &ada, &bob).await;
    for (from, to) in [(&ada, &bob), (&bob, &ada)] {
        let mut write = message(from, &ConversationId::trusted("x"), "hello", None);
        write.text.target = Target::Direct(to.clone());
        assert_eq!(sentence(bench.write(write).await), (Code::Forbidden, CANNOT_WRITE.to_owned()));
    }
    let none = bench.store.direct_conversation(ada.clone(), bob).await.expect("read");
    assert_eq!(none, None, "the refused messages have made no conversation");
    let mut write = message(&eve, &ConversationId::trusted("x"), "hello", None);
    write.text.target = Target::Direct(ada);
    bench.write(write).await.expect("nobody parts these");
}

async fn an_addition_fails_whole_and_names_nobody(bench: Bench) {
    let [ada, bob, eve] = people(&bench).await;
    block(&bench, &ada, &bob).await;
    let refused = (Code::Forbidden, "You cannot add all of these users.".to_owned());
    let group = bench.conversation(&bob, ConversationKind::Group, false, &[]).await;
    let add = |by: &UserId, user: &UserId| AddMember {
        actor: actor(by),
        conversation: group.clone(),
        user: user.clone(),
        role: None,
        reason: None,
    };
    assert_eq!(sentence(bench.write(add(&bob, &ada)).await), refused);
    let new = new_conversation(ConversationKind::Group, false, &[eve.clone(), ada.clone()]);
    assert_eq!(sentence(bench.write(CreateConversation { actor: actor(&bob), new }).await), refused);
    let of_eve = bench.store.conversations(eve.clone(), None, 10).await.expect("a list");
    assert!(of_eve.items.is_empty(), "nobody was added");
    // Others may, and the blocked one may be added.
    bench.write(AddMember { role: Some(Role::Admin), ..add(&bob, &eve) }).await.expect("added");
    bench.write(add(&eve, &ada)).await.expect("added");
    let own = bench.conversation(&ada, ConversationKind::Group, false, &[bob.clone()]).await;
    bench.write(message(&bob, &own, "shared groups go on", None)).await.expect("sent");
}

async fn made_by(bench: &Bench, host: &UserId) -> MeetupId {
    let (activity, location) = ("walk".to_owned(), "park".to_owned());
    let far = Timestamp(i64::MAX / 2);
    let new = NewMeetup { activity, location, starts_at: far, expires_at: far, capacity: None };
    bench.write(CreateMeetup { actor: actor(host), new }).await.expect("made").id
}

async fn who_is_blocked_cannot_ask_to_meet(bench: Bench) {
    let [ada, bob] = people(&bench).await;
    let (of_ada, of_bob) = (made_by(&bench, &ada).await, made_by(&bench, &bob).await);
    bench.write(RequestMeetup { actor: actor(&ada), meetup: of_bob.clone() }).await.expect("asked");
    block(&bench, &ada, &bob).await;
    let refused = (Code::Forbidden, "You cannot meet this user.".to_owned());
    let ask = RequestMeetup { actor: actor(&bob), meetup: of_ada };
    assert_eq!(sentence(bench.write(ask.clone()).await), refused);
    // Nor does it take the one who blocks into a meetup of its own.
    let decide = |accept| {
        let (actor, meetup, user) = (actor(&bob), of_bob.clone(), ada.clone());
        DecideRequest { actor, meetup, user, accept }
    };
    assert_eq!(sentence(bench.write(decide(true)).await), refused);
    bench.write(decide(false)).await.expect("declined");
    set(&bench, &ada, &bob, false).await.expect("unblocked");
    bench.write(ask).await.expect("asked");
}

async fn what_is_hidden_follows_the_blocks(bench: Bench) {
    let [ada, bob, eve] = people(&bench).await;
    let hidden = async |user: &UserId| {
        let hidden = bench.store.hidden_from(user.clone()).await.expect("read");
        let memberships = bench.store.memberships(user.clone()).await.expect("read");
        assert_eq!(memberships.hidden, hidden);
        let account = bench.store.account(Party::Server, user.clone()).await.expect("read");
        assert_eq!(account.expect("an account").is_blocked, !hidden.is_nobody());
        hidden
    };
    assert!(hidden(&bob).await.is_nobody());
    block(&bench, &ada, &bob).await;
    block(&bench, &eve, &bob).await;
    assert_eq!(hidden(&bob).await, Hidden::from_blockers(&bob, vec![ada.clone(), eve.clone()]));
    assert!(hidden(&ada).await.is_nobody(), "the one who blocks is shown everything");
    set(&bench, &ada, &bob, false).await.expect("unblocked");
    assert_eq!(hidden(&bob).await, Hidden::from_blockers(&bob, vec![eve.clone()]));
    set(&bench, &eve, &bob, false).await.expect("unblocked");
    assert!(hidden(&bob).await.is_nobody());
}

async fn a_replay_tells_of_all_blocks_at_once(bench: Bench) {
    let [ada, bob, eve, joe] = people(&bench).await;
    block(&bench, &ada, &joe).await;
    let since = bench.settled().await;
    let replayed = async |user: &UserId| {
        let missed = bench.store.replay_since(user.clone(), false, MissedSince::from(since)).await.expect("read");
        missed.entries.expect("entries").into_iter().map(|entry| entry.event).collect::<Vec<_>>()
    };
    assert!(replayed(&ada).await.is_empty());
    for (other, blocked) in [(&bob, true), (&eve, true), (&joe, false), (&bob, false), (&bob, true)] {
        set(&bench, &ada, other, blocked).await.expect("set");
    }
    let event = Event::BlocksChanged { user: ada.clone(), blocked: vec![eve, bob.clone()], other: None };
    assert_eq!(replayed(&ada).await, [event]);
    assert!(replayed(&bob).await.is_empty(), "who is blocked does not learn it");
}

async fn blocks_end_with_the_person(bench: Bench) {
    let [ada, bob, eve] = people(&bench).await;
    block(&bench, &ada, &bob).await;
    block(&bench, &bob, &eve).await;
    bench.erase(&bob).await;
    assert!(bench.store.blocks(ada.clone()).await.expect("a list").is_empty());
    assert!(bench.store.hidden_from(eve).await.expect("read").is_nobody());
    let erased = sentence(set(&bench, &ada, &bob, true).await);
    assert_eq!(erased, (Code::NotFound, format!("There is no user `{bob}` that you can see.")));
}

#[tokio::test]
async fn blocks_are_bounded() {
    for (name, factory) in quick_stores() {
        eprintln!("{name}");
        bounded(Bench::of(factory)).await;
    }
}

async fn bounded(bench: Bench) {
    let ada = bench.user("ada").await;
    let mut others = Vec::new();
    for n in 0..=BLOCKS_OF_USER_MAX {
        others.push(bench.user(&format!("other{n}")).await);
    }
    for other in &others[..BLOCKS_OF_USER_MAX] {
        bench.write(SetBlock { actor: actor(&ada), user: other.clone(), blocked: true }).await.expect("blocked");
    }
    let why = "`userId` is refused: you have blocked 1000 users, which is the most.".to_owned();
    assert_eq!(sentence(set(&bench, &ada, &others[BLOCKS_OF_USER_MAX], true).await), (Code::Conflict, why));
    // What is so already stays so, and there is room again when one block ends.
    set(&bench, &ada, &others[0], true).await.expect("as it is");
    set(&bench, &ada, &others[0], false).await.expect("unblocked");
    set(&bench, &ada, &others[BLOCKS_OF_USER_MAX], true).await.expect("blocked");
}
