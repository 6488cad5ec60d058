//! Rows by way of the cache: users, conversations and members, looked up and changed in one place, and the final
//! decision whether somebody may do something.

use std::sync::Arc;

use quintet_domain::permissions::{self, Action, Standing};
use quintet_domain::{Actor, ConversationId, Refusal, Role, Timestamp, UserId};

use crate::log::Change;
use crate::rows::{ConversationHead, ConversationRow, MemberRow, UserRow};
use crate::transaction::{About, ActingUser, Transaction};
use crate::{ConversationKey, RowResult, RuleResult, UserKey, guests};

/// How a user stands to a conversation, for the table of permissions.
#[must_use]
pub fn standing(conversation: &ConversationRow, user: &UserRow, member: Option<&MemberRow>, author: bool) -> Standing {
    Standing {
        kind: conversation.reference.kind,
        open: conversation.open,
        role: member.map(|member| member.role),
        by: user.user.kind,
        author,
    }
}

/// Whether a conversation is a user's own. A guest has to prove that, since anybody can claim its id.
pub(crate) fn owns(conversation: &ConversationRow, user: &ActingUser) -> bool {
    let proven = !user.user.is_guest() || (user.secret.is_some() && user.secret == conversation.owner_secret);
    conversation.owner == Some(user.key) && proven
}

/// A membership with the role that counts: a guest's is what it proves, whatever its row says.
fn in_effect(conversation: &ConversationRow, user: &ActingUser, member: MemberRow) -> MemberRow {
    if !user.user.is_guest() {
        return member;
    }
    MemberRow { role: if owns(conversation, user) { Role::Owner } else { Role::Member }, ..member }
}

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

    /// A user, or `ERR_NOT_FOUND`.
    pub(crate) fn user(&mut self, id: &UserId) -> RuleResult<Arc<UserRow>> {
        Ok(self.find_user(id)?.ok_or_else(|| Refusal::not_found("user", id))?)
    }

    /// A registered user or service that is not barred, or `ERR_NOT_FOUND`.
    pub(crate) fn registered(&mut self, id: &UserId) -> RuleResult<Arc<UserRow>> {
        let row = self.user(id)?;
        if row.disabled || row.user.is_guest() {
            return Err(Refusal::not_found("user", id).into());
        }
        Ok(row)
    }

    /// A registered user that is no service and not barred, or `ERR_NOT_FOUND`.
    pub(crate) fn registered_person(&mut self, id: &UserId) -> RuleResult<Arc<UserRow>> {
        let row = self.registered(id)?;
        if row.user.is_service() {
            return Err(Refusal::not_found("user", id).into());
        }
        Ok(row)
    }

    /// The actor's own row, billed. Guests are made where they join or make a room.
    pub(crate) fn actor(&mut self, actor: &Actor) -> RuleResult<ActingUser> {
        match self.find_user(&actor.user)? {
            Some(row) if actor.guest && row.user.is_guest() => {
                self.bill(actor, Some(&row))?;
                guests::proven(self, row, actor)
            }
            // It was a guest's when this was asked, and an account has it since.
            Some(_) if actor.guest => Err(guests::id_is_taken().into()),
            Some(row) if !row.disabled && !row.user.is_guest() => {
                self.bill(actor, Some(&row))?;
                Ok(ActingUser { row, secret: None })
            }
            None if actor.guest => Err(Refusal::forbidden("You are not a member: join a room first.").into()),
            _ => Err(Refusal::unauthenticated("the user is not known").into()),
        }
    }

    /// Adds a user.
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

    /// Remembers when a user was last seen.
    pub(crate) fn set_last_seen(&mut self, key: UserKey, at: Timestamp) -> RuleResult<()> {
        self.rows.set_last_seen(key, at)?;
        self.state.cache.forget_user(key);
        Ok(())
    }

    /// Removes a user, unless another row refers to it.
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

    /// A conversation that is there, or `ERR_NOT_FOUND`.
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

    /// How many conversations a user owns that are not deleted.
    pub(crate) fn owned_conversations(&self, owner: UserKey) -> RowResult<i64> {
        self.rows.owned_conversations(owner)
    }

    /// Adds a conversation.
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

    /// Takes the next number of a conversation.
    pub(crate) fn next_sequence(&mut self, row: &mut ConversationRow) -> RuleResult<u64> {
        let sequence = row.head.sequence + 1;
        self.update_head(row, ConversationHead { sequence, updated_at: self.now, ..row.head })?;
        Ok(sequence)
    }

    /// Records that a conversation's name, openness or roles changed.
    pub(crate) fn conversation_changed(&mut self, row: &mut ConversationRow, actor: Option<&Actor>) -> RuleResult<()> {
        let sequence = self.next_sequence(row)?;
        let change = Change::ConversationChanged { conversation: Arc::clone(&row.reference) };
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

    /// Adds a membership's row.
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

    /// Removes a membership's row.
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

    fn cached(&self) -> &crate::RowCache {
        // Nothing is ever kept there while the cache is left aside.
        &self.state.cache
    }

    // --- permissions ---

    /// Decides, finally, whether the actor may do this here and now. Gives its membership, with the role that counts.
    pub(crate) fn check(
        &mut self,
        action: Action,
        conversation: &ConversationRow,
        user: &ActingUser,
        author: bool,
    ) -> RuleResult<Option<MemberRow>> {
        let member = self.member(conversation.key, user.key)?;
        let member = member.map(|member| in_effect(conversation, user, member));
        permissions::check(action, standing(conversation, user, member.as_ref(), author), &conversation.reference.id)?;
        Ok(member)
    }
}
