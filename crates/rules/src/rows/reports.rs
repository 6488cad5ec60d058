//! Rows of reports of messages, and the operations on them.
//!
//! What must stay true: a snapshot is read back as it was.

use std::sync::Arc;

use quintet_domain::{ConversationKind, MessageId, MessageKind, ReportAction, ReportStatus, Snapshot, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{ConversationKey, MessageKey, RowResult, RowsError, UserKey};

/// What was decided about a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredResolution {
    /// The moderator or service that decided.
    pub by: UserKey,
    /// When it was decided.
    pub at: Timestamp,
    /// What was done.
    pub action: ReportAction,
}

/// The row of a report. The rows that its keys lead to may be gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportRow {
    /// The number of the report, which grows.
    pub number: i64,
    /// When it was made.
    pub at: Timestamp,
    /// The message that is reported.
    pub message: MessageKey,
    /// The id of the message.
    pub message_id: MessageId,
    /// When the message had been edited last; none if it was as it was sent.
    pub edited_at: Option<Timestamp>,
    /// The conversation of the message.
    pub conversation: ConversationKey,
    /// The sender of the message.
    pub sender: UserKey,
    /// The user who made it; none if the server did.
    pub reporter: Option<UserKey>,
    /// Why it was made; empty once the user who made it or the sender is erased.
    pub reason: Arc<str>,
    /// What the message was; none once the report is resolved or its sender is erased.
    pub snapshot: Option<Box<Snapshot>>,
    /// What was decided; none while it is open.
    pub resolution: Option<StoredResolution>,
}

/// The stored form of a [`Snapshot`].
#[derive(Serialize, Deserialize)]
struct Stored {
    content: String,
    kind: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    files: Vec<String>,
    username: String,
    name: String,
    conversation_kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    conversation_name: Option<String>,
    sent_at: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    edited_at: Option<i64>,
}

/// A snapshot of a kind that this version does not know.
#[derive(Debug, thiserror::Error)]
#[error("a snapshot of a message has the unknown kind `{0}`")]
struct UnknownKind(String);

impl ReportRow {
    /// The snapshot as text.
    ///
    /// # Errors
    /// An error of the serialisation.
    pub fn encode_snapshot(&self) -> RowResult<Option<String>> {
        let Some(snapshot) = self.snapshot.as_deref().cloned() else { return Ok(None) };
        let stored = Stored {
            content: snapshot.content,
            kind: snapshot.kind.as_str().to_owned(),
            files: snapshot.files,
            username: snapshot.username,
            name: snapshot.name,
            conversation_kind: snapshot.conversation_kind.as_str().to_owned(),
            conversation_name: snapshot.conversation_name,
            sent_at: snapshot.sent_at.0,
            edited_at: snapshot.edited_at.map(|at| at.0),
        };
        serde_json::to_string(&stored).map(Some).map_err(RowsError::new)
    }

    /// Reads the text of a snapshot.
    ///
    /// # Errors
    /// An error if it is not what [`Self::encode_snapshot`] writes.
    pub fn decode_snapshot(text: &str) -> RowResult<Box<Snapshot>> {
        let stored: Stored = serde_json::from_str(text).map_err(RowsError::new)?;
        let unknown = |kind: &str| RowsError::new(UnknownKind(kind.to_owned()));
        Ok(Box::new(Snapshot {
            content: stored.content,
            kind: MessageKind::parse(&stored.kind).ok_or_else(|| unknown(&stored.kind))?,
            files: stored.files,
            username: stored.username,
            name: stored.name,
            conversation_kind: ConversationKind::parse(&stored.conversation_kind)
                .ok_or_else(|| unknown(&stored.conversation_kind))?,
            conversation_name: stored.conversation_name,
            sent_at: Timestamp(stored.sent_at),
            edited_at: stored.edited_at.map(Timestamp),
        }))
    }
}

/// Operations on the rows of reports. Those that were made before `since` are as good as gone.
pub trait ReportRows {
    /// A report by its number.
    fn report(&self, number: i64) -> RowResult<Option<ReportRow>>;
    /// The reports of a message since a time that users have made of what it is after its last edit, the oldest first; at most
    /// `limit`.
    fn reports_of_version(
        &self,
        message: (MessageKey, Option<Timestamp>),
        since: Timestamp,
        limit: usize,
    ) -> RowResult<Vec<ReportRow>>;
    /// Whether a report of a message since a time that the server has made is open.
    fn has_open_flag(&self, message: MessageKey, since: Timestamp) -> RowResult<bool>;
    /// The number of reports since a time that a user has made and that are open.
    fn open_reports_by(&self, reporter: UserKey, since: Timestamp) -> RowResult<i64>;
    /// The number of reports since a time that the server has made about a sender and that are open.
    fn open_flags_of(&self, sender: UserKey, since: Timestamp) -> RowResult<i64>;
    /// Inserts a report, whose `number` is ignored. Returns its number.
    fn insert_report(&mut self, row: &ReportRow) -> RowResult<i64>;
    /// Stores what was decided about a report, and removes its snapshot.
    fn resolve_report(&mut self, number: i64, resolution: StoredResolution) -> RowResult<()>;
    /// Removes the texts of up to `limit` reports about messages of a user, and the reasons of up to `limit` reports that it has
    /// made. Returns how many reports lost something.
    fn remove_texts_of(&mut self, user: UserKey, limit: usize) -> RowResult<usize>;
    /// Reports since a time of one status, or all, whose numbers are less than `before`, the newest first; at most `limit`.
    fn reports_before(
        &self,
        status: Option<ReportStatus>,
        since: Timestamp,
        before: i64,
        limit: usize,
    ) -> RowResult<Vec<ReportRow>>;
    /// Deletes up to `limit` reports that were made before a time. Returns how many were deleted.
    fn prune_reports(&mut self, before: Timestamp, limit: usize) -> RowResult<usize>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_is_read_as_it_was_written() {
        let full = Snapshot {
            content: "a\n\"b\" \u{1F600}".to_owned(),
            kind: MessageKind::Image,
            files: vec!["a.png".to_owned()],
            username: "ada".to_owned(),
            name: "Ada King".to_owned(),
            conversation_kind: ConversationKind::Group,
            conversation_name: Some("Chess".to_owned()),
            sent_at: Timestamp(5),
            edited_at: Some(Timestamp(7)),
        };
        let bare = Snapshot { files: Vec::new(), conversation_name: None, edited_at: None, ..full.clone() };
        for snapshot in [full, bare] {
            let row = ReportRow {
                number: 1,
                at: Timestamp(9),
                message: MessageKey(1),
                message_id: MessageId::trusted("m"),
                edited_at: None,
                conversation: ConversationKey(1),
                sender: UserKey(1),
                reporter: None,
                reason: Arc::from("rude"),
                snapshot: Some(Box::new(snapshot.clone())),
                resolution: None,
            };
            let text = row.encode_snapshot().expect("written").expect("a text");
            assert_eq!(*ReportRow::decode_snapshot(&text).expect("read"), snapshot);
        }
        assert!(ReportRow::decode_snapshot("{}").is_err());
    }
}
