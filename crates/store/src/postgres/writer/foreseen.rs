//! The rows that the writes of a group will ask for, as far as the writes themselves tell: they are read in one round
//! trip, with the lock of the order.
//!
//! What must stay true: a row that was not foreseen is read when it is asked for, so that a write that is missing here
//! is slower, and nothing else.

use std::collections::BTreeSet;
use std::sync::Arc;

use quintet_domain::{
    Actor, ClientMessageId, ConversationId, Draft, MessageId, NewText, Reading, SendMessage, SendRewritten, Target,
    UserId, Write,
};
use quintet_rules::{ConversationKey, RowCache, UserKey, WriterState};
use tokio_postgres::Row;

use super::known::Known;
use crate::postgres::error::Fetched;
use crate::postgres::link::{Step, Value};
use crate::postgres::rows::{
    conversation_at, conversation_columns, id_bytes, latest_message, member_at, message_at, message_columns, nth,
    user_at, user_columns,
};
use crate::writer::Submission;

/// What a group will ask for and the cache lacks.
#[derive(Debug, Default)]
pub(super) struct Foreseen {
    users: BTreeSet<UserId>,
    conversations: BTreeSet<ConversationId>,
    members: BTreeSet<(ConversationId, UserId)>,
    authors: BTreeSet<(ConversationId, UserId)>,
    repeats: Vec<(ConversationId, UserId, ClientMessageId)>,
    messages: BTreeSet<MessageId>,
}

impl Foreseen {
    /// What the writes of a group will ask for.
    pub(super) fn of(submissions: &[Submission], state: &WriterState) -> Self {
        Self::beyond((&[], submissions), state)
    }

    /// What the writes of a group will ask for that has grown, beyond what was read for the first of them: rows that were
    /// forgotten since, and what the others ask for.
    pub(super) fn beyond((first, others): (&[Submission], &[Submission]), state: &WriterState) -> Self {
        let mut foreseen = Self::default();
        if state.without_cache {
            return foreseen;
        }
        for Submission { write, .. } in first {
            foreseen.add(write, &state.cache);
        }
        // Messages are not in the cache, and none was forgotten.
        foreseen.repeats.clear();
        foreseen.messages.clear();
        for Submission { write, .. } in others {
            foreseen.add(write, &state.cache);
        }
        foreseen
    }

    fn add(&mut self, write: &Write, cache: &RowCache) {
        match write {
            Write::SendMessage(SendMessage { actor, text, .. })
            | Write::SendRewritten(SendRewritten { actor, text, .. }) => {
                self.send(actor, text, cache);
            }
            Write::CheckDraft(write) => match &write.draft {
                Draft::Message(text) => self.send(&write.actor, text, cache),
                Draft::Edit { message, .. } => self.message(&write.actor, message, cache),
            },
            Write::EditMessage(write) => self.message(&write.actor, &write.message, cache),
            Write::DeleteMessage(write) => self.message(&write.actor, &write.message, cache),
            Write::React(write) => self.message(&write.actor, &write.message, cache),
            Write::PinMessage(write) => self.message(&write.actor, &write.message, cache),
            Write::MarkRead(write) => self.reading(&write.actor, &write.reading, cache),
            Write::NoteDelivery(write) => self.reading(&write.actor, &write.received, cache),
            Write::JoinConversation(write) => self.member(&write.conversation, &write.actor.user, cache),
            Write::LeaveConversation(write) => self.member(&write.conversation, &write.actor.user, cache),
            Write::AddMember(write) => {
                self.member(&write.conversation, &write.actor.user, cache);
                self.member(&write.conversation, &write.user, cache);
            }
            Write::RemoveMember(write) => {
                self.member(&write.conversation, &write.actor.user, cache);
                self.member(&write.conversation, &write.user, cache);
            }
            Write::CreateConversation(write) => {
                self.user(&write.actor.user, cache);
                write.new.members.iter().for_each(|user| self.user(user, cache));
            }
            Write::ChangeConversation(write) => self.member(&write.conversation, &write.actor.user, cache),
            Write::Restrict(write) => {
                self.member(&write.conversation, &write.actor.user, cache);
                self.member(&write.conversation, &write.user, cache);
            }
            Write::LiftRestriction(write) => {
                self.member(&write.conversation, &write.actor.user, cache);
                self.member(&write.conversation, &write.user, cache);
            }
            Write::DeleteConversation(write) => self.member(&write.conversation, &write.actor.user, cache),
            Write::ChangeSettings(write) => {
                let Target::Conversation(conversation) = &write.target else { return };
                self.member(conversation, &write.actor.user, cache);
            }
            Write::MayType(write) => match &write.target {
                Target::Conversation(conversation) => self.member(conversation, &write.user, cache),
                Target::Direct(_) => {}
            },
            Write::SetBlock(write) => {
                self.user(&write.actor.user, cache);
                self.user(&write.user, cache);
            }
            Write::DecideContact(write) => self.user(&write.actor.user, cache),
            Write::NoteSeen(write) => write.users.iter().for_each(|(user, _)| self.user(user, cache)),
            Write::RequestMeetup(write) => self.user(&write.actor.user, cache),
            Write::DecideRequest(write) => {
                self.user(&write.actor.user, cache);
                self.user(&write.user, cache);
            }
            Write::NotifyUser(write) => self.user(&write.user, cache),
            // Rare, or about rows that the write does not name.
            _ => {}
        }
    }

