//! The links of events and replies as one reader needs them.
//!
//! A link to one of this server's files is stored without the server's address, and a user without a picture has none. A
//! front end that was loaded from another origin cannot use either, so it is told absolute links, and a link to a picture
//! that the server makes of the user's initials.
//!
//! What must stay true: only links change, and only those that lead to this server; what is stored never has an address.

use std::borrow::Cow;
use std::sync::Arc;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::{
    AVATARS_PATH, Account, Event, FILES_PATH, FileLink, Member, Message, Overview, Reply, RoomMember, User, UserId,
    initials,
};

/// The characters of an id that are escaped in a path: all but the unreserved ones (RFC 3986, section 2.3).
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// How links are written for a reader. The default leaves them as they are stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Links {
    /// The address that is put in front of links to this server; none to leave them relative.
    base: Option<Arc<str>>,
    /// Whether a user without a picture gets one that is made of its initials.
    pictures: bool,
}

impl Links {
    /// Links as they are stored.
    pub const STORED: Self = Self { base: None, pictures: false };

    /// Creates the links for readers who reach this server at `base`, such as `https://chat.example.org`; relative ones
    /// if there is none. `pictures` says whether users without a picture get one.
    #[must_use]
    pub fn new(base: Option<Arc<str>>, pictures: bool) -> Self {
        Self { base, pictures }
    }

    /// Returns the absolute form of a link to this server; `None` if the link stays as it is.
    fn absolute(&self, url: &str) -> Option<String> {
        let base = self.base.as_deref().filter(|_| url.starts_with(FILES_PATH))?;
        Some([base, url].concat())
    }

