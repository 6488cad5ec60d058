//! The objects in the data of model events.
//!
//! What must stay true: fields have the names that the HTTP API gives them; nothing depends on the moment at which an event is
//! sent.

use quintet_domain::{
    ClientMessageId, ConversationRef, FileLink, Member, Message, MessageId, Metadata, Notification, Overview, Reacted,
    ReactionChange, User, UserId,
};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::details::{Details, custom_data};
use crate::shared::{IdList, ModerationObject, Moment, is_false};

/// A user. Whether it is online is not part of it, because an event may be told much later.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UserObject<'a> {
    pub(super) id: &'a str,
    pub(super) username: &'a str,
    pub(super) name: &'a str,
    pub(super) avatar: Option<&'a str>,
    pub(super) created_at: Moment,
    #[serde(skip_serializing_if = "is_false")]
    pub(super) guest: bool,
    #[serde(skip_serializing_if = "is_false")]
    pub(super) service: bool,
}

impl<'a> UserObject<'a> {
    pub(super) fn of(user: &'a User) -> Self {
        Self {
            id: user.id.as_str(),
            username: &user.username,
            name: &user.name,
            avatar: user.avatar.as_deref(),
            created_at: Moment(user.created_at),
            guest: user.is_guest(),
            service: user.is_service(),
        }
    }
}

/// A conversation in short.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PlaceObject<'a> {
    pub(super) id: &'a str,
    pub(super) kind: &'static str,
    pub(super) name: Option<&'a str>,
    /// The two users of a direct conversation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) user_ids: Option<IdList<'a, UserId>>,
}

impl<'a> PlaceObject<'a> {
    pub(super) fn of(conversation: &'a ConversationRef) -> Self {
        Self {
            id: conversation.id.as_str(),
            kind: conversation.kind.as_str(),
            name: conversation.name.as_deref(),
            user_ids: conversation.pair.as_deref().map(|pair| IdList(pair)),
        }
    }
}

/// The first file of a message.
#[derive(Serialize)]
pub(super) struct FileObject<'a> {
    url: &'a str,
    name: Option<&'a str>,
}

impl<'a> FileObject<'a> {
    pub(super) fn of(file: &'a FileLink) -> Self {
        Self { url: &file.url, name: file.name.as_deref() }
    }
}

/// A message, with the fields that the HTTP API gives it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MessageObject<'a> {
    pub(super) id: &'a str,
    pub(super) conversation_id: &'a str,
    pub(super) sequence: u64,
    pub(super) sender: UserObject<'a>,
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) content: &'a str,
    pub(super) file: Option<FileObject<'a>>,
    pub(super) client_message_id: Option<&'a str>,
    pub(super) created_at: Moment,
    pub(super) edited_at: Option<Moment>,
    pub(super) deleted_at: Option<Moment>,
    #[serde(flatten)]
    pub(super) details: Option<Details<'a>>,
}

impl<'a> MessageObject<'a> {
    pub(super) fn of(message: &'a Message) -> Self {
        Self {
            id: message.id.as_str(),
            conversation_id: message.conversation.id.as_str(),
            sequence: message.sequence,
            sender: UserObject::of(&message.sender),
            kind: message.kind.as_str(),
            content: &message.content,
            file: message.file.as_ref().map(FileObject::of),
            client_message_id: message.client_message_id.as_ref().map(ClientMessageId::as_str),
            created_at: Moment(message.created_at),
            edited_at: message.edited_at.map(Moment),
            deleted_at: message.deleted_at.map(Moment),
            details: Details::of(message),
        }
    }
}

/// The data of events about a message.
#[derive(Serialize)]
pub(super) struct MessageData<'a> {
    pub(super) conversation: PlaceObject<'a>,
    pub(super) message: MessageObject<'a>,
}

/// The change of one user's reaction, in an event that tells of several changes together.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ChangeObject<'a> {
    user_id: &'a str,
    active: bool,
}

impl<'a> ChangeObject<'a> {
    pub(super) fn of(change: &'a ReactionChange) -> Self {
        Self { user_id: change.user.as_str(), active: change.active }
    }
}

/// The data of an event about reactions.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReactedData<'a> {
    pub(super) conversation: PlaceObject<'a>,
    pub(super) message_id: &'a str,
    pub(super) user_id: &'a str,
    pub(super) emoji: &'a str,
    pub(super) active: bool,
    pub(super) count: u32,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) changes: Vec<ChangeObject<'a>>,
}

impl<'a> ReactedData<'a> {
    pub(super) fn of(reacted: &'a Reacted) -> Self {
        let Reacted { conversation, message, emoji, user, active, count, changes } = reacted;
        Self {
            conversation: PlaceObject::of(conversation),
            message_id: message.as_str(),
            user_id: user.as_str(),
            emoji: emoji.as_str(),
            active: *active,
            count: *count,
            changes: changes.iter().map(ChangeObject::of).collect(),
        }
    }
}

/// The data of an event about a report. What was reported and why is for those who may list reports.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReportedData<'a> {
    pub(super) conversation: PlaceObject<'a>,
    pub(super) message_id: &'a str,
    pub(super) report_id: i64,
    pub(super) by_server: bool,
}

/// The data of an event about a pin.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PinnedData<'a> {
    pub(super) conversation: PlaceObject<'a>,
    pub(super) message_id: &'a str,
    pub(super) user_id: &'a str,
    pub(super) pinned: bool,
}

