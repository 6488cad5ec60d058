//! Bans, silences, slow mode, and conversations in which only admins write, for each store.

use std::sync::Arc;

use quintet_domain::{
    AcceptInvitation, AddMember, ChangeConversation, Code, ConversationId, ConversationKind, DeleteConversation,
    Departure, EditMessage, Emoji, Environment, Event, InvitationBounds, JoinConversation, LeaveConversation,
    LiftRestriction, MakeInvitation, Moderation, ModerationChange, Prune, React, Refusal, Restrict, Restriction,
    RestrictionKind, Role, Timestamp, UserId,
};
use quintet_store::Filter;

use crate::support::{Bench, actor, every_store, message};

const HOUR_MS: i64 = 60 * 60 * 1_000;

every_store!(
    a_ban_holds_until_its_end_and_no_longer,
    a_banned_member_leaves_and_all_are_told_why,
    a_silence_outlasts_a_departure,
    slow_mode_counts_what_one_member_sends,
    limits_are_told_once_and_replayed,
    lists_have_what_holds_in_pages,
    nothing_is_left_of_those_who_are_gone,
    no_invitation_leads_past_a_ban,
);

async fn room(bench: &Bench) -> (UserId, UserId, ConversationId) {
    let (a, b) = (bench.user("a").await, bench.user("b").await);
    let id = bench.conversation(&a, ConversationKind::Room, true, &[]).await;
    join(bench, &b, &id).await.expect("joined");
    (a, b, id)
}

async fn join(bench: &Bench, user: &UserId, id: &ConversationId) -> Result<bool, Refusal> {
    let (actor, conversation) = (actor(user), id.clone());
    let join = JoinConversation { actor, conversation, profile: Default::default(), history: false };
    Ok(bench.write(join).await?.new)
}

async fn leave(bench: &Bench, user: &UserId, id: &ConversationId) {
    let (actor, conversation) = (actor(user), id.clone());
    bench.write(LeaveConversation { actor, conversation, departure: Departure::Left }).await.expect("left");
}

async fn restrict(
    bench: &Bench,
    by: &UserId,
    (kind, user): (RestrictionKind, &UserId),
    id: &ConversationId,
    until: Option<Timestamp>,
) -> Result<Restriction, Refusal> {
    let (actor, conversation, user) = (actor(by), id.clone(), user.clone());
    bench.write(Restrict { actor, conversation, user, kind, until, reason: Some(Arc::from("spam")) }).await
}

async fn limit(bench: &Bench, by: &UserId, id: &ConversationId, moderation: ModerationChange) -> Result<(), Refusal> {
    let (actor, conversation) = (actor(by), id.clone());
    let change =
        ChangeConversation { actor, conversation, name: None, open: None, picture: None, metadata: None, moderation };
    bench.write(change).await.map(|_| ())
}

fn in_an_hour(bench: &Bench) -> Timestamp {
    bench.environment.now().plus_ms(HOUR_MS)
}

/// Whether a user finds a conversation: by its id, and among the open ones.
async fn finds(bench: &Bench, user: &UserId, id: &ConversationId) -> bool {
    let find = async |filter| {
        let found = bench.store.find_conversations(user.clone(), String::new(), filter, None, 10).await;
        found.expect("read").items.iter().any(|listing| listing.conversation.id == *id)
    };
    let (one, open) = (find(Filter::One(id.clone())).await, find(Filter::Open).await);
    assert_eq!(one, open);
    one
}

async fn events(bench: &Bench, from: usize) -> Vec<Event> {
    bench.settled().await;
    bench.entries.lock().unwrap()[from..].iter().map(|entry| entry.event.clone()).collect()
}

async fn told(bench: &Bench) -> usize {
    bench.settled().await;
    bench.entries.lock().unwrap().len()
}

