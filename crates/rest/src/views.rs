//! The shapes of resources: camelCase, times as ISO 8601 UTC with milliseconds.
//!
//! What must stay true: what is written here is what the OpenAPI document says, for it is made from these.

use quintet_domain::{ConversationKind, MeetupStatus, MessageKind, Role, Timestamp, UserId};
use quintet_service::{Account, Service, Uploaded};
use serde::Serialize;
use serde::ser::Serializer;
use utoipa::ToSchema;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};

/// A moment, as ISO 8601 UTC with milliseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment(pub(crate) Timestamp);

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

fn one_of<const N: usize>(words: [&'static str; N]) -> RefOr<Schema> {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).into()
}

pub(crate) fn message_kinds() -> RefOr<Schema> {
    one_of([MessageKind::Text, MessageKind::Image, MessageKind::File].map(MessageKind::as_str))
}

fn conversation_kinds() -> RefOr<Schema> {
    use ConversationKind::{Direct, Group, Meetup, Room};
    one_of([Direct, Group, Room, Meetup].map(ConversationKind::as_str))
}

fn roles() -> RefOr<Schema> {
    one_of([Role::Owner, Role::Admin, Role::Member].map(Role::as_str))
}

/// Those that are made by name; a meetup brings its own.
pub(crate) fn made_kinds() -> RefOr<Schema> {
    use ConversationKind::{Direct, Group, Room};
    one_of([Direct, Group, Room].map(ConversationKind::as_str))
}

/// Those that are given; an owner's passes on by itself.
pub(crate) fn given_roles() -> RefOr<Schema> {
    one_of([Role::Admin, Role::Member].map(Role::as_str))
}

/// Those that are set; a meetup expires by itself.
pub(crate) fn set_statuses() -> RefOr<Schema> {
    use MeetupStatus::{Cancelled, Completed, Confirmed, Open};
    one_of([Open, Confirmed, Cancelled, Completed].map(MeetupStatus::as_str))
}

fn statuses() -> RefOr<Schema> {
    use MeetupStatus::{Cancelled, Completed, Confirmed, Expired, Open};
    one_of([Open, Confirmed, Cancelled, Completed, Expired].map(MeetupStatus::as_str))
}

/// A user as others see it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct User {
    id: String,
    /// Unique, whatever the case.
    username: String,
    /// The full name; the username where there is none.
    name: String,
    /// A link to a picture.
    avatar: Option<String>,
    /// Whether a connection of the user's is open.
    online: bool,
    /// When the user was last seen.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_seen: Option<Moment>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Moment,
    /// There and true for a guest, who is who it says.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    guest: bool,
    /// There and true for another backend.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    service: bool,
}

/// A user as itself sees it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Own {
    #[serde(flatten)]
    user: User,
    email: Option<String>,
}

/// A token and whose it is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Session {
    /// A JSON Web Token, for `Authorization: Bearer` and for Socket.IO's `auth`.
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

/// A message. A deleted one keeps its number and loses its content.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Message {
    id: String,
    conversation_id: String,
    /// Its number among the conversation's changes, which only grow.
    sequence: u64,
    sender: User,
    #[serde(rename = "type")]
    #[schema(schema_with = message_kinds)]
    kind: &'static str,
    content: String,
    file: Option<File>,
    /// What its sender called it before it had an id.
    client_message_id: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Moment,
    #[schema(value_type = Option<String>, format = DateTime)]
    edited_at: Option<Moment>,
    #[schema(value_type = Option<String>, format = DateTime)]
    deleted_at: Option<Moment>,
}

/// A user's place in a conversation.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Member {
    user: User,
    #[schema(schema_with = roles)]
    role: &'static str,
    #[schema(value_type = String, format = DateTime)]
    joined_at: Moment,
    /// Everything up to this number is read.
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
    /// Whether it is joined by its id alone.
    open: bool,
    owner_id: Option<String>,
    /// The members, longest-standing first: at most 1,000 of them, and 100 in a list, the asker among them.
    members: Vec<Member>,
    /// How many members there are, where not all of them are shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    member_count: Option<u32>,
    last_message: Option<Message>,
    /// Messages of others that the asker has not read.
    unread_count: u64,
    /// The number of its newest change.
    sequence: u64,
    #[schema(value_type = String, format = DateTime)]
    created_at: Moment,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Moment,
}

