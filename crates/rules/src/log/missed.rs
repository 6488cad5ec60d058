//! What a user may have missed, as the log has it, and the reads by which a replay finds it.
//!
//! What must stay true: all reads of one replay see one state of the store; the number of statements of a read does not
//! depend on what was missed.

use std::collections::BTreeSet;
use std::sync::Arc;

use quintet_domain::{ConnectionId, Emoji, MessageId, Notification, UserId};

use super::record::{ChangeRecord, ReadSpan};
use crate::rows::{
    BlockReads, ConversationRow, ConversationTexts, CursorRow, DetailRows, MemberRow, MemberSettings, MessageRow,
    ReactionCountRow, UserRow,
};
use crate::{ConversationKey, MessageKey, RowResult, UserKey};

/// A change of a conversation that a user may have missed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissedChange {
    /// The position in the commit order.
    pub position: u64,
    /// The key of the conversation.
    pub conversation: ConversationKey,
    /// The sequence number in the conversation, for changes that have one.
    pub sequence: Option<u64>,
    /// The session of the connection that caused it.
    pub origin: Option<ConnectionId>,
    /// Whether that connection's client asked for an acknowledgement.
    pub acked: bool,
    /// The change itself.
    pub change: MissedKind,
}

/// What a change is about, if that is shown as it is now: a later change that a user did not receive is told by it too.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Subject {
    /// The text of a message.
    Text(MessageKey),
    /// The reactions to a message with an emoji.
    Reaction(MessageKey, Emoji),
    /// Whether a message is pinned.
    Pin(MessageKey),
}

impl MissedChange {
    /// What the change is about, if a message.
    pub(super) fn subject(&self) -> Option<Subject> {
        match &self.change {
            MissedKind::Created => i64::try_from(self.position).ok().map(|key| Subject::Text(MessageKey(key))),
            MissedKind::Recorded(record) => match record {
                ChangeRecord::MessageAppeared { message, .. }
                | ChangeRecord::MessageEdited { message, .. }
                | ChangeRecord::MessageDeleted { message, .. } => Some(Subject::Text(*message)),
                ChangeRecord::MessageReacted { message, emoji, .. } => Some(Subject::Reaction(*message, emoji.clone())),
                ChangeRecord::MessagePinned { message, .. } => Some(Subject::Pin(*message)),
                ChangeRecord::MessagesRead { .. }
                | ChangeRecord::ConversationCreated { .. }
                | ChangeRecord::ConversationShown { .. }
                | ChangeRecord::ConversationHidden { .. }
                | ChangeRecord::SettingsChanged { .. }
                | ChangeRecord::BlocksChanged { .. }
                | ChangeRecord::ConversationChanged
                | ChangeRecord::ConversationDeleted { .. }
                | ChangeRecord::MemberJoined { .. }
                | ChangeRecord::MemberLeft { .. }
                | ChangeRecord::MeetupChanged { .. }
                | ChangeRecord::Notified { .. }
                | ChangeRecord::MessagesPurged { .. }
                | ChangeRecord::UserChanged { .. }
                | ChangeRecord::MessageReported { .. }
                | ChangeRecord::Revoked { .. }
                | ChangeRecord::SessionEnded { .. } => None,
            },
        }
    }

    /// Whether the change is the creation of its subject.
    pub(super) fn creates(&self) -> bool {
        matches!(self.change, MissedKind::Created)
    }

    /// The message whose text the change shows, and whether the change came after its creation.
    pub(super) fn message(&self) -> Option<(MessageKey, bool)> {
        match self.subject()? {
            Subject::Text(key) => Some((key, !self.creates())),
            Subject::Reaction(..) | Subject::Pin(_) => None,
        }
    }

    /// The message that the change reacts to.
    pub(super) fn reacted(&self) -> Option<MessageKey> {
        match self.subject()? {
            Subject::Reaction(key, _) => Some(key),
            Subject::Text(_) | Subject::Pin(_) => None,
        }
    }

