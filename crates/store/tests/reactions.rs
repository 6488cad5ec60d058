//! Reactions and pinned messages: what is stored, told and refused, for each store.

#![allow(clippy::unwrap_used, clippy::cloned_ref_to_slice_refs, reason = "a panic is how a test fails")]

use crate::support::{Bench, actor, every_store};
use quintet_domain::limits::{PINS_MAX, REACTION_KINDS_MAX, REACTION_USERS_SHOWN_MAX, REACTIONS_OF_USER_MAX};
use quintet_domain::{
    Code, ConversationId, ConversationKind, DeleteMessage, EditMessage, Emoji, Event, LeaveConversation, Message,
    MessageId, PinMessage, React, ReactionCount, Refusal, UserId,
};
use quintet_store::{MissedSince, PageOf, Party};

every_store!(
    twice_is_once,
    emojis_and_users_in_their_order,
    what_a_user_has_given_among_messages,
    a_user_has_so_many_and_a_message_so_many_kinds,
    who_cannot_see_a_message_cannot_mark_it,
    messages_show_their_reactions_and_pins,
    a_conversation_has_so_many_pins,
    a_deleted_message_keeps_nothing,
    an_erased_person_leaves_nothing,
    a_replay_tells_the_present_state,
    a_replay_tells_late_reactions,
    nothing_of_the_time_away,
);

async fn react(bench: &Bench, by: &UserId, message: &MessageId, emoji: &str, active: bool) -> Result<bool, Refusal> {
    let (actor, message) = (actor(by), message.clone());
    bench.write(React { actor, message, emoji: Emoji::trusted(emoji), active }).await
}

async fn pin(bench: &Bench, by: &UserId, message: &MessageId, pinned: bool) -> Result<bool, Refusal> {
    bench.write(PinMessage { actor: actor(by), message: message.clone(), pinned }).await
}

async fn said(bench: &Bench, by: &UserId, conversation: &ConversationId, text: &str) -> MessageId {
    bench.send(by, conversation, text).await.unwrap().message.id.clone()
}

/// The events about reactions and pins since a number of entries, as text.
async fn told(bench: &Bench, since: usize) -> Vec<String> {
    bench.settled().await;
    bench.entries.lock().unwrap()[since..].iter().filter_map(|entry| event(&entry.event)).collect()
}

fn event(event: &Event) -> Option<String> {
    match event {
        Event::MessageReacted(one) => {
            let changes: String = one.changes.iter().map(|one| format!(" {}={}", one.user, one.active)).collect();
            Some(format!("{} {} {} {}{changes}", one.emoji, one.user, one.active, one.count))
        }
        Event::MessagePinned { user, pinned, .. } => Some(format!("pin {user} {pinned}")),
        _ => None,
    }
}

/// The reactions to a message as a user sees them.
async fn shown(bench: &Bench, user: &UserId, message: &MessageId) -> Vec<String> {
    let found = bench.store.reactions(user.clone(), message.clone()).await.unwrap();
    let one = |one: quintet_store::Reaction| {
        let users: Vec<_> = one.users.iter().map(UserId::as_str).collect();
        format!("{} {} [{}]{}", one.emoji, one.count, users.join(" "), if one.mine { " mine" } else { "" })
    };
    found.into_iter().map(one).collect()
}

async fn pinned(bench: &Bench, user: &UserId, conversation: &ConversationId) -> Vec<(MessageId, UserId)> {
    let found = bench.store.pins(user.clone(), conversation.clone()).await.unwrap();
    found.into_iter().map(|one| (one.message.id.clone(), one.by)).collect()
}

/// A group of two, and its first message.
async fn group(bench: &Bench) -> (UserId, UserId, ConversationId, MessageId) {
    let (a, b) = (bench.user("a").await, bench.user("b").await);
    let group = bench.conversation(&a, ConversationKind::Group, false, &[b.clone()]).await;
    let message = said(bench, &a, &group, "hello").await;
    (a, b, group, message)
}

async fn twice_is_once(bench: Bench) {
    let (a, b, group, message) = group(&bench).await;
    bench.settled().await;
    let before = bench.entries.lock().unwrap().len();
    for active in [true, false] {
        for _ in 0..2 {
            assert_eq!(react(&bench, &b, &message, "+1", active).await, Ok(active));
            assert_eq!(pin(&bench, &a, &message, active).await, Ok(active));
        }
    }
    let expected =
        [format!("+1 {b} true 1"), format!("pin {a} true"), format!("+1 {b} false 0"), format!("pin {a} false")];
    assert_eq!(told(&bench, before).await, expected);
    // They have no number among the changes of the conversation.
    assert!(bench.entries.lock().unwrap()[before..].iter().all(|entry| entry.sequence.is_none()));
    assert_eq!(bench.send(&a, &group, "next").await.unwrap().message.sequence, 3);
}

