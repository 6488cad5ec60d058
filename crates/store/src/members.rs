//! The seam to the read of a conversation's members, and what of it every store does alike.
//!
//! What must stay true: a direct conversation shows the same two people here as everywhere else.

use quintet_domain::{Conversation, ConversationId, Member, Searched, User, UserId};

use crate::Page;
use crate::future::ReadResult;

/// The read of a conversation's members, which every [`Store`](crate::Store) has.
pub trait MemberReads {
    /// The members of a conversation that the user is a member of, in the order in which they joined: all, or those whose
    /// username or name contains a text, compared as by [`Store::users`](crate::Store::users). One read looks at the names
    /// of one conversation's members, of which there are at most [`MEMBERS_MAX`](quintet_domain::limits::MEMBERS_MAX).
    fn members(
        &self,
        user: UserId,
        id: ConversationId,
        query: String,
        cursor: Option<String>,
        limit: u32,
    ) -> ReadResult<'_, Page<Member>>;
}

/// Whether a member's username or name contains a text.
pub(crate) fn fits(searched: &Searched, user: &User) -> bool {
    searched.is_in(&user.username) || searched.is_in(&user.name)
}

/// The members of a direct conversation that fit a search, the other one too where it has not accepted the conversation.
/// There are two, so that they are one page.
pub(crate) fn of_direct(conversation: Conversation, searched: &Searched) -> Page<Member> {
    let members = conversation.members.into_iter();
    Page { items: members.filter(|member| fits(searched, &member.user)).collect(), next: None }
}