async fn a_ban_holds_until_its_end_and_no_longer(bench: Bench) {
    let (a, b, id) = room(&bench).await;
    let end = in_an_hour(&bench);
    restrict(&bench, &a, (RestrictionKind::Ban, &b), &id, Some(end)).await.expect("banned");
    assert_eq!(join(&bench, &b, &id).await, Err(Refusal::not_found("conversation", &id)));
    assert!(!finds(&bench, &b, &id).await);
    let unseen = Err(Refusal::not_found("conversation", &id));
    assert_eq!(bench.store.may_send(b.clone(), id.clone()).await.map_err(Refusal::from), unseen);
    assert!(finds(&bench, &a, &id).await);
    let group = bench.conversation(&a, ConversationKind::Group, false, &[]).await;
    restrict(&bench, &a, (RestrictionKind::Ban, &b), &group, Some(end)).await.expect("banned before it came");
    let add = AddMember { actor: actor(&a), conversation: group.clone(), user: b.clone(), role: None, reason: None };
    let refused = bench.write(add.clone()).await.expect_err("banned");
    assert_eq!(refused, Refusal::forbidden(format!("User `{b}` is banned from this conversation until {end}.")));
    // Nothing has removed the bans when they end.
    bench.environment.pass_ms(HOUR_MS);
    assert!(finds(&bench, &b, &id).await);
    assert_eq!(join(&bench, &b, &id).await, Ok(true));
    assert!(bench.write(add).await.expect("added").new);
    // One for good is lifted.
    restrict(&bench, &a, (RestrictionKind::Ban, &b), &id, None).await.expect("banned");
    bench.environment.pass_ms(1_000 * HOUR_MS);
    assert!(join(&bench, &b, &id).await.is_err());
    let (user, kind) = (b.clone(), RestrictionKind::Ban);
    let lift = LiftRestriction { actor: actor(&a), conversation: id.clone(), user, kind, reason: None };
    bench.write(lift.clone()).await.expect("lifted");
    bench.write(lift).await.expect("lifted already");
    assert_eq!(join(&bench, &b, &id).await, Ok(true));
}

async fn a_banned_member_leaves_and_all_are_told_why(bench: Bench) {
    let (a, b, id) = room(&bench).await;
    let from = told(&bench).await;
    let ban = restrict(&bench, &a, (RestrictionKind::Ban, &b), &id, None).await.expect("banned");
    assert_eq!((&ban.user.id, ban.until, ban.reason.as_deref(), &ban.by), (&b, None, Some("spam"), &a));
    let is_told = |events: &[Event]| {
        let left = events.iter().find_map(|event| match event {
            Event::MemberLeft { user, departure, reason, member_count, .. } => {
                Some((user.id.clone(), *departure, reason.as_deref().map(str::to_owned), *member_count))
            }
            _ => None,
        });
        assert_eq!(left, Some((b.clone(), Departure::Banned, Some("spam".to_owned()), 1)));
    };
    is_told(&events(&bench, from).await);
    // Also those who were away, of whom the banned one is the last to know.
    let before = bench.entries.lock().unwrap()[from - 1].position;
    for user in [&a, &b] {
        let replayed = bench.store.replay_since(user.clone(), false, before.into()).await.expect("read");
        let missed: Vec<Event> = replayed.entries.expect("few").into_iter().map(|entry| entry.event).collect();
        is_told(&missed);
    }
    // Banned again, it has nothing to leave.
    let from = told(&bench).await;
    restrict(&bench, &a, (RestrictionKind::Ban, &b), &id, Some(in_an_hour(&bench))).await.expect("banned");
    assert!(events(&bench, from).await.is_empty());
}

