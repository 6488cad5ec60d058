//! What goes into the store and what comes out, beside the domain's own types.

use std::net::IpAddr;
use std::sync::Arc;

use quintet_domain::{
    ConnectionId, ConversationId, ConversationKind, ConversationRef, Entry, MeetupStatus, Message, NewText,
    Notification, Profile, Timestamp, User, UserId,
};

/// The stored form of a guest's secret: it can verify the secret, but not reveal it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuestProof {
    /// The part of the secret that is its lookup key.
    pub name: String,
    /// The SHA-256 hash of the secret part.
    pub hash: [u8; 32],
}

/// Who writes, and through which connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// Who.
    pub user: UserId,
    /// Whether it is a guest. A guest's write is refused once an account has its id.
    pub guest: bool,
    /// The secret that a guest showed, or that was made for its first room.
    pub guest_proof: Option<GuestProof>,
    /// The address from which it asks, where that is known: guests of one network have one budget.
    pub address: Option<IpAddr>,
    /// Which connection, if one.
    pub origin: Option<ConnectionId>,
    /// Whether the connection asked for an acknowledgement.
    pub acked: bool,
}

/// An account: a user with what is the server's to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The user as others see it.
    pub user: Arc<User>,
    /// Its email address.
    pub email: Option<String>,
    /// The hash of its password, if it has one.
    pub password_hash: Option<String>,
    /// The dialect in which it registered.
    pub home_dialect: Option<String>,
    /// The country that it gave.
    pub country: Option<String>,
    /// Counted up when all its tokens are revoked.
    pub token_generation: u64,
    /// Tokens of other issuers that are older, in seconds since 1970, are revoked.
    pub tokens_from_s: i64,
    /// Whether it may not come in.
    pub disabled: bool,
}

/// The identifier that a client logs in by. A username is never matched against email addresses, nor the reverse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Login {
    /// An email address, whatever the case.
    Email(String),
    /// A username, in any spelling that is compared equal to one user's alone.
    Username(String),
}

/// A service's key, as the operator sees it: the key itself is kept nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceKey {
    /// The service's name.
    pub name: String,
    /// When the key was made.
    pub created_at: Timestamp,
}

/// A registration.
#[derive(Clone, Debug, Default)]
pub struct NewUser {
    /// The id, where another backend has one for it; a new one where none.
    pub id: Option<UserId>,
    /// Unique among registered users, by what readers tell apart (`quintet_domain::NameKeys`).
    pub username: String,
    /// Unique, whatever the case.
    pub email: Option<String>,
    /// The full name.
    pub name: Option<String>,
    /// A link to a picture.
    pub avatar: Option<String>,
    /// The hash of the password.
    pub password_hash: Option<String>,
    /// The dialect in which it registers.
    pub home_dialect: Option<String>,
    /// The end of the name that is its last name, where it gives that apart.
    pub last_name: Option<String>,
    /// The country that it gives.
    pub country: Option<String>,
    /// Whether a taken or reserved username gets a number, and is no reason to refuse.
    pub any_username: bool,
    /// Whether a reserved username gets a number: the caller has checked none.
    pub number_reserved: bool,
    /// Whether the email address is unverified: then it is shown to its owner, but cannot be used to log in.
    pub email_unverified: bool,
}

/// What a token says of a user who may not be known yet.
#[derive(Clone, Debug)]
pub struct Claims {
    /// The id.
    pub id: UserId,
    /// A username, if the token has one.
    pub username: Option<String>,
    /// A full name, if the token has one.
    pub name: Option<String>,
    /// An email address, if the token has one.
    pub email: Option<String>,
    /// Whether the issuer says that the address is the user's.
    pub email_verified: bool,
    /// A picture, if the token has one.
    pub avatar: Option<String>,
}

/// Changes of a profile; what is none stays.
#[derive(Clone, Debug, Default)]
pub struct ProfileChange {
    /// A new username.
    pub username: Option<String>,
    /// A new email address.
    pub email: Option<String>,
    /// A new full name.
    pub name: Option<String>,
    /// A new picture, or none.
    pub avatar: Option<Option<String>>,
    /// The end of the new name that is its last name.
    pub last_name: Option<String>,
    /// A new country.
    pub country: Option<String>,
}

/// A conversation to be made.
#[derive(Clone, Debug)]
pub struct NewConversation {
    /// `direct`, `group` or `room`.
    pub kind: ConversationKind,
    /// Its name.
    pub name: Option<String>,
    /// What it says of itself.
    pub description: Option<String>,
    /// Whether it is joined by id.
    pub open: bool,
    /// Members beside the maker.
    pub members: Vec<UserId>,
    /// Whose it is, where a service makes it for somebody; the maker's where none.
    pub owner: Option<UserId>,
    /// Whether the owner is a member from the start.
    pub join: bool,
    /// What a guest says of itself.
    pub profile: Profile,
}

/// A conversation that was made, or found.
#[derive(Clone, Debug)]
pub struct Created {
    /// Which.
    pub conversation: Arc<ConversationRef>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Whether it is new.
    pub new: bool,
}

/// Changes of a conversation; what is none stays.
#[derive(Clone, Debug, Default)]
pub struct ConversationChange {
    /// A new name.
    pub name: Option<String>,
    /// Open or close.
    pub open: Option<bool>,
}

