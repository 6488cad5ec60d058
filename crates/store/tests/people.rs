//! What happens to conversations and messages when people join, leave, hide conversations and are erased, for each
//! store.

#![allow(clippy::unwrap_used, clippy::cloned_ref_to_slice_refs, reason = "a panic is how a test fails")]

mod support;

use quintet_domain::{
    AddMember, ChangeProfile, ConversationKind, CreateMeetup, DecideRequest, DeleteConversation, Departure,
    EditMessage, Event, JoinConversation, LeaveConversation, Login, NoteSeen, ProfileChange, RequestMeetup, Role,
    SweepGuests,
};
use quintet_store::{PageOf, Party};
use support::{Bench, actor, every_store};

every_store!(
    one_direct_conversation_for_a_pair,
    owners_pass_on,
    erased_keeps_its_numbers,
    guests_go,
    rooms_of_users_stay,
    erasure_is_told,
    lists_of_large_conversations,
    an_empty_room_finds_an_owner,
    hidden_until_the_next_message,
    only_what_others_see_is_visible,
);

async fn only_what_others_see_is_visible(bench: Bench) {
    let user = bench.user("a").await;
    let unchanged = ProfileChange::default;
    for (change, expected) in [
        (ProfileChange { email: Some("new@example.org".into()), ..unchanged() }, false),
        (ProfileChange { country: Some("Peru".into()), ..unchanged() }, false),
        (ProfileChange { name: Some("Another".into()), ..unchanged() }, true),
        (ProfileChange { avatar: Some(Some("https://example.org/a.png".into())), ..unchanged() }, true),
    ] {
        bench.write(ChangeProfile { user: user.clone(), change: change.clone() }).await.expect("changed");
        bench.settled().await;
        let newest = bench.entries.lock().unwrap().last().cloned().expect("an entry");
        let Event::UserChanged { visible, .. } = newest.event else { panic!("{newest:?}") };
        assert_eq!(visible, expected, "{change:?}");
    }
}

async fn one_direct_conversation_for_a_pair(bench: Bench) {
    let (a, b) = (bench.user("a").await, bench.user("b").await);
    let first = bench.conversation(&a, ConversationKind::Direct, false, &[b.clone()]).await;
    let second = bench.conversation(&b, ConversationKind::Direct, false, &[a.clone()]).await;
    assert_eq!(first, second);
    // Hidden for the requesting user until the next message.
    let by = actor(&a);
    let id = first.clone();
    bench.write(DeleteConversation { actor: by, conversation: id }).await.expect("hidden");
    let listed = |user| bench.store.conversations(user, None, 10);
    assert!(listed(a.clone()).await.expect("a list").items.is_empty());
    assert_eq!(listed(b.clone()).await.expect("a list").items.len(), 1);
    bench.send(&b, &first, "back").await.expect("sent");
    assert_eq!(listed(a).await.expect("a list").items[0].unread_count, 1);
}

async fn owners_pass_on(bench: Bench) {
    let (a, b, c) = (bench.user("a").await, bench.user("b").await, bench.user("c").await);
    let conversation = bench.conversation(&a, ConversationKind::Group, false, &[b.clone(), c.clone()]).await;
    let (by, id, user) = (actor(&a), conversation.clone(), c.clone());
    bench.write(AddMember { actor: by, conversation: id, user, role: Some(Role::Admin) }).await.expect("an admin");
    let (by, id) = (actor(&a), conversation.clone());
    bench.write(LeaveConversation { actor: by, conversation: id, departure: Departure::Left }).await.expect("left");
    let seen = bench.store.conversation(b.clone(), conversation.clone()).await.expect("a conversation");
    assert_eq!(seen.owner, Some(c.clone()), "the admin comes before the longer-standing member");
    let (by, id) = (actor(&c), conversation.clone());
    bench.write(LeaveConversation { actor: by, conversation: id, departure: Departure::Left }).await.expect("left");
    let seen = bench.store.conversation(b.clone(), conversation).await.expect("a conversation");
    assert_eq!((seen.owner, seen.members[0].role), (Some(b), Role::Owner));
}

