//! Tables of files and of the messages that carry them, and the operations on them.
//!
//! What must stay true: a carrier that is recorded for a file is removed with it.

use quintet_domain::Timestamp;
use quintet_rules::rows::{FileRow, FileRows, FileUse};
use quintet_rules::{FileKey, MessageKey, RowResult, UserKey};

use crate::memory::data::{Constraint, Data, check_unique, move_entry, move_unique, next_key};

impl Data {
    fn put_file(&mut self, row: FileRow) -> RowResult<()> {
        let (key, tables) = (row.key, &mut self.files);
        let old = tables.rows.get(&key);
        let (old_id, old_uploader) = (old.map(|row| row.id.clone()), old.map(|row| (row.uploader, key)));
        check_unique(&tables.by_id, old_id.as_ref(), Some(&row.id), "file id")?;
        move_unique(&mut tables.by_id, old_id, Some(row.id.clone()), key);
        move_entry(&mut tables.by_uploader, old_uploader, Some((row.uploader, key)));
        tables.rows.insert(key, row);
        Ok(())
    }

    fn carriers(&self, file: FileKey) -> impl Iterator<Item = MessageKey> {
        let all = (file, MessageKey(i64::MIN))..=(file, MessageKey(i64::MAX));
        self.files.carried.range(all).map(|((_, message), ())| *message)
    }

    /// Whether a file is the picture of a user or of a conversation.
    fn is_picture(&self, file: FileKey) -> bool {
        let users = (file, UserKey(i64::MIN))..=(file, UserKey(i64::MAX));
        self.users.by_picture.range(users).next().is_some() || self.pictured(file).next().is_some()
    }

    /// Whether a message has carried a file, or it is a picture.
    fn is_used(&self, file: FileKey) -> bool {
        self.carriers(file).next().is_some() || self.is_picture(file)
    }

    /// The files of a user by their keys, after a key.
    pub(super) fn uploaded(&self, uploader: UserKey, after: Option<FileKey>) -> impl Iterator<Item = &FileRow> {
        let from = (uploader, after.map_or(FileKey(i64::MIN), |after| FileKey(after.0.saturating_add(1))));
        let own = self.files.by_uploader.range(from..).take_while(move |((of, _), ())| *of == uploader);
        own.filter_map(|((_, key), ())| self.files.rows.get(key))
    }

    /// Whether a user uploaded a file.
    pub(super) fn has_files(&self, uploader: UserKey) -> bool {
        self.uploaded(uploader, None).next().is_some()
    }

    /// Removes the records of the files that a message carries.
    pub(super) fn drop_carried(&mut self, message: MessageKey) {
        let all = (message, FileKey(i64::MIN))..=(message, FileKey(i64::MAX));
        let files: Vec<FileKey> = self.files.carried_by.range(all).map(|((_, file), ())| *file).collect();
        for file in files {
            self.files.carried.remove(&(file, message));
            self.files.carried_by.remove(&(message, file));
        }
    }

    /// Whether a message is not deleted, in a conversation that is not deleted.
    fn is_alive(&self, message: MessageKey) -> bool {
        self.messages.rows.get(&message).is_some_and(|message| {
            let conversation = self.conversations.rows.get(&message.conversation);
            message.deleted_at.is_none() && conversation.is_some_and(|conversation| conversation.deleted_at.is_none())
        })
    }
}

impl FileRows for Data {
    fn file(&self, id: &str) -> RowResult<Option<FileRow>> {
        Ok(self.files.by_id.get(id).and_then(|key| self.files.rows.get(key)).cloned())
    }

    fn insert_file(&mut self, row: &FileRow) -> RowResult<FileKey> {
        self.user_named(row.uploader)?;
        let key = FileKey(next_key(self.files.rows.last_key().map(|key| key.0)));
        self.put_file(FileRow { key, ..row.clone() })?;
        Ok(key)
    }

    fn update_file(&mut self, row: &FileRow) -> RowResult<()> {
        if !self.files.rows.contains(&row.key) {
            return Err(Constraint::Missing("file").into());
        }
        self.put_file(row.clone())
    }

    fn delete_file(&mut self, key: FileKey) -> RowResult<()> {
        let Some(row) = self.files.rows.get(&key).cloned() else { return Ok(()) };
        for message in self.carriers(key).collect::<Vec<_>>() {
            self.files.carried.remove(&(key, message));
            self.files.carried_by.remove(&(message, key));
        }
        self.files.by_id.remove(&row.id);
        self.files.by_uploader.remove(&(row.uploader, key));
        self.files.rows.remove(&key);
        Ok(())
    }

    fn file_use(&self, key: FileKey) -> RowResult<FileUse> {
        let row = self.files.rows.get(&key).ok_or(Constraint::Missing("file"))?;
        Ok(FileUse {
            carried: self.carriers(key).next().is_some(),
            carried_alive: self.carriers(key).any(|message| self.is_alive(message)),
            picture: self.is_picture(key),
            uploader_disabled: self.user_named(row.uploader)?.disabled,
        })
    }

    fn carry_file(&mut self, file: FileKey, message: MessageKey) -> RowResult<()> {
        check_unique(&self.files.carried, None, Some(&(file, message)), "file")?;
        self.files.carried.insert((file, message), ());
        self.files.carried_by.insert((message, file), ());
        Ok(())
    }

    fn waiting_files(&self, uploader: UserKey, after: Timestamp) -> RowResult<(i64, Option<Timestamp>)> {
        let waiting = self
            .uploaded(uploader, None)
            .filter(|row| row.created_at > after && !self.is_used(row.key))
            .map(|row| row.created_at);
        Ok(waiting.fold((0, None), |(count, oldest), at| {
            (count + 1, Some(oldest.map_or(at, |oldest: Timestamp| oldest.min(at))))
        }))
    }

    fn files_of(&self, uploader: UserKey, after: Option<FileKey>, limit: usize) -> RowResult<Vec<FileRow>> {
        Ok(self.uploaded(uploader, after).take(limit).cloned().collect())
    }

    fn files(&self, after: FileKey, limit: usize) -> RowResult<Vec<FileRow>> {
        let newer = self.files.rows.range(FileKey(after.0.saturating_add(1))..);
        Ok(newer.take(limit).map(|(_, row)| row.clone()).collect())
    }

    fn total_file_bytes(&self) -> RowResult<i64> {
        Ok(self.files.total_bytes.get(&()).copied().unwrap_or_default())
    }

    fn add_total_file_bytes(&mut self, delta: i64) -> RowResult<()> {
        let total = self.total_file_bytes()? + delta;
        self.files.total_bytes.insert((), total);
        Ok(())
    }
}
