//! What happens to conversations and messages when people join, leave, hide conversations and are erased, for each
//! store.

#![allow(clippy::unwrap_used, clippy::cloned_ref_to_slice_refs, reason = "a panic is how a test fails")]

use crate::support::{Bench, actor, every_store};
use quintet_domain::limits::LOGIN_SESSIONS_MAX;
use quintet_domain::{
    AcceptInvitation, AddMember, ChangeProfile, Code, ConversationId, ConversationKind, CreateMeetup, DecideRequest,
    DeleteConversation, Departure, EditMessage, EndSession, Environment, Event, InvitationBounds, Invited,
    JoinConversation, LeaveConversation, Login, LoginSession, LoginSessionId, MakeInvitation, NewUser, NoteSeen,
    NoteSession, OpenSession, ProfileChange, Prune, RegisterUser, RequestMeetup, RevokeInvitation, RevokeTokens, Role,
    SetPassword, SweepGuests, Timestamp, UserId,
};
use quintet_store::{PageOf, Party};

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
    an_invitation_lets_in_as_many_as_it_says,
    of_two_at_once_one_is_let_in,
    a_link_into_a_group,
    invitations_end_with_their_maker,
    a_session_ends_once_and_is_told,
    the_oldest_session_makes_room,
    sessions_end_with_their_tokens,
);

/// Makes an invitation by a code, which stands for its hash here.
fn invitation(by: Option<&UserId>, code: &str, into: &[ConversationId], bounds: InvitationBounds) -> MakeInvitation {
    MakeInvitation {
        actor: by.map(actor),
        hash: code.to_owned(),
        admits: by.is_none(),
        conversations: into.to_vec(),
        bounds,
    }
}

fn accept(user: &UserId, code: &str) -> AcceptInvitation {
    AcceptInvitation { actor: actor(user), hash: code.to_owned() }
}

fn register(name: &str, code: &str, to_server: bool) -> RegisterUser {
    let invited = Some(Invited { hash: code.to_owned(), to_server });
    RegisterUser { new: NewUser { username: name.to_owned(), invited, ..NewUser::default() } }
}

fn often(uses: u32) -> InvitationBounds {
    InvitationBounds { uses_max: Some(uses), ..InvitationBounds::default() }
}

async fn an_invitation_lets_in_as_many_as_it_says(bench: Bench) {
    let (a, b) = (bench.user("a").await, bench.user("b").await);
    let group = bench.conversation(&a, ConversationKind::Group, false, &[]).await;
    let room = bench.conversation(&a, ConversationKind::Room, true, &[]).await;
    let made = bench.write(invitation(None, "twice", &[group.clone(), room.clone()], often(2))).await.expect("made");
    let new = bench.write(register("new", "twice", true)).await.expect("registered").user.id.clone();
    for place in [&group, &room] {
        bench.store.may_send(new.clone(), place.clone()).await.expect("a member");
    }
    // Somebody who has an account uses it too; who is a member already uses nothing.
    let joined = bench.write(accept(&b, "twice")).await.expect("accepted");
    assert_eq!(joined.conversations.iter().map(|one| &one.id).collect::<Vec<_>>(), [&group, &room]);
    let full = "This invitation was used 2 times already, which is its limit.";
    assert_eq!(bench.write(accept(&a, "twice")).await.expect_err("used up").message, full);
    assert_eq!(bench.write(register("late", "twice", true)).await.expect_err("used up").message, full);
    let unknown = bench.write(register("late", "thrice", true)).await.expect_err("unknown");
    assert_eq!((unknown.code, unknown.message.as_str()), (Code::NotFound, "There is no such invitation."));
    assert!(bench.store.account_by_login(Party::Server, Login::Username("late".into())).await.unwrap().is_none());
    let shown = bench.store.invitation(Party::Server, "twice".into()).await.unwrap().expect("an invitation");
    assert_eq!((shown.id.as_str(), shown.state.uses), (made.id.as_str(), 2));
    // One that leads nowhere is for those who register.
    bench.write(invitation(None, "plain", &[], InvitationBounds::default())).await.expect("made");
    let nowhere = bench.write(accept(&a, "plain")).await.expect_err("refused").message;
    assert_eq!(nowhere, "You have an account already, and this invitation leads into no group.");
    bench.write(register("more", "plain", true)).await.expect("registered");
    bench.write(RevokeInvitation { actor: None, id: made.id.clone() }).await.expect("revoked");
    let revoked = bench.write(accept(&a, "twice")).await.expect_err("revoked").message;
    assert_eq!(revoked, "This invitation was revoked.");
}