    /// Returns a link as the reader needs it.
    #[must_use]
    pub fn link<'u>(&self, url: &'u str) -> Cow<'u, str> {
        self.absolute(url).map_or(Cow::Borrowed(url), Cow::Owned)
    }

    /// Returns the link to the picture that is made for a user.
    fn picture(&self, id: &UserId, name: &str) -> String {
        // Browsers would take an id of dots for a step up in the path.
        let id = if id.as_str().bytes().all(|byte| byte == b'.') { "-" } else { id.as_str() };
        let mut link =
            format!("{}{AVATARS_PATH}{}", self.base.as_deref().unwrap_or_default(), utf8_percent_encode(id, ESCAPED));
        let initials = initials(name);
        if !initials.is_empty() {
            link.push_str("?i=");
            link.extend(utf8_percent_encode(&initials, ESCAPED));
        }
        link
    }

    /// Returns a user with another picture, or `None` if the user stays as it is.
    fn changed_user(&self, user: &User) -> Option<User> {
        let avatar = match user.avatar.as_deref().filter(|url| !url.is_empty()) {
            Some(url) => self.absolute(url)?,
            None if self.pictures => self.picture(&user.id, &user.name),
            None => return None,
        };
        Some(User { avatar: Some(avatar), ..user.clone() })
    }

    /// Returns a user as the reader sees it.
    #[must_use]
    pub fn user(&self, user: &Arc<User>) -> Arc<User> {
        self.changed_user(user).map_or_else(|| Arc::clone(user), Arc::new)
    }

    /// Returns an account as its owner sees it.
    #[must_use]
    pub fn account(&self, account: &Account) -> Account {
        Account { user: self.user(&account.user), ..account.clone() }
    }

    /// Returns a message as the reader sees it.
    #[must_use]
    pub fn message(&self, message: &Arc<Message>) -> Arc<Message> {
        self.message_by(message, self.user(&message.sender))
    }

    /// Returns a message as [`Self::message`] does. `sender` is its sender as [`Self::user`] returned it, which the
    /// caller may have kept.
    #[must_use]
    pub fn message_by(&self, message: &Arc<Message>, sender: Arc<User>) -> Arc<Message> {
        let file = message.file.as_ref().and_then(|file| self.absolute(&file.url));
        let files = message.details.as_ref().map_or(&[][..], |details| &details.files);
        let lists_own = self.base.is_some() && files.iter().any(|file| file.url.starts_with(FILES_PATH));
        if file.is_none() && !lists_own && Arc::ptr_eq(&sender, &message.sender) {
            return Arc::clone(message);
        }
        let mut shown = Message { sender, ..Message::clone(message) };
        if let (Some(url), Some(FileLink { url: stored, .. })) = (file, &mut shown.file) {
            *stored = url;
        }
        for file in shown.details.iter_mut().flat_map(|details| &mut details.files).filter(|_| lists_own) {
            if let Some(url) = self.absolute(&file.url) {
                file.url = url;
            }
        }
        Arc::new(shown)
    }

    /// Returns the link to the picture of a conversation as the reader needs it. Without a picture there is none.
    #[must_use]
    pub fn conversation_picture(&self, url: Option<&Arc<str>>) -> Option<Arc<str>> {
        url.map(|url| self.absolute(url).map_or_else(|| Arc::clone(url), Arc::from))
    }

    /// Returns a conversation as the reader sees it.
    fn overview(&self, overview: &Arc<Overview>) -> Arc<Overview> {
        let member = |member: &Member| Member { user: self.user(&member.user), ..member.clone() };
        Arc::new(Overview {
            members: overview.members.iter().map(member).collect(),
            last_message: overview.last_message.as_ref().map(|message| self.message(message)),
            picture: self.conversation_picture(overview.picture.as_ref()),
            ..Overview::clone(overview)
        })
    }

    /// Returns an event as the reader sees it, or `None` if it stays as it is. `message` returns the message that
    /// [`Links::message`] returns, which the caller may have kept.
    #[must_use]
    pub fn event(&self, event: &Event, message: impl FnOnce(&Arc<Message>) -> Arc<Message>) -> Option<Event> {
        match event {
            _ if *self == Self::STORED => None,
            Event::MessageCreated(created) => Some(Event::MessageCreated(message(created))),
            Event::MessageAppeared { message: appeared, user } => {
                Some(Event::MessageAppeared { message: message(appeared), user: user.clone() })
            }
            Event::MessageEdited(edited) => Some(Event::MessageEdited(message(edited))),
            Event::MessageDeleted(deleted) => Some(Event::MessageDeleted(message(deleted))),
            Event::MemberJoined { conversation, user, member_count } => Some(Event::MemberJoined {
                conversation: Arc::clone(conversation),
                user: self.user(user),
                member_count: *member_count,
            }),
            Event::RoomPresence { conversation, user, online } => Some(Event::RoomPresence {
                conversation: Arc::clone(conversation),
                user: self.user(user),
                online: *online,
            }),
            Event::UserChanged { user, metadata, visible } => {
                let metadata = metadata.clone();
                Some(Event::UserChanged { user: self.user(user), metadata, visible: *visible })
            }
            Event::ConversationCreated { conversation, members } => {
                Some(Event::ConversationCreated { conversation: self.overview(conversation), members: members.clone() })
            }
            Event::ConversationAppeared { conversation, user } => {
                Some(Event::ConversationAppeared { conversation: self.overview(conversation), user: user.clone() })
            }
            Event::ConversationChanged { conversation } => {
                Some(Event::ConversationChanged { conversation: self.overview(conversation) })
            }
            Event::MessagesRead { .. }
            | Event::MessageReacted(_)
            | Event::MessagePinned { .. }
            | Event::MessagesDelivered { .. }
            | Event::ConversationHidden { .. }
            | Event::SettingsChanged { .. }
            | Event::BlocksChanged { .. }
            | Event::DeletionAnnounced { .. }
            | Event::ConversationDeleted { .. }
            | Event::MemberLeft { .. }
            | Event::MeetupChanged { .. }
            | Event::Notified { .. }
            | Event::MessageReported { .. }
            | Event::Revoked { .. }
            | Event::SessionEnded { .. }
            | Event::Typing { .. }
            | Event::Presence { .. } => None,
        }
    }

    /// Returns a reply as the reader sees it, or `None` if it stays as it is. `message` is as for [`Links::event`].
    #[must_use]
    pub fn reply(&self, reply: &Reply, message: impl FnOnce(&Arc<Message>) -> Arc<Message>) -> Option<Reply> {
        match reply {
            _ if *self == Self::STORED => None,
            Reply::Sent { message: sent, repeated } => {
                Some(Reply::Sent { message: message(sent), repeated: *repeated })
            }
            Reply::Edited(edited) => Some(Reply::Edited(message(edited))),
            Reply::Deleted(deleted) => Some(Reply::Deleted(message(deleted))),
            Reply::Joined { conversation, new, history, members } => Some(Reply::Joined {
                conversation: Arc::clone(conversation),
                new: *new,
                history: history.iter().map(|message| self.message(message)).collect(),
                members: members
                    .iter()
                    .map(|member| RoomMember { user: self.user(&member.user), online: member.online })
                    .collect(),
            }),
            Reply::Uploaded { url, name } => {
                Some(Reply::Uploaded { url: self.link(url).into_owned(), name: name.clone() })
            }
            Reply::Authenticated { user } => Some(Reply::Authenticated { user: self.user(user) }),
            Reply::Read
            | Reply::Reacted { .. }
            | Reply::Pinned { .. }
            | Reply::Delivered
            | Reply::Typing
            | Reply::Left { .. }
            | Reply::Listening { .. }
            | Reply::Muted { .. }
            | Reply::RoomCreated { .. }
            | Reply::Configured { .. }
            | Reply::Blocks { .. }
            | Reply::Reported
            | Reply::Identified { .. } => None,
        }
    }
}

