//! The resources as JSON: names in camelCase, times as ISO 8601 UTC with milliseconds.
//!
//! What must stay true: the OpenAPI document is made from these types, and the answers are serialised from them.

use quintet_domain::{ConversationKind, Hidden, MeetupStatus, MessageKind, Metadata, Role, ServerRole, UserId};
use quintet_service::{Account, OwnReactions, Service, Uploaded};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};

use crate::limits::Moderation;
use crate::message_details::{Details, custom_data};
use crate::own_settings::Settings;
pub(crate) use crate::scalars::{Moment, message_kinds, one_of, or_null};

pub(crate) fn conversation_kinds() -> RefOr<Schema> {
    use ConversationKind::{Direct, Group, Meetup, Room};
    one_of([Direct, Group, Room, Meetup].map(ConversationKind::as_str))
}

fn roles() -> RefOr<Schema> {
    one_of([Role::Owner, Role::Admin, Role::Member].map(Role::as_str))
}

fn server_roles() -> RefOr<Schema> {
    one_of([ServerRole::Moderator, ServerRole::Admin].map(ServerRole::as_str))
}

/// The kinds of conversations that can be created by name. A meetup creates its own.
pub(crate) fn made_kinds() -> RefOr<Schema> {
    use ConversationKind::{Direct, Group, Room};
    one_of([Direct, Group, Room].map(ConversationKind::as_str))
}

/// The roles that can be given. The owner's role passes on by itself.
pub(crate) fn given_roles() -> RefOr<Schema> {
    or_null(one_of([Role::Admin, Role::Member].map(Role::as_str)))
}

/// The statuses that can be set. A meetup expires by itself.
pub(crate) fn set_statuses() -> RefOr<Schema> {
    use MeetupStatus::{Cancelled, Completed, Confirmed, Open};
    or_null(one_of([Open, Confirmed, Cancelled, Completed].map(MeetupStatus::as_str)))
}

fn statuses() -> RefOr<Schema> {
    use MeetupStatus::{Cancelled, Completed, Confirmed, Expired, Open};
    one_of([Open, Confirmed, Cancelled, Completed, Expired].map(MeetupStatus::as_str))
}

/// A user as other users see it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct User {
    id: String,
    /// The username, unique regardless of case.
    username: String,
    /// The full name, or the username if there is none.
    name: String,
    /// A link to a picture, if there is one.
    avatar: Option<String>,
    /// Whether the user has an open connection.
    online: bool,
    /// The time when the user was last seen.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_seen: Option<Moment>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Moment,
    /// Present and true for a guest, whose identity is not proven.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    guest: bool,
    /// Present and true for another backend.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    service: bool,
}

/// The profile of a user, as other users see it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Profile {
    #[serde(flatten)]
    user: User,
    /// The custom data of the profile, which lists and messages do not show.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>, nullable = false)]
    metadata: Option<Box<RawValue>>,
}

/// A user as the user itself sees it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Own {
    #[serde(flatten)]
    profile: Profile,
    email: Option<String>,
    /// What the user may do on the whole server; absent for what every user may.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, schema_with = server_roles)]
    server_role: Option<&'static str>,
}

/// A token and its owner.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Session {
    /// A JSON Web Token for `Authorization: Bearer` and for the `auth` of Socket.IO.
    token: String,
    #[schema(value_type = String, format = DateTime)]
    expires_at: Moment,
    user: Own,
}

/// A file that a message carries.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct File {
    url: String,
    name: Option<String>,
}

/// A message. A deleted one keeps its sequence number and loses its content.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Message {
    id: String,
    conversation_id: String,
    /// The message's number among the conversation's changes, which always grows.
    sequence: u64,
    sender: User,
    #[serde(rename = "type")]
    #[schema(schema_with = message_kinds)]
    kind: &'static str,
    content: String,
    file: Option<File>,
    /// The id that the sender's client chose before the message had one.
    client_message_id: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Moment,
    #[schema(value_type = Option<String>, format = DateTime)]
    edited_at: Option<Moment>,
    #[schema(value_type = Option<String>, format = DateTime)]
    deleted_at: Option<Moment>,
    #[serde(flatten)]
    details: Option<Details>,
}

/// A member of a conversation.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Member {
    user: User,
    #[schema(schema_with = roles)]
    role: &'static str,
    #[schema(value_type = String, format = DateTime)]
    joined_at: Moment,
    /// The number up to which the member has read everything.
    read_sequence: u64,
}

/// A conversation as one of its members sees it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Conversation {
    id: String,
    #[schema(schema_with = conversation_kinds)]
    kind: &'static str,
    name: Option<String>,
    /// A link to a picture; absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    picture: Option<String>,
    /// The custom data of the conversation.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>, nullable = false)]
    metadata: Option<Box<RawValue>>,
    /// Whether anyone who knows the conversation's id may join it.
    open: bool,
    owner_id: Option<String>,
    /// The members, longest membership first: at most 1,000, or 100 in a list, including the caller.
    members: Vec<Member>,
    /// The number of members, if not all of them are listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    member_count: Option<u32>,
    last_message: Option<Message>,
    /// The number of messages of others that the caller has not read.
    unread_count: u64,
    /// What limits what is written; absent if nothing does.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    moderation: Option<Moderation>,
    /// The caller's own settings; absent if all have their defaults.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    settings: Option<Settings>,
    /// The number of the conversation's newest change.
    sequence: u64,
    #[schema(value_type = String, format = DateTime)]
    created_at: Moment,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Moment,
}

