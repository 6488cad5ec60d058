//! What users may write: budgets, limits, people per day, files.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::sync::Arc;

use quintet_domain::limits::{
    CONVERSATIONS_OF_USER_MAX, MEETUP_REQUESTS_MAX, MEMBERS_MAX, NOTIFICATIONS_KEPT_MAX, OWNED_MAX, REASON_BYTES_MAX,
    ROOMS_PER_MINUTE,
};
use quintet_domain::{
    Actor, AddService, AnnounceFile, ChangeConversation, Code, CompleteFile, ConversationId, ConversationKind,
    CreateMeetup, ForgetFiles, JoinConversation, ModerationChange, NewFile, NewMeetup, NewText, NotifyUser, Profile,
    Quotas, Refusal, RequestMeetup, Scopes, SendMessage, StoredFile, Target, Timestamp, UserId,
};

use crate::support::stage::{On, Stage, every_database};
use crate::support::{Bench, actor, message};

every_database!(
    rows_have_a_budget,
    delivered_bytes_have_a_budget,
    stored_text_has_a_budget_and_normal_speed_is_fine,
    what_the_audit_log_keeps_is_paid_for,
    guests_of_a_network_have_one_budget,
    rooms_have_a_rate,
    people_a_day_are_counted_over_a_restart,
    bounds_refuse_what_is_beyond_and_keep_what_is_there,
    the_newest_notifications_are_kept,
    files_have_quotas
);

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, Refusal>, code: Code, part: &str) -> Refusal {
    let refusal = result.expect_err("refused");
    assert!(refusal.code == code && refusal.message.contains(part), "{refusal:?}");
    refusal
}

/// A user who creates large groups one after the other must wait; another user need not, and a service never must.
async fn rows_have_a_budget(on: On) {
    let stage = Stage::with(on, Quotas { rates: true, ..Quotas::default() });
    let users = stage.users("alice bob").await;
    let mut members = Vec::new();
    for number in 0..500 {
        members.push(stage.bench.user(&format!("member-{number}")).await);
    }
    let mut made = 0;
    let refusal = loop {
        match stage.make(&users[0], ConversationKind::Group, &members).await {
            Ok(_) => made += 1,
            Err(refusal) => break refusal,
        }
        assert!(made < 20, "no budget");
    };
    assert!((4..=10).contains(&made), "{made} groups of 500");
    assert_eq!(refusal.code, Code::RateLimited);
    let wait = refusal.retry_after_ms.unwrap();
    assert!(wait > 0 && wait < 60_000, "{wait}");
    assert_eq!(stage.number("SELECT count(*) FROM conversation"), made, "what was refused left nothing");
    stage.make(&users[1], ConversationKind::Group, &members).await.unwrap();
    // The wait ends, and is as long as the refusal says.
    stage.bench.environment.pass_ms(wait as i64);
    stage.make(&users[0], ConversationKind::Group, &[]).await.unwrap();
    let key = "hash".to_owned();
    let shop = stage.bench.write(AddService { name: "shop".into(), hash: key, scopes: Scopes::all() }).await.unwrap();
    for _ in 0..20 {
        stage.make(&shop.user.id, ConversationKind::Group, &members).await.unwrap();
    }
}

/// The cost of a message is its size times the number of its recipients: many messages to few are free, few to many are
/// not.
async fn delivered_bytes_have_a_budget(on: On) {
    let stage = Stage::with(on, Quotas { rates: true, ..Quotas::default() });
    let users = stage.users("alice bob carol").await;
    let large = stage.make(&users[0], ConversationKind::Group, &users[1..]).await.unwrap();
    let small = stage.make(&users[1], ConversationKind::Group, &[]).await.unwrap();
    let stage = stage.sql("UPDATE conversation SET member_count = 5000 WHERE member_count = 3").await;
    let mut sent = 0;
    let refusal = loop {
        match stage.bench.send(&users[0], &large, &"x".repeat(1_000)).await {
            Ok(_) => sent += 1,
            Err(refusal) => break refusal,
        }
        assert!(sent < 100, "no budget");
    };
    assert!((4..=7).contains(&sent), "{sent} messages of 1,000 bytes to 5,000");
    assert!(refusal.code == Code::RateLimited && refusal.retry_after_ms.is_some(), "{refusal:?}");
    for _ in 0..100 {
        stage.bench.send(&users[1], &small, &"x".repeat(1_000)).await.unwrap();
    }
}

