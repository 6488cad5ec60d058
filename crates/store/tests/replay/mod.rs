//! What a user missed, as read from the log, is what would have been delivered: random histories, every user, and every
//! moment at which the connection could have been lost, beside what the store handed on.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod run;

use std::collections::{BTreeMap, BTreeSet};

use crate::support::told::shown;
use crate::support::{Factory, block_on, postgres_store, quick_stores, stores};
use proptest::prelude::*;
use quintet_domain::{Audience, ConversationId, ConversationRef, Entry, Event, MessageId, Reader, UserId};
use run::{Run, Step, USERS, step};

/// What a user received of all that was handed on, as the hub would deliver it, and the conversations of which the user may
/// know everything: those that it is a member of in the end, or was a member of until they were deleted.
fn delivered<'e>(entries: &'e [Entry], user: &UserId) -> (Vec<&'e Entry>, BTreeSet<ConversationId>) {
    let mut in_places: BTreeSet<ConversationId> = BTreeSet::new();
    let mut until_deleted: BTreeSet<ConversationId> = BTreeSet::new();
    let mut delivered = Vec::new();
    for entry in entries {
        match &entry.event {
            Event::ConversationCreated { conversation, members } => {
                if members.contains(user) {
                    in_places.insert(conversation.conversation.id.clone());
                    delivered.push(entry);
                }
            }
            Event::UserChanged { .. } | Event::Revoked { .. } | Event::SessionEnded { .. } => {}
            event => {
                if let Event::MemberJoined { conversation, user: joined, .. } = event
                    && joined.id == *user
                {
                    in_places.insert(conversation.id.clone());
                }
                let hears = match event.audience() {
                    Audience::Members(conversation) => in_places.contains(conversation),
                    Audience::Users(users) => users.contains(user),
                    Audience::User(one) => one == user,
                    Audience::Watchers(_) | Audience::Contacts(_) => false,
                };
                if hears {
                    delivered.push(entry);
                }
                match event {
                    Event::MemberLeft { conversation, user: left, .. } if left.id == *user => {
                        in_places.remove(&conversation.id);
                    }
                    Event::ConversationDeleted { conversation } => {
                        until_deleted.extend(in_places.take(&conversation.id));
                    }
                    _ => {}
                }
            }
        }
    }
    in_places.extend(until_deleted);
    (delivered, in_places)
}

/// What an event shows in its present state, so that the last of several stands for all: an emoji on a message, or a pin.
fn marked(event: &Event) -> Option<(MessageId, String)> {
    match event {
        Event::MessageReacted(one) => Some((one.message.clone(), one.emoji.to_string())),
        Event::MessagePinned { message, .. } => Some((message.clone(), "pinned".to_owned())),
        _ => None,
    }
}

/// What may be told again of what a user received: without conversations in their present state that the user has left
/// since, and without messages whose present text the user does not know. Of reactions and pins it is the last change of
/// each, unless the message is deleted.
fn tellable<'e>(entries: &[Entry], received: &[&'e Entry], user: &UserId) -> Vec<&'e Entry> {
    let mut left: BTreeSet<&ConversationId> = BTreeSet::new();
    let mut newest: BTreeMap<&MessageId, u64> = BTreeMap::new();
    let mut newest_marks: BTreeMap<(MessageId, String), u64> = BTreeMap::new();
    let mut gone: BTreeSet<&MessageId> = BTreeSet::new();
    // The settings that the user has now: those of its last change, unless the membership ended since.
    let mut settings: BTreeMap<&ConversationId, u64> = BTreeMap::new();
    let mut blocks = 0;
    for entry in entries {
        if let Some(mark) = marked(&entry.event) {
            newest_marks.insert(mark, entry.position);
        }
        if let Event::MessageDeleted(message) = &entry.event {
            gone.insert(&message.id);
        }
        match &entry.event {
            Event::MessageCreated(message) | Event::MessageEdited(message) | Event::MessageDeleted(message) => {
                newest.insert(&message.id, entry.position);
            }
            Event::MemberJoined { conversation, user: joined, .. } if joined.id == *user => {
                left.remove(&conversation.id);
            }
            Event::MemberLeft { conversation, user: one, .. } if one.id == *user => {
                left.insert(&conversation.id);
                settings.remove(&conversation.id);
            }
            Event::ConversationDeleted { conversation } => {
                settings.remove(&conversation.id);
            }
            Event::SettingsChanged { conversation, user: one, .. } if one == user => {
                settings.insert(&conversation.id, entry.position);
            }
            Event::BlocksChanged { user: one, .. } if one == user => blocks = entry.position,
            _ => {}
        }
    }
    let positions: BTreeSet<u64> = received.iter().map(|entry| entry.position).collect();
    let is_tellable = |entry: &&&Entry| match &entry.event {
        Event::MessageCreated(message) | Event::MessageEdited(message) | Event::MessageDeleted(message) => {
            newest.get(&message.id).is_some_and(|position| positions.contains(position))
        }
        Event::MessageReacted(_) | Event::MessagePinned { .. } => marked(&entry.event)
            .is_some_and(|mark| newest_marks.get(&mark) == Some(&entry.position) && !gone.contains(&mark.0)),
        Event::ConversationCreated { conversation, .. }
        | Event::ConversationAppeared { conversation, .. }
        | Event::ConversationChanged { conversation } => !left.contains(&conversation.conversation.id),
        Event::SettingsChanged { conversation, .. } => settings.get(&conversation.id) == Some(&entry.position),
        // One event tells of all whom the user has blocked.
        Event::BlocksChanged { .. } => entry.position == blocks,
        _ => true,
    };
    received.iter().filter(is_tellable).copied().collect()
}