/// A group or room that everybody may join.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Room {
    id: String,
    #[schema(schema_with = conversation_kinds)]
    kind: &'static str,
    name: Option<String>,
    description: Option<String>,
    owner_id: Option<String>,
    member_count: u32,
    /// Whether the asker is a member.
    is_member: bool,
    #[schema(value_type = String, format = DateTime)]
    created_at: Moment,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Moment,
}

/// Somebody who asks to take part.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Request {
    user: User,
    #[schema(value_type = String, format = DateTime)]
    created_at: Moment,
}

/// A meetup.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Meetup {
    id: String,
    /// The conversation of its host and participants.
    chat_id: String,
    host: User,
    activity: String,
    location: String,
    #[schema(value_type = String, format = DateTime)]
    starts_at: Moment,
    /// When it expires if nobody confirms it.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Moment,
    /// How many may take part beside the host; any number where it is null.
    capacity: Option<u32>,
    #[schema(schema_with = statuses)]
    status: &'static str,
    participants: Vec<User>,
    /// The host and services see all, others their own.
    requests: Vec<Request>,
}

/// Something that a user was told.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Notification {
    id: String,
    title: String,
    message: String,
    /// When it happened.
    #[schema(value_type = String, format = DateTime)]
    timestamp: Moment,
    #[schema(value_type = Option<String>, format = DateTime)]
    read_at: Option<Moment>,
}

/// A file that was uploaded.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Upload {
    id: String,
    /// Its link, without the server's address: good in a plain `<img>` as long as something carries the file.
    url: String,
    name: Option<String>,
    /// What it is, by its bytes.
    mime: String,
    /// The size, in bytes.
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
    /// What to give as `cursor` for the next page; null at the end.
    next: Option<String>,
}

/// A page of messages, by ascending sequence.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Messages {
    items: Vec<Message>,
    /// What to give as `before` (or `after`, where that was asked for) for the next page; null at the end.
    next: Option<u64>,
}

impl<T: ToSchema> Page<T> {
    /// A page of what was found, each item as it is shown.
    pub(crate) fn of<F>(found: quintet_service::Page<F>, view: impl Fn(&F) -> T) -> Self {
        Self { items: found.items.iter().map(view).collect(), next: found.next }
    }
}

/// Writes resources; knows who is online.
pub(crate) struct Views<'s>(pub(crate) &'s Service);

impl Views<'_> {
    pub(crate) fn user(&self, user: &quintet_domain::User) -> User {
        User {
            id: user.id.to_string(),
            username: user.username.clone(),
            name: user.name.clone(),
            avatar: user.avatar.clone(),
            online: self.0.presence().is_online(&user.id),
            last_seen: user.last_seen.map(Moment),
            created_at: Moment(user.created_at),
            guest: user.is_guest(),
            service: user.is_service(),
        }
    }

    pub(crate) fn own(&self, account: &Account) -> Own {
        Own { user: self.user(&account.user), email: account.email.clone() }
    }

    pub(crate) fn session(&self, session: &quintet_service::Session) -> Session {
        Session {
            token: session.token.clone(),
            expires_at: Moment(session.expires_at),
            user: self.own(&session.account),
        }
    }

    pub(crate) fn message(&self, message: &quintet_domain::Message) -> Message {
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
        }
    }

    pub(crate) fn messages(&self, found: &quintet_service::MessagePage, next: Option<u64>) -> Messages {
        Messages { items: found.items.iter().map(|message| self.message(message)).collect(), next }
    }

    fn member(&self, member: &quintet_domain::Member) -> Member {
        Member {
            user: self.user(&member.user),
            role: Role::as_str(member.role),
            joined_at: Moment(member.joined_at),
            read_sequence: member.read_sequence,
        }
    }

    pub(crate) fn conversation(&self, conversation: &quintet_domain::Conversation) -> Conversation {
        Conversation {
            id: conversation.conversation.id.to_string(),
            kind: ConversationKind::as_str(conversation.conversation.kind),
            name: conversation.conversation.name.clone(),
            open: conversation.open,
            owner_id: conversation.owner.as_ref().map(UserId::to_string),
            members: conversation.members.iter().map(|member| self.member(member)).collect(),
            member_count: Some(conversation.member_count)
                .filter(|count| usize::try_from(*count).is_ok_and(|count| count > conversation.members.len())),
            last_message: conversation.last_message.as_ref().map(|message| self.message(message)),
            unread_count: conversation.unread_count,
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
        name: found.conversation.name.clone(),
        description: found.description.clone(),
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