/// The data of an event about messages that were read.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReadData<'a> {
    pub(super) conversation: PlaceObject<'a>,
    pub(super) user_id: &'a str,
    pub(super) message_ids: IdList<'a, MessageId>,
}

/// A member of a conversation.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MemberObject<'a> {
    user: UserObject<'a>,
    role: &'static str,
    joined_at: Moment,
}

impl<'a> MemberObject<'a> {
    pub(super) fn of(member: &'a Member) -> Self {
        Self { user: UserObject::of(&member.user), role: member.role.as_str(), joined_at: Moment(member.joined_at) }
    }
}

/// A conversation with its first members.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ConversationObject<'a> {
    #[serde(flatten)]
    pub(super) place: PlaceObject<'a>,
    pub(super) description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) picture: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) metadata: Option<&'a RawValue>,
    pub(super) open: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) moderation: Option<ModerationObject>,
    pub(super) owner_id: Option<&'a str>,
    pub(super) members: Vec<MemberObject<'a>>,
    pub(super) member_count: u32,
    pub(super) created_at: Moment,
    pub(super) updated_at: Moment,
}

impl<'a> ConversationObject<'a> {
    pub(super) fn of(overview: &'a Overview) -> Self {
        Self {
            place: PlaceObject::of(&overview.conversation),
            description: overview.description.as_deref(),
            picture: overview.picture.as_deref(),
            metadata: custom_data(overview.metadata.as_ref()),
            open: overview.open,
            moderation: ModerationObject::of(overview.moderation, None),
            owner_id: overview.owner.as_ref().map(UserId::as_str),
            members: overview.members.iter().map(MemberObject::of).collect(),
            member_count: overview.member_count,
            created_at: Moment(overview.created_at),
            updated_at: Moment(overview.updated_at),
        }
    }
}

/// The data of events about a whole conversation.
#[derive(Serialize)]
pub(super) struct ConversationData<'a> {
    pub(super) conversation: ConversationObject<'a>,
}

/// The data of an event about a deleted conversation.
#[derive(Serialize)]
pub(super) struct DeletedData<'a> {
    pub(super) conversation: PlaceObject<'a>,
}

/// The data of an event about a new member.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct JoinedData<'a> {
    pub(super) conversation: PlaceObject<'a>,
    pub(super) user: UserObject<'a>,
    pub(super) member_count: u32,
}

/// A user in short. Events about departures carry no link, so that they need no address.
#[derive(Serialize)]
pub(super) struct NamedObject<'a> {
    pub(super) id: &'a str,
    pub(super) username: &'a str,
}

/// The data of an event about a former member.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LeftData<'a> {
    pub(super) conversation: PlaceObject<'a>,
    pub(super) user: NamedObject<'a>,
    pub(super) member_count: u32,
    /// How the membership ended: `left`, `removed`, `banned`, `guest_gone` or `id_taken`.
    pub(super) departure: &'static str,
    /// The reason that was given for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<&'a str>,
}

/// The data of an event about a meetup.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MeetupData<'a> {
    pub(super) meetup_id: &'a str,
    pub(super) status: &'static str,
    pub(super) updated_by: &'a str,
}

/// A notification.
#[derive(Serialize)]
pub(super) struct NotificationObject<'a> {
    id: &'a str,
    title: &'a str,
    message: &'a str,
    timestamp: Moment,
}

impl<'a> NotificationObject<'a> {
    pub(super) fn of(notification: &'a Notification) -> Self {
        let Notification { id, title, message, timestamp, read_at: _ } = notification;
        Self { id: id.as_str(), title, message, timestamp: Moment(*timestamp) }
    }
}

/// The data of an event about a notification.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NotifiedData<'a> {
    pub(super) user_id: &'a str,
    pub(super) notification: NotificationObject<'a>,
}

impl<'a> NotifiedData<'a> {
    pub(super) fn of(user: &'a UserId, notification: &'a Notification) -> Self {
        Self { user_id: user.as_str(), notification: NotificationObject::of(notification) }
    }
}

/// A user with the custom data of its profile.
#[derive(Serialize)]
pub(super) struct ProfileObject<'a> {
    #[serde(flatten)]
    user: UserObject<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<&'a RawValue>,
}

/// The data of an event about a profile.
#[derive(Serialize)]
pub(super) struct ProfileData<'a> {
    pub(super) user: ProfileObject<'a>,
}

impl<'a> ProfileData<'a> {
    pub(super) fn of(user: &'a User, metadata: Option<&'a Metadata>) -> Self {
        Self { user: ProfileObject { user: UserObject::of(user), metadata: custom_data(metadata) } }
    }
}

/// The data of the event about the erasure of a person.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ErasedData<'a> {
    pub(super) user_id: &'a str,
}

/// The data of the event that people are to be sent a push message about a message.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PushedMessageData<'a> {
    pub(super) user_ids: IdList<'a, UserId>,
    pub(super) conversation: PlaceObject<'a>,
    pub(super) message: MessageObject<'a>,
}

/// The data of the event that somebody is to be sent a push message about a notification.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PushedNotificationData<'a> {
    pub(super) user_ids: IdList<'a, UserId>,
    pub(super) notification: NotificationObject<'a>,
}