async fn a_silence_outlasts_a_departure(bench: Bench) {
    let (a, b, id) = room(&bench).await;
    let sent = bench.send(&b, &id, "before").await.expect("sent").message;
    let react = |active| React { actor: actor(&b), message: sent.id.clone(), emoji: Emoji::trusted("+1"), active };
    bench.write(react(true)).await.expect("reacted");
    let end = in_an_hour(&bench);
    restrict(&bench, &a, (RestrictionKind::Silence, &b), &id, Some(end)).await.expect("silenced");
    let why = Refusal::forbidden(format!("You are silenced in this conversation until {end}."));
    let edit = || EditMessage {
        actor: actor(&b),
        message: sent.id.clone(),
        content: "new".into(),
        details: None,
        screening: None,
    };
    let is_silent = async || {
        assert_eq!(bench.send(&b, &id, "text").await.map(|_| ()), Err(why.clone()));
        assert_eq!(bench.write(edit()).await.map(|_| ()), Err(why.clone()));
        let laugh = React { emoji: Emoji::trusted("laugh"), ..react(true) };
        assert_eq!(bench.write(laugh).await, Err(why.clone()));
    };
    is_silent().await;
    bench.write(react(false)).await.expect("taken back");
    let own = bench.store.conversation(b.clone(), id.clone()).await.expect("read");
    assert_eq!(own.silenced_until, Some(end));
    let others = bench.store.conversation(a.clone(), id.clone()).await.expect("read");
    assert_eq!(others.silenced_until, None);
    leave(&bench, &b, &id).await;
    join(&bench, &b, &id).await.expect("joined");
    is_silent().await;
    bench.environment.pass_ms(HOUR_MS);
    bench.send(&b, &id, "after").await.expect("sent");
    // A shorter one replaces a longer one, and lifting it ends it.
    for until in [Timestamp(i64::MAX / 2), in_an_hour(&bench)] {
        restrict(&bench, &a, (RestrictionKind::Silence, &b), &id, Some(until)).await.expect("silenced");
    }
    let (user, kind) = (b.clone(), RestrictionKind::Silence);
    bench
        .write(LiftRestriction { actor: actor(&a), conversation: id.clone(), user, kind, reason: None })
        .await
        .expect("lifted");
    bench.send(&b, &id, "lifted").await.expect("sent");
    leave(&bench, &b, &id).await;
    join(&bench, &b, &id).await.expect("joined");
    bench.send(&b, &id, "still").await.expect("sent");
}

async fn slow_mode_counts_what_one_member_sends(bench: Bench) {
    let (a, b, id) = room(&bench).await;
    let slow = ModerationChange { slow_mode_s: Some(3_600), ..ModerationChange::default() };
    limit(&bench, &a, &id, slow).await.expect("slow");
    let first = bench.write(message(&b, &id, "one", Some("c-1"))).await.expect("sent");
    let refused = bench.send(&b, &id, "two").await.expect_err("too soon");
    assert_eq!(refused.code, Code::RateLimited);
    let wait = refused.retry_after_ms.expect("a time");
    assert!((1..=3_600_000).contains(&wait), "{wait}");
    let seconds = wait.div_ceil(1_000);
    assert_eq!(refused.message, format!("This conversation is in slow mode: you can write again in {seconds} s."));
    // A repeat is answered as before; an edit is no message; the owner need not wait.
    let again = bench.write(message(&b, &id, "one", Some("c-1"))).await.expect("repeated");
    assert_eq!((again.repeated, &again.message.id), (true, &first.message.id));
    let content = "edited".to_owned();
    let edit =
        EditMessage { actor: actor(&b), message: first.message.id.clone(), content, details: None, screening: None };
    bench.write(edit).await.expect("edited");
    for _ in 0..2 {
        bench.send(&a, &id, "mine").await.expect("sent");
    }
    leave(&bench, &b, &id).await;
    join(&bench, &b, &id).await.expect("joined");
    assert!(bench.send(&b, &id, "two").await.is_err(), "leaving does not shorten the pause");
    bench.environment.pass_ms(i64::try_from(wait).unwrap());
    bench.send(&b, &id, "two").await.expect("sent");
    assert!(bench.send(&b, &id, "three").await.is_err());
    limit(&bench, &a, &id, ModerationChange { slow_mode_s: Some(0), ..ModerationChange::default() })
        .await
        .expect("off");
    for _ in 0..2 {
        bench.send(&b, &id, "more").await.expect("sent");
    }
    let long = limit(&bench, &a, &id, ModerationChange { slow_mode_s: Some(86_401), ..ModerationChange::default() });
    let refused = long.await.expect_err("too long");
    assert_eq!(refused.message, "`slowModeS` must be a number of seconds from 0 to 86400.");
}

