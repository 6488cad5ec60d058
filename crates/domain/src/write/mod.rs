//! Everything that changes the store, as data: one struct for each kind of write, and the closed lists of the writes
//! ([`Write`]) and of their results ([`Written`]).
//!
//! What must stay true: both lists have the same entries. A new one makes the compiler point at the rule that applies
//! it.

mod blocks;
mod contact;
mod conversations;
mod files;
mod invitations;
mod login_sessions;
mod meetups;
mod messages;
mod moderation;
mod push;
mod reports;
mod retention;
mod users;
mod webhooks;

pub use blocks::*;
pub use contact::*;
pub use conversations::*;
pub use files::*;
pub use invitations::*;
pub use login_sessions::*;
pub use meetups::*;
pub use messages::*;
pub use moderation::*;
pub use push::*;
pub use reports::*;
pub use retention::*;
pub use users::*;
pub use webhooks::*;

use std::sync::Arc;

use crate::{
    Account, ConversationRef, DraftContext, Event, Invitation, LoginSession, Meetup, Message, Notification,
    OwnRetention, Report, Restriction, UserId, Webhook,
};

/// A kind of write, with the type of its result.
pub trait Request: Into<Write> {
    /// The result of the write once it is committed.
    type Output;

    /// Takes the result out of the closed list; none if it is the result of another kind of write.
    fn output(written: Written) -> Option<Self::Output>;
}

