//! The types of model events: what other back ends are told, over the sockets of services and by webhooks.
//!
//! What must stay true: the names are part of the interface, are stored in the filters of webhooks, and are never given
//! another meaning.

use crate::Scope;

macro_rules! types {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $scope:ident;)*) => {
        /// The type of a model event. The list is closed.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum ModelEventType {
            $($(#[$doc])* $name,)*
        }

        impl ModelEventType {
            /// All types, in the order of the list.
            pub const ALL: [Self; [$($text),*].len()] = [$(Self::$name),*];

            /// Returns the name of the type, as it is written.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }

            /// Returns the scope that a service needs to be told events of this type.
            #[must_use]
            pub fn scope(self) -> Scope {
                match self {
                    $(Self::$name => Scope::$scope,)*
                }
            }
        }
    };
}

types! {
    /// A message was sent.
    MessageCreated = "message.created", Read;
    /// A message's text, custom data or mentions were changed.
    MessageEdited = "message.edited", Read;
    /// A message was deleted.
    MessageDeleted = "message.deleted", Read;
    /// A user reacted to a message, or took a reaction back.
    MessageReacted = "message.reacted", Read;
    /// A message was pinned to its conversation, or unpinned.
    MessagePinned = "message.pinned", Read;
    /// A member has read messages.
    MessagesRead = "messages.read", Read;
    /// A conversation was created.
    ConversationCreated = "conversation.created", Read;
    /// A conversation was renamed, opened or closed, its custom data was replaced, or the roles of its members or what they
    /// may write changed.
    ConversationUpdated = "conversation.updated", Read;
    /// A conversation was deleted for all of its members.
    ConversationDeleted = "conversation.deleted", Read;
    /// A user became a member of a conversation.
    MemberJoined = "member.joined", Read;
    /// A membership ended.
    MemberLeft = "member.left", Read;
    /// The status of a meetup changed.
    MeetupUpdated = "meetup.updated", Read;
    /// A user got a notification.
    NotificationCreated = "notification.created", Users;
    /// An account was created.
    UserCreated = "user.created", Users;
    /// The profile of a user changed.
    UserUpdated = "user.updated", Users;
    /// A person was erased.
    UserErased = "user.erased", Users;
    /// A user, a guest or the server reported a message. A webhook receives this event only if its filter names the type.
    ReportCreated = "report.created", Moderate;
    /// Some users should get a push message. Only webhooks have this event, and a webhook that has it has no other event.
    PushNeeded = "push.needed", Users;
}

impl ModelEventType {
    /// Returns whether a webhook receives events of this type only if its filter names the type.
    #[must_use]
    pub fn has_to_be_named(self) -> bool {
        matches!(self, Self::ReportCreated | Self::PushNeeded)
    }

    /// Parses the name of a type; none if there is no such type.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for one in ModelEventType::ALL {
            assert_eq!(ModelEventType::parse(one.as_str()), Some(one));
        }
        assert_eq!(ModelEventType::parse("message"), None);
    }
}