async fn limits_are_told_once_and_replayed(bench: Bench) {
    let (a, b, id) = room(&bench).await;
    let after = bench.settled().await;
    let from = told(&bench).await;
    let change = ModerationChange { slow_mode_s: Some(5), only_admins_write: Some(true), reason: None };
    for _ in 0..2 {
        limit(&bench, &a, &id, change.clone()).await.expect("changed");
    }
    let limits = Moderation { slow_mode_s: 5, only_admins_write: true };
    let of = |events: Vec<Event>| -> Vec<Moderation> {
        let changed = events.into_iter().filter_map(|event| match event {
            Event::ConversationChanged { conversation } => Some(conversation.moderation),
            _ => None,
        });
        changed.collect()
    };
    assert_eq!(of(events(&bench, from).await), [limits], "what is so already is told to nobody");
    let replayed = bench.store.replay_since(b.clone(), false, after.into()).await.expect("read");
    assert_eq!(of(replayed.entries.expect("few").into_iter().map(|entry| entry.event).collect()), [limits]);
    for user in [&a, &b] {
        let shown = bench.store.conversation(user.clone(), id.clone()).await.expect("read");
        assert_eq!(shown.moderation, limits);
    }
    let refused = bench.send(&b, &id, "text").await.expect_err("no admin");
    assert_eq!(refused, Refusal::forbidden("Only its owner and admins write in this conversation."));
    let admin = AddMember {
        actor: actor(&a),
        conversation: id.clone(),
        user: b.clone(),
        role: Some(Role::Admin),
        reason: None,
    };
    bench.write(admin).await.expect("made an admin");
    bench.send(&b, &id, "text").await.expect("sent");
    // An admin of a room may limit what is written, and may not rename it.
    limit(&bench, &b, &id, ModerationChange { only_admins_write: Some(false), ..ModerationChange::default() })
        .await
        .expect("changed");
    let rename = ChangeConversation {
        actor: actor(&b),
        conversation: id.clone(),
        name: Some("new".into()),
        open: None,
        picture: None,
        metadata: None,
        moderation: ModerationChange { slow_mode_s: Some(0), ..ModerationChange::default() },
    };
    assert_eq!(bench.write(rename).await.expect_err("not the owner").code, Code::Forbidden);
    assert_eq!(bench.store.conversation(a, id).await.expect("read").moderation.slow_mode_s, 5, "none of it was done");
}

async fn lists_have_what_holds_in_pages(bench: Bench) {
    let (a, b, id) = room(&bench).await;
    let mut banned = vec![b.clone()];
    for n in 0..4 {
        banned.push(bench.user(&format!("troll{n}")).await);
    }
    let end = in_an_hour(&bench);
    for (n, user) in banned.iter().enumerate() {
        let until = (n % 2 == 0).then_some(end);
        restrict(&bench, &a, (RestrictionKind::Ban, user), &id, until).await.expect("banned");
    }
    let listed = async |limit| {
        let (mut all, mut cursor) = (Vec::new(), None);
        loop {
            let page = bench
                .store
                .restrictions(a.clone(), id.clone(), RestrictionKind::Ban, cursor, limit)
                .await
                .expect("read");
            assert!(page.items.len() <= limit as usize);
            all.extend(page.items.into_iter().map(|one| one.user.id.clone()));
            cursor = page.next;
            if cursor.is_none() {
                return all;
            }
        }
    };
    for pages in [1, 2, 5, 10] {
        assert_eq!(listed(pages).await, banned, "pages of {pages}");
    }
    bench.environment.pass_ms(HOUR_MS);
    assert_eq!(listed(2).await, [banned[1].clone(), banned[3].clone()], "what has ended is not there");
    let bad = bench.store.restrictions(a.clone(), id.clone(), RestrictionKind::Ban, Some("x".into()), 10).await;
    let bad = bad.map(|_| ()).map_err(Refusal::from).expect_err("no cursor");
    assert_eq!(bad.message, "`cursor` must be the `next` of an earlier page.");
    let other = bench.user("other").await;
    join(&bench, &other, &id).await.expect("joined");
    let refused = bench.store.restrictions(other, id, RestrictionKind::Silence, None, 10).await;
    let refused = refused.map(|_| ()).map_err(Refusal::from).expect_err("no admin");
    assert_eq!(refused, Refusal::forbidden("Only who leads the conversation may moderate it."));
}

