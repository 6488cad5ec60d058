//! The model of Quintet: ids, users, conversations, messages, meetups, permissions, and the closed lists of what
//! clients can ask for ([`Command`]), of what changes the store ([`Write`]) and of what can happen ([`Event`]).
//!
//! What does not live here: IO, async code and serialisation; the crates at the edges convert.
//!
//! What must stay true: time, ids and randomness come from an [`Environment`], so that a run can be replayed.

mod account;
mod actor;
mod audit;
mod command;
mod commit;
mod contact_request;
mod conversation;
mod conversation_settings;
mod conversation_view;
mod credentials;
mod draft;
mod error;
mod event;
mod folded_text;
mod hidden;
mod ids;
mod initials;
mod invitation;
pub mod limits;
mod link;
mod links;
mod login_session;
mod meetup;
mod message;
mod message_details;
mod message_kind;
mod message_search;
mod model_event_type;
mod moderation;
mod names;
mod network;
mod new_details;
mod overview;
pub mod permissions;
mod quotas;
mod reaction;
mod report;
mod retention;
mod scope;
mod screening;
mod search;
mod search_terms;
mod time;
mod trace;
mod user;
mod visible;
mod webhook;
mod withheld;
mod write;

pub use account::{Account, Claims, Login, NewUser, ProfileChange, ServerRole};
pub use actor::{Actor, GuestProof};
pub use audit::{AuditEntry, AuditFilter};
pub use command::{Command, LocalCommand, NewText, Outcome, Profile, Reading, Reply, RoomMember, Target, WriteCommand};
pub use commit::{CommandReply, Commit, Ticket};
pub use contact_request::{ContactRequest, RequestKind};
pub use conversation::{ConversationKind, ConversationRef, Member, Role};
pub use conversation_settings::{ConversationSettings, Mute, Notify, SettingsChange};
pub use conversation_view::Conversation;
pub use credentials::{email_key, email_keys, normal_password, normal_username, parse_email, username_keys};
pub use draft::{Draft, DraftContext, Rewrite};
pub use error::{Code, Refusal};
pub use event::{Audience, Departure, Entry, Ephemeral, Event};
pub use folded_text::FoldedText;
pub use hidden::{Hidden, ShownEvent};
pub use ids::{
    ClientMessageId, ConnectionId, ConversationId, IdError, LoginSessionId, MeetupId, MessageId, NodeId,
    NotificationId, RequestId, UserId,
};
pub use initials::{initials, initials_in};
pub use invitation::{Invitation, InvitationBounds, InvitationState};
pub use link::{AVATARS_PATH, FILES_PATH, file_of_link, validate_link};
pub use links::Links;
pub use login_session::LoginSession;
pub use meetup::{Meetup, MeetupRequest, MeetupStatus, Notification};
pub use message::{DELETED_CONTENT, FileLink, Message, Reader, validate_content};
pub use message_details::{AttachedFile, Mention, MessageDetails, Metadata, Pin, Quote, ReactionCount, ThreadSummary};
pub use message_kind::MessageKind;
pub use message_search::{Has, MessageSearch};
pub use model_event_type::ModelEventType;
pub use moderation::{Act, Moderation, Restriction, RestrictionKind, given_reason};
pub use names::{NAME_KEY_VERSION, NameKeys, collisions, parse_username, refuse_reserved, username_from};
pub use network::{network, site};
pub use new_details::{EditedDetails, NewDetails, validate_files, validate_mentions};
pub use overview::{Overview, members_told};
pub use quotas::{Contact, Quotas};
pub use reaction::{Emoji, Reacted, ReactionChange};
pub use report::{Report, ReportAction, ReportStatus, Resolution, Snapshot, report_reason};
pub use retention::{OwnRetention, RETENTION_DAYS_MAX, Retention};
pub use scope::{Scope, Scopes};
pub use screening::{ListAction, Screening};
pub use search::Searched;
pub use search_terms::{SEARCH_TERMS_VERSION, SearchTerm, SearchText, joins_words, search_terms};
pub use time::{Environment, Timestamp};
pub use trace::{SpanContext, TracedWrite};
pub use user::{User, UserKind};
pub use visible::{display_name, display_name_from, file_name_from, is_blank, is_visible, refuse_nul};
pub use webhook::{
    Webhook, WebhookChange, WebhookDelivery, WebhookFilter, WebhookSecret, validate_webhook_description,
    webhook_conversations, webhook_kinds, webhook_problem,
};
pub use withheld::{Moves, Withheld};
pub use write::*;