    /// A message that is sent.
    fn send(&mut self, actor: &Actor, text: &NewText, cache: &RowCache) {
        self.user(&actor.user, cache);
        let Target::Conversation(conversation) = &text.target else { return };
        self.member(conversation, &actor.user, cache);
        if cache.lacks_author(conversation, &actor.user) {
            self.authors.insert((conversation.clone(), actor.user.clone()));
        }
        if let Some(id) = &text.client_message_id {
            self.repeats.push((conversation.clone(), actor.user.clone(), id.clone()));
        }
    }

    /// What a user has read or received.
    fn reading(&mut self, actor: &Actor, reading: &Reading, cache: &RowCache) {
        let named = match reading {
            Reading::Messages { conversation, messages } => {
                for message in messages {
                    self.message(actor, message, cache);
                }
                conversation.as_ref()
            }
            Reading::Everything(Target::Conversation(conversation)) => Some(conversation),
            Reading::Everything(Target::Direct(_)) => None,
        };
        if let Some(conversation) = named {
            self.member(conversation, &actor.user, cache);
        }
    }

    fn user(&mut self, user: &UserId, cache: &RowCache) {
        if cache.lacks_user(user) {
            self.users.insert(user.clone());
        }
    }

    /// A membership, with its user and its conversation.
    fn member(&mut self, conversation: &ConversationId, user: &UserId, cache: &RowCache) {
        self.user(user, cache);
        if cache.lacks_conversation(conversation) {
            self.conversations.insert(conversation.clone());
        }
        if cache.lacks_member(conversation, user) {
            self.members.insert((conversation.clone(), user.clone()));
        }
    }

    fn message(&mut self, actor: &Actor, message: &MessageId, cache: &RowCache) {
        self.user(&actor.user, cache);
        self.messages.insert(message.clone());
    }

    /// The statements that read it, each with what its rows are.
    pub(super) fn steps(&self) -> (Vec<Step>, Vec<Kind>) {
        let texts = |texts: Vec<String>| Box::new(texts) as Value;
        let pairs = |pairs: &BTreeSet<(ConversationId, UserId)>| {
            let of = pairs.iter().map(|(conversation, _)| conversation.as_str().to_owned()).collect();
            vec![texts(of), texts(pairs.iter().map(|(_, user)| user.as_str().to_owned()).collect())]
        };
        let mut steps = Vec::new();
        if !self.users.is_empty() {
            let ids = texts(self.users.iter().map(|id| id.as_str().to_owned()).collect());
            steps.push((Kind::Users, Step::Rows(USERS, vec![ids])));
        }
        if !self.conversations.is_empty() {
            let ids = texts(self.conversations.iter().map(|id| id.as_str().to_owned()).collect());
            steps.push((Kind::Conversations, Step::Rows(CONVERSATIONS, vec![ids])));
        }
        if !self.members.is_empty() {
            steps.push((Kind::Members, Step::Rows(MEMBERS, pairs(&self.members))));
        }
        if !self.authors.is_empty() {
            steps.push((Kind::Authors, Step::Rows(AUTHORS, pairs(&self.authors))));
        }
        if !self.repeats.is_empty() {
            let column = |of: fn(&(ConversationId, UserId, ClientMessageId)) -> &str| {
                texts(self.repeats.iter().map(|repeat| of(repeat).to_owned()).collect())
            };
            let values =
                vec![column(|(id, ..)| id.as_str()), column(|(_, id, _)| id.as_str()), column(|(.., id)| id.as_str())];
            steps.push((Kind::Repeats, Step::Rows(REPEATS, values)));
        }
        if !self.messages.is_empty() {
            let ids: Vec<Vec<u8>> = self.messages.iter().map(id_bytes).collect();
            steps.push((Kind::Messages, Step::Rows(MESSAGES, vec![Box::new(ids)])));
        }
        let (kinds, steps) = steps.into_iter().unzip();
        (steps, kinds)
    }

