//! Conversations and members, for calls over HTTP.

use quintet_domain::limits::{CONTENT_BYTES_MAX, IDS_MAX};
use quintet_domain::{
    Actor, AddMember, ChangeConversation, ChangeSettings, Conversation, ConversationId, ConversationKind,
    ConversationSettings, CreateConversation, DeleteConversation, Joined, Member, Metadata, ModerationChange,
    NewConversation, Profile, Refusal, RemoveMember, Role, SettingsChange, Target, UserId, display_name, given_reason,
    refuse_nul,
};
use quintet_store::{Filter, Listing, Page};

use crate::Service;
use crate::users::SEARCH_READS_MAX;

/// A conversation to create.
#[derive(Clone, Debug)]
pub struct ConversationInput {
    /// `direct`, `group` or `room`.
    pub kind: ConversationKind,
    /// The name; required for groups and rooms.
    pub name: Option<String>,
    /// The description of the conversation.
    pub description: Option<String>,
    /// A link to a picture.
    pub picture: Option<String>,
    /// The custom data of the conversation.
    pub metadata: Option<Metadata>,
    /// The members beside the owner.
    pub members: Vec<UserId>,
    /// The owner, if a service creates the conversation for another user.
    pub owner: Option<UserId>,
    /// Whether anybody may join the group by its id.
    pub open: bool,
}

/// Changes of a conversation; a field that is `None` stays unchanged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConversationChange {
    /// The new name of the conversation.
    pub name: Option<String>,
    /// Whether anybody may join by its id.
    pub open: Option<bool>,
    /// The new link to a picture; `Some(None)` removes it.
    pub picture: Option<Option<String>>,
    /// The new custom data; an empty object removes it.
    pub metadata: Option<Metadata>,
    /// What changes of the limits on what members write.
    pub moderation: ModerationChange,
}

impl ConversationInput {
    /// Describes the direct conversation with another user.
    #[must_use]
    pub fn direct(other: UserId) -> Self {
        let members = vec![other];
        let (kind, owner) = (ConversationKind::Direct, None);
        Self { kind, name: None, description: None, picture: None, metadata: None, members, owner, open: false }
    }
}

impl Service {
    /// Creates a conversation. For a pair of users who have a direct conversation, the result is that one. Also returns
    /// whether the conversation is new.
    ///
    /// # Errors
    /// A refusal that names an invalid field; `ERR_NOT_FOUND` if a member does not exist.
    pub async fn create_conversation(
        &self,
        actor: Actor,
        input: ConversationInput,
    ) -> Result<(Conversation, bool), Refusal> {
        match (&input.name, input.kind) {
            (Some(_), ConversationKind::Direct) => {
                return Err(Refusal::invalid("name", "cannot be given to a direct conversation"));
            }
            (Some(_), _) | (None, ConversationKind::Direct) => {}
            (None, _) => return Err(Refusal::invalid("name", "is missing")),
        }
        if input.metadata.is_some() && input.kind == ConversationKind::Direct {
            // Nobody could change it: a direct conversation belongs to both users alike.
            return Err(Refusal::invalid("metadata", "cannot be given to a direct conversation"));
        }
        if input.picture.is_some() && input.kind == ConversationKind::Direct {
            return Err(Refusal::invalid("picture", "cannot be given to a direct conversation"));
        }
        let name = input.name.map(|name| display_name("name", &name)).transpose()?;
        if let Some(description) = &input.description {
            refuse_nul("description", description)?;
        }
        if input.description.as_ref().is_some_and(|text| text.len() > CONTENT_BYTES_MAX) {
            return Err(Refusal::too_large("description", format!("has at most {CONTENT_BYTES_MAX} bytes")));
        }
        if input.members.len() > IDS_MAX {
            return Err(Refusal::too_large("memberIds", format!("has at most {IDS_MAX} ids")));
        }
        let user = actor.user.clone();
        let new = NewConversation {
            kind: input.kind,
            name,
            description: input.description,
            picture: self.bases().stored_picture(input.picture),
            metadata: input.metadata,
            open: input.open,
            members: input.members,
            owner: input.owner,
            join: true,
            profile: Profile::default(),
        };
        let created = self.write(CreateConversation { actor, new }).await?;
        Ok((self.conversation(user, created.conversation.id.clone()).await?, created.new))
    }

    /// Returns a conversation that the user is a member of.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND`, `ERR_FORBIDDEN`.
    pub async fn conversation(&self, user: UserId, id: ConversationId) -> Result<Conversation, Refusal> {
        Ok(self.with_settings_of_now(self.store().conversation(user, id).await?))
    }

    /// Returns a page of the user's conversations, newest activity first.
    ///
    /// # Errors
    /// A refusal if the cursor is invalid.
    pub async fn conversations(
        &self,
        user: UserId,
        cursor: Option<String>,
        limit: u32,
    ) -> Result<Page<Conversation>, Refusal> {
        let Page { items, next } = self.store().conversations(user, cursor, limit).await?;
        Ok(Page { items: items.into_iter().map(|item| self.with_settings_of_now(item)).collect(), next })
    }