/// A committed message.
#[derive(Clone, Debug)]
pub struct Sent {
    /// Which.
    pub message: Arc<Message>,
    /// Whether this repeats a send that was answered before.
    pub repeated: bool,
}

/// A membership, new or not.
#[derive(Clone, Debug)]
pub struct Joined {
    /// Of what.
    pub conversation: Arc<ConversationRef>,
    /// Whether it is news.
    pub new: bool,
    /// The newest messages, oldest first, if asked for.
    pub history: Vec<Arc<Message>>,
    /// The position in the commit order at which this holds.
    pub position: u64,
}

/// A membership that ended.
#[derive(Clone, Debug)]
pub struct Left {
    /// Of what.
    pub conversation: Arc<ConversationRef>,
    /// The position in the commit order at which this holds.
    pub position: u64,
}

/// A message to be sent, by whom.
#[derive(Clone, Debug)]
pub struct SendMessage {
    /// The sender.
    pub actor: Actor,
    /// The message.
    pub text: NewText,
}

/// A meetup to be made.
#[derive(Clone, Debug)]
pub struct NewMeetup {
    /// What is done.
    pub activity: String,
    /// Where.
    pub location: String,
    /// When.
    pub starts_at: Timestamp,
    /// When it expires unconfirmed.
    pub expires_at: Timestamp,
    /// How many may take part.
    pub capacity: Option<u32>,
}

/// Changes of a meetup; what is none stays.
#[derive(Clone, Debug, Default)]
pub struct MeetupChange {
    /// What is done.
    pub activity: Option<String>,
    /// Where.
    pub location: Option<String>,
    /// When.
    pub starts_at: Option<Timestamp>,
    /// How many may take part, or any number.
    pub capacity: Option<Option<u32>>,
    /// Where it stands.
    pub status: Option<MeetupStatus>,
}

/// A user's conversations at one position of the commit order.
#[derive(Clone, Debug, Default)]
pub struct Memberships {
    /// The position.
    pub position: u64,
    /// Whether the user is a registered one at that position.
    pub registered: bool,
    /// The conversations, each with the number of its members.
    pub conversations: Vec<(Arc<ConversationRef>, u32)>,
}

/// Notifications that no connection of the meetup vocabulary was sent, at one position of the commit order.
#[derive(Clone, Debug, Default)]
pub struct Untold {
    /// The position.
    pub position: u64,
    /// The notifications, the oldest first.
    pub notifications: Vec<Arc<Notification>>,
}

/// What a user missed, at one position of the commit order.
#[derive(Clone, Debug)]
pub struct Missed {
    /// The position.
    pub position: u64,
    /// What was committed up to it and is for the user to hear, in order; none where it cannot be said any more.
    pub entries: Option<Vec<Entry>>,
}

/// Which groups and rooms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// Those that everybody may join.
    Open,
    /// Those, and the closed ones that one is a member of.
    OpenOrMine,
    /// One of these.
    One(ConversationId),
}

/// A group or room, as one who may not be a member finds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// Id, kind and name.
    pub conversation: Arc<ConversationRef>,
    /// What it says of itself.
    pub description: Option<String>,
    /// Whether it is joined by id.
    pub open: bool,
    /// The owner, if it has one.
    pub owner: Option<UserId>,
    /// How many members it has.
    pub member_count: u32,
    /// Whether one is a member.
    pub is_member: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A file that is about to come.
#[derive(Clone, Debug)]
pub struct NewFile {
    /// Its id.
    pub id: String,
    /// What its link is known by.
    pub secret: String,
    /// Whose it is.
    pub uploader: UserId,
    /// What its uploader calls it.
    pub name: Option<String>,
}

/// A file that came whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredFile {
    /// What its uploader calls it.
    pub name: Option<String>,
    /// How many bytes.
    pub size: u64,
    /// What it is, by its bytes.
    pub mime: String,
    /// Width and height of an image that browsers show.
    pub image: Option<(u32, u32)>,
}

/// Files that nobody may have any more, of those that were looked at.
#[derive(Clone, Debug, Default)]
pub struct OrphanedFiles {
    /// Their ids.
    pub ids: Vec<String>,
    /// Where to go on looking; none at the end.
    pub next: Option<i64>,
}

/// The result of one transaction of pruning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Whether there is more to do at once.
    pub more: bool,
    /// The mark at which the next transaction continues.
    pub after: i64,
}

/// Which messages of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageOf {
    /// The newest.
    Newest,
    /// The newest that are older than this sequence number.
    Before(u64),
    /// The oldest that are newer than this sequence number.
    After(u64),
    /// The newest but for so many: for clients that count pages.
    Skipping(u32),
}

/// A page of messages, by ascending sequence.
#[derive(Clone, Debug, Default)]
pub struct MessagePage {
    /// The messages.
    pub items: Vec<Arc<Message>>,
    /// Whether there are more in the direction of the page.
    pub more: bool,
}

/// A page of anything else.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Where the next page starts, if there is one.
    pub next: Option<String>,
}

/// Which meetups.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MeetupFilter {
    /// Only those whose time has not come.
    pub current: bool,
}

/// A notification and the order in which it was made.
#[derive(Clone, Debug)]
pub struct NotificationRow {
    /// Its number, for paging and for marking.
    pub number: i64,
    /// The notification.
    pub notification: Arc<Notification>,
}
