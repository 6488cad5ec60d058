//! A member's own settings of a conversation, for each store.

#![allow(clippy::unwrap_used, clippy::cloned_ref_to_slice_refs, reason = "a panic is how a test fails")]

use crate::support::{Bench, actor, every_store};
use quintet_domain::{
    ChangeSettings, ChangedSettings, Code, ConversationId, ConversationKind, ConversationSettings, DeleteMessage,
    Event, LeaveConversation, MarkRead, Mute, Notify, Reading, Refusal, SettingsChange, Target, Timestamp, UserId,
};

every_store!(
    what_is_set_is_shown_to_its_member_alone,
    what_is_so_already_is_told_to_nobody,
    archived_until_the_next_message,
    marked_unread_until_it_is_read,
    only_members_have_settings,
    settings_end_with_the_membership,
    a_replay_has_one_event_for_each_conversation,
    a_direct_conversation_is_named_by_the_other,
);

fn nothing() -> SettingsChange {
    SettingsChange::default()
}

async fn set(
    bench: &Bench,
    user: &UserId,
    id: &ConversationId,
    change: SettingsChange,
) -> Result<ConversationSettings, Refusal> {
    let target = Target::Conversation(id.clone());
    let changed = bench.write(ChangeSettings { actor: actor(user), target, change }).await?;
    assert_eq!(changed.conversation.id, *id);
    Ok(changed.settings)
}

async fn shown(bench: &Bench, user: &UserId, id: &ConversationId) -> ConversationSettings {
    let one = bench.store.conversation(user.clone(), id.clone()).await.expect("a conversation").settings;
    let listed = bench.store.conversations(user.clone(), None, 10).await.expect("a list");
    let listed = listed.items.into_iter().find(|listed| listed.conversation.id == *id).expect("listed");
    assert_eq!(listed.settings, one);
    one
}

/// The settings that a user was told of since a number of entries.
async fn told(bench: &Bench, from: usize) -> Vec<(UserId, ConversationSettings)> {
    bench.settled().await;
    let entries = bench.entries.lock().unwrap();
    let settings = entries[from..].iter().filter_map(|entry| match &entry.event {
        Event::SettingsChanged { user, settings, .. } => Some((user.clone(), *settings)),
        _ => None,
    });
    settings.collect()
}

async fn entries(bench: &Bench) -> usize {
    bench.settled().await;
    bench.entries.lock().unwrap().len()
}

async fn group(bench: &Bench) -> (UserId, UserId, ConversationId) {
    let (a, b) = (bench.user("a").await, bench.user("b").await);
    let id = bench.conversation(&a, ConversationKind::Group, true, &[b.clone()]).await;
    (a, b, id)
}

async fn what_is_set_is_shown_to_its_member_alone(bench: Bench) {
    let (a, b, id) = group(&bench).await;
    let from = entries(&bench).await;
    assert!(shown(&bench, &a, &id).await.is_default());
    let end = Timestamp(i64::MAX / 2);
    let all = ConversationSettings {
        muted: Some(Mute::Until(end)),
        pinned: true,
        archived: true,
        notify: Notify::Mentions,
        marked_unread: true,
    };
    let change = SettingsChange {
        muted: Some(all.muted),
        pinned: Some(true),
        archived: Some(true),
        notify: Some(Notify::Mentions),
        marked_unread: Some(true),
    };
    assert_eq!(set(&bench, &a, &id, change).await, Ok(all));
    assert_eq!(shown(&bench, &a, &id).await, all);
    assert!(shown(&bench, &b, &id).await.is_default());
    // Each setting by itself leaves the others as they are.
    let for_good = ConversationSettings { muted: Some(Mute::ForGood), ..all };
    assert_eq!(
        set(&bench, &a, &id, SettingsChange { muted: Some(Some(Mute::ForGood)), ..nothing() }).await,
        Ok(for_good)
    );
    assert_eq!(shown(&bench, &a, &id).await, for_good);
    let none = ConversationSettings { muted: None, notify: Notify::None, ..all };
    let change = SettingsChange { muted: Some(None), notify: Some(Notify::None), ..nothing() };
    assert_eq!(set(&bench, &a, &id, change).await, Ok(none));
    assert_eq!(shown(&bench, &a, &id).await, none);
    assert_eq!(told(&bench, from).await, [(a.clone(), all), (a.clone(), for_good), (a, none)]);
}

async fn what_is_so_already_is_told_to_nobody(bench: Bench) {
    let (a, _, id) = group(&bench).await;
    let pinned = SettingsChange { pinned: Some(true), ..nothing() };
    set(&bench, &a, &id, pinned).await.expect("set");
    let position = bench.settled().await;
    let over = SettingsChange { muted: Some(Some(Mute::Until(Timestamp(1)))), ..pinned };
    for change in [pinned, nothing(), over, SettingsChange { archived: Some(false), ..nothing() }] {
        let expected = ConversationSettings { pinned: true, ..ConversationSettings::default() };
        assert_eq!(set(&bench, &a, &id, change).await, Ok(expected), "{change:?}");
    }
    assert_eq!(bench.settled().await, position, "no place in the order was taken");
}