    /// Leaves out a mute and a silence that have ended.
    fn with_settings_of_now(&self, conversation: Conversation) -> Conversation {
        let now = self.environment().now();
        let silenced_until = conversation.silenced_until.filter(|until| *until > now);
        Conversation { settings: conversation.settings.at(now), silenced_until, ..conversation }
    }

    /// Changes the actor's own settings of a conversation. Returns all settings after the change.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND` or `ERR_FORBIDDEN` if the actor is no member.
    pub async fn change_settings(
        &self,
        actor: Actor,
        id: ConversationId,
        change: SettingsChange,
    ) -> Result<ConversationSettings, Refusal> {
        let target = Target::Conversation(id);
        Ok(self.write(ChangeSettings { actor, target, change }).await?.settings)
    }

    /// Finds groups and rooms whose name contains a text, ignoring case, newest activity first. Pages are those of
    /// [`users`](Self::users).
    ///
    /// # Errors
    /// A refusal if the cursor is invalid.
    pub async fn find_conversations(
        &self,
        user: UserId,
        query: String,
        filter: Filter,
        cursor: Option<String>,
        limit: u32,
    ) -> Result<Page<Listing>, Refusal> {
        let mut page =
            self.store().find_conversations(user.clone(), query.clone(), filter.clone(), cursor, limit).await?;
        // Each read takes its turn, so that one search does not delay others.
        for _ in 1..SEARCH_READS_MAX {
            if page.next.is_none() || !page.items.is_empty() {
                break;
            }
            page =
                self.store().find_conversations(user.clone(), query.clone(), filter.clone(), page.next, limit).await?;
        }
        Ok(page)
    }

    /// Returns members of a conversation of the user, longest membership first: all, or those whose username or name contains a
    /// text, ignoring case.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND`, `ERR_FORBIDDEN`; a refusal if the cursor is invalid.
    pub async fn members(
        &self,
        user: UserId,
        id: ConversationId,
        query: String,
        cursor: Option<String>,
        limit: u32,
    ) -> Result<Page<Member>, Refusal> {
        Ok(self.store().members(user, id, query, cursor, limit).await?)
    }

    /// Checks that a user is allowed to send to a conversation.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND`, `ERR_FORBIDDEN`; `ERR_CONFLICT` where its first message waits to be accepted.
    pub async fn may_send(&self, user: UserId, id: ConversationId) -> Result<(), Refusal> {
        Ok(self.store().may_send(user, id).await?)
    }

    /// Returns the direct conversation of two users, if they have one.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND` if there is no such user.
    pub async fn direct(&self, user: UserId, other: UserId) -> Result<Option<ConversationId>, Refusal> {
        Ok(self.store().direct_conversation(user, other).await?)
    }

    /// Renames, opens or closes a conversation, replaces its picture or its custom data, or limits what its members write.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND`, `ERR_FORBIDDEN`, or a refusal that names an invalid field.
    pub async fn change_conversation(
        &self,
        actor: Actor,
        id: ConversationId,
        change: ConversationChange,
    ) -> Result<Conversation, Refusal> {
        let name = change.name.as_deref().map(|name| display_name("name", name)).transpose()?;
        let user = actor.user.clone();
        let picture = change.picture.map(|picture| self.bases().stored_picture(picture));
        let ConversationChange { open, metadata, moderation, .. } = change;
        let change = ChangeConversation { actor, conversation: id, name, open, picture, metadata, moderation };
        let conversation = self.write(change).await?;
        self.conversation(user, conversation.id.clone()).await
    }

    /// Deletes a group or room for all members, or hides a direct conversation from the actor.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND`, `ERR_FORBIDDEN`.
    pub async fn delete_conversation(&self, actor: Actor, id: ConversationId) -> Result<(), Refusal> {
        self.write(DeleteConversation { actor, conversation: id }).await.map(|_| ())
    }

    /// Makes a user a member, or gives a member another role if there is one. Actors may add themselves to open
    /// conversations. The reason is that of a role.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND`, `ERR_FORBIDDEN`.
    pub async fn add_member(
        &self,
        actor: Actor,
        id: ConversationId,
        user: UserId,
        role: Option<Role>,
        reason: Option<&str>,
    ) -> Result<Joined, Refusal> {
        let reason = given_reason(reason)?;
        self.write(AddMember { actor, conversation: id, user, role, reason }).await
    }

    /// Removes a member, or ends the actor's own membership.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND`, `ERR_FORBIDDEN`.
    pub async fn remove_member(
        &self,
        actor: Actor,
        id: ConversationId,
        user: UserId,
        reason: Option<&str>,
    ) -> Result<(), Refusal> {
        let reason = given_reason(reason)?;
        self.write(RemoveMember { actor, conversation: id, user, reason }).await.map(|_| ())
    }
}