    /// The message that the change is about, whatever it shows of it.
    pub(super) fn about_message(&self) -> Option<MessageKey> {
        match self.subject()? {
            Subject::Text(key) | Subject::Reaction(key, _) | Subject::Pin(key) => Some(key),
        }
    }
}

/// A change as its row describes it: the creation of a message, or a change with a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MissedKind {
    /// A message was sent; its key is the position of the change.
    Created,
    /// Any other change, with its record.
    Recorded(ChangeRecord),
}

/// The reads of a replay, each for a whole set of keys. All of them see one state of the store.
pub trait ReplayRows: DetailRows + BlockReads {
    /// The newest position of all changes and messages.
    fn newest_position(&self) -> RowResult<u64>;
    /// The position after which the log is complete.
    fn pruned_to(&self) -> RowResult<u64>;
    /// The user who has an id now.
    fn user(&self, id: &UserId) -> RowResult<Option<UserRow>>;
    /// Changes after a position in conversations that a user is a member of, or was a member of at some time since, in
    /// no particular order; at most `limit`.
    fn changes_of_conversations(&self, user: UserKey, after: u64, limit: usize) -> RowResult<Vec<MissedChange>>;
    /// Changes after a position that a user receives without being a member; at most `limit`.
    fn changes_addressed(&self, user: UserKey, after: u64, limit: usize) -> RowResult<Vec<MissedChange>>;
    /// Notifications of a user after a position, in order; at most `limit`. The visitor returns whether to continue.
    fn notifications_since(
        &self,
        user: UserKey,
        after: u64,
        limit: usize,
        visit: &mut dyn FnMut(u64, Arc<Notification>) -> bool,
    ) -> RowResult<()>;
    /// The settings of a user's conversations that changed after a position, with the positions of their last changes, in
    /// no particular order; at most `limit`.
    fn settings_since(
        &self,
        user: UserKey,
        after: u64,
        limit: usize,
    ) -> RowResult<Vec<(u64, ConversationKey, MemberSettings)>>;
    /// The first members of each of some conversations, in the order in which they joined: at most `limit` of each.
    fn first_members(
        &self,
        keys: &BTreeSet<ConversationKey>,
        limit: usize,
    ) -> RowResult<Vec<(ConversationKey, UserKey, MemberRow)>>;
    /// Conversations by their keys, deleted ones included, without the texts that
    /// [`conversation_texts`](Self::conversation_texts) reads.
    fn conversations(&self, keys: &BTreeSet<ConversationKey>) -> RowResult<Vec<ConversationRow>>;
    /// The texts of conversations that have any, in no particular order. The visitor returns whether to continue.
    fn conversation_texts(
        &self,
        keys: &BTreeSet<ConversationKey>,
        visit: &mut dyn FnMut(ConversationKey, ConversationTexts) -> bool,
    ) -> RowResult<()>;
    /// Users by their keys, without their custom data.
    fn users(&self, keys: &BTreeSet<UserKey>) -> RowResult<Vec<UserRow>>;
    /// Messages by their keys, in no particular order. The visitor returns whether to continue.
    fn messages(&self, keys: &BTreeSet<MessageKey>, visit: &mut dyn FnMut(MessageRow) -> bool) -> RowResult<()>;
    /// The counts of the reactions to some messages, in no particular order.
    fn reaction_counts(&self, keys: &BTreeSet<MessageKey>) -> RowResult<Vec<ReactionCountRow>>;
    /// The read cursors of a conversation's members that have moved, the most advanced first.
    fn cursors(&self, conversation: ConversationKey, limit: usize) -> RowResult<Vec<CursorRow>>;
    /// For each of some reads, the messages of others in its range with their senders, oldest first; the newest `limit`
    /// of each range.
    fn passed(
        &self,
        readings: &[(ConversationKey, ReadSpan, UserKey)],
        limit: usize,
    ) -> RowResult<Vec<Vec<(MessageId, UserKey)>>>;
}