async fn emojis_and_users_in_their_order(bench: Bench) {
    let owner = bench.user("owner").await;
    let mut people = Vec::new();
    for n in 0..REACTION_USERS_SHOWN_MAX + 5 {
        people.push(bench.user(&format!("p{n}")).await);
    }
    let group = bench.conversation(&owner, ConversationKind::Group, false, &people).await;
    let message = said(&bench, &owner, &group, "hello").await;
    react(&bench, &people[3], &message, "b", true).await.unwrap();
    for user in people.iter().rev() {
        react(&bench, user, &message, "a", true).await.unwrap();
    }
    react(&bench, &owner, &message, "b", true).await.unwrap();
    let first: Vec<_> = people.iter().rev().take(REACTION_USERS_SHOWN_MAX).map(UserId::as_str).collect();
    let all = format!("a {} [{}]", people.len(), first.join(" "));
    let both = format!("b 2 [{} {owner}]", people[3]);
    assert_eq!(shown(&bench, &owner, &message).await, [format!("{both} mine"), all.clone()]);
    // The last one is beyond those who are shown, and sees that it reacted.
    assert_eq!(shown(&bench, &people[0], &message).await, [both, format!("{all} mine")]);
    // An emoji that comes again comes last.
    react(&bench, &people[3], &message, "b", false).await.unwrap();
    react(&bench, &owner, &message, "b", false).await.unwrap();
    react(&bench, &owner, &message, "b", true).await.unwrap();
    assert_eq!(shown(&bench, &owner, &message).await, [all, format!("b 1 [{owner}] mine")]);
}

async fn what_a_user_has_given_among_messages(bench: Bench) {
    let (a, b, group, one) = group(&bench).await;
    let (two, three) = (said(&bench, &b, &group, "two").await, said(&bench, &b, &group, "three").await);
    for (by, message, emoji) in [(&a, &one, "x"), (&a, &one, "y"), (&b, &one, "z"), (&b, &two, "x"), (&a, &three, "x")]
    {
        react(&bench, by, message, emoji, true).await.unwrap();
    }
    let unknown = MessageId::trusted("no-such-message");
    let own = async |user: &UserId, messages: &[&MessageId]| {
        let messages = messages.iter().map(|id| (*id).clone()).collect();
        let mut own = bench.store.own_reactions(user.clone(), messages).await.unwrap();
        own.sort_unstable_by(|a, b| (a.0.as_str(), a.1.as_str()).cmp(&(b.0.as_str(), b.1.as_str())));
        own.into_iter().map(|(message, emoji)| (message, emoji.as_str().to_owned())).collect::<Vec<_>>()
    };
    let x_and_y = [(one.clone(), "x".to_owned()), (one.clone(), "y".to_owned())];
    assert_eq!(own(&a, &[&one, &two, &unknown]).await, x_and_y);
    assert_eq!(own(&b, &[&two, &three]).await, [(two, "x".to_owned())]);
    assert!(own(&b, &[&three, &unknown]).await.is_empty());
    assert!(own(&b, &[]).await.is_empty());
}

async fn a_user_has_so_many_and_a_message_so_many_kinds(bench: Bench) {
    let owner = bench.user("owner").await;
    let (b, c, d) = (bench.user("b").await, bench.user("c").await, bench.user("d").await);
    let members = [b.clone(), c.clone(), d.clone()];
    let group = bench.conversation(&owner, ConversationKind::Group, false, &members).await;
    let message = said(&bench, &owner, &group, "hello").await;
    for n in 0..REACTIONS_OF_USER_MAX {
        react(&bench, &b, &message, &format!("b{n}"), true).await.unwrap();
        react(&bench, &c, &message, &format!("c{n}"), true).await.unwrap();
    }
    let refused = react(&bench, &b, &message, "b20", true).await.unwrap_err();
    assert_eq!(refused.code, Code::Conflict);
    assert_eq!(refused.message, "`emoji` is refused: you have 20 reactions to this message already.");
    for n in 0..REACTION_KINDS_MAX - 2 * REACTIONS_OF_USER_MAX {
        react(&bench, &d, &message, &format!("d{n}"), true).await.unwrap();
    }
    let refused = react(&bench, &d, &message, "d10", true).await.unwrap_err();
    assert_eq!(refused.message, "`emoji` is refused: a message has at most 50 different reactions.");
    // One that is there already is no other kind.
    assert_eq!(react(&bench, &d, &message, "b0", true).await, Ok(true));
    react(&bench, &b, &message, "b1", false).await.unwrap();
    assert_eq!(react(&bench, &b, &message, "b20", true).await, Ok(true));
    // Another message has its own.
    let other = said(&bench, &owner, &group, "other").await;
    assert_eq!(react(&bench, &b, &other, "b20", true).await, Ok(true));
}