/// A group or room that anyone may join.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Room {
    id: String,
    #[schema(schema_with = conversation_kinds)]
    kind: &'static str,
    name: Option<String>,
    description: Option<String>,
    /// A link to a picture; absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    picture: Option<String>,
    /// The custom data of the group or room.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>, nullable = false)]
    metadata: Option<Box<RawValue>>,
    owner_id: Option<String>,
    member_count: u32,
    /// Whether the caller is a member.
    is_member: bool,
    #[schema(value_type = String, format = DateTime)]
    created_at: Moment,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Moment,
}

/// A user's request to take part in a meetup.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Request {
    user: User,
    #[schema(value_type = String, format = DateTime)]
    created_at: Moment,
}

/// A meetup as the caller sees it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Meetup {
    id: String,
    /// The conversation of the host and the participants.
    chat_id: String,
    host: User,
    activity: String,
    location: String,
    #[schema(value_type = String, format = DateTime)]
    starts_at: Moment,
    /// The time when the meetup expires unless it is confirmed.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Moment,
    /// The largest number of participants besides the host; null for unlimited.
    capacity: Option<u32>,
    #[schema(schema_with = statuses)]
    status: &'static str,
    participants: Vec<User>,
    /// The requests to take part. The host and services see all, others only their own.
    requests: Vec<Request>,
}

/// A notification of a user.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Notification {
    id: String,
    title: String,
    message: String,
    /// The time of the event.
    #[schema(value_type = String, format = DateTime)]
    timestamp: Moment,
    #[schema(value_type = Option<String>, format = DateTime)]
    read_at: Option<Moment>,
}

/// An uploaded file.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Upload {
    id: String,
    /// The link to the file, without the server's address. It works in a plain `<img>` as long as a message or profile
    /// carries the file.
    url: String,
    name: Option<String>,
    /// The media type, detected from the file's bytes.
    mime: String,
    /// The size of the file, in bytes.
    size: u64,
    /// The width of an image, in pixels.
    width: Option<u32>,
    /// The height of an image, in pixels.
    height: Option<u32>,
}

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Page<T: ToSchema> {
    items: Vec<T>,
    /// The value of `cursor` for the next page; null on the last page.
    next: Option<String>,
}

/// A page of messages, by ascending sequence.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Messages {
    items: Vec<Message>,
    /// The value of `before` (or `after`, if that was given) for the next page; null on the last page.
    next: Option<u64>,
    /// On a page around a message, the value of `after` for the page of newer ones; absent if there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    newer: Option<u64>,
}

/// A thread: its first message, and a page of the replies by ascending sequence.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ThreadPage {
    root: Message,
    items: Vec<Message>,
    /// The value of `before` for the page of older replies; null on the last page.
    next: Option<u64>,
}

impl<T: ToSchema> Page<T> {
    /// Converts a page of the service, item by item.
    pub(crate) fn of<F>(found: quintet_service::Page<F>, view: impl Fn(&F) -> T) -> Self {
        Self { items: found.items.iter().map(view).collect(), next: found.next }
    }
}

/// Converts the service's types to resources for one caller, and looks up who is online. The second says what the caller
/// is not shown of those who have blocked it.
pub(crate) struct Views<'s>(pub(crate) &'s Service, pub(crate) &'s Hidden);