async fn nothing_is_left_of_those_who_are_gone(bench: Bench) {
    let (a, b, id) = room(&bench).await;
    let c = bench.user("c").await;
    for user in [&b, &c] {
        restrict(&bench, &a, (RestrictionKind::Ban, user), &id, None).await.expect("banned");
    }
    let listed = async || {
        let page = bench.store.restrictions(a.clone(), id.clone(), RestrictionKind::Ban, None, 10).await;
        page.expect("read").items.into_iter().map(|one| one.user.id.clone()).collect::<Vec<_>>()
    };
    bench.erase(&b).await;
    assert_eq!(listed().await, [c.clone()]);
    let again = restrict(&bench, &a, (RestrictionKind::Ban, &b), &id, None).await.expect_err("erased");
    assert_eq!(again, Refusal::not_found("user", &b));
    // Housekeeping removes what has ended, and nothing else.
    let (d, end) = (bench.user("d").await, in_an_hour(&bench));
    restrict(&bench, &a, (RestrictionKind::Ban, &d), &id, Some(end)).await.expect("banned");
    bench.write(Prune { after: 0 }).await.expect("pruned");
    assert_eq!(listed().await, [c.clone(), d]);
    bench.environment.pass_ms(2 * HOUR_MS);
    bench.write(Prune { after: 0 }).await.expect("pruned");
    assert_eq!(listed().await, [c]);
    bench.write(DeleteConversation { actor: actor(&a), conversation: id.clone() }).await.expect("deleted");
    let gone = bench.store.restrictions(a.clone(), id.clone(), RestrictionKind::Ban, None, 10).await;
    assert_eq!(gone.map(|_| ()).map_err(Refusal::from), Err(Refusal::not_found("conversation", &id)));
}

/// Who is banned is told so where it accepts an invitation, and is let in again by it once the ban has ended. Its own
/// invitations lead nowhere.
async fn no_invitation_leads_past_a_ban(bench: Bench) {
    let (a, b, c) = (bench.user("a").await, bench.user("b").await, bench.user("c").await);
    let id = bench.conversation(&a, ConversationKind::Group, false, &[b.clone()]).await;
    let admin = AddMember {
        actor: actor(&a),
        conversation: id.clone(),
        user: b.clone(),
        role: Some(Role::Admin),
        reason: None,
    };
    bench.write(admin).await.expect("an admin");
    let invitation = |by: &UserId, hash: &str| {
        let (conversations, bounds) = (vec![id.clone()], InvitationBounds { uses_max: Some(1), expires_at: None });
        MakeInvitation { actor: Some(actor(by)), hash: hash.to_owned(), admits: false, conversations, bounds }
    };
    bench.write(invitation(&a, "of-a")).await.expect("made");
    bench.write(invitation(&b, "of-b")).await.expect("made");
    let end = in_an_hour(&bench);
    restrict(&bench, &a, (RestrictionKind::Ban, &b), &id, Some(end)).await.expect("banned");
    let accept = |user: &UserId, hash: &str| AcceptInvitation { actor: actor(user), hash: hash.to_owned() };
    let refused = bench.write(accept(&b, "of-a")).await.expect_err("banned");
    assert_eq!(refused, Refusal::forbidden(format!("You are banned from this conversation until {end}.")));
    let lost = bench.write(accept(&c, "of-b")).await.expect_err("who made it is banned");
    assert!(lost.message.contains("who made it may no longer add members"), "{}", lost.message);
    bench.environment.pass_ms(HOUR_MS);
    bench.write(accept(&b, "of-a")).await.expect("its only use was not counted before");
    assert!(bench.store.may_send(b, id).await.is_ok());
}