impl Event {
    /// Returns whether an event holds something that [`Links`] change, so that readers at different addresses are told
    /// different texts.
    #[must_use]
    pub fn has_links(&self) -> bool {
        match self {
            Self::MessageCreated(_)
            | Self::MessageAppeared { .. }
            | Self::MessageEdited(_)
            | Self::MessageDeleted(_)
            | Self::MemberJoined { .. }
            | Self::RoomPresence { .. }
            | Self::UserChanged { .. }
            | Self::ConversationCreated { .. }
            | Self::ConversationAppeared { .. }
            | Self::ConversationChanged { .. } => true,
            Self::MessagesRead { .. }
            | Self::MessageReacted(_)
            | Self::MessagePinned { .. }
            | Self::MessagesDelivered { .. }
            | Self::ConversationHidden { .. }
            | Self::SettingsChanged { .. }
            | Self::BlocksChanged { .. }
            | Self::DeletionAnnounced { .. }
            | Self::ConversationDeleted { .. }
            | Self::MemberLeft { .. }
            | Self::MeetupChanged { .. }
            | Self::Notified { .. }
            | Self::MessageReported { .. }
            | Self::Revoked { .. }
            | Self::SessionEnded { .. }
            | Self::Typing { .. }
            | Self::Presence { .. } => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Timestamp, UserKind};

    fn user(id: &str, name: &str, avatar: Option<&str>) -> Arc<User> {
        Arc::new(User {
            id: UserId::trusted(id),
            username: "u".to_owned(),
            name: name.to_owned(),
            last_name: None,
            avatar: avatar.map(str::to_owned),
            kind: UserKind::Registered,
            last_seen: None,
            created_at: Timestamp(0),
        })
    }

    #[test]
    fn pictures_as_readers_see_them() {
        let (base, none) = (Some("https://chat.example.org"), None);
        for (base, pictures, id, name, stored, shown) in [
            (base, true, "u-1", "Ada Lovelace", None, Some("https://chat.example.org/avatars/u-1?i=AL")),
            (none, true, "u-1", "Ada Lovelace", None, Some("/avatars/u-1?i=AL")),
            (none, true, "a/b?c#d%e é", "é", None, Some("/avatars/a%2Fb%3Fc%23d%25e%20%C3%A9?i=%C3%89")),
            (none, true, "u-1", "--", None, Some("/avatars/u-1")),
            (none, true, "..", "x", None, Some("/avatars/-?i=X")),
            (none, true, "u-1", "x", Some(""), Some("/avatars/u-1?i=X")),
            (base, false, "u-1", "x", None, None),
            (base, false, "u-1", "x", Some("/files/f/s"), Some("https://chat.example.org/files/f/s")),
            (none, true, "u-1", "x", Some("/files/f/s"), Some("/files/f/s")),
            (base, true, "u-1", "x", Some("https://example.org/a.png"), Some("https://example.org/a.png")),
        ] {
            let links = Links::new(base.map(Arc::from), pictures);
            assert_eq!(links.user(&user(id, name, stored)).avatar.as_deref(), shown, "{base:?} {id} {stored:?}");
        }
        let ada = user("u-1", "Ada", None);
        assert!(Arc::ptr_eq(&Links::STORED.user(&ada), &ada));
    }
}