async fn of_two_at_once_one_is_let_in(bench: Bench) {
    let a = bench.user("a").await;
    let group = bench.conversation(&a, ConversationKind::Group, false, &[]).await;
    for round in 0..10 {
        let code = format!("once-{round}");
        bench.write(invitation(None, &code, &[group.clone()], often(1))).await.expect("made");
        let user = bench.user(&format!("user-{round}")).await;
        // Queued together, so that one group has all of them.
        let names = [format!("new-{round}"), format!("other-{round}")];
        let first = bench.start(register(&names[0], &code, true)).await;
        let second = bench.start(accept(&user, &code)).await;
        let third = bench.start(register(&names[1], &code, true)).await;
        let refused = [
            first.await.expect("an answer").err().map(|error| error.to_string()),
            second.await.expect("an answer").err().map(|error| error.to_string()),
            third.await.expect("an answer").err().map(|error| error.to_string()),
        ];
        let wins = refused.iter().filter(|refused| refused.is_none()).count();
        assert_eq!(wins, 1, "{refused:?}");
        assert!(refused.iter().flatten().all(|said| said.contains("This invitation was used already.")), "{refused:?}");
    }
    let members = bench.store.conversation(a, group).await.expect("a group").member_count;
    assert_eq!(members, 11, "one more for each invitation");
}

async fn a_link_into_a_group(bench: Bench) {
    let (a, b, c) = (bench.user("a").await, bench.user("b").await, bench.user("c").await);
    let group = bench.conversation(&a, ConversationKind::Group, false, &[b.clone()]).await;
    let room = bench.conversation(&a, ConversationKind::Room, true, &[]).await;
    let place = [group.clone()];
    // Whoever may add members may make one.
    for (by, into, code) in [(&b, &group, Code::Forbidden), (&c, &group, Code::NotFound), (&a, &room, Code::Forbidden)]
    {
        let refused = bench.write(invitation(Some(by), "no", &[into.clone()], InvitationBounds::default())).await;
        assert_eq!(refused.expect_err("refused").code, code);
    }
    let made = bench.write(invitation(Some(&a), "link", &place, often(2))).await.expect("made");
    bench.write(accept(&c, "link")).await.expect("joined");
    bench.write(accept(&c, "link")).await.expect("a member already, which uses nothing");
    // Also for somebody who has left.
    let (by, departure) = (actor(&c), Departure::Left);
    bench.write(LeaveConversation { actor: by, conversation: group.clone(), departure }).await.expect("left");
    bench.write(accept(&c, "link")).await.expect("joined again");
    // It lets nobody in to a server that wants invitations.
    bench.write(invitation(Some(&a), "more", &place, InvitationBounds::default())).await.expect("made");
    let said = bench.write(register("new", "more", true)).await.expect_err("refused").message;
    assert!(said.starts_with("This link leads into a group, for people who have an account;"), "{said}");
    bench.write(register("new", "more", false)).await.expect("registration is open, and the link leads on");
    // Only those who made it, or may add members, revoke it.
    for by in [&b, &c] {
        let revoke = RevokeInvitation { actor: Some(actor(by)), id: made.id.clone() };
        assert_eq!(bench.write(revoke).await.expect_err("refused").code, Code::NotFound);
    }
    let admin = AddMember {
        actor: actor(&a),
        conversation: group.clone(),
        user: b.clone(),
        role: Some(Role::Admin),
        reason: None,
    };
    bench.write(admin).await.expect("an admin");
    bench.write(RevokeInvitation { actor: Some(actor(&b)), id: made.id.clone() }).await.expect("revoked");
    // A link of somebody who may not add members any more leads nowhere.
    bench.write(invitation(Some(&b), "of-b", &place, InvitationBounds::default())).await.expect("made");
    let demoted = AddMember {
        actor: actor(&a),
        conversation: group.clone(),
        user: b.clone(),
        role: Some(Role::Member),
        reason: None,
    };
    bench.write(demoted).await.expect("a member");
    let d = bench.user("d").await;
    let said = bench.write(accept(&d, "of-b")).await.expect_err("refused").message;
    assert_eq!(said, "This invitation is not good any more: who made it may no longer add members to the group.");
    let own = bench.store.invitations(Party::Server, Some(a.clone()), None, 1).await.expect("a page");
    let rest = bench.store.invitations(Party::Server, Some(a), own.next.clone(), 5).await.expect("a page");
    assert_eq!((own.items.len(), rest.items.len(), &rest.next), (1, 1, &None), "newest first: {own:?} {rest:?}");
    assert_eq!(rest.items[0].id, made.id);
}

