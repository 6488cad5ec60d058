//! What is removed in portions: old changes, guests without traces, notifications that were read long ago, erased
//! users.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod retention;

use quintet_domain::{
    AuditFilter, ContinueErasure, ConversationKind, EraseUser, Event, JoinConversation, LeaveConversation, NotifyUser,
    Profile, Quotas, ReadNotifications, RemoveMember, SetDisabled, UserId,
};

use crate::support::actor;
use crate::support::stage::{On, Stage, every_database};

every_database!(
    the_log_is_pruned_and_nobody_is_told_of_a_gap,
    guests_who_have_nothing_are_forgotten,
    nobody_inherits_the_place_of_a_guest_in_the_log,
    what_was_read_long_ago_goes,
    acts_are_kept_for_their_days,
    an_erasure_leaves_in_turns
);

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// Old changes are removed and positions continue; a client that was away longer than the log is kept starts afresh.
async fn the_log_is_pruned_and_nobody_is_told_of_a_gap(on: On) {
    let quotas = Quotas { change_days: 7, ..Quotas::default() };
    let stage = Stage::with(on, quotas.clone());
    let users = stage.users("alice bob").await;
    let group = stage.make(&users[0], ConversationKind::Group, &users[1..]).await.unwrap();
    for number in 0..1_200 {
        stage.bench.send(&users[0], &group, &number.to_string()).await.unwrap();
    }
    let (by, conversation, user) = (actor(&users[0]), group.clone(), users[1].clone());
    stage.bench.write(RemoveMember { actor: by, conversation, user, reason: None }).await.unwrap();
    stage.add(&users[0], &group, &users[1]).await.unwrap();
    let position = stage.bench.settled().await;

    let stage = stage.later(quotas.clone(), 8 * DAY_MS).await;
    stage.prune().await;
    assert_eq!(stage.number("SELECT count(*) FROM change"), 1, "the newest one stays");
    assert_eq!(stage.number("SELECT count(*) FROM departed"), 0);
    assert_eq!(stage.number("SELECT count(*) FROM message"), 1_200, "messages are not the log");
    let stage = stage.later(quotas, 0).await;
    stage.bench.send(&users[0], &group, "after").await.unwrap();
    assert_eq!(stage.bench.settled().await, position + 1, "positions go on");

    let missed = async |after: u64| {
        let missed = stage.bench.store.replay_since(users[1].clone(), false, after.into()).await.unwrap();
        missed.entries.map(|entries| entries.len())
    };
    assert_eq!(missed(position).await, Some(1));
    assert_eq!(missed(position - 1).await, Some(2));
    // The join was announced at the position before it, which has no row of its own.
    assert_eq!(missed(position - 2).await, Some(3));
    assert_eq!(missed(position - 3).await, None, "the change directly after it was pruned");
    assert_eq!(missed(0).await, None);
    let kept = Stage::with(on, Quotas::default());
    kept.users("alice").await;
    kept.bench.environment.pass_ms(1_000 * DAY_MS);
    let before = kept.number("SELECT count(*) FROM change");
    kept.prune().await;
    assert_eq!(kept.number("SELECT count(*) FROM change"), before, "0 days is for ever");
}

async fn guests_who_have_nothing_are_forgotten(on: On) {
    let stage = Stage::with(on, Quotas { change_days: 7, ..Quotas::default() });
    let users = stage.users("alice").await;
    let room = stage.make(&users[0], ConversationKind::Room, &[]).await.unwrap();
    let come = async |number: usize| {
        let (by, conversation) = (actor(&UserId::trusted(&format!("guest-{number}"))), room.clone());
        stage
            .bench
            .write(JoinConversation { actor: by, conversation, profile: Profile::default(), history: false })
            .await
            .unwrap();
    };
    let go = async |number: usize| {
        let (by, conversation) = (actor(&UserId::trusted(&format!("guest-{number}"))), room.clone());
        let gone = quintet_domain::Departure::GuestGone;
        stage.bench.write(LeaveConversation { actor: by, conversation, departure: gone }).await.unwrap();
    };
    for number in 0..250 {
        come(number).await;
        if number == 7 {
            stage.bench.send(&UserId::trusted("guest-7"), &room, "I was here").await.unwrap();
        }
        if number != 8 {
            go(number).await;
        }
    }
    stage.bench.environment.pass_ms(8 * DAY_MS);
    come(1_000).await;
    go(1_000).await;
    stage.prune().await;
    let left = stage.number("SELECT count(*) FROM user WHERE kind = 'guest'");
    assert_eq!(left, 3, "one who spoke, one who is there, one who came today");
    // A change that names a user whose row is gone does no harm.
    stage.bench.store.replay_since(users[0].clone(), false, (stage.bench.settled().await - 1).into()).await.unwrap();
}

