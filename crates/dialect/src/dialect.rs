//! The five dialects by name, and the properties in which they differ.
//!
//! What must stay true: every property is a closed match, so that a sixth dialect has to decide each of them; nothing
//! outside this crate compares dialects to find out how one behaves.

/// One of the five dialects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Dialect {
    /// The dialect of spontaneous meetups.
    Meetup,
    /// The dialect of private messages and groups.
    Messenger,
    /// The dialect of rooms, with guests.
    Rooms,
    /// The dialect of conversations with receipts, edits and deletions.
    Conversations,
    /// The dialect of chats.
    Chat,
}

impl Dialect {
    /// All five dialects.
    pub const ALL: [Self; 5] = [Self::Meetup, Self::Messenger, Self::Rooms, Self::Conversations, Self::Chat];

    /// Returns the name, as it appears in queries, tokens and the configuration.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Meetup => "meetup",
            Self::Messenger => "messenger",
            Self::Rooms => "rooms",
            Self::Conversations => "conversations",
            Self::Chat => "chat",
        }
    }

    /// Parses a name; none if there is no such dialect.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dialect| dialect.as_str() == name)
    }

    /// Returns the Socket.IO namespace that is reserved for this dialect.
    #[must_use]
    pub fn namespace(self) -> &'static str {
        match self {
            Self::Meetup => "/meetup",
            Self::Messenger => "/messenger",
            Self::Rooms => "/rooms",
            Self::Conversations => "/conversations",
            Self::Chat => "/chat",
        }
    }

    /// Returns the dialect of a Socket.IO namespace, if one has that namespace.
    #[must_use]
    pub fn of_namespace(namespace: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dialect| dialect.namespace() == namespace)
    }

    /// Returns whether the dialect tells the end of all memberships of a deleted conversation by an event of its own, not
    /// by each member's departure. The deletion itself is announced before that in all dialects but one.
    #[must_use]
    pub fn tells_deletions(self) -> bool {
        match self {
            Self::Messenger | Self::Chat => true,
            Self::Meetup | Self::Rooms | Self::Conversations => false,
        }
    }

    /// Returns whether the dialect's document allows users without a token.
    #[must_use]
    pub fn serves_guests(self) -> bool {
        match self {
            Self::Meetup | Self::Rooms => true,
            Self::Messenger | Self::Conversations | Self::Chat => false,
        }
    }

    /// Returns whether the answer to a join carries the newest messages of the conversation.
    #[must_use]
    pub fn shows_history_on_join(self) -> bool {
        match self {
            Self::Rooms => true,
            Self::Meetup | Self::Messenger | Self::Conversations | Self::Chat => false,
        }
    }

    /// Returns whether the dialect shows, for each conversation, which of its members are connected.
    #[must_use]
    pub fn shows_room_presence(self) -> bool {
        match self {
            Self::Rooms => true,
            Self::Meetup | Self::Messenger | Self::Conversations | Self::Chat => false,
        }
    }

    /// Returns whether a connection that received a message in its acknowledgement may leave out the event of that
    /// message.
    #[must_use]
    pub fn may_skip_acked_echo(self) -> bool {
        match self {
            Self::Conversations => true,
            Self::Meetup | Self::Messenger | Self::Rooms | Self::Chat => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_namespaces_are_parsed_back() {
        for dialect in Dialect::ALL {
            assert_eq!(Dialect::parse(dialect.as_str()), Some(dialect));
            assert_eq!(Dialect::of_namespace(dialect.namespace()), Some(dialect));
        }
        assert_eq!(Dialect::of_namespace("/"), None);
        assert_eq!(Dialect::of_namespace("chat"), None);
    }
}