async fn invitations_end_with_their_maker(bench: Bench) {
    let (a, b) = (bench.user("a").await, bench.user("b").await);
    let group = bench.conversation(&a, ConversationKind::Group, false, &[]).await;
    let soon = InvitationBounds { expires_at: Some(Timestamp(bench.environment.now().0 + 1_000)), uses_max: None };
    bench.write(invitation(Some(&a), "soon", &[group.clone()], soon)).await.expect("made");
    bench.write(invitation(Some(&a), "link", &[group], InvitationBounds::default())).await.expect("made");
    bench.environment.pass_ms(2_000);
    let late = bench.write(accept(&b, "soon")).await.expect_err("too late").message;
    assert!(late.starts_with("This invitation was good until "), "{late}");
    bench.erase(&a).await;
    assert_eq!(bench.write(accept(&b, "link")).await.expect_err("gone").code, Code::NotFound);
    assert!(bench.store.invitations(Party::Server, None, None, 10).await.expect("a page").items.is_empty());
}

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
    bench
        .write(AddMember { actor: by, conversation: id, user, role: Some(Role::Admin), reason: None })
        .await
        .expect("an admin");
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
    bench
        .write(EditMessage { actor: by, message: sent, content: "y".into(), details: None, screening: None })
        .await
        .expect("edited");
    let listed = || bench.store.conversations(a.clone(), None, 10);
    assert!(listed().await.expect("a list").items.is_empty());
    bench.send(&b, &conversation, "z").await.expect("sent");
    assert_eq!(listed().await.expect("a list").items.len(), 1);
}

/// Begins a session that lasts for some milliseconds.
async fn session(bench: &Bench, user: &UserId, client: &str, lasts_ms: i64) -> LoginSession {
    let expires_at = bench.environment.now().plus_ms(lasts_ms);
    bench.write(OpenSession { user: user.clone(), client: Some(client.into()), expires_at }).await.expect("begun")
}

/// The ids of the sessions of a user, the one that was used last first.
async fn sessions(bench: &Bench, user: &UserId) -> Vec<LoginSessionId> {
    let found = bench.store.login_sessions(user.clone()).await.expect("a list");
    found.into_iter().map(|session| session.id).collect()
}

async fn holds(bench: &Bench, user: &UserId, session: &LoginSession) -> bool {
    let found = bench.store.token_holder(Party::Server, user.clone(), Some(session.id.clone())).await.expect("read");
    assert!(found.account.is_some_and(|account| account.user.id == *user));
    let at_once = bench.store.user_state(Party::Server, user.clone(), Some(session.id.clone())).await.expect("read");
    assert_eq!(at_once.session, found.session, "one read for a connection finds the same");
    found.session.is_some()
}