/// A user who fills the disk with text must wait, even without recipients; one who writes to a large room at a normal
/// speed need not.
async fn stored_text_has_a_budget_and_normal_speed_is_fine(on: On) {
    let stage = Stage::with(on, Quotas { rates: true, ..Quotas::default() });
    let users = stage.users("alice bob carol").await;
    let own = stage.make(&users[0], ConversationKind::Group, &[]).await.unwrap();
    let mut sent = 0;
    while stage.bench.send(&users[0], &own, &"x".repeat(5_000)).await.is_ok() {
        sent += 1;
        assert!(sent < 1_100, "no budget");
    }
    assert!(sent >= 1_000, "{sent}");
    let room = stage.make(&users[1], ConversationKind::Group, &users[2..]).await.unwrap();
    let stage = stage.sql("UPDATE conversation SET member_count = 1000 WHERE member_count = 2").await;
    for _ in 0..300 {
        stage.bench.send(&users[1], &room, &"a normal message ".repeat(10)).await.expect("normal speed");
        stage.bench.environment.pass_ms(1_000);
    }
}

/// The cost of creating a group grows with its members, not with their square.
#[tokio::test]
async fn a_large_group_begins_quietly() {
    let (bench, _folder) = Bench::in_file();
    let owner = bench.user("owner").await;
    let mut members = Vec::new();
    for number in 0..17 {
        members.push(bench.user(&format!("member-{number}")).await);
    }
    let delivered = async |count: usize| {
        bench.settled().await;
        bench.entries.lock().unwrap().clear();
        bench.conversation(&owner, ConversationKind::Group, false, &members[..count]).await;
        bench.settled().await;
        let entries = bench.entries.lock().unwrap();
        entries.iter().filter(|entry| matches!(entry.event, quintet_domain::Event::MemberJoined { .. })).count()
    };
    assert_eq!((delivered(16).await, delivered(17).await), (16, 0));
}

/// The texts of acts are stored as those of messages are.
async fn what_the_audit_log_keeps_is_paid_for(on: On) {
    let stage = Stage::with(on, Quotas { rates: true, ..Quotas::default() });
    let users = stage.users("alice").await;
    let group = stage.make(&users[0], ConversationKind::Group, &[]).await.unwrap();
    let limit = async |slow_mode_s: u32| {
        let reason = Some(Arc::from("x".repeat(REASON_BYTES_MAX)));
        let moderation = ModerationChange { slow_mode_s: Some(slow_mode_s), only_admins_write: None, reason };
        let (actor, conversation) = (actor(&users[0]), group.clone());
        let change = ChangeConversation {
            actor,
            conversation,
            name: None,
            open: None,
            picture: None,
            metadata: None,
            moderation,
        };
        stage.bench.write(change).await.map(|_| ())
    };
    let text = "x".repeat(5_000);
    while stage.bench.send(&users[0], &group, &text).await.is_ok() {}
    // The budget is what it was again for one more text, and not for twenty acts.
    stage.bench.environment.pass_ms(250);
    let mut noted = 0;
    while limit(noted + 1).await.is_ok() {
        noted += 1;
        assert!(noted < 20, "nothing is charged");
    }
    refused(limit(100).await, Code::RateLimited, "try again");
}

/// All guests of a network share one budget, whatever ids they claim; other networks have their own.
async fn guests_of_a_network_have_one_budget(on: On) {
    let stage = Stage::with(on, Quotas { rates: true, ..Quotas::default() });
    let users = stage.users("alice").await;
    let room = stage.make(&users[0], ConversationKind::Room, &[]).await.unwrap();
    let stage = stage.sql("UPDATE conversation SET member_count = 9000").await;
    let guest = |number: usize, address: &str| Actor {
        user: UserId::trusted(&format!("guest-{number}")),
        guest: true,
        guest_proof: None,
        address: Some(address.parse().unwrap()),
        origin: None,
        acked: false,
    };
    let say = async |by: Actor| {
        let (profile, room) = (Profile::default(), room.clone());
        let (joiner, conversation) = (by.clone(), room.clone());
        stage.bench.write(JoinConversation { actor: joiner, conversation, profile, history: false }).await?;
        let text = NewText {
            target: Target::Conversation(room),
            ..message(&users[0], &ConversationId::trusted("x"), &"x".repeat(5_000), None).text
        };
        stage.bench.write(SendMessage { actor: by, text, screening: None }).await.map(|_| ())
    };
    let mut said = 0;
    while say(guest(said, &format!("2001:db8:0:1::{said:x}"))).await.is_ok() {
        said += 1;
        assert!(said < 100, "no budget");
    }
    refused(say(guest(100, "2001:db8:0:1:ffff::1")).await, Code::RateLimited, "try again");
    say(guest(101, "2001:db8:0:2::1")).await.expect("another network");
    say(guest(102, "192.0.2.1")).await.expect("another address");
}