/// The log may refer to the key of a guest whose row was removed, and no later account gets that key.
async fn nobody_inherits_the_place_of_a_guest_in_the_log(on: On) {
    let stage = Stage::with(on, Quotas { change_days: 0, ..Quotas::default() });
    let users = stage.users("alice").await;
    let room = stage.make(&users[0], ConversationKind::Room, &[]).await.unwrap();
    let before = stage.bench.settled().await;
    let guest = UserId::trusted("guest");
    let (by, conversation) = (actor(&guest), room.clone());
    stage
        .bench
        .write(JoinConversation { actor: by, conversation, profile: Profile::default(), history: false })
        .await
        .unwrap();
    let (by, conversation) = (actor(&guest), room.clone());
    let gone = quintet_domain::Departure::GuestGone;
    stage.bench.write(LeaveConversation { actor: by, conversation, departure: gone }).await.unwrap();
    stage.bench.environment.pass_ms(8 * DAY_MS);
    stage.prune().await;
    stage.users("bob").await;
    let missed = stage.bench.store.replay_since(users[0].clone(), false, before.into()).await.unwrap();
    let seen: Vec<_> = missed
        .entries
        .unwrap()
        .into_iter()
        .filter_map(|entry| match entry.event {
            Event::MemberJoined { user, .. } | Event::MemberLeft { user, .. } => Some(user.id.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(seen, [guest.clone(), guest], "the newest row of a user is kept");
    // It is removed once another row is the newest.
    stage.prune().await;
    assert_eq!(stage.number("SELECT count(*) FROM user WHERE kind = 'guest'"), 0);
    stage.users("carol").await;
    assert_eq!(
        stage.number(
            "SELECT count(*) FROM change c JOIN user u ON u.pk = c.data ->> 'member'
             WHERE u.username IN ('bob', 'carol')"
        ),
        0
    );
}

async fn what_was_read_long_ago_goes(on: On) {
    let stage = Stage::with(on, Quotas::default());
    let user = stage.users("alice").await.remove(0);
    for _ in 0..3 {
        let to = user.clone();
        stage.bench.write(NotifyUser { user: to, title: "T".into(), message: "M".into() }).await.unwrap();
    }
    let reader = user.clone();
    stage.bench.write(ReadNotifications { user: reader }).await.unwrap();
    let to = user.clone();
    stage.bench.write(NotifyUser { user: to, title: "unread".into(), message: "M".into() }).await.unwrap();
    stage.bench.environment.pass_ms(31 * DAY_MS);
    stage.prune().await;
    let left = stage.bench.store.notifications(user, None, 10).await.unwrap();
    let titles: Vec<_> = left.items.iter().map(|one| one.notification.title.as_str()).collect();
    assert_eq!(titles, ["unread"]);
}

/// An erased user leaves very many conversations in portions, and is a member of none of them at the end.
async fn an_erasure_leaves_in_turns(on: On) {
    let stage = Stage::with(on, Quotas::default());
    let users = stage.users("alice bob").await;
    stage.make(&users[0], ConversationKind::Direct, &users[1..]).await.unwrap();
    for _ in 0..450 {
        stage.make(&users[0], ConversationKind::Group, &users[1..]).await.unwrap();
    }
    let seats = || stage.number("SELECT count(*) FROM member m JOIN user u ON u.pk = m.user_pk WHERE u.erased");
    let who = users[0].clone();
    stage.bench.write(EraseUser { user: who, by: None }).await.unwrap();
    let mut left = vec![seats()];
    loop {
        let who = users[0].clone();
        let more = stage.bench.write(ContinueErasure { user: who }).await.unwrap();
        left.push(seats());
        if !more {
            break;
        }
    }
    assert_eq!(left, [251, 51, 1, 1], "the other one of a direct conversation keeps it");
}

/// Acts of the audit log are removed once they have been kept for their days, and never where those are none.
async fn acts_are_kept_for_their_days(on: On) {
    let stage = Stage::with(on, Quotas { audit_days: 30, ..Quotas::default() });
    let user = stage.users("alice").await.remove(0);
    let kept = async |stage: &Stage| {
        let page = stage.bench.store.audit(user.clone().into(), AuditFilter::default(), None, 9).await.unwrap();
        page.items.into_iter().rev().map(|entry| entry.act.as_str()).collect::<Vec<_>>()
    };
    stage.bench.write(SetDisabled { user: user.clone(), disabled: true }).await.unwrap();
    stage.bench.environment.pass_ms(20 * DAY_MS);
    stage.bench.write(SetDisabled { user: user.clone(), disabled: false }).await.unwrap();
    stage.prune().await;
    assert_eq!(kept(&stage).await, ["disable_user", "enable_user"]);
    stage.bench.environment.pass_ms(20 * DAY_MS);
    stage.prune().await;
    assert_eq!(kept(&stage).await, ["enable_user"]);
    let stage = stage.later(Quotas { audit_days: 0, ..Quotas::default() }, 1_000 * DAY_MS).await;
    stage.prune().await;
    assert_eq!(kept(&stage).await, ["enable_user"]);
}
