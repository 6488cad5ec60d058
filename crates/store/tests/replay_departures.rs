//! What somebody learns of the time after a departure, from what is told again: nothing.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use crate::support::told::shown;
use crate::support::{Bench, actor};
use quintet_domain::{
    AddMember, ChangeConversation, ConversationId, ConversationKind, DeleteMessage, Departure, EditMessage,
    LeaveConversation, MarkRead, MessageId, Reading, RemoveMember, UserId,
};

/// A conversation of Alice and Bob, and the position that Bob has received.
struct Lost {
    bench: Bench,
    alice: UserId,
    bob: UserId,
    group: ConversationId,
    after: u64,
}

impl Lost {
    async fn start(bench: Bench) -> Self {
        let (alice, bob) = (bench.user("alice").await, bench.user("bob").await);
        let group = bench.conversation(&alice, ConversationKind::Group, true, std::slice::from_ref(&bob)).await;
        let after = bench.settled().await;
        Self { bench, alice, bob, group, after }
    }

    async fn say(&self, text: &str) -> MessageId {
        self.bench.send(&self.alice, &self.group, text).await.expect("sent").message.id.clone()
    }

    async fn rename(&self, name: &str) {
        let (actor, conversation) = (actor(&self.alice), self.group.clone());
        let change = ChangeConversation {
            actor,
            conversation,
            name: Some(name.to_owned()),
            open: None,
            picture: None,
            metadata: None,
            moderation: Default::default(),
        };
        self.bench.write(change).await.expect("renamed");
    }

    async fn edit(&self, message: &MessageId, content: &str) {
        let (actor, message) = (actor(&self.alice), message.clone());
        self.bench
            .write(EditMessage { actor, message, content: content.to_owned(), details: None, screening: None })
            .await
            .expect("edited");
    }

    async fn add(&self, user: &UserId) {
        let (actor, conversation) = (actor(&self.alice), self.group.clone());
        self.bench
            .write(AddMember { actor, conversation, user: user.clone(), role: None, reason: None })
            .await
            .expect("added");
    }

    /// Ends the membership of Bob, by himself or by Alice.
    async fn end(&self, by_himself: bool) {
        let conversation = self.group.clone();
        if by_himself {
            let leave = LeaveConversation { actor: actor(&self.bob), conversation, departure: Departure::Left };
            self.bench.write(leave).await.expect("left");
        } else {
            let remove = RemoveMember { actor: actor(&self.alice), conversation, user: self.bob.clone(), reason: None };
            self.bench.write(remove).await.expect("removed");
        }
    }

    /// What Bob missed since a position, as it is shown and as it is written in full.
    async fn missed(&self, after: u64) -> (Vec<String>, String) {
        let missed = self.bench.store.replay_since(self.bob.clone(), false, after.into()).await.expect("read");
        let entries = missed.entries.expect("few");
        (entries.iter().map(shown).collect(), format!("{entries:?}"))
    }
}

/// Whoever was removed, or left, learns nothing of what happened after that: neither from the state of the conversation,
/// nor from a message that was edited or deleted, nor from those who have read one by now.
async fn nothing_after_a_departure(bench: Bench) {
    let lost = Lost::start(bench).await;
    for by_himself in [false, true] {
        let after = lost.bench.settled().await;
        let messages = [lost.say("kept").await, lost.say("edited").await, lost.say("deleted").await];
        lost.edit(&messages[0], "kept, edited").await;
        lost.rename(&format!("name {by_himself}")).await;
        lost.end(by_himself).await;
        lost.rename(&format!("SECRET name {by_himself}")).await;
        let eve = lost.bench.user(&format!("eve{by_himself}")).await;
        lost.add(&eve).await;
        lost.edit(&messages[1], "SECRET edit").await;
        let delete = DeleteMessage { actor: actor(&lost.alice), message: messages[2].clone() };
        lost.bench.write(delete).await.expect("deleted");
        let kept = Reading::Messages { conversation: None, messages: vec![messages[0].clone()] };
        lost.bench.write(MarkRead { actor: actor(&eve), reading: kept }).await.expect("read");
        lost.say("SECRET about Bob").await;
        lost.bench.settled().await;
        for after in [0, after] {
            let (_, written) = lost.missed(after).await;
            assert!(!written.contains("SECRET") && !written.contains(&*eve.to_string()), "{written}");
        }
        let (shown, _) = lost.missed(after).await;
        let ids: Vec<_> = messages.iter().map(|id| shown.iter().any(|entry| entry.contains(&id.to_string()))).collect();
        assert_eq!(ids, [true, false, false], "{shown:?}");
        assert!(shown.last().is_some_and(|last| last.contains(" left ")), "{shown:?}");
        lost.add(&lost.bob).await;
    }
}

/// A user who is a member again may know the present state, but not the edits of the meantime.
async fn who_returns_is_shown_the_conversation(bench: Bench) {
    let lost = Lost::start(bench).await;
    let (edited, again) = (lost.say("first").await, lost.say("second").await);
    lost.end(false).await;
    lost.edit(&edited, "SECRET edit").await;
    lost.edit(&again, "SECRET edit, too").await;
    lost.rename("new name").await;
    lost.add(&lost.bob).await;
    lost.edit(&again, "public edit").await;
    lost.bench.settled().await;
    let (shown, written) = lost.missed(lost.after).await;
    assert!(!written.contains("SECRET"), "{written}");
    assert!(shown.iter().any(|entry| entry.contains("appeared")) && written.contains("new name"), "{written}");
    assert!(written.contains("public edit"), "{written}");
    assert!(!shown.iter().any(|entry| entry.ends_with(&format!("created {edited}"))), "{shown:?}");
}

/// A rename to the same name is no change, and nobody is told of it.
async fn a_change_without_a_difference_is_none(bench: Bench) {
    let lost = Lost::start(bench).await;
    lost.rename("name").await;
    let renamed = lost.bench.settled().await;
    let (actor, conversation, name) = (actor(&lost.alice), lost.group.clone(), Some("name".to_owned()));
    let answer = lost
        .bench
        .write(ChangeConversation {
            actor,
            conversation,
            name,
            open: Some(true),
            picture: None,
            metadata: None,
            moderation: Default::default(),
        })
        .await;
    assert_eq!(answer.expect("answered").name.as_deref(), Some("name"));
    assert_eq!(lost.bench.settled().await, renamed);
    assert!(lost.missed(renamed).await.0.is_empty());
}

crate::support::every_store!(
    nothing_after_a_departure,
    who_returns_is_shown_the_conversation,
    a_change_without_a_difference_is_none,
);