impl Views<'_> {
    pub(crate) fn user(&self, user: &quintet_domain::User) -> User {
        let hides = self.1.hides(&user.id);
        User {
            id: user.id.to_string(),
            username: user.username.clone(),
            name: user.name.clone(),
            avatar: user.avatar.clone(),
            online: !hides && self.0.presence().is_online(&user.id),
            last_seen: user.last_seen.filter(|_| !hides).map(Moment),
            created_at: Moment(user.created_at),
            guest: user.is_guest(),
            service: user.is_service(),
        }
    }

    pub(crate) fn own(&self, account: &Account) -> Own {
        let server_role = Some(account.server_role).filter(|role| *role != ServerRole::User).map(ServerRole::as_str);
        let profile = self.profile(&account.user, account.metadata.as_ref());
        Own { profile, email: account.email.clone(), server_role }
    }

    pub(crate) fn profile(&self, user: &quintet_domain::User, metadata: Option<&Metadata>) -> Profile {
        Profile { user: self.user(user), metadata: custom_data(metadata) }
    }

    pub(crate) fn session(&self, session: &quintet_service::Session) -> Session {
        Session {
            token: session.token.clone(),
            expires_at: Moment(session.expires_at),
            user: self.own(&session.account),
        }
    }

    /// Converts a message, for the user whose reactions are given.
    pub(crate) fn message(&self, message: &quintet_domain::Message, own: &OwnReactions) -> Message {
        Message {
            id: message.id.to_string(),
            conversation_id: message.conversation.id.to_string(),
            sequence: message.sequence,
            sender: self.user(&message.sender),
            kind: MessageKind::as_str(message.kind),
            content: message.content.clone(),
            file: message.file.as_ref().map(|file| File { url: file.url.clone(), name: file.name.clone() }),
            client_message_id: message.client_message_id.as_ref().map(ToString::to_string),
            created_at: Moment(message.created_at),
            edited_at: message.edited_at.map(Moment),
            deleted_at: message.deleted_at.map(Moment),
            details: message.details.as_deref().map(|details| Details::of(details, &message.id, own)),
        }
    }

    pub(crate) fn messages(
        &self,
        found: &quintet_service::MessagePage,
        next: Option<u64>,
        own: &OwnReactions,
    ) -> Messages {
        let newer = found.items.last().filter(|_| found.more_newer).map(|message| message.sequence);
        Messages { items: found.items.iter().map(|message| self.message(message, own)).collect(), next, newer }
    }

    pub(crate) fn thread(&self, thread: &quintet_service::Thread, own: &OwnReactions) -> ThreadPage {
        let oldest = thread.replies.first().filter(|_| thread.more);
        ThreadPage {
            root: self.message(&thread.root, own),
            items: thread.replies.iter().map(|message| self.message(message, own)).collect(),
            next: oldest.map(|message| message.sequence),
        }
    }

    pub(crate) fn member(&self, member: &quintet_domain::Member) -> Member {
        Member {
            user: self.user(&member.user),
            role: Role::as_str(member.role),
            joined_at: Moment(member.joined_at),
            read_sequence: if self.1.hides(&member.user.id) { 0 } else { member.read_sequence },
        }
    }

    pub(crate) fn conversation(&self, conversation: &quintet_domain::Conversation, own: &OwnReactions) -> Conversation {
        Conversation {
            id: conversation.conversation.id.to_string(),
            kind: ConversationKind::as_str(conversation.conversation.kind),
            name: conversation.conversation.name.as_deref().map(str::to_owned),
            picture: conversation.picture.as_deref().map(str::to_owned),
            metadata: custom_data(conversation.metadata.as_ref()),
            open: conversation.open,
            owner_id: conversation.owner.as_ref().map(UserId::to_string),
            members: conversation.members.iter().map(|member| self.member(member)).collect(),
            member_count: Some(conversation.member_count)
                .filter(|count| usize::try_from(*count).is_ok_and(|count| count > conversation.members.len())),
            last_message: conversation.last_message.as_ref().map(|message| self.message(message, own)),
            unread_count: conversation.unread_count,
            moderation: Moderation::of(conversation.moderation, conversation.silenced_until),
            settings: (!conversation.settings.is_default()).then(|| Settings::of(conversation.settings)),
            sequence: conversation.sequence,
            created_at: Moment(conversation.created_at),
            updated_at: Moment(conversation.updated_at),
        }
    }

    fn request(&self, request: &quintet_domain::MeetupRequest) -> Request {
        Request { user: self.user(&request.user), created_at: Moment(request.created_at) }
    }

    pub(crate) fn meetup(&self, meetup: &quintet_domain::Meetup) -> Meetup {
        Meetup {
            id: meetup.id.to_string(),
            chat_id: meetup.chat_id.to_string(),
            host: self.user(&meetup.host),
            activity: meetup.activity.clone(),
            location: meetup.location.clone(),
            starts_at: Moment(meetup.starts_at),
            expires_at: Moment(meetup.expires_at),
            capacity: meetup.capacity,
            status: MeetupStatus::as_str(meetup.status),
            participants: meetup.participants.iter().map(|user| self.user(user)).collect(),
            requests: meetup.requests.iter().map(|request| self.request(request)).collect(),
        }
    }
}

pub(crate) fn room(found: &quintet_service::Listing) -> Room {
    Room {
        id: found.conversation.id.to_string(),
        kind: found.conversation.kind.as_str(),
        name: found.conversation.name.as_deref().map(str::to_owned),
        description: found.description.clone(),
        picture: found.picture.as_deref().map(str::to_owned),
        metadata: custom_data(found.metadata.as_ref()),
        owner_id: found.owner.as_ref().map(UserId::to_string),
        member_count: found.member_count,
        is_member: found.is_member,
        created_at: Moment(found.created_at),
        updated_at: Moment(found.updated_at),
    }
}

pub(crate) fn notification(notification: &quintet_domain::Notification) -> Notification {
    Notification {
        id: notification.id.to_string(),
        title: notification.title.clone(),
        message: notification.message.clone(),
        timestamp: Moment(notification.timestamp),
        read_at: notification.read_at.map(Moment),
    }
}

pub(crate) fn upload(made: Uploaded) -> Upload {
    let (width, height) = made.file.image.unzip();
    Upload {
        id: made.id,
        url: made.url,
        name: made.file.name,
        mime: made.file.mime,
        size: made.file.size,
        width,
        height,
    }
}
