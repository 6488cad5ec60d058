//! The closed lists of names of the format, and lists of ids.
//!
//! What must stay true: variants are only appended.

use quintet_domain as domain;
use quintet_domain::UserId;
use serde::{Deserialize, Serialize};

/// Lists without further values, which have the same names here and in the domain.
macro_rules! same_names {
    ($($name:ident { $($variant:ident),+ })+) => {$(
        #[derive(Serialize, Deserialize)]
        pub(super) enum $name {
            $($variant),+
        }

        impl From<domain::$name> for $name {
            fn from(value: domain::$name) -> Self {
                match value {
                    $(domain::$name::$variant => Self::$variant),+
                }
            }
        }

        impl From<$name> for domain::$name {
            fn from(value: $name) -> Self {
                match value {
                    $($name::$variant => Self::$variant),+
                }
            }
        }
    )+};
}

same_names! {
    UserKind { Registered, Guest, Service }
    ConversationKind { Direct, Group, Room, Meetup }
    Role { Member, Admin, Owner }
    MessageKind { Text, Image, File, Audio, Video, Location, Custom }
    Departure { Left, Removed, GuestGone, IdTaken, Banned }
    MeetupStatus { Open, Confirmed, Cancelled, Completed, Expired }
    Notify { All, Mentions, None }
}

/// The ids of users, as texts.
pub(super) fn ids(users: &[UserId]) -> Vec<&str> {
    users.iter().map(UserId::as_str).collect()
}

/// The users with these ids.
pub(super) fn users(ids: Vec<&str>) -> Vec<UserId> {
    ids.into_iter().map(UserId::trusted).collect()
}