async fn who_cannot_see_a_message_cannot_mark_it(bench: Bench) {
    let (a, b, group, message) = group(&bench).await;
    let eve = bench.user("eve").await;
    let unknown = MessageId::trusted("unknown");
    for (user, id) in [(&eve, &message), (&a, &unknown)] {
        for refused in [react(&bench, user, id, "+1", true).await, pin(&bench, user, id, true).await] {
            assert_eq!(refused.unwrap_err(), Refusal::not_found("message", id));
        }
        assert!(bench.store.reactions(user.clone(), id.clone()).await.is_err());
    }
    assert!(bench.store.pins(eve.clone(), group.clone()).await.is_err());
    // A member reacts, and does not pin.
    assert_eq!(react(&bench, &b, &message, "+1", true).await, Ok(true));
    assert_eq!(pin(&bench, &b, &message, true).await.unwrap_err().code, Code::Forbidden);
    // In a direct conversation both pin.
    let direct = bench.conversation(&a, ConversationKind::Direct, false, &[b.clone()]).await;
    let private = said(&bench, &a, &direct, "hello").await;
    assert_eq!(pin(&bench, &b, &private, true).await, Ok(true));
    assert_eq!(pinned(&bench, &a, &direct).await, [(private, b)]);
}

/// The reactions and the pin of a message, as a message shows them.
fn marks(message: &Message) -> String {
    let Some(details) = &message.details else { return "plain".to_owned() };
    let one = |one: &ReactionCount| {
        let users: Vec<_> = one.users.iter().map(UserId::as_str).collect();
        format!("{} {} [{}]", one.emoji, one.count, users.join(" "))
    };
    let reactions: Vec<_> = details.reactions.iter().map(one).collect();
    let pin = details.pinned.as_ref().map(|pin| format!(" pinned by {}", pin.by));
    format!("{}{}", reactions.join(", "), pin.unwrap_or_default())
}

/// Wherever a message is shown, and only as long as there are any.
async fn messages_show_their_reactions_and_pins(bench: Bench) {
    let (a, b, group, first) = group(&bench).await;
    let second = said(&bench, &a, &group, "second").await;
    let page = async || {
        let page = bench.store.messages(Party::Server, a.clone(), group.clone(), PageOf::Newest, 10).await.unwrap();
        page.items.iter().map(|message| marks(message)).collect::<Vec<_>>()
    };
    assert_eq!(page().await, ["plain", "plain"]);
    react(&bench, &b, &second, "+1", true).await.unwrap();
    react(&bench, &a, &second, "-1", true).await.unwrap();
    react(&bench, &a, &second, "+1", true).await.unwrap();
    pin(&bench, &a, &second, true).await.unwrap();
    pin(&bench, &a, &first, true).await.unwrap();
    let both = format!("+1 2 [{b} {a}], -1 1 [{a}] pinned by {a}");
    let only_pinned = format!(" pinned by {a}");
    assert_eq!(page().await, [only_pinned.clone(), both.clone()]);
    // In the list of conversations, in the list of pins, in the answer to an edit, and in what is replayed.
    let listed = bench.store.conversations(b.clone(), None, 10).await.unwrap();
    assert_eq!(listed.items[0].last_message.as_deref().map(marks), Some(both.clone()));
    let pins = bench.store.pins(b.clone(), group.clone()).await.unwrap();
    assert_eq!(pins.iter().map(|pin| marks(&pin.message)).collect::<Vec<_>>(), [only_pinned.clone(), both.clone()]);
    let content = "edited".to_owned();
    let edited = bench
        .write(EditMessage { actor: actor(&a), message: second.clone(), content, details: None, screening: None })
        .await
        .unwrap();
    assert_eq!(marks(&edited), both);
    let replayed = bench.store.replay_since(b.clone(), false, 0.into()).await.unwrap().entries.unwrap();
    let shown = replayed.iter().filter_map(|entry| match &entry.event {
        Event::MessageCreated(message) | Event::MessageEdited(message) => Some(marks(message)),
        _ => None,
    });
    assert_eq!(shown.collect::<Vec<_>>(), [only_pinned, both.clone(), both]);
    // Taken back one by one.
    pin(&bench, &a, &first, false).await.unwrap();
    pin(&bench, &a, &second, false).await.unwrap();
    react(&bench, &a, &second, "-1", false).await.unwrap();
    react(&bench, &b, &second, "+1", false).await.unwrap();
    assert_eq!(page().await, ["plain".to_owned(), format!("+1 1 [{a}]")]);
    react(&bench, &a, &second, "+1", false).await.unwrap();
    assert_eq!(page().await, ["plain", "plain"]);
    // A deleted message has none, at once and later.
    react(&bench, &a, &second, "+1", true).await.unwrap();
    pin(&bench, &a, &second, true).await.unwrap();
    let deleted = bench.write(DeleteMessage { actor: actor(&a), message: second }).await.unwrap();
    assert_eq!(marks(&deleted), "plain");
    assert_eq!(page().await, ["plain", "plain"]);
}

