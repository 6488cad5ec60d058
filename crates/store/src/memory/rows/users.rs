//! Tables of users, their counts, networks and keys, and the operations on them.
//!
//! What must stay true: a user who is referred to by a row that outlives users is not deleted.

use std::sync::Arc;

use quintet_domain::{Scopes, Timestamp, User, UserId};
use quintet_rules::rows::{CountDelta, UserCounts, UserRow, UserRows};
use quintet_rules::{FileKey, RowResult, UserKey};

use crate::memory::data::{Constraint, Data, check_unique, move_entry, move_unique, next_key};
use crate::memory::table::{Index, Tables};
use crate::memory::tables::{Contacts, ServiceKeyRow, UserTables};

/// The parts of a user that indexes contain.
#[derive(Default)]
struct Indexed {
    id: Option<UserId>,
    username: Option<String>,
    email: Option<String>,
    name_key: Option<(String, UserKey)>,
    name_look: Option<(String, UserKey)>,
    picture: Option<(FileKey, UserKey)>,
    guest: Option<UserKey>,
    erasing: Option<UserKey>,
}

impl Indexed {
    fn of(row: &UserRow) -> Self {
        let key = row.key;
        let names = row.names.as_ref();
        Self {
            id: Some(row.user.id.clone()),
            username: names.map(|names| names.username_key.clone()),
            email: row.email_key.clone(),
            name_key: names.and_then(|names| Some((names.key.clone()?, key))),
            name_look: names.and_then(|names| Some((names.look.clone()?, key))),
            picture: row.picture.map(|picture| (picture, key)),
            guest: row.user.is_guest().then_some(key),
            erasing: row.erasing.map(|_| key),
        }
    }
}

impl UserTables {
    /// Users with a comparison key or an appearance, in the index of one or the other.
    fn named<'t>(index: &'t Index<(String, UserKey)>, text: &str) -> impl Iterator<Item = UserKey> + use<'t> {
        let range = (text.to_owned(), UserKey(i64::MIN))..=(text.to_owned(), UserKey(i64::MAX));
        index.range(range).map(|((_, key), ())| *key)
    }

    /// The networks of a user, with the times of the last logins.
    fn networks_of(&self, user: UserKey) -> impl Iterator<Item = (&String, Timestamp)> {
        let all = self.networks.range((user, String::new())..);
        all.take_while(move |((of, _), _)| *of == user).map(|((_, network), at)| (network, *at))
    }

    fn remove_network(&mut self, user: UserKey, network: String) {
        let key = (user, network);
        if let Some(at) = self.networks.get(&key).copied() {
            self.networks.remove(&key);
            self.networks_by_age.remove(&(at, key.0, key.1));
        }
    }

    fn remove_contacts(&mut self, user: UserKey) {
        if let Some(contacts) = self.contacts.get(&user).copied() {
            self.contacts.remove(&user);
            self.contacts_by_day.remove(&(contacts.day, user));
        }
    }
}

impl Data {
    /// The user of a key that another row or an index refers to.
    pub(in crate::memory) fn user_named(&self, key: UserKey) -> RowResult<&UserRow> {
        Ok(self.users.rows.get(&key).ok_or(Constraint::Missing("user"))?)
    }

    /// Inserts, replaces or deletes a user.
    fn put_user(&mut self, key: UserKey, new: Option<&UserRow>) -> RowResult<()> {
        let users = &mut self.users;
        let old = users.rows.get(&key).map(Indexed::of).unwrap_or_default();
        let fresh = new.map(Indexed::of).unwrap_or_default();
        check_unique(&users.by_id, old.id.as_ref(), fresh.id.as_ref(), "user id")?;
        check_unique(&users.by_username, old.username.as_ref(), fresh.username.as_ref(), "username")?;
        check_unique(&users.by_email, old.email.as_ref(), fresh.email.as_ref(), "email address")?;
        move_unique(&mut users.by_id, old.id, fresh.id, key);
        move_unique(&mut users.by_username, old.username, fresh.username, key);
        move_unique(&mut users.by_email, old.email, fresh.email, key);
        move_entry(&mut users.by_name_key, old.name_key, fresh.name_key);
        move_entry(&mut users.by_name_look, old.name_look, fresh.name_look);
        move_entry(&mut users.by_picture, old.picture, fresh.picture);
        move_entry(&mut users.guests, old.guest, fresh.guest);
        move_entry(&mut users.erasing, old.erasing, fresh.erasing);
        match new {
            Some(row) => users.rows.insert(key, row.clone()),
            None => drop(users.rows.remove(&key)),
        }
        Ok(())
    }