async fn rooms_have_a_rate(on: On) {
    let stage = Stage::with(on, Quotas { rates: true, ..Quotas::default() });
    let users = stage.users("alice bob").await;
    let mut made = 0;
    while stage.make(&users[0], ConversationKind::Room, &[]).await.is_ok() {
        made += 1;
        assert!(made < 100, "no rate");
    }
    assert!((ROOMS_PER_MINUTE..ROOMS_PER_MINUTE + 3).contains(&made), "{made} rooms");
    refused(stage.make(&users[0], ConversationKind::Room, &[]).await, Code::RateLimited, "try again");
    stage.make(&users[0], ConversationKind::Group, &[]).await.expect("a group is no room");
    stage.make(&users[1], ConversationKind::Room, &[]).await.expect("another's rate is another's");
}

async fn people_a_day_are_counted_over_a_restart(on: On) {
    let quotas = Quotas { added_per_day: 3, direct_per_day: 2, ..Quotas::default() };
    let stage = Stage::with(on, quotas.clone());
    let users = stage.users("alice bob carol dave erin frank").await;
    let alice = &users[0];
    let group = stage.make(alice, ConversationKind::Group, &users[1..3]).await.unwrap();
    stage.add(alice, &group, &users[3]).await.unwrap();
    let refusal = refused(stage.add(alice, &group, &users[4]).await, Code::RateLimited, "at most 3 people a day");
    assert!(refusal.retry_after_ms.is_some_and(|ms| ms > 0 && ms <= DAY_MS as u64), "{refusal:?}");
    stage.add(alice, &group, &users[3]).await.expect("a member already is not added");
    // Strangers, and one user with whom she shares a group.
    let eve = stage.users("eve").await.remove(0);
    stage.make(alice, ConversationKind::Direct, &users[4..5]).await.unwrap();
    stage.make(alice, ConversationKind::Direct, std::slice::from_ref(&eve)).await.unwrap();
    let stranger = async |stage: &Stage| {
        let text = NewText { target: Target::Direct(users[5].clone()), ..message(&users[0], &group, "hi", None).text };
        let send = SendMessage { actor: actor(&users[0]), text, screening: None };
        stage.bench.write(send).await
    };
    refused(stranger(&stage).await, Code::RateLimited, "at most 2 people a day");
    stage.make(alice, ConversationKind::Direct, &users[1..2]).await.expect("they share a group");
    stage.make(alice, ConversationKind::Direct, &users[4..5]).await.expect("it is there already");
    let count = stage.number("SELECT count(*) FROM conversation");
    assert_eq!(count, 4, "what was refused left nothing");

    let stage = stage.later(quotas.clone(), 1_000).await;
    refused(stranger(&stage).await, Code::RateLimited, "at most 2 people a day");
    refused(stage.add(alice, &group, &users[4]).await, Code::RateLimited, "at most 3 people a day");
    let stage = stage.later(quotas, DAY_MS).await;
    stranger(&stage).await.expect("another day");
    stage.add(alice, &group, &users[4]).await.expect("another day");
    // An open conversation makes nobody an acquaintance.
    let room = stage.make(&eve, ConversationKind::Room, &[]).await.unwrap();
    for user in [&users[1], &users[2], &users[3]] {
        let (by, id) = (actor(user), room.clone());
        stage
            .bench
            .write(JoinConversation { actor: by, conversation: id, profile: Profile::default(), history: false })
            .await
            .unwrap();
        let _ = stage.make(&eve, ConversationKind::Direct, std::slice::from_ref(user)).await;
    }
    refused(stage.make(&eve, ConversationKind::Direct, &users[3..4]).await, Code::RateLimited, "share no conversation");
    stage.prune().await;
    assert_eq!(stage.number("SELECT count(*) FROM contacts"), 2, "the counts of today stay");
    let stage = stage.later(Quotas::default(), 2 * DAY_MS).await;
    stage.prune().await;
    assert_eq!(stage.number("SELECT count(*) FROM contacts"), 0);
}

