//! Access to rows through the cache: users, conversations and members are read and changed here alone; and the final
//! decision whether a user may do something.
//!
//! What must stay true: every change of these rows updates the cache as well.

use std::sync::Arc;

use quintet_domain::permissions::{self, Action};
use quintet_domain::{Actor, ConversationId, Refusal, Timestamp, UserId};

use crate::log::Change;
use crate::ownership::{in_effect, standing};
use crate::rows::{ConversationHead, ConversationRow, MemberRow, UserRow};
use crate::transaction::{About, ActingUser, Transaction};
use crate::{ConversationKey, RowResult, RuleResult, UserKey, guest_proof, overviews, restrictions};

impl Transaction<'_> {
    // --- users ---

    pub(crate) fn find_user(&mut self, id: &UserId) -> RowResult<Option<Arc<UserRow>>> {
        if let Some(row) = self.cached().user(id) {
            return Ok(Some(Arc::clone(row)));
        }
        let row = self.rows.user(id)?.map(Arc::new);
        if let Some(row) = row.as_ref().filter(|_| !self.state.without_cache) {
            self.state.cache.keep_user(row);
        }
        Ok(row)
    }

    pub(crate) fn find_user_by_key(&mut self, key: UserKey) -> RowResult<Option<Arc<UserRow>>> {
        if let Some(row) = self.cached().user_by_key(key) {
            return Ok(Some(Arc::clone(row)));
        }
        let row = self.rows.user_by_key(key)?.map(Arc::new);
        if let Some(row) = row.as_ref().filter(|_| !self.state.without_cache) {
            self.state.cache.keep_user(row);
        }
        Ok(row)
    }

    /// A user that another row refers to.
    pub(crate) fn user_by_key(&mut self, key: UserKey) -> RuleResult<Arc<UserRow>> {
        Ok(self.find_user_by_key(key)?.ok_or_else(|| Refusal::not_found("user", key.0))?)
    }

    /// A user by its id, or `ERR_NOT_FOUND`.
    pub(crate) fn user(&mut self, id: &UserId) -> RuleResult<Arc<UserRow>> {
        Ok(self.find_user(id)?.ok_or_else(|| Refusal::not_found("user", id))?)
    }

    /// A registered user or service that is not disabled, or `ERR_NOT_FOUND`.
    pub(crate) fn registered(&mut self, id: &UserId) -> RuleResult<Arc<UserRow>> {
        let row = self.user(id)?;
        if row.disabled || row.user.is_guest() {
            return Err(Refusal::not_found("user", id).into());
        }
        Ok(row)
    }

    /// A registered person, not a service, that is not disabled, or `ERR_NOT_FOUND`.
    pub(crate) fn registered_person(&mut self, id: &UserId) -> RuleResult<Arc<UserRow>> {
        let row = self.registered(id)?;
        if row.user.is_service() {
            return Err(Refusal::not_found("user", id).into());
        }
        Ok(row)
    }

    /// The actor's own row; the actor is billed. The rows of guests are created when they join or create a room.
    pub(crate) fn actor(&mut self, actor: &Actor) -> RuleResult<ActingUser> {
        match self.find_user(&actor.user)? {
            Some(row) if actor.guest && row.user.is_guest() => {
                self.bill(actor, Some(&row))?;
                guest_proof::proven(self, row, actor)
            }
            // The command was sent as a guest, and an account took the id since.
            Some(_) if actor.guest => Err(guest_proof::id_is_taken().into()),
            Some(row) if !row.disabled && !row.user.is_guest() => {
                self.bill(actor, Some(&row))?;
                Ok(ActingUser { row, secret: None })
            }
            None if actor.guest => Err(Refusal::forbidden("You are not a member: join a room first.").into()),
            _ => Err(Refusal::unauthenticated("the user is not known").into()),
        }
    }

    /// Inserts a user.
    pub(crate) fn insert_user(&mut self, row: UserRow) -> RuleResult<Arc<UserRow>> {
        let key = self.rows.insert_user(&row)?;
        let row = Arc::new(UserRow { key, ..row });
        self.keep_changed_user(&row);
        Ok(row)
    }

    /// Replaces a user.
    pub(crate) fn update_user(&mut self, row: UserRow) -> RuleResult<Arc<UserRow>> {
        self.rows.update_user(&row)?;
        let row = Arc::new(row);
        self.keep_changed_user(&row);
        Ok(row)
    }

    /// Records when a user was last seen.
    pub(crate) fn set_last_seen(&mut self, key: UserKey, at: Timestamp) -> RuleResult<()> {
        self.rows.set_last_seen(key, at)?;
        self.state.cache.forget_user(key);
        Ok(())
    }

    /// Deletes a user, unless another row refers to it. Returns whether it was deleted.
    pub(crate) fn delete_user(&mut self, key: UserKey) -> RuleResult<bool> {
        let gone = self.rows.delete_user(key)?;
        self.state.cache.forget_user(key);
        Ok(gone)
    }

    fn keep_changed_user(&mut self, row: &Arc<UserRow>) {
        if self.state.without_cache {
            return;
        }
        self.state.cache.user_changed(row);
    }

    // --- conversations ---

    pub(crate) fn find_conversation(&mut self, id: &ConversationId) -> RowResult<Option<ConversationRow>> {
        if let Some(row) = self.cached().conversation(id) {
            return Ok(Some(row.clone()).filter(|row| row.deleted_at.is_none()));
        }
        let row = self.rows.conversation(id)?;
        if let Some(row) = row.as_ref().filter(|_| !self.state.without_cache) {
            self.state.cache.keep_conversation(row);
        }
        Ok(row)
    }

    /// A conversation that is not deleted, or `ERR_NOT_FOUND`.
    pub(crate) fn conversation(&mut self, id: &ConversationId) -> RuleResult<ConversationRow> {
        Ok(self.find_conversation(id)?.ok_or_else(|| Refusal::not_found("conversation", id))?)
    }

    /// A conversation that another row refers to, deleted or not.
    pub(crate) fn conversation_by_key(&mut self, key: ConversationKey) -> RuleResult<ConversationRow> {
        if let Some(row) = self.cached().conversation_by_key(key) {
            return Ok(row.clone());
        }
        let row = self.rows.conversation_by_key(key)?;
        let row = row.ok_or_else(|| Refusal::not_found("conversation", key.0))?;
        if !self.state.without_cache {
            self.state.cache.keep_conversation(&row);
        }
        Ok(row)
    }

    /// The direct conversation of two users; the smaller key comes first.
    pub(crate) fn direct_conversation(&mut self, pair: (UserKey, UserKey)) -> RowResult<Option<ConversationRow>> {
        self.rows.direct_conversation(pair)
    }

    /// The number of conversations that a user owns and that are not deleted.
    pub(crate) fn owned_conversations(&self, owner: UserKey) -> RowResult<i64> {
        self.rows.owned_conversations(owner)
    }

    /// The conversations that keep a file of a user as their picture.
    pub(crate) fn pictured_by(&self, uploader: UserKey) -> RowResult<Vec<ConversationKey>> {
        self.rows.pictured_by(uploader)
    }

    /// Inserts a conversation.
    pub(crate) fn insert_conversation(&mut self, row: ConversationRow) -> RuleResult<ConversationRow> {
        let key = self.rows.insert_conversation(&row)?;
        let row = ConversationRow { key, ..row };
        if !self.state.without_cache {
            self.state.cache.conversation_changed(&row);
        }
        Ok(row)
    }

    /// Replaces a conversation, its head included.
    pub(crate) fn update_conversation(&mut self, row: &ConversationRow) -> RuleResult<()> {
        self.rows.update_conversation(row)?;
        if !self.state.without_cache {
            self.state.cache.conversation_changed(row);
        }
        Ok(())
    }

    /// Replaces the head of a conversation.
    pub(crate) fn update_head(&mut self, row: &mut ConversationRow, head: ConversationHead) -> RuleResult<()> {
        row.head = head;
        self.rows.update_conversation_head(row.key, head)?;
        self.state.cache.head_changed(row.key, head);
        Ok(())
    }

    /// Increments the sequence number of a conversation. Returns the new number.
    pub(crate) fn next_sequence(&mut self, row: &mut ConversationRow) -> RuleResult<u64> {
        let sequence = row.head.sequence + 1;
        self.update_head(row, ConversationHead { sequence, updated_at: self.now, ..row.head })?;
        Ok(sequence)
    }

    /// Records that a conversation's name, openness or roles changed.
    pub(crate) fn conversation_changed(&mut self, row: &mut ConversationRow, actor: Option<&Actor>) -> RuleResult<()> {
        let sequence = self.next_sequence(row)?;
        let change = Change::ConversationChanged { conversation: overviews::of(self, row)? };
        self.record(&change, About::numbered(row, sequence), actor)
    }

    // --- members ---

    pub(crate) fn member(&mut self, conversation: ConversationKey, user: UserKey) -> RowResult<Option<MemberRow>> {
        if let Some(row) = self.cached().member(conversation, user) {
            return Ok(Some(*row));
        }
        let row = self.rows.member(conversation, user)?;
        if let Some(row) = row.as_ref().filter(|_| !self.state.without_cache) {
            self.state.cache.keep_member(conversation, user, row);
        }
        Ok(row)
    }

    /// Inserts a membership's row.
    pub(crate) fn insert_member(
        &mut self,
        conversation: ConversationKey,
        user: UserKey,
        row: &MemberRow,
    ) -> RuleResult<()> {
        self.rows.insert_member(conversation, user, row)?;
        self.keep_changed_member(conversation, user, Some(row));
        Ok(())
    }

    /// Replaces a membership's row.
    pub(crate) fn update_member(
        &mut self,
        conversation: ConversationKey,
        user: UserKey,
        row: &MemberRow,
    ) -> RuleResult<()> {
        self.rows.update_member(conversation, user, row)?;
        self.keep_changed_member(conversation, user, Some(row));
        Ok(())
    }

    /// Replaces the read cursor of a membership. `row` is the membership with its new cursor.
    pub(crate) fn move_cursor(
        &mut self,
        conversation: ConversationKey,
        user: UserKey,
        row: &MemberRow,
    ) -> RuleResult<()> {
        self.rows.move_cursor(conversation, user, row)?;
        self.keep_changed_member(conversation, user, Some(row));
        Ok(())
    }

    /// Deletes a membership's row.
    pub(crate) fn delete_member(&mut self, conversation: ConversationKey, user: UserKey) -> RuleResult<()> {
        self.rows.delete_member(conversation, user)?;
        self.keep_changed_member(conversation, user, None);
        Ok(())
    }

    fn keep_changed_member(&mut self, conversation: ConversationKey, user: UserKey, row: Option<&MemberRow>) {
        if !self.state.without_cache {
            self.state.cache.member_changed(conversation, user, row);
        }
    }

    /// Records that a user has sent a message to a conversation, if that is not recorded yet.
    pub(crate) fn note_author(&mut self, user: UserKey, conversation: ConversationKey) -> RuleResult<()> {
        if self.cached().is_author(conversation, user) {
            return Ok(());
        }
        if self.rows.is_author(user, conversation)? {
            if !self.state.without_cache {
                self.state.cache.keep_author(conversation, user);
            }
            return Ok(());
        }
        self.rows.insert_author(user, conversation)?;
        if !self.state.without_cache {
            self.state.cache.author_added(conversation, user);
        }
        Ok(())
    }

    fn cached(&self) -> &crate::RowCache {
        // While the cache is bypassed it stays empty.
        &self.state.cache
    }

    // --- permissions ---

    /// Makes the final decision whether the actor may do something. Returns its membership, with its effective role.
    pub(crate) fn check(
        &mut self,
        action: Action,
        conversation: &ConversationRow,
        user: &ActingUser,
        author: bool,
    ) -> RuleResult<Option<MemberRow>> {
        let member = self.member(conversation.key, user.key)?;
        let member = member.map(|member| in_effect(conversation, user, member));
        let mut standing = standing(conversation, user, member.as_ref(), author);
        standing.banned = member.is_none() && restrictions::ban(self, conversation, user.key)?.is_some();
        permissions::check(action, standing, &conversation.reference.id)?;
        Ok(member)
    }
}
