//! What rules ask for and write while a group is decided.
//!
//! What must stay true: every row that other nodes keep is noted as changed when it is.

use quintet_domain::{ClientMessageId, MessageId};
use quintet_rules::rows::{ConversationHead, LoggedChange, MemberRow, MessageRow};
use quintet_rules::{ConversationKey, MessageKey, RowResult, UserKey};
use tokio_postgres::Row;

use super::buffer::MessageHead;
use super::{State, WriterLink};
use crate::postgres::error::Fetched;
use crate::postgres::rows::{Channel, Values};

impl WriterLink {
    /// Notes a row that waits to be written.
    fn keep(&self, keep: impl FnOnce(&mut State)) {
        let state = &mut *self.state.borrow_mut();
        state.rows_changed += 1;
        keep(state);
    }
}

impl Channel for WriterLink {
    fn read(&self, sql: &'static str, values: Values<'_>) -> Fetched<Vec<Row>> {
        self.ask(sql, false, |link, statement| async move { link.client.query(&statement, values).await })
    }

    fn write(&self, sql: &'static str, values: Values<'_>) -> Fetched<Vec<Row>> {
        let rows = self.ask(sql, true, |link, statement| async move { link.client.query(&statement, values).await })?;
        self.state.borrow_mut().rows_changed += rows.len() as u64;
        Ok(rows)
    }

    fn run(&self, sql: &'static str, values: Values<'_>) -> Fetched<u64> {
        let written =
            self.ask(sql, true, |link, statement| async move { link.client.execute(&statement, values).await })?;
        self.state.borrow_mut().rows_changed += written;
        Ok(written)
    }

    fn insert_message(&self, row: &MessageRow) -> RowResult<()> {
        let mut kept = Ok(());
        self.keep(|state| {
            state.position = state.position.max(row.key.0.cast_unsigned());
            kept = state.buffer.insert_message(row);
            state.message_head = Some(MessageHead::of(row));
            state.known.note(row.clone());
        });
        kept
    }

    fn append_change(&self, change: &LoggedChange) -> RowResult<()> {
        let mut kept = Ok(());
        self.keep(|state| {
            state.position = state.position.max(change.position);
            kept = state.buffer.append_change(change);
        });
        kept
    }

    fn update_head(&self, key: ConversationKey, head: ConversationHead) -> RowResult<()> {
        self.keep(|state| {
            let of_message = state.message_head.is_some_and(|message| message.gives(key, &head));
            state.buffer.update_head(key, head, of_message);
            state.changed.conversations.insert(key);
        });
        Ok(())
    }

    fn move_cursor(&self, conversation: ConversationKey, user: UserKey, row: &MemberRow) -> RowResult<()> {
        self.keep(|state| {
            state.buffer.move_cursor(conversation, user, row);
            state.changed.members.insert((conversation, user));
        });
        Ok(())
    }

    fn insert_author(&self, user: UserKey, conversation: ConversationKey) -> RowResult<()> {
        self.keep(|state| state.buffer.insert_author(user, conversation));
        Ok(())
    }

    fn known_message(&self, id: &MessageId) -> Option<Option<MessageRow>> {
        self.state.borrow().known.message(id)
    }

    fn known_repeat(
        &self,
        conversation: ConversationKey,
        sender: UserKey,
        id: &ClientMessageId,
    ) -> Option<Option<MessageRow>> {
        self.state.borrow().known.repeat(&(conversation, sender, id.clone()))
    }

    fn message_changed(&self, row: &MessageRow) {
        self.state.borrow_mut().known.change(row);
    }

    fn message_deleted(&self, key: MessageKey) {
        self.state.borrow_mut().known.delete(key);
    }

    fn user_changed(&self, key: UserKey) {
        self.state.borrow_mut().changed.users.insert(key);
    }

    fn conversation_changed(&self, key: ConversationKey) {
        self.state.borrow_mut().changed.conversations.insert(key);
    }

    fn member_changed(&self, conversation: ConversationKey, user: UserKey) {
        self.state.borrow_mut().changed.members.insert((conversation, user));
    }
}
