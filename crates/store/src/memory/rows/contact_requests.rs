//! Tables of requests and of groups that people have left, and the operations on them.
//!
//! What must stay true: a request is in all tables, or in none.

use quintet_domain::{RequestId, Timestamp};
use quintet_rules::rows::{ContactRequestRow, ContactRequestRows};
use quintet_rules::{ConversationKey, RowResult, UserKey};

use crate::memory::data::{Data, check_unique};

const FIRST_CONVERSATION: ConversationKey = ConversationKey(i64::MIN);
const LAST_CONVERSATION: ConversationKey = ConversationKey(i64::MAX);
const FIRST_USER: UserKey = UserKey(i64::MIN);
const LAST_USER: UserKey = UserKey(i64::MAX);

impl Data {
    /// Deletes a request from all tables. Returns whether there was one.
    fn take_request(&mut self, to: UserKey, conversation: ConversationKey) -> bool {
        let Some(row) = self.contact_requests.rows.get(&(to, conversation)).cloned() else { return false };
        let tables = &mut self.contact_requests;
        tables.rows.remove(&(to, conversation));
        tables.by_id.remove(&row.id);
        tables.by_conversation.remove(&(conversation, to));
        tables.by_sender.remove(&(row.from, to, conversation));
        tables.by_age.remove(&(row.at, to, conversation));
        true
    }

    fn take_requests(&mut self, keys: Vec<(UserKey, ConversationKey)>) -> usize {
        keys.into_iter().filter(|(to, conversation)| self.take_request(*to, *conversation)).count()
    }
}

impl ContactRequestRows for Data {
    fn contact_request(&self, id: &RequestId) -> RowResult<Option<ContactRequestRow>> {
        let key = self.contact_requests.by_id.get(id);
        Ok(key.and_then(|key| self.contact_requests.rows.get(key)).cloned())
    }

    fn contact_request_for(&self, to: UserKey, conversation: ConversationKey) -> RowResult<Option<ContactRequestRow>> {
        Ok(self.contact_requests.rows.get(&(to, conversation)).cloned())
    }

    fn contact_requests_to(&self, to: UserKey, after: Timestamp, limit: usize) -> RowResult<Vec<ContactRequestRow>> {
        let all = self.contact_requests.rows.range((to, FIRST_CONVERSATION)..=(to, LAST_CONVERSATION));
        let mut found: Vec<ContactRequestRow> =
            all.map(|(_, row)| row.clone()).filter(|row| row.at > after && !row.declined).collect();
        found.sort_unstable_by_key(|row| std::cmp::Reverse((row.at, row.conversation)));
        found.truncate(limit);
        Ok(found)
    }

    fn put_contact_request(&mut self, row: &ContactRequestRow) -> RowResult<()> {
        self.user_named(row.from)?;
        self.user_named(row.to)?;
        self.conversation_named(row.conversation)?;
        self.take_request(row.to, row.conversation);
        let (tables, key) = (&mut self.contact_requests, (row.to, row.conversation));
        check_unique(&tables.by_id, None, Some(&row.id), "request id")?;
        tables.rows.insert(key, row.clone());
        tables.by_id.insert(row.id.clone(), key);
        tables.by_conversation.insert((row.conversation, row.to), ());
        tables.by_sender.insert((row.from, row.to, row.conversation), ());
        tables.by_age.insert((row.at, row.to, row.conversation), ());
        Ok(())
    }

    fn decline_contact_request(&mut self, to: UserKey, conversation: ConversationKey) -> RowResult<()> {
        if let Some(row) = self.contact_requests.rows.get(&(to, conversation)).cloned() {
            self.contact_requests.rows.insert((to, conversation), ContactRequestRow { declined: true, ..row });
        }
        Ok(())
    }

    fn delete_contact_request(&mut self, to: UserKey, conversation: ConversationKey) -> RowResult<()> {
        self.take_request(to, conversation);
        Ok(())
    }

    fn delete_contact_requests_between(&mut self, from: UserKey, to: UserKey) -> RowResult<()> {
        let all = (from, to, FIRST_CONVERSATION)..=(from, to, LAST_CONVERSATION);
        let keys = self.contact_requests.by_sender.range(all).map(|((_, to, about), ())| (*to, *about)).collect();
        self.take_requests(keys);
        Ok(())
    }

    fn delete_contact_requests_about(&mut self, conversation: ConversationKey) -> RowResult<()> {
        let all = (conversation, FIRST_USER)..=(conversation, LAST_USER);
        let keys = self.contact_requests.by_conversation.range(all).map(|((about, to), ())| (*to, *about)).collect();
        self.take_requests(keys);
        Ok(())
    }

    fn delete_contact_requests_of(&mut self, user: UserKey, limit: usize) -> RowResult<usize> {
        let to = self.contact_requests.rows.range((user, FIRST_CONVERSATION)..=(user, LAST_CONVERSATION));
        let all = (user, FIRST_USER, FIRST_CONVERSATION)..=(user, LAST_USER, LAST_CONVERSATION);
        let from = self.contact_requests.by_sender.range(all);
        let keys = to.map(|(key, _)| *key).chain(from.map(|((_, to, about), ())| (*to, *about)));
        let keys = keys.take(limit).collect();
        Ok(self.take_requests(keys))
    }

    fn prune_contact_requests(&mut self, before: Timestamp, limit: usize) -> RowResult<usize> {
        let old = self.contact_requests.by_age.range(..(before, FIRST_USER, FIRST_CONVERSATION)).take(limit);
        let keys = old.map(|((_, to, about), ())| (*to, *about)).collect();
        Ok(self.take_requests(keys))
    }

    fn insert_left_group(&mut self, user: UserKey, group: ConversationKey) -> RowResult<()> {
        self.user_named(user)?;
        self.conversation_named(group)?;
        self.contact_requests.left_groups.insert((user, group), ());
        self.contact_requests.left_by_group.insert((group, user), ());
        Ok(())
    }

    fn has_left_group(&self, user: UserKey, group: ConversationKey) -> RowResult<bool> {
        Ok(self.contact_requests.left_groups.contains(&(user, group)))
    }

    fn delete_left_group(&mut self, user: UserKey, group: ConversationKey) -> RowResult<()> {
        self.contact_requests.left_groups.remove(&(user, group));
        self.contact_requests.left_by_group.remove(&(group, user));
        Ok(())
    }

    fn delete_left_groups_about(&mut self, group: ConversationKey) -> RowResult<()> {
        let all = self.contact_requests.left_by_group.range((group, FIRST_USER)..=(group, LAST_USER));
        let users: Vec<UserKey> = all.map(|((_, user), ())| *user).collect();
        users.into_iter().try_for_each(|user| self.delete_left_group(user, group))
    }

    fn delete_left_groups_of(&mut self, user: UserKey, limit: usize) -> RowResult<usize> {
        let all = (user, FIRST_CONVERSATION)..=(user, LAST_CONVERSATION);
        let groups: Vec<ConversationKey> =
            self.contact_requests.left_groups.range(all).take(limit).map(|((_, group), ())| *group).collect();
        let count = groups.len();
        groups.into_iter().try_for_each(|group| self.delete_left_group(user, group))?;
        Ok(count)
    }
}