async fn a_session_ends_once_and_is_told(bench: Bench) {
    let (a, b) = (bench.user("a").await, bench.user("b").await);
    let phone = session(&bench, &a, "Phone", 10_000).await;
    bench.environment.pass_ms(1_000);
    let desk = session(&bench, &a, "Desk", 10_000).await;
    assert_eq!(sessions(&bench, &a).await, [desk.id.clone(), phone.id.clone()], "the newest first");
    bench.environment.pass_ms(1_000);
    let note = NoteSession { user: a.clone(), session: phone.id.clone(), expires_at: None };
    bench.write(note.clone()).await.expect("in use");
    let found = bench.store.login_sessions(a.clone()).await.expect("a list");
    assert!(found[0].seen_at > phone.seen_at, "{found:?}");
    let expected = LoginSession { seen_at: found[0].seen_at, ..phone.clone() };
    assert_eq!(found, [expected, desk.clone()], "the one that was used last first; it lasts no longer than before");
    // Nobody else's session is ended or used, and nobody learns that there is one.
    let of_b = |session: &LoginSession| EndSession { user: b.clone(), session: session.id.clone() };
    assert_eq!(bench.write(of_b(&phone)).await.expect_err("not b's").code, Code::NotFound);
    assert!(!holds(&bench, &b, &phone).await && holds(&bench, &a, &phone).await);
    let end = EndSession { user: a.clone(), session: phone.id.clone() };
    bench.settled().await;
    let before = bench.entries.lock().unwrap().len();
    bench.write(end.clone()).await.expect("ended");
    bench.settled().await;
    let told = Event::SessionEnded { user: a.clone(), session: phone.id.clone() };
    let entries: Vec<Event> = bench.entries.lock().unwrap()[before..].iter().map(|one| one.event.clone()).collect();
    assert_eq!(entries, [told]);
    assert!(!holds(&bench, &a, &phone).await && holds(&bench, &a, &desk).await);
    assert_eq!(bench.write(end).await.expect_err("over").code, Code::NotFound);
    assert_eq!(bench.write(note).await.expect_err("over").code, Code::Unauthenticated);
}

async fn the_oldest_session_makes_room(bench: Bench) {
    let a = bench.user("a").await;
    let first = session(&bench, &a, "First", 10_000_000).await;
    let second = session(&bench, &a, "Second", 10_000_000).await;
    bench.environment.pass_ms(1_000);
    bench.write(NoteSession { user: a.clone(), session: first.id.clone(), expires_at: None }).await.expect("in use");
    for _ in 2..LOGIN_SESSIONS_MAX {
        session(&bench, &a, "More", 10_000_000).await;
    }
    assert!(holds(&bench, &a, &first).await && holds(&bench, &a, &second).await, "there is room for all");
    let newest = session(&bench, &a, "Newest", 10_000_000).await;
    assert!(!holds(&bench, &a, &second).await, "it was used longest ago");
    assert!(holds(&bench, &a, &first).await && holds(&bench, &a, &newest).await);
    assert_eq!(sessions(&bench, &a).await.len(), LOGIN_SESSIONS_MAX);
}

async fn sessions_end_with_their_tokens(bench: Bench) {
    let (a, b) = (bench.user("a").await, bench.user("b").await);
    let of_b = session(&bench, &b, "B", 10_000_000).await;
    let ended = session(&bench, &a, "A", 10_000_000).await;
    bench.write(RevokeTokens { user: a.clone() }).await.expect("revoked");
    assert!(!holds(&bench, &a, &ended).await && sessions(&bench, &a).await.is_empty());
    let ended = session(&bench, &a, "A", 10_000_000).await;
    bench.write(SetPassword { user: a.clone(), hash: "$hash".to_owned() }).await.expect("set");
    assert!(!holds(&bench, &a, &ended).await && sessions(&bench, &a).await.is_empty());
    let ended = session(&bench, &a, "A", 10_000_000).await;
    bench.erase(&a).await;
    assert!(!holds(&bench, &a, &ended).await && sessions(&bench, &a).await.is_empty());
    // The rows of those that have expired go with the next pruning.
    let short = session(&bench, &b, "Short", 1_000).await;
    bench.environment.pass_ms(1_001);
    assert_eq!(sessions(&bench, &b).await, [of_b.id.clone()]);
    bench.write(Prune { after: 0 }).await.expect("pruned");
    assert!(!holds(&bench, &b, &short).await && holds(&bench, &b, &of_b).await);
}
