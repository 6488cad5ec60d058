//! The rows that rules read and write, and the traits by which a store gives access to them.
//!
//! These traits are the interface between rules and databases: typed operations of one statement each, which decide
//! nothing. Whatever compares, counts towards a limit or selects recipients is part of a rule.
//!
//! What must stay true: within a transaction an operation sees everything that was written before it; lists have the
//! order that their documentation names.

mod blocks;
mod contact_requests;
mod conversations;
mod details;
mod files;
mod invitations;
mod log;
mod login_sessions;
mod meetups;
mod message_details;
mod messages;
mod moderation;
mod push;
mod reactions;
mod reports;
mod users;
mod webhooks;

pub use blocks::{BlockReads, BlockRow, BlockRows, ShownBlock};
pub use contact_requests::{ContactRequestRow, ContactRequestRows};
pub use conversations::{
    ConversationHead, ConversationRow, ConversationRows, ConversationTexts, CursorRow, MemberFilter, MemberRow,
    MemberRows, MemberSettings, OldestMessage,
};
pub use details::DetailRows;
pub use files::{FileRow, FileRows, FileUse};
pub use invitations::{InvitationRow, InvitationRows};
pub use log::{LogRows, LoggedChange};
pub use login_sessions::{LoginSessionRow, LoginSessionRows};
pub use meetups::{MeetupRow, MeetupRows, NotificationRows, StoredNotification};
pub use message_details::{Marks, MessageExtra, ThreadRow};
pub use messages::{MessageRow, MessageRows, ScanLimits, SenderScan};
pub use moderation::{AuditRow, ModerationRows, RestrictionRow};
pub use push::{PushReach, PushRows, PushSubscriptionRow};
pub use reactions::{PinRow, ReactionCountRow, ReactionRow, ReactionRows, ShownPin, ShownReaction};
pub use reports::{ReportRow, ReportRows, StoredResolution};
pub use users::{CountDelta, ErasureProgress, GuestRows, UserCounts, UserNames, UserRow, UserRows};
pub use webhooks::WebhookRows;

/// All rows of a store within one open transaction.
pub trait Rows:
    UserRows
    + GuestRows
    + ConversationRows
    + MemberRows
    + MessageRows
    + ReactionRows
    + ModerationRows
    + DetailRows
    + MeetupRows
    + NotificationRows
    + FileRows
    + PushRows
    + InvitationRows
    + LoginSessionRows
    + WebhookRows
    + BlockRows
    + ReportRows
    + ContactRequestRows
    + LogRows
{
}

impl<R> Rows for R where
    R: UserRows
        + GuestRows
        + ConversationRows
        + MemberRows
        + MessageRows
        + ReactionRows
        + ModerationRows
        + DetailRows
        + MeetupRows
        + NotificationRows
        + FileRows
        + PushRows
        + InvitationRows
        + LoginSessionRows
        + WebhookRows
        + BlockRows
        + ReportRows
        + ContactRequestRows
        + LogRows
{
}