/// The texts and names of an event, and the readers of its message, each with the conversation that it is of.
fn texts(event: &Event) -> Vec<(ConversationId, String)> {
    let named = |conversation: &ConversationRef| {
        conversation.name.as_ref().map(|name| (conversation.id.clone(), name.to_string())).into_iter().collect()
    };
    match event {
        Event::MessageCreated(message) | Event::MessageEdited(message) | Event::MessageDeleted(message) => {
            let mut texts: Vec<_> = named(&message.conversation);
            texts.push((message.conversation.id.clone(), message.content.clone()));
            let reader =
                |reader: &Reader| (message.conversation.id.clone(), format!("{} by {}", message.id, reader.user));
            texts.extend(message.readers.iter().map(reader));
            // What others did to it, or to the message that it answers.
            let details = message.details.as_deref().cloned().unwrap_or_default();
            let quoted = details.reply_to.map(|quote| format!("{} answers {:?}", message.id, quote.content));
            let thread = details.thread.map(|thread| format!("{} has {} replies", message.id, thread.count));
            let pin = details.pinned.map(|pin| format!("{} pinned by {}", message.id, pin.by));
            let reacted = details.reactions.into_iter().map(|one| format!("{} {one:?}", message.id));
            let all = quoted.into_iter().chain(thread).chain(pin).chain(reacted);
            texts.extend(all.map(|text| (message.conversation.id.clone(), text)));
            texts
        }
        Event::ConversationCreated { conversation, .. }
        | Event::ConversationAppeared { conversation, .. }
        | Event::ConversationChanged { conversation } => {
            let mut texts: Vec<_> = named(&conversation.conversation);
            let last = conversation.last_message.iter();
            texts.extend(last.map(|last| (conversation.conversation.id.clone(), last.content.clone())));
            texts
        }
        Event::MessagesRead { conversation, messages, reader, .. } => {
            let mut texts: Vec<_> = named(conversation);
            texts.extend(messages.iter().map(|id| (conversation.id.clone(), format!("{id} by {}", reader.id))));
            texts
        }
        Event::ConversationHidden { conversation, .. }
        | Event::SettingsChanged { conversation, .. }
        | Event::MessagesDelivered { conversation, .. }
        | Event::DeletionAnnounced { conversation }
        | Event::ConversationDeleted { conversation }
        | Event::MemberJoined { conversation, .. }
        | Event::MemberLeft { conversation, .. } => named(conversation),
        _ => Vec::new(),
    }
}

fn told_again(factory: Factory, steps: &[(usize, usize, Step)]) {
    block_on(async {
        let mut run = Run::start(factory).await;
        for (user, at, step) in steps.iter().cloned() {
            run.take(user, at, step).await;
        }
        let newest = run.bench.settled().await;
        let entries = run.bench.entries.lock().unwrap().clone();
        for user in &run.users {
            let (received, open_to) = delivered(&entries, user);
            let all = tellable(&entries, &received, user);
            let known: BTreeSet<_> = received.iter().flat_map(|entry| texts(&entry.event)).collect();
            for after in 0..=newest {
                let missed = run.bench.store.replay_since(user.clone(), false, after.into()).await.expect("read");
                assert_eq!(missed.position, newest);
                let missed = missed.entries.expect("few");
                for (id, text) in missed.iter().flat_map(|entry| texts(&entry.event)) {
                    let may_know = open_to.contains(&id) || known.contains(&(id.clone(), text.clone()));
                    assert!(may_know, "{user} after {after} learned of {text:?} in {id}");
                }
                let found: Vec<_> = missed.iter().map(shown).collect();
                let expected: Vec<_> =
                    all.iter().filter(|entry| entry.position > after).map(|entry| shown(entry)).collect();
                assert_eq!(found, expected, "{user} after {after}");
            }
            // A position that is not reached yet belongs to another database.
            let missed = run.bench.store.replay_since(user.clone(), false, (newest + 1).into()).await.expect("read");
            assert!(missed.entries.is_none());
        }
    });
}

#[test]
fn a_deleted_conversation_is_told_as_its_members_knew_it() {
    let marks = [Step::React(true, true), Step::Pin(true), Step::Answer(true), Step::Answer(false)];
    let marked = marks.into_iter().map(|mark| (1, 0, mark));
    let mut steps = vec![(1, 0, Step::SendMessage)];
    steps.extend(marked);
    steps.push((0, 0, Step::DeleteConversation));
    for (_, factory) in stores() {
        told_again(factory, &steps);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn what_was_missed_is_what_was_told(
        steps in proptest::collection::vec((0..USERS, 0..4usize, step()), 1..80)
    ) {
        for (name, factory) in quick_stores() {
            eprintln!("{name}");
            told_again(factory, &steps);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, max_shrink_iters: 64, ..ProptestConfig::default() })]

    #[test]
    fn postgres_tells_what_was_missed(
        steps in proptest::collection::vec((0..USERS, 0..4usize, step()), 1..80)
    ) {
        told_again(postgres_store(), &steps);
    }
}