async fn a_conversation_has_so_many_pins(bench: Bench) {
    let (a, b, group, first) = group(&bench).await;
    let mut messages = vec![first];
    for n in 0..PINS_MAX {
        messages.push(said(&bench, &b, &group, &format!("text {n}")).await);
    }
    // Not in the order in which they were sent.
    messages.rotate_left(7);
    for message in &messages[..PINS_MAX] {
        assert_eq!(pin(&bench, &a, message, true).await, Ok(true));
    }
    let refused = pin(&bench, &a, &messages[PINS_MAX], true).await.unwrap_err();
    assert_eq!(refused.code, Code::Conflict);
    assert_eq!(refused.message, "`messageId` is refused: a conversation has at most 50 pinned messages.");
    let newest_first: Vec<_> = messages[..PINS_MAX].iter().rev().map(|id| (id.clone(), a.clone())).collect();
    assert_eq!(pinned(&bench, &b, &group).await, newest_first);
    pin(&bench, &a, &messages[0], false).await.unwrap();
    assert_eq!(pin(&bench, &a, &messages[PINS_MAX], true).await, Ok(true));
}

async fn a_deleted_message_keeps_nothing(bench: Bench) {
    let (a, b, group, message) = group(&bench).await;
    let other = said(&bench, &a, &group, "other").await;
    for id in [&message, &other] {
        react(&bench, &b, id, "+1", true).await.unwrap();
        react(&bench, &a, id, "-1", true).await.unwrap();
        pin(&bench, &a, id, true).await.unwrap();
    }
    bench.write(DeleteMessage { actor: actor(&a), message: message.clone() }).await.unwrap();
    assert!(shown(&bench, &a, &message).await.is_empty());
    assert_eq!(pinned(&bench, &a, &group).await, [(other.clone(), a.clone())]);
    assert_eq!(shown(&bench, &a, &other).await.len(), 2);
    let refused = react(&bench, &a, &message, "+1", true).await.unwrap_err();
    assert_eq!(refused, Refusal::conflict("A deleted message takes no reactions."));
    let refused = pin(&bench, &a, &message, true).await.unwrap_err();
    assert_eq!(refused, Refusal::conflict("A deleted message cannot be pinned."));
    // What is not there is taken back without more.
    assert_eq!(react(&bench, &b, &message, "+1", false).await, Ok(false));
    assert_eq!(pin(&bench, &a, &message, false).await, Ok(false));
}

async fn an_erased_person_leaves_nothing(bench: Bench) {
    let (a, b, _, message) = group(&bench).await;
    let direct = bench.conversation(&a, ConversationKind::Direct, false, &[b.clone()]).await;
    let private = said(&bench, &a, &direct, "hello").await;
    react(&bench, &b, &message, "+1", true).await.unwrap();
    react(&bench, &a, &message, "+1", true).await.unwrap();
    react(&bench, &b, &private, "b", true).await.unwrap();
    pin(&bench, &b, &private, true).await.unwrap();
    bench.settled().await;
    let before = bench.entries.lock().unwrap().len();
    bench.erase(&b).await;
    let mut told = told(&bench, before).await;
    told.sort();
    assert_eq!(told, [format!("+1 {b} false 1"), format!("b {b} false 0"), format!("pin {b} false")]);
    assert_eq!(shown(&bench, &a, &message).await, [format!("+1 1 [{a}] mine")]);
    assert!(shown(&bench, &a, &private).await.is_empty() && pinned(&bench, &a, &direct).await.is_empty());
}