async fn erased_keeps_its_numbers(bench: Bench) {
    let (a, b) = (bench.user("a").await, bench.user("b").await);
    let conversation = bench.conversation(&a, ConversationKind::Group, false, &[b.clone()]).await;
    bench.send(&b, &conversation, "a secret").await.expect("sent");
    bench.send(&a, &conversation, "kept").await.expect("sent");
    bench.write(NoteSeen { users: vec![(b.clone(), quintet_domain::Timestamp(1))] }).await.expect("seen");
    bench.erase(&b).await;
    // Its last presence is recorded only now, and belongs to nobody any more.
    bench.write(NoteSeen { users: vec![(b.clone(), quintet_domain::Timestamp(2))] }).await.expect("seen");
    let page = bench.store.messages(Party::Server, a, conversation, PageOf::Newest, 10).await.expect("read");
    let shown: Vec<_> = page.items.iter().map(|message| (message.sequence, message.content.as_str())).collect();
    assert_eq!(shown, [(2, "This message was deleted"), (3, "kept")]);
    assert!(page.items[0].sender.name.starts_with("deleted-"));
    let account = bench.store.account(Party::Server, b).await.expect("read").expect("the id stays");
    assert!(account.disabled && account.email.is_none() && account.user.last_seen.is_none());
    let login = Login::Email("b@example.org".into());
    assert!(bench.store.account_by_login(Party::Server, login).await.expect("read").is_none());
}

async fn guests_go(bench: Bench) {
    let a = bench.user("a").await;
    let room = bench.conversation(&a, ConversationKind::Room, true, &[]).await;
    for guest in ["guest-1", "guest-2"] {
        let guest = quintet_domain::UserId::trusted(guest);
        let (by, id) = (actor(&guest), room.clone());
        let joined = bench
            .write(JoinConversation { actor: by, conversation: id, profile: Default::default(), history: true })
            .await;
        assert!(joined.expect("joined").new);
    }
    let present = vec![quintet_domain::UserId::trusted("guest-2")];
    let later = quintet_domain::Timestamp(i64::MAX);
    bench
        .write(SweepGuests { present: std::sync::Arc::new(present.into_iter().collect()), joined_before: later })
        .await
        .expect("swept");
    let seen = bench.store.conversation(a, room).await.expect("a conversation");
    let members: Vec<_> = seen.members.iter().map(|member| member.user.id.as_str().to_owned()).collect();
    assert!(members.contains(&"guest-2".to_owned()) && !members.contains(&"guest-1".to_owned()), "{members:?}");
}

/// A room that a registered user created is not deleted for being empty, whoever was its last owner.
async fn rooms_of_users_stay(bench: Bench) {
    let a = bench.user("a").await;
    let room = bench.conversation(&a, ConversationKind::Room, true, &[]).await;
    let guest = quintet_domain::UserId::trusted("guest-1");
    for (user, leaves) in [(&guest, false), (&a, true), (&guest, true)] {
        let (by, id) = (actor(user), room.clone());
        if leaves {
            bench
                .write(LeaveConversation { actor: by, conversation: id, departure: Departure::Left })
                .await
                .expect("left");
        } else {
            bench
                .write(JoinConversation { actor: by, conversation: id, profile: Default::default(), history: false })
                .await
                .expect("joined");
        }
    }
    // Two days later, so that a guest's room would be deleted.
    bench.environment.pass_ms(2 * 24 * 60 * 60 * 1_000);
    bench
        .write(SweepGuests { present: Default::default(), joined_before: quintet_domain::Timestamp(0) })
        .await
        .expect("swept");
    let (by, id) = (actor(&a), room);
    let back = bench
        .write(JoinConversation { actor: by, conversation: id, profile: Default::default(), history: false })
        .await;
    assert!(back.expect("it is still there").new);
}

/// What names a person is erased with the person: its messages are reported as deleted, its meetups end.
async fn erasure_is_told(bench: Bench) {
    let (a, b) = (bench.user("a").await, bench.user("b").await);
    let conversation = bench.conversation(&a, ConversationKind::Direct, false, &[b.clone()]).await;
    bench.send(&a, &conversation, "x").await.expect("sent");
    let new = quintet_domain::NewMeetup {
        activity: "Chess".into(),
        location: "Park".into(),
        starts_at: quintet_domain::Timestamp(i64::MAX / 2),
        expires_at: quintet_domain::Timestamp(i64::MAX / 2),
        capacity: None,
    };
    let by = actor(&a);
    let meetup = bench.write(CreateMeetup { actor: by, new }).await.expect("made");
    let (by, id) = (actor(&b), meetup.id.clone());
    bench.write(RequestMeetup { actor: by, meetup: id }).await.expect("asked");
    let (by, id, user) = (actor(&a), meetup.id.clone(), b.clone());
    bench.write(DecideRequest { actor: by, meetup: id, user, accept: true }).await.expect("accepted");
    bench.settled().await;
    let before = bench.entries.lock().unwrap().len();
    bench.erase(&a).await;
    bench.settled().await;
    let entries = bench.entries.lock().unwrap()[before..].to_vec();
    let delivered = |wanted: fn(&Event) -> bool| entries.iter().filter(|entry| wanted(&entry.event)).count();
    assert_eq!(delivered(|event| matches!(event, Event::MessageDeleted(_))), 1);
    assert_eq!(delivered(|event| matches!(event, Event::MeetupChanged { .. })), 1);
    assert_eq!(delivered(|event| matches!(event, Event::ConversationDeleted { .. })), 1);
    // Later events name the erased user by the name that remains.
    assert_eq!(
        delivered(|event| matches!(event, Event::UserChanged { user, .. } if user.name.starts_with("deleted-"))),
        1
    );
    // Notifications that repeat the user's texts are removed; the cancellation of the meetup repeats none.
    let left = bench.store.notifications(b.clone(), None, 10).await.expect("read").items;
    let left: Vec<_> = left.iter().map(|item| item.notification.message.as_str()).collect();
    assert_eq!(left, ["A meetup of yours is cancelled."]);
    assert!(bench.store.meetup(b, meetup.id).await.is_err());
}