    /// Gives every user another country, outside any transaction of a writer.
    pub(in crate::memory) fn change_countries(&mut self) {
        let rows: Vec<UserRow> = self.users.rows.iter().map(|(_, row)| row.clone()).collect();
        for row in rows {
            let country = if row.country.is_none() { Some("AQ".to_owned()) } else { None };
            self.users.rows.insert(row.key, UserRow { country, ..row });
        }
        self.tables.journals(&mut |journal| journal.forget());
    }

    /// Whether a row that outlives its user refers to it, as the foreign keys in SQL define it.
    fn is_referred_to(&self, user: UserKey) -> bool {
        self.users.contacts.contains(&user)
            || self.users.service_keys.contains(&user)
            || self.is_member_of_any(user)
            || self.is_in_conversations(user)
            || self.is_any_author(user)
            || self.has_reactions(user)
            || self.has_restrictions(user)
            || self.is_in_meetups(user)
            || self.is_in_notifications(user)
            || self.has_files(user)
            || self.has_traces(user)
    }
}

impl UserRows for Data {
    fn user(&self, id: &UserId) -> RowResult<Option<UserRow>> {
        Ok(self.users.by_id.get(id).and_then(|key| self.users.rows.get(key)).cloned())
    }

    fn user_by_key(&self, key: UserKey) -> RowResult<Option<UserRow>> {
        Ok(self.users.rows.get(&key).cloned())
    }

    fn user_by_email_key(&self, email_key: &str) -> RowResult<Option<UserRow>> {
        Ok(self.users.by_email.get(email_key).and_then(|key| self.users.rows.get(key)).cloned())
    }

    fn user_by_username_key(&self, username_key: &str) -> RowResult<Option<UserRow>> {
        Ok(self.users.by_username.get(username_key).and_then(|key| self.users.rows.get(key)).cloned())
    }

    fn users_by_name_key(&self, name_key: &str, limit: usize) -> RowResult<Vec<UserKey>> {
        Ok(UserTables::named(&self.users.by_name_key, name_key).take(limit).collect())
    }

    fn name_is_taken(&self, username_key: &str, key: &str, look: &str, except: Option<UserKey>) -> RowResult<bool> {
        let other = |user: UserKey| Some(user) != except;
        let (keys, looks) = (&self.users.by_name_key, &self.users.by_name_look);
        let exact = self.users.by_username.get(username_key).is_some_and(|user| other(*user));
        Ok(exact
            || [key, look]
                .into_iter()
                .any(|text| UserTables::named(keys, text).any(other) || UserTables::named(looks, text).any(other)))
    }

    fn insert_user(&mut self, row: &UserRow) -> RowResult<UserKey> {
        let key = UserKey(next_key(self.users.rows.last_key().map(|key| key.0)));
        self.put_user(key, Some(&UserRow { key, ..row.clone() }))?;
        self.users.counts.insert(key, UserCounts::default());
        Ok(key)
    }

    fn update_user(&mut self, row: &UserRow) -> RowResult<()> {
        self.user_named(row.key)?;
        self.put_user(row.key, Some(row))
    }

    fn delete_user(&mut self, key: UserKey) -> RowResult<bool> {
        if self.is_referred_to(key) {
            return Ok(false);
        }
        self.put_user(key, None)?;
        self.users.counts.remove(&key);
        self.delete_login_networks(key)?;
        self.delete_push_of(key)?;
        self.delete_secrets_of(key);
        Ok(true)
    }

    fn set_last_seen(&mut self, key: UserKey, at: Timestamp) -> RowResult<()> {
        let row = self.user_named(key)?;
        let user = Arc::new(User { last_seen: Some(at), ..User::clone(&row.user) });
        let row = UserRow { user, ..row.clone() };
        self.users.rows.insert(key, row);
        Ok(())
    }

    fn user_counts(&self, key: UserKey) -> RowResult<UserCounts> {
        Ok(self.users.counts.get(&key).copied().ok_or(Constraint::Missing("user"))?)
    }

    fn add_user_counts(&mut self, key: UserKey, delta: CountDelta) -> RowResult<UserCounts> {
        let counts = self.user_counts(key)?;
        let sums = UserCounts {
            conversations: counts.conversations + delta.conversations,
            notifications: counts.notifications + delta.notifications,
            file_bytes: counts.file_bytes + delta.file_bytes,
        };
        self.users.counts.insert(key, sums);
        Ok(sums)
    }