/// What a user missed, of reactions and pins.
async fn missed(bench: &Bench, user: &UserId, since: MissedSince) -> Vec<String> {
    let found = bench.store.replay_since(user.clone(), false, since).await.unwrap();
    found.entries.unwrap().iter().filter_map(|entry| event(&entry.event)).collect()
}

async fn a_replay_tells_the_present_state(bench: Bench) {
    let (a, b, group, message) = group(&bench).await;
    let other = said(&bench, &a, &group, "other").await;
    let after = bench.settled().await;
    for (user, emoji, active) in
        [(&a, "+1", true), (&b, "+1", true), (&a, "-1", true), (&a, "+1", false), (&a, "-1", false)]
    {
        react(&bench, user, &message, emoji, active).await.unwrap();
    }
    react(&bench, &a, &other, "+1", true).await.unwrap();
    for is_pinned in [true, false, true] {
        pin(&bench, &a, &message, is_pinned).await.unwrap();
    }
    pin(&bench, &a, &other, true).await.unwrap();
    bench.settled().await;
    let both = format!("+1 {a} false 1 {b}=true {a}=false");
    let expected = |both: &str| {
        let other = format!("+1 {a} true 1");
        [both.to_owned(), format!("-1 {a} false 0"), other, format!("pin {a} true"), format!("pin {a} true")]
    };
    assert_eq!(missed(&bench, &b, after.into()).await, expected(&both));
    // Of several changes, one may be missed alone.
    assert_eq!(missed(&bench, &b, (after + 2).into()).await, expected(&format!("+1 {a} false 1")));
    // A message that is deleted has none.
    bench.write(DeleteMessage { actor: actor(&a), message }).await.unwrap();
    let left = [format!("+1 {a} true 1"), format!("pin {a} true")];
    assert_eq!(missed(&bench, &b, after.into()).await, left);
}

/// Where reactions waited to be told, they are told from an earlier position on, and nothing else is.
async fn a_replay_tells_late_reactions(bench: Bench) {
    let (a, b, group, message) = group(&bench).await;
    let reactions_after = bench.settled().await;
    react(&bench, &a, &message, "+1", true).await.unwrap();
    react(&bench, &b, &message, "-1", true).await.unwrap();
    pin(&bench, &a, &message, true).await.unwrap();
    said(&bench, &a, &group, "heard").await;
    let after = bench.settled().await;
    let of = |found: quintet_store::Replayed| found.entries.unwrap().iter().map(|one| one.position).collect::<Vec<_>>();
    let found = bench.store.replay_since(b.clone(), false, MissedSince { after, reactions_after }).await.unwrap();
    assert_eq!(of(found), [reactions_after + 1, reactions_after + 2]);
    react(&bench, &b, &message, "+1", true).await.unwrap();
    said(&bench, &a, &group, "missed").await;
    let found = bench.store.replay_since(b.clone(), false, MissedSince { after, reactions_after }).await.unwrap();
    assert_eq!(of(found), [reactions_after + 2, after + 1, after + 2]);
    let told = missed(&bench, &b, MissedSince { after, reactions_after }).await;
    assert_eq!(told, [format!("-1 {b} true 1"), format!("+1 {b} true 2 {a}=true {b}=true")]);
}

/// The number of reactions tells of those that were given while one was away.
async fn nothing_of_the_time_away(bench: Bench) {
    let (a, b, group, message) = group(&bench).await;
    let after = bench.settled().await;
    react(&bench, &a, &message, "+1", true).await.unwrap();
    react(&bench, &a, &message, "-1", true).await.unwrap();
    pin(&bench, &a, &message, true).await.unwrap();
    let leave =
        LeaveConversation { actor: actor(&b), conversation: group.clone(), departure: quintet_domain::Departure::Left };
    bench.write(leave).await.unwrap();
    react(&bench, &a, &message, "+1", false).await.unwrap();
    pin(&bench, &a, &message, false).await.unwrap();
    bench.settled().await;
    assert_eq!(missed(&bench, &b, after.into()).await, [format!("-1 {a} true 1")]);
}