macro_rules! writes {
    ($($(#[$doc:meta])* $name:ident -> $output:ty;)*) => {
        /// Everything that changes the store.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Write {
            $($(#[$doc])* $name($name),)*
        }

        /// The result of a write that was committed.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Written {
            $(#[doc = concat!("The result of [`", stringify!($name), "`].")] $name($output),)*
        }

        impl Write {
            /// Returns the name of this kind of write, as logs and metrics show it.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$name(_) => stringify!($name),)*
                }
            }
        }

        $(
            impl From<$name> for Write {
                fn from(write: $name) -> Self {
                    Self::$name(write)
                }
            }

            impl Request for $name {
                type Output = $output;

                fn output(written: Written) -> Option<$output> {
                    match written {
                        Written::$name(output) => Some(output),
                        _ => None,
                    }
                }
            }
        )*
    };
}

writes! {
    /// Sends a message.
    SendMessage -> Sent;
    /// Sends a message of which a hook has rewritten a part.
    SendRewritten -> Sent;
    /// Changes nothing, but refuses what could not be written now. The result is what a hook is asked with; none if it is
    /// not asked.
    CheckDraft -> Option<Box<DraftContext>>;
    /// Changes a message's text.
    EditMessage -> Arc<Message>;
    /// Deletes a message's content.
    DeleteMessage -> Arc<Message>;
    /// Gives a reaction or takes it back. The result says whether it is there.
    React -> bool;
    /// Pins or unpins a message. The result says whether it is pinned.
    PinMessage -> bool;
    /// Moves a member's read cursor.
    MarkRead -> ();
    /// Moves a member's delivery cursor, in memory. The result is what authors are told.
    NoteDelivery -> Vec<Event>;
    /// Stores the delivery cursors that have moved since the last time. The result says how many.
    SaveDeliveries -> u64;
    /// Changes the actor's own settings of a conversation.
    ChangeSettings -> ChangedSettings;
    /// Blocks a user, or ends a block. The result are the ids of all users whom the actor has blocked.
    SetBlock -> Vec<UserId>;
    /// Accepts or declines a request to reach the actor. The result is the conversation of the request.
    DecideContact -> Arc<ConversationRef>;
    /// Changes nothing, but refuses a user who may not type. The result is the current position in the commit order.
    MayType -> u64;
    /// Changes nothing; its result is the current position in the commit order.
    Barrier -> u64;
    /// Makes the actor a member of an open conversation.
    JoinConversation -> Joined;
    /// Ends the actor's membership.
    LeaveConversation -> Arc<ConversationRef>;
    /// Makes another user a member, or changes a member's role.
    AddMember -> Joined;
    /// Ends another member's membership.
    RemoveMember -> Arc<ConversationRef>;
    /// Creates a conversation.
    CreateConversation -> Created;
    /// Renames, opens or closes a conversation, or replaces its custom data.
    ChangeConversation -> Arc<ConversationRef>;
    /// Bans a user from a conversation, or silences a member there.
    Restrict -> Restriction;
    /// Lifts a ban or a silence.
    LiftRestriction -> ();
    /// Deletes a conversation, or hides a direct one from the actor.
    DeleteConversation -> Arc<ConversationRef>;
    /// Ends memberships of guests who are offline. The result says whether there are more.
    SweepGuests -> bool;
    /// Creates a registered user.
    RegisterUser -> Account;
    /// Finds or creates the user of a token.
    AdoptUser -> Account;
    /// Changes a user's profile.
    ChangeProfile -> Account;
    /// Stores the network from which an account was logged in to.
    NoteLogin -> ();
    /// Replaces a password's hash and revokes all tokens.
    SetPassword -> Account;
    /// Replaces a hash of a password by another hash of the same password.
    RenewHash -> ();
    /// Revokes all tokens of a user.
    RevokeTokens -> Account;
    /// Begins a session of a user.
    OpenSession -> LoginSession;
    /// Notes that a session is in use.
    NoteSession -> ();
    /// Ends a session.
    EndSession -> ();
    /// Disables a user, or enables it again.
    SetDisabled -> ();
    /// Changes what a person may do on the whole server.
    SetServerRole -> ();
    /// Begins the erasure of a person.
    EraseUser -> ();
    /// Continues the erasure of a person. The result says whether there is more to do.
    ContinueErasure -> bool;
    /// Stores when users were last seen.
    NoteSeen -> ();
    /// Creates a service, or gives a service without a key a new key.
    AddService -> Account;
    /// Revokes a service's key and disables it.
    RemoveService -> ();
    /// Makes an invitation.
    MakeInvitation -> Invitation;
    /// Revokes an invitation.
    RevokeInvitation -> ();
    /// Makes the actor a member of the groups of an invitation.
    AcceptInvitation -> AcceptedInvitation;
    /// Announces a file. The result is the largest number of bytes that it may have.
    AnnounceFile -> u64;
    /// Records that all of a file has arrived.
    CompleteFile -> ();
    /// Removes the rows of files whose bytes are gone.
    ForgetFiles -> ();
    /// Creates a meetup and its conversation.
    CreateMeetup -> Meetup;
    /// Changes a meetup.
    ChangeMeetup -> Meetup;
    /// Deletes a meetup and its conversation.
    DeleteMeetup -> ();
    /// Asks to take part in a meetup.
    RequestMeetup -> Meetup;
    /// Accepts or declines a request to take part.
    DecideRequest -> Meetup;
    /// Removes a participant from a meetup.
    RemoveParticipant -> Meetup;
    /// Expires open meetups whose time has passed. The result is their number.
    ExpireMeetups -> usize;
    /// Notifies a user.
    NotifyUser -> Arc<Notification>;
    /// Marks all notifications of a user as read.
    ReadNotifications -> ();
    /// Records that notifications were delivered to a connection.
    MarkDelivered -> ();
    /// Subscribes a browser to push messages.
    AddPushSubscription -> ();
    /// Ends subscriptions to push messages. The result is their number.
    RemovePushSubscriptions -> u64;
    /// Stores when users with subscriptions were last active.
    NotePushActivity -> ();
    /// Stores how far it has been decided who is sent a push message.
    MovePushCursor -> ();
    /// Creates a webhook.
    AddWebhook -> Webhook;
    /// Changes a webhook.
    ChangeWebhook -> Webhook;
    /// Deletes a webhook.
    DeleteWebhook -> ();
    /// Sends a webhook to a position.
    ReplayWebhook -> Webhook;
    /// Notes the outcome of deliveries to a webhook.
    NoteWebhook -> Webhook;
    /// Reports a message.
    ReportMessage -> ();
    /// Decides about a report.
    ResolveReport -> Report;
    /// Removes some expired rows.
    Prune -> Pruned;
    /// Decides how long a conversation keeps its messages.
    SetRetention -> OwnRetention;
    /// Removes some messages that were kept long enough.
    PurgeMessages -> PurgedMessages;
    /// Changes nothing, but writes a page of the database, to find out whether anything can be written.
    Probe -> ();
}

impl Write {
    /// Returns whether this write stores something new, so that it is refused while the disk is full. Deletions and
    /// marks are applied even then.
    #[must_use]
    pub fn needs_room(&self) -> bool {
        match self {
            Self::SendMessage(_)
            | Self::SendRewritten(_)
            | Self::CheckDraft(_)
            | Self::EditMessage(_)
            | Self::JoinConversation(_)
            | Self::AddMember(_)
            | Self::CreateConversation(_)
            | Self::ChangeConversation(_)
            | Self::Restrict(_)
            | Self::RegisterUser(_)
            | Self::AdoptUser(_)
            | Self::ChangeProfile(_)
            | Self::NoteLogin(_)
            | Self::AddService(_)
            | Self::MakeInvitation(_)
            | Self::AcceptInvitation(_)
            | Self::AnnounceFile(_)
            | Self::CompleteFile(_)
            | Self::CreateMeetup(_)
            | Self::ChangeMeetup(_)
            | Self::RequestMeetup(_)
            | Self::DecideRequest(_)
            | Self::NotifyUser(_)
            | Self::AddPushSubscription(_)
            | Self::AddWebhook(_)
            | Self::ChangeWebhook(_)
            | Self::ReportMessage(_) => true,
            Self::React(React { active: new, .. })
            | Self::PinMessage(PinMessage { pinned: new, .. })
            | Self::SetBlock(SetBlock { blocked: new, .. })
            | Self::DecideContact(DecideContact { accept: new, .. }) => *new,
            Self::DeleteMessage(_)
            | Self::MarkRead(_)
            | Self::NoteDelivery(_)
            | Self::SaveDeliveries(_)
            | Self::ChangeSettings(_)
            | Self::MayType(_)
            | Self::Barrier(_)
            | Self::LeaveConversation(_)
            | Self::RemoveMember(_)
            | Self::LiftRestriction(_)
            | Self::DeleteConversation(_)
            | Self::SweepGuests(_)
            | Self::SetPassword(_)
            | Self::RenewHash(_)
            | Self::RevokeTokens(_)
            | Self::OpenSession(_)
            | Self::NoteSession(_)
            | Self::EndSession(_)
            | Self::SetDisabled(_)
            | Self::SetServerRole(_)
            | Self::EraseUser(_)
            | Self::ContinueErasure(_)
            | Self::NoteSeen(_)
            | Self::RemoveService(_)
            | Self::RevokeInvitation(_)
            | Self::ForgetFiles(_)
            | Self::DeleteMeetup(_)
            | Self::RemoveParticipant(_)
            | Self::ExpireMeetups(_)
            | Self::ReadNotifications(_)
            | Self::MarkDelivered(_)
            | Self::RemovePushSubscriptions(_)
            | Self::NotePushActivity(_)
            | Self::MovePushCursor(_)
            | Self::DeleteWebhook(_)
            | Self::ReplayWebhook(_)
            | Self::NoteWebhook(_)
            | Self::ResolveReport(_)
            | Self::Prune(_)
            | Self::SetRetention(_)
            | Self::PurgeMessages(_)
            | Self::Probe(_) => false,
        }
    }

    /// Returns whether the reply to this write comes after the entries that it caused. All other replies come before
    /// their entries, so that a client receives the acknowledgement before the echo.
    #[must_use]
    pub fn replies_after_entries(&self) -> bool {
        match self {
            Self::JoinConversation(_) | Self::LeaveConversation(_) | Self::Barrier(_) | Self::MayType(_) => true,
            Self::SendMessage(_)
            | Self::SendRewritten(_)
            | Self::CheckDraft(_)
            | Self::EditMessage(_)
            | Self::React(_)
            | Self::PinMessage(_)
            | Self::AddMember(_)
            | Self::CreateConversation(_)
            | Self::ChangeConversation(_)
            | Self::Restrict(_)
            | Self::LiftRestriction(_)
            | Self::RegisterUser(_)
            | Self::AdoptUser(_)
            | Self::ChangeProfile(_)
            | Self::NoteLogin(_)
            | Self::AddService(_)
            | Self::MakeInvitation(_)
            | Self::RevokeInvitation(_)
            | Self::AcceptInvitation(_)
            | Self::AnnounceFile(_)
            | Self::CompleteFile(_)
            | Self::CreateMeetup(_)
            | Self::ChangeMeetup(_)
            | Self::RequestMeetup(_)
            | Self::DecideRequest(_)
            | Self::NotifyUser(_)
            | Self::AddPushSubscription(_)
            | Self::DeleteMessage(_)
            | Self::MarkRead(_)
            | Self::NoteDelivery(_)
            | Self::SaveDeliveries(_)
            | Self::ChangeSettings(_)
            | Self::SetBlock(_)
            | Self::DecideContact(_)
            | Self::RemoveMember(_)
            | Self::DeleteConversation(_)
            | Self::SweepGuests(_)
            | Self::SetPassword(_)
            | Self::RenewHash(_)
            | Self::RevokeTokens(_)
            | Self::OpenSession(_)
            | Self::NoteSession(_)
            | Self::EndSession(_)
            | Self::SetDisabled(_)
            | Self::SetServerRole(_)
            | Self::EraseUser(_)
            | Self::ContinueErasure(_)
            | Self::NoteSeen(_)
            | Self::RemoveService(_)
            | Self::ForgetFiles(_)
            | Self::DeleteMeetup(_)
            | Self::RemoveParticipant(_)
            | Self::ExpireMeetups(_)
            | Self::ReadNotifications(_)
            | Self::MarkDelivered(_)
            | Self::RemovePushSubscriptions(_)
            | Self::NotePushActivity(_)
            | Self::MovePushCursor(_)
            | Self::AddWebhook(_)
            | Self::ChangeWebhook(_)
            | Self::DeleteWebhook(_)
            | Self::ReplayWebhook(_)
            | Self::NoteWebhook(_)
            | Self::ReportMessage(_)
            | Self::ResolveReport(_)
            | Self::Prune(_)
            | Self::SetRetention(_)
            | Self::PurgeMessages(_)
            | Self::Probe(_) => false,
        }
    }
}