async fn archived_until_the_next_message(bench: Bench) {
    let (a, b, id) = group(&bench).await;
    let archive = SettingsChange { archived: Some(true), ..nothing() };
    // Without messages, and then after some.
    for text in ["one", "two"] {
        set(&bench, &a, &id, archive).await.expect("archived");
        assert!(shown(&bench, &a, &id).await.archived);
        let sent = bench.send(&b, &id, text).await.expect("sent").message;
        assert!(!shown(&bench, &a, &id).await.archived, "a message came");
        set(&bench, &a, &id, archive).await.expect("archived again");
        bench.write(DeleteMessage { actor: actor(&b), message: sent.id.clone() }).await.expect("deleted");
        assert!(shown(&bench, &a, &id).await.archived, "a deletion is no message");
        bench.send(&b, &id, "more").await.expect("sent");
    }
    // An archive that a message has ended is archived again by the same change.
    let from = entries(&bench).await;
    set(&bench, &a, &id, archive).await.expect("archived");
    assert_eq!(told(&bench, from).await.len(), 1);
}

async fn marked_unread_until_it_is_read(bench: Bench) {
    let (a, b, id) = group(&bench).await;
    let sent = bench.send(&b, &id, "one").await.expect("sent").message;
    let read = MarkRead {
        actor: actor(&a),
        reading: Reading::Messages { conversation: Some(id.clone()), messages: vec![sent.id.clone()] },
    };
    bench.write(read.clone()).await.expect("read");
    set(&bench, &a, &id, SettingsChange { marked_unread: Some(true), ..nothing() }).await.expect("marked");
    let from = entries(&bench).await;
    // Nothing is new there, and still it is read.
    bench.write(read.clone()).await.expect("read");
    assert!(shown(&bench, &a, &id).await.is_default());
    assert_eq!(told(&bench, from).await, [(a, ConversationSettings::default())]);
    let from = entries(&bench).await;
    bench.write(read).await.expect("read");
    assert_eq!(entries(&bench).await, from);
}

async fn only_members_have_settings(bench: Bench) {
    let (_, _, id) = group(&bench).await;
    let stranger = bench.user("stranger").await;
    let change = SettingsChange { pinned: Some(true), ..nothing() };
    let refused = set(&bench, &stranger, &id, change).await.expect_err("no member");
    assert_eq!(refused.code, Code::Forbidden, "the group is open, and known to exist");
    let unknown = set(&bench, &stranger, &ConversationId::trusted("no such"), change).await.expect_err("unknown");
    assert_eq!(unknown.code, Code::NotFound);
}

async fn settings_end_with_the_membership(bench: Bench) {
    let (_, b, id) = group(&bench).await;
    set(&bench, &b, &id, SettingsChange { pinned: Some(true), ..nothing() }).await.expect("set");
    let leave =
        LeaveConversation { actor: actor(&b), conversation: id.clone(), departure: quintet_domain::Departure::Left };
    bench.write(leave).await.expect("left");
    let join = quintet_domain::JoinConversation {
        actor: actor(&b),
        conversation: id.clone(),
        profile: Default::default(),
        history: false,
    };
    bench.write(join).await.expect("joined");
    assert!(shown(&bench, &b, &id).await.is_default());
}

async fn a_replay_has_one_event_for_each_conversation(bench: Bench) {
    let (a, b, id) = group(&bench).await;
    let other = bench.conversation(&a, ConversationKind::Group, true, &[b.clone()]).await;
    let after = bench.settled().await;
    for pinned in [true, false, true] {
        set(&bench, &a, &id, SettingsChange { pinned: Some(pinned), ..nothing() }).await.expect("set");
    }
    set(&bench, &a, &other, SettingsChange { archived: Some(true), ..nothing() }).await.expect("set");
    // The present state: the message ends the archive.
    bench.send(&b, &other, "hello").await.expect("sent");
    let newest = bench.settled().await;
    let missed = async |user: &UserId, after| {
        let replayed = bench.store.replay_since(user.clone(), false, after).await.expect("read");
        let entries = replayed.entries.expect("few").into_iter();
        let settings = entries.filter_map(|entry| match entry.event {
            Event::SettingsChanged { conversation, user, settings } => {
                Some((entry.position, conversation.id.clone(), user, settings))
            }
            _ => None,
        });
        settings.collect::<Vec<_>>()
    };
    let pinned = ConversationSettings { pinned: true, ..ConversationSettings::default() };
    let expected =
        [(newest - 2, id, a.clone(), pinned), (newest - 1, other, a.clone(), ConversationSettings::default())];
    assert_eq!(missed(&a, after.into()).await, expected);
    assert_eq!(missed(&a, (newest - 2).into()).await, expected[1..]);
    assert!(missed(&b, after.into()).await.is_empty());
}

async fn a_direct_conversation_is_named_by_the_other(bench: Bench) {
    let (a, b) = (bench.user("a").await, bench.user("b").await);
    let change = SettingsChange { muted: Some(Some(Mute::ForGood)), ..nothing() };
    let write = ChangeSettings { actor: actor(&a), target: Target::Direct(b.clone()), change };
    let refused = bench.write(write.clone()).await.expect_err("they have not written");
    assert_eq!(refused.code, Code::NotFound);
    let id = bench.conversation(&a, ConversationKind::Direct, false, &[b.clone()]).await;
    let ChangedSettings { conversation, settings } = bench.write(write).await.expect("set");
    assert_eq!((&conversation.id, settings.muted), (&id, Some(Mute::ForGood)));
    assert!(shown(&bench, &b, &id).await.is_default());
}