    /// Keeps the rows of one of the statements.
    pub(super) fn keep(&self, kind: Kind, rows: &[Row], cache: &mut RowCache, known: &mut Known) -> Fetched<()> {
        for row in rows {
            match kind {
                Kind::Users => cache.keep_user(&Arc::new(user_at(row)?)),
                Kind::Conversations => cache.keep_conversation(&conversation_at(row, 0)?),
                Kind::Members => {
                    let (conversation, user) = keys_at(row)?;
                    cache.keep_member(conversation, user, &member_at(row, 2)?);
                }
                Kind::Authors => {
                    let (conversation, user) = keys_at(row)?;
                    cache.keep_author(conversation, user);
                }
                Kind::Repeats => {
                    let (conversation, user) = keys_at(row)?;
                    let found = row.try_get::<_, Option<i64>>(3)?.map(|_| message_at(row, 3)).transpose()?;
                    if let Some((.., id)) = self.repeats.get(nth(row, 2)?) {
                        known.note_repeat((conversation, user, id.clone()), found);
                    }
                }
                Kind::Messages => known.note(message_at(row, 0)?),
            }
        }
        if kind == Kind::Messages {
            self.messages.iter().for_each(|id| known.note_absent(id.clone()));
        }
        Ok(())
    }
}

/// What the rows of a statement are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Users,
    Conversations,
    Members,
    Authors,
    Repeats,
    Messages,
}

const USERS: &str = concat!("SELECT ", user_columns!(), " FROM chat_user u WHERE u.id = ANY($1::text[])");
const CONVERSATIONS: &str = concat!(
    "SELECT ",
    conversation_columns!(),
    " FROM conversation c",
    latest_message!(),
    "WHERE c.id = ANY($1::text[]) AND c.deleted_at IS NULL"
);
const MEMBERS: &str = "SELECT m.conversation_pk, m.user_pk, m.role, m.joined_at, m.joined_sequence, m.read_sequence,
         m.read_at, m.hidden_sequence, m.settings, m.muted_until, m.archived_after, m.settings_position,
         m.silenced_until
     FROM unnest($1::text[], $2::text[]) AS j (conversation, person)
     JOIN conversation c ON c.id = j.conversation JOIN chat_user u ON u.id = j.person
     JOIN member m ON m.conversation_pk = c.pk AND m.user_pk = u.pk";
const AUTHORS: &str = "SELECT a.conversation_pk, a.user_pk
     FROM unnest($1::text[], $2::text[]) AS j (conversation, person)
     JOIN conversation c ON c.id = j.conversation JOIN chat_user u ON u.id = j.person
     JOIN author a ON a.conversation_pk = c.pk AND a.user_pk = u.pk";
const REPEATS: &str = concat!(
    "SELECT c.pk, u.pk, j.nth, ",
    message_columns!(),
    " FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS j (conversation, person, given, nth)
     JOIN conversation c ON c.id = j.conversation JOIN chat_user u ON u.id = j.person
     LEFT JOIN message m ON m.conversation_pk = c.pk AND m.sender_pk = u.pk AND m.client_message_id = j.given"
);
const MESSAGES: &str = concat!("SELECT ", message_columns!(), " FROM message m WHERE m.id = ANY($1::bytea[])");

fn keys_at(row: &Row) -> Fetched<(ConversationKey, UserKey)> {
    Ok((ConversationKey(row.try_get(0)?), UserKey(row.try_get(1)?)))
}