async fn bounds_refuse_what_is_beyond_and_keep_what_is_there(on: On) {
    let stage = Stage::with(on, Quotas::default());
    let users = stage.users("alice bob carol").await;
    let group = stage.make(&users[0], ConversationKind::Group, &users[1..2]).await.unwrap();
    let stage = stage
        .sql(&format!("UPDATE user SET conversations = {CONVERSATIONS_OF_USER_MAX} WHERE username = 'carol'"))
        .await;
    refused(stage.add(&users[0], &group, &users[2]).await, Code::Conflict, "is in 10000 conversations");
    refused(stage.make(&users[2], ConversationKind::Group, &[]).await, Code::Conflict, "is in 10000 conversations");
    let stage = stage.sql(&format!("UPDATE conversation SET member_count = {MEMBERS_MAX} WHERE id = '{group}'")).await;
    let dave = stage.users("dave").await.remove(0);
    refused(stage.add(&users[0], &group, &dave).await, Code::Conflict, "at most 10000 members");
    stage.bench.send(&users[1], &group, "still here").await.unwrap();

    let owned =
        "INSERT INTO conversation (pk, id, kind, open, owner_pk, made_by_guest, sequence, member_count, created_at,
                     updated_at)
                 SELECT 1000 + value, 'many-' || value, 'room', true,
                     (SELECT pk FROM user WHERE username = 'dave'), false, 0, 0, 0, 0
                 FROM generate_series";
    let series = format!(
        "WITH RECURSIVE generate_series(value) AS (SELECT 1 UNION ALL SELECT value + 1
                          FROM generate_series WHERE value < {OWNED_MAX}) {owned}"
    );
    let stage = stage.sql(&series).await;
    for kind in [ConversationKind::Group, ConversationKind::Room] {
        refused(stage.make(&dave, kind, &[]).await, Code::Conflict, "owns at most 10000");
    }
    stage.make(&dave, ConversationKind::Direct, &users[..1]).await.expect("nobody owns it");

    let soon = Timestamp(4_000_000_000_000);
    let new =
        NewMeetup { activity: "A".into(), location: "L".into(), starts_at: soon, expires_at: soon, capacity: None };
    let by = actor(&users[0]);
    let meetup = stage.bench.write(CreateMeetup { actor: by, new: new.clone() }).await.unwrap();
    let stage = stage
        .sql(&format!(
            "PRAGMA foreign_keys = OFF;
        WITH RECURSIVE series(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM series WHERE n < {MEETUP_REQUESTS_MAX})
        INSERT INTO meetup_request (meetup_pk, user_pk, created_at) SELECT 1, 1000 + n, 0 FROM series"
        ))
        .await;
    let (by, id) = (actor(&users[1]), meetup.id.clone());
    let request = stage.bench.write(RequestMeetup { actor: by, meetup: id }).await;
    refused(request, Code::Conflict, "1000 open requests");
}

async fn the_newest_notifications_are_kept(on: On) {
    let stage = Stage::with(on, Quotas::default());
    let user = stage.users("alice").await.remove(0);
    let most = NOTIFICATIONS_KEPT_MAX;
    let stage = stage
        .sql(&format!(
            "
        WITH RECURSIVE series(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM series WHERE n < {})
        INSERT INTO notification (pk, id, user_pk, title, message, at, position)
            SELECT n, 'n-' || n, 1, 't', 'm', 0, 0 FROM series;
        UPDATE user SET notifications = (SELECT count(*) FROM notification)",
            most + 70
        ))
        .await;
    for _ in 0..3 {
        let to = user.clone();
        stage.bench.write(NotifyUser { user: to, title: "T".into(), message: "M".into() }).await.unwrap();
    }
    assert_eq!(stage.number("SELECT count(*) FROM notification"), most);
    assert_eq!(stage.number("SELECT notifications FROM user"), most);
    assert_eq!(stage.number("SELECT count(*) FROM notification WHERE title = 'T'"), 3, "the oldest went");
}

async fn files_have_quotas(on: On) {
    let stage = Stage::with(on, Quotas { user_file_bytes: 1_000, total_file_bytes: 1_500, ..Quotas::default() });
    let users = stage.users("alice bob carol").await;
    let announce = async |user: &UserId, id: &str| {
        let (id, secret, uploader) = (id.to_owned(), "s".to_owned(), user.clone());
        let new = NewFile { id, secret, uploader, name: None };
        stage.bench.write(AnnounceFile { new }).await
    };
    let complete = async |id: &str, size: u64| {
        let (id, file) = (id.to_owned(), StoredFile { name: None, size, mime: "x/y".to_owned(), image: None });
        stage.bench.write(CompleteFile { id, file }).await
    };
    assert_eq!(announce(&users[0], "a-1").await, Ok(1_000));
    assert_eq!(announce(&users[0], "a-2").await, Ok(1_000));
    complete("a-1", 700).await.unwrap();
    // Both uploads were announced; when they complete, only one still fits.
    refused(complete("a-2", 400).await, Code::TooLarge, "700 bytes of the 1000");
    assert_eq!(announce(&users[0], "a-3").await, Ok(300));
    complete("a-3", 300).await.unwrap();
    refused(announce(&users[0], "a-4").await, Code::TooLarge, "delete some first");
    assert_eq!(announce(&users[1], "b-1").await, Ok(500), "all together");
    complete("b-1", 500).await.unwrap();
    refused(announce(&users[2], "c-1").await, Code::StorageFull, "all the room");
    let gone = vec!["a-1".to_owned()];
    stage.bench.write(ForgetFiles { ids: gone }).await.unwrap();
    assert_eq!(announce(&users[0], "a-5").await, Ok(700), "what is gone counts no more");
    stage.bench.erase(&users[1]).await;
    assert_eq!(stage.number("SELECT bytes FROM file_total"), 300);
}