    fn guests(&self, after: UserKey, limit: usize) -> RowResult<Vec<UserRow>> {
        let guests = self.users.guests.range(UserKey(after.0.saturating_add(1))..).take(limit);
        guests.map(|(key, ())| self.user_named(*key).cloned()).collect()
    }

    fn newest_user(&self) -> RowResult<Option<UserKey>> {
        Ok(self.users.rows.last_key().copied())
    }

    fn add_contacts(&mut self, key: UserKey, day: i64, added: i64, direct: i64) -> RowResult<(i64, i64)> {
        self.user_named(key)?;
        let users = &mut self.users;
        let before = users.contacts.get(&key).copied();
        let (earlier, reached) = match before {
            Some(contacts) if contacts.day == day => (contacts.added, contacts.direct),
            _ => (0, 0),
        };
        let contacts = Contacts { day, added: earlier + added, direct: reached + direct };
        users.contacts.insert(key, contacts);
        move_entry(&mut users.contacts_by_day, before.map(|before| (before.day, key)), Some((day, key)));
        Ok((contacts.added, contacts.direct))
    }

    fn prune_contacts(&mut self, day: i64, limit: usize) -> RowResult<usize> {
        let old = self.users.contacts_by_day.range(..(day, UserKey(i64::MIN))).take(limit);
        let old: Vec<UserKey> = old.map(|((_, key), ())| *key).collect();
        for key in &old {
            self.users.remove_contacts(*key);
        }
        Ok(old.len())
    }

    fn set_login_network(&mut self, key: UserKey, network: &str, at: Timestamp) -> RowResult<()> {
        self.user_named(key)?;
        self.users.remove_network(key, network.to_owned());
        self.users.networks.insert((key, network.to_owned()), at);
        self.users.networks_by_age.insert((at, key, network.to_owned()), ());
        Ok(())
    }

    fn login_network(&self, key: UserKey, network: &str) -> RowResult<Option<Timestamp>> {
        Ok(self.users.networks.get(&(key, network.to_owned())).copied())
    }

    fn delete_login_networks(&mut self, key: UserKey) -> RowResult<()> {
        self.trim_login_networks(key, 0)
    }

    fn trim_login_networks(&mut self, key: UserKey, keep: usize) -> RowResult<()> {
        let mut networks: Vec<(Timestamp, String)> =
            self.users.networks_of(key).map(|(network, at)| (at, network.clone())).collect();
        // Newest first; networks of the same time by name.
        networks.sort_by(|(a_at, a), (b_at, b)| b_at.cmp(a_at).then_with(|| a.cmp(b)));
        for (_, network) in networks.into_iter().skip(keep) {
            self.users.remove_network(key, network);
        }
        Ok(())
    }

    fn prune_login_networks(&mut self, before: Timestamp, limit: usize) -> RowResult<usize> {
        let old = self.users.networks_by_age.range(..(before, UserKey(i64::MIN), String::new())).take(limit);
        let old: Vec<(UserKey, String)> = old.map(|((_, key, network), ())| (*key, network.clone())).collect();
        let count = old.len();
        for (key, network) in old {
            self.users.remove_network(key, network);
        }
        Ok(count)
    }

    fn insert_service_key(&mut self, key: UserKey, (hash, scopes): (&str, Scopes), at: Timestamp) -> RowResult<bool> {
        self.user_named(key)?;
        let users = &mut self.users;
        if users.service_keys.contains(&key) || users.service_by_hash.contains(hash) {
            return Ok(false);
        }
        users.service_by_hash.insert(hash.to_owned(), key);
        users.service_keys.insert(key, ServiceKeyRow { hash: hash.to_owned(), created_at: at, scopes });
        Ok(true)
    }

    fn delete_service_key(&mut self, key: UserKey) -> RowResult<bool> {
        let users = &mut self.users;
        let Some(row) = users.service_keys.get(&key).cloned() else { return Ok(false) };
        users.service_by_hash.remove(&row.hash);
        Ok(users.service_keys.remove(&key))
    }
}

impl Data {
    /// Deletes the contact counts of a user.
    pub(super) fn delete_contacts(&mut self, user: UserKey) {
        self.users.remove_contacts(user);
    }
}
