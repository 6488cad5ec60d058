//! What the users of the directory are not shown of those who have blocked them, and of those who have not accepted that they
//! write to them.
//!
//! What must stay true: a block takes effect at its position, whether the memberships of the blocked user have been read
//! by then or not; a user whom nobody has blocked pays one pointer.

use std::sync::Arc;

use quintet_domain::{ConversationRef, Hidden, UserId};

use super::Directory;
use crate::hub::local_user::{HiddenCause, HiddenChange};

impl Directory {
    /// What a user is not shown; none if that is nothing.
    pub(in crate::hub) fn hidden_from(&self, user: &UserId) -> Option<&Hidden> {
        self.user(user)?.hidden.as_deref()
    }

    /// Records that another user is hidden from a user, or shown to it again.
    pub(in crate::hub) fn set_hidden(&mut self, user: &UserId, other: &UserId, cause: HiddenCause, position: u64) {
        let Some(slot) = self.slot(user) else { return };
        if let Some(loading) = &mut self.users[slot].loading {
            loading.hidden.push(HiddenChange { position, other: other.clone(), cause });
            return;
        }
        let is_hidden = self.hides(user, other, cause);
        let local = &mut self.users[slot];
        let mut hidden = local.hidden.take().map_or(Hidden::Nobody, |hidden| *hidden);
        hidden.set(user, other, is_hidden);
        local.hidden = kept(hidden);
    }

    /// Whether another user is hidden from a user after a change. The number of the members of their direct conversation is
    /// from then on that which the change leaves, whatever was read before.
    fn hides(&mut self, user: &UserId, other: &UserId, cause: HiddenCause) -> bool {
        let direct = self.direct(user, other).map(|channel| (channel.conversation.id.clone(), channel.member_count));
        let (is_hidden, member_count) = match cause {
            HiddenCause::Blocked => (true, None),
            // Whoever has not accepted that the user writes to it stays hidden.
            HiddenCause::Unblocked => (direct.as_ref().is_some_and(|(_, member_count)| *member_count == 1), None),
            HiddenCause::Begun => (true, Some(1)),
            HiddenCause::Accepted => (false, Some(2)),
        };
        if let (Some((conversation, _)), Some(member_count)) = (direct, member_count) {
            self.set_member_count(&conversation, member_count);
        }
        is_hidden
    }

    /// Records that a conversation was created with its first members. From the one member of a direct conversation the other
    /// user is hidden until it accepts.
    pub(in crate::hub) fn created(&mut self, conversation: &Arc<ConversationRef>, members: &[UserId], position: u64) {
        for user in members {
            self.join(user, conversation, position);
        }
        self.set_member_count(&conversation.id, u32::try_from(members.len()).unwrap_or(u32::MAX));
        if let [user] = members
            && let Some(other) = conversation.other(user)
        {
            self.set_hidden(user, other, HiddenCause::Begun, position);
        }
    }

    /// Records that a user became a member of a conversation: if it is a direct one, it is shown to the other from then on.
    pub(in crate::hub) fn accepted(&mut self, user: &UserId, conversation: &ConversationRef, position: u64) {
        if let Some(other) = conversation.other(user) {
            self.set_hidden(other, user, HiddenCause::Accepted, position);
        }
    }

    /// Sets what the user of a slot is not shown, as it was read at a position, and then applies the changes since the read.
    /// The user is in its conversations by then.
    pub(super) fn load_hidden(&mut self, slot: usize, mut hidden: Hidden, changes: Vec<HiddenChange>, position: u64) {
        let user = self.users[slot].user.id.clone();
        for HiddenChange { other, cause, .. } in changes.into_iter().filter(|change| change.position > position) {
            let is_hidden = self.hides(&user, &other, cause);
            hidden.set(&user, &other, is_hidden);
        }
        self.users[slot].hidden = kept(hidden);
    }
}

fn kept(hidden: Hidden) -> Option<Box<Hidden>> {
    (!hidden.is_nobody()).then(|| Box::new(hidden))
}

#[cfg(test)]
mod tests {
    use quintet_domain::{ConversationId, ConversationKind, Timestamp, User, UserKind};
    use quintet_service::Memberships;

    use super::*;

    fn user(id: &str) -> Arc<User> {
        Arc::new(User {
            id: UserId::trusted(id),
            username: id.to_owned(),
            name: id.to_owned(),
            last_name: None,
            avatar: None,
            kind: UserKind::Registered,
            last_seen: None,
            created_at: Timestamp(0),
        })
    }

    /// Ada begins a conversation with Bob, who blocks her, ends the block, and accepts: the first changes, up to a number.
    fn happen(directory: &mut Directory, direct: &Arc<ConversationRef>, changes: u64) {
        let (ada, bob) = (UserId::trusted("ada"), UserId::trusted("bob"));
        for position in 1..=changes {
            match position {
                1 => directory.created(direct, std::slice::from_ref(&ada), position),
                2 => directory.set_hidden(&ada, &bob, HiddenCause::Blocked, position),
                3 => directory.set_hidden(&ada, &bob, HiddenCause::Unblocked, position),
                _ => {
                    directory.accepted(&bob, direct, position);
                    directory.set_member_count(&direct.id, 2);
                }
            }
        }
    }

    #[test]
    fn whenever_memberships_are_read_the_same_users_are_hidden() {
        let (ada, bob) = (UserId::trusted("ada"), UserId::trusted("bob"));
        let pair = Some(Box::new([ada.clone(), bob.clone()]));
        let id = ConversationId::trusted("direct");
        let direct = Arc::new(ConversationRef { id, kind: ConversationKind::Direct, name: None, pair });
        let hidden = |position: u64| match position {
            1..=3 => Hidden::from_blockers(&ada, vec![bob.clone()]),
            _ => Hidden::Nobody,
        };
        let members = |position: u64| if position < 4 { 1 } else { 2 };
        for changes in 1..=4 {
            for read_at in 0..=changes {
                let mut directory = Directory::default();
                let load = directory.add(user("ada"), false).0;
                happen(&mut directory, &direct, changes);
                let conversations = (read_at > 0).then(|| (Arc::clone(&direct), members(read_at)));
                let read = Memberships {
                    position: read_at,
                    registered: true,
                    conversations: conversations.into_iter().collect(),
                    hidden: hidden(read_at),
                };
                assert!(directory.load(&ada, load, read));
                let found = directory.hidden_from(&ada).cloned().unwrap_or(Hidden::Nobody);
                assert_eq!(found, hidden(changes), "{changes} changes, read at {read_at}");
                let channel = directory.channel(&direct.id).expect("hers");
                assert_eq!(channel.member_count, members(changes), "{changes} changes, read at {read_at}");
            }
        }
    }
}
