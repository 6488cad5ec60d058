//! Messages with all that they may bring: replies, threads and mentions.
//!
//! What must stay true: who is mentioned is a member, and a reply stays in its conversation and its thread.

use quintet_domain::permissions::Action;
use quintet_domain::{Mention, MessageId, NewDetails, UserId, UserKind};

use crate::permissions::model::{Brought, CONVERSATIONS, Message, Modelled, Named, USERS, kind_of};
use crate::permissions::run::Run;
use crate::support::message;

impl Run {
    /// The conversation and the message that a step names. There may be no such message yet.
    fn named(&self, at: usize, (other, newer): Named) -> Option<(usize, &Message)> {
        let at = if other == CONVERSATIONS { at } else { other };
        Some((at, self.conversations[at].message(newer)?))
    }

    /// The first message of the thread that a new message belongs to, and whether it may belong there.
    fn root_of(&self, at: usize, named: Option<(usize, &Message)>) -> (Option<MessageId>, bool) {
        let Some((of, named)) = named else { return (None, true) };
        let root = named.root.clone().unwrap_or_else(|| named.id.clone());
        let is_deleted =
            |conversation: &Modelled| conversation.messages.iter().any(|message| message.id == root && message.deleted);
        let may = of == at && !is_deleted(&self.conversations[of]);
        (Some(root), may)
    }

    /// Sends a message. Returns whether the model expects it to be sent, and whether it was.
    pub async fn send(&mut self, user: usize, at: usize, brought: Brought, shown: &str) -> (bool, bool) {
        let answered = brought.reply_to.and_then(|named| self.named(at, named));
        let thread = brought.thread.and_then(|named| self.named(at, named));
        let (root, in_thread) = self.root_of(at, thread);
        let in_reply = answered.is_none_or(|(of, answered)| {
            let there = match &answered.root {
                Some(_) => answered.root == root,
                // The first message of a thread stands outside of it as well.
                None => root.as_ref().is_none_or(|root| *root == answered.id),
            };
            of == at && there
        });
        let conversation = &self.conversations[at];
        let is_member = |user: &usize| conversation.members.contains_key(user);
        let is_slowed = conversation.is_slowed(user);
        let expected = conversation.may(Action::Send, user, true)
            && conversation.may_write(user)
            && !(is_slowed && conversation.slow_sends.contains(&user))
            && in_thread
            && in_reply
            && brought.mentions.iter().flatten().all(is_member)
            && (!brought.mention_all || conversation.may_mention_all(user));
        // Only accounts are known by their names.
        let accounts = (0..USERS).filter(|user| kind_of(*user) != UserKind::Guest);
        let mut mentioned: Vec<UserId> = Vec::new();
        let named: Vec<usize> = match &brought.mentions {
            Some(mentions) => mentions.clone(),
            None if brought.by_name => accounts.filter(is_member).collect(),
            None => Vec::new(),
        };
        for user in named {
            if !mentioned.contains(&self.users[user]) {
                mentioned.push(self.users[user].clone());
            }
        }
        let details = NewDetails {
            reply_to: answered.map(|(_, answered)| answered.id.clone()),
            thread: thread.map(|(_, thread)| thread.id.clone()),
            mentions: brought.mentions.as_ref().map(|users| users.iter().map(|at| self.users[*at].clone()).collect()),
            mention_all: brought.mention_all,
            ..NewDetails::default()
        };
        let text = if brought.by_name { "text for @u0, @u1, @u2, @shop, @nobody" } else { "text" };
        let mut write = message(&self.users[user], &conversation.id, text, None);
        write.text.details = details.kept();
        let sent = self.bench.write(write).await;
        let done = sent.is_ok();
        if done && is_slowed {
            self.conversations[at].slow_sends.insert(user);
        }
        if let Ok(sent) = sent {
            let details = sent.message.details.as_deref().cloned().unwrap_or_default();
            let found: Vec<UserId> = details.mentions.into_iter().map(|Mention { id, .. }| id).collect();
            assert_eq!(found, mentioned, "{shown}: those who are mentioned");
            assert_eq!((details.thread_id, details.mention_all), (root.clone(), brought.mention_all), "{shown}");
            let (id, mentions_all) = (sent.message.id.clone(), brought.mention_all);
            self.conversations[at].messages.push(Message { id, author: user, deleted: false, root, mentions_all });
        }
        (expected, done)
    }
}