/// A list shows some of the members of a large conversation, including the requesting user; the conversation itself
/// shows all.
async fn lists_of_large_conversations(bench: Bench) {
    let a = bench.user("a").await;
    let mut members = Vec::new();
    for number in 0..150 {
        members.push(bench.user(&format!("member-{number}")).await);
    }
    let conversation = bench.conversation(&a, ConversationKind::Group, false, &members).await;
    bench.settled().await;
    // They are members from the beginning. Reporting each join to each member would take more than ten thousand events.
    let entries = bench.entries.lock().unwrap().clone();
    let delivered = |wanted: fn(&Event) -> bool| entries.iter().filter(|entry| wanted(&entry.event)).count();
    assert_eq!(delivered(|event| matches!(event, Event::MemberJoined { .. })), 0);
    let born = |event: &Event| matches!(event, Event::ConversationCreated { members, .. } if members.len() == 151);
    assert_eq!(delivered(born), 1);
    let last = members.last().expect("members").clone();
    let listed = bench.store.conversations(last.clone(), None, 10).await.expect("a list").items.remove(0);
    assert_eq!((listed.members.len(), listed.member_count), (100, 151));
    assert_eq!((&listed.members[0].user.id, &listed.members[99].user.id), (&a, &last));
    let whole = bench.store.conversation(last, conversation).await.expect("a conversation");
    assert_eq!((whole.members.len(), whole.member_count), (151, 151));
}

/// The next registered user who joins a room whose owner was erased becomes its owner.
async fn an_empty_room_finds_an_owner(bench: Bench) {
    let (a, b, c) = (bench.user("a").await, bench.user("b").await, bench.user("c").await);
    let room = bench.conversation(&a, ConversationKind::Room, true, &[]).await;
    bench.erase(&a).await;
    let (by, id) = (actor(&quintet_domain::UserId::trusted("guest-1")), room.clone());
    bench
        .write(JoinConversation { actor: by, conversation: id, profile: Default::default(), history: false })
        .await
        .expect("joined");
    for user in [&b, &c] {
        let (by, id) = (actor(user), room.clone());
        bench
            .write(JoinConversation { actor: by, conversation: id, profile: Default::default(), history: false })
            .await
            .expect("joined");
    }
    let seen = bench.store.conversation(b.clone(), room).await.expect("a conversation");
    assert_eq!(seen.owner, Some(b));
    let roles: Vec<_> = seen.members.iter().map(|member| member.role).collect();
    assert_eq!(roles, [Role::Member, Role::Owner, Role::Member]);
}

/// A hidden conversation reappears with a message, not with an edit.
async fn hidden_until_the_next_message(bench: Bench) {
    let (a, b) = (bench.user("a").await, bench.user("b").await);
    let conversation = bench.conversation(&a, ConversationKind::Direct, false, &[b.clone()]).await;
    let sent = bench.send(&b, &conversation, "x").await.expect("sent").message.id.clone();
    let (by, id) = (actor(&a), conversation.clone());
    bench.write(DeleteConversation { actor: by, conversation: id }).await.expect("hidden");
    let by = actor(&b);
    bench.write(EditMessage { actor: by, message: sent, content: "y".into(), details: None }).await.expect("edited");
    let listed = || bench.store.conversations(a.clone(), None, 10);
    assert!(listed().await.expect("a list").items.is_empty());
    bench.send(&b, &conversation, "z").await.expect("sent");
    assert_eq!(listed().await.expect("a list").items.len(), 1);
}
