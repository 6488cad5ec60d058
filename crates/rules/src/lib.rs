//! The decisions of Quintet over rows: who may do what, who receives it, what it costs, what is stored.
//!
//! What lives here: a rule for each kind of [`Write`], the rows that rules work on ([`rows`]), the row cache, the
//! closed [`log`] of changes and its replay. What does not: SQL, async code, and a clock or a source of randomness.
//!
//! What must stay true: a rule is a function of the rows, the transaction's clock and ids, and the write. It refuses,
//! or it changes rows and records changes; no client learns of either before the store has committed.

mod acceptance;
mod access;
mod audit;
mod blocks;
mod cache;
pub mod contact;
mod conversations;
mod deliveries;
mod drafts;
mod error;
pub mod files;
mod given_digest;
mod guest_ids;
mod guest_proof;
mod guests;
mod housekeeping;
pub mod invitations;
mod keys;
mod ledger;
pub mod log;
pub mod login_sessions;
pub mod meetups;
mod members;
mod message_content;
pub mod message_details;
pub mod message_reads;
pub mod message_search;
pub mod message_views;
mod messages;
mod moderation;
pub mod names;
mod new_details;
mod notifications;
mod overviews;
mod ownership;
mod pictures;
mod pins;
pub mod push;
mod reach;
mod reactions;
mod report_decisions;
pub mod reports;
pub mod restrictions;
mod retention;
pub mod rows;
mod screening;
mod services;
mod settings;
pub mod threads;
mod transaction;
mod unsaved_deliveries;
mod users;
mod webhooks;

pub use cache::{ChangedRows, RowCache};
pub use error::{RowResult, RowsError, RuleError, RuleResult};
pub use given_digest::GivenDigest;
pub use guest_proof::secret_of;
pub use keys::{ConversationKey, FileKey, MeetupKey, MessageKey, NotificationKey, SecretKey, UserKey};
pub use ledger::Ledger;
pub use overviews::unaccepting_member;
pub use ownership::standing;
use quintet_domain::{Write, Written};
pub use transaction::{About, ActingUser, Mark, Transaction, WriterState};
pub use unsaved_deliveries::UnsavedDeliveries;

/// Applies a write to the open transaction.
///
/// # Errors
/// [`RuleError::Refused`] if the write is not allowed; [`RuleError::Rows`] if the store failed. In both cases the store
/// rolls back what the write has changed.
pub fn apply(tx: &mut Transaction<'_>, write: Write) -> RuleResult<Written> {
    Ok(match write {
        Write::SendMessage(write) => Written::SendMessage(messages::send(tx, write)?),
        Write::SendRewritten(write) => Written::SendRewritten(messages::send_rewritten(tx, write)?),
        Write::CheckDraft(write) => Written::CheckDraft(drafts::check(tx, &write)?),
        Write::EditMessage(write) => Written::EditMessage(messages::edit(tx, write)?),
        Write::DeleteMessage(write) => Written::DeleteMessage(messages::delete(tx, &write)?),
        Write::React(write) => Written::React(reactions::react(tx, write)?),
        Write::PinMessage(write) => Written::PinMessage(pins::set(tx, &write)?),
        Write::MarkRead(write) => Written::MarkRead(messages::mark_read(tx, &write)?),
        Write::NoteDelivery(write) => Written::NoteDelivery(deliveries::note(tx, &write)?),
        Write::SaveDeliveries(_) => Written::SaveDeliveries(deliveries::save(tx)?),
        Write::ChangeSettings(write) => Written::ChangeSettings(settings::change(tx, &write)?),
        Write::SetBlock(write) => Written::SetBlock(blocks::set(tx, &write)?),
        Write::DecideContact(write) => Written::DecideContact(acceptance::decide(tx, &write)?),
        Write::MayType(write) => Written::MayType(blocks::may_type(tx, &write)?),
        Write::Barrier(_) => Written::Barrier(tx.position()),
        Write::JoinConversation(write) => Written::JoinConversation(members::join(tx, &write)?),
        Write::LeaveConversation(write) => Written::LeaveConversation(members::leave(tx, &write)?),
        Write::AddMember(write) => Written::AddMember(members::add(tx, &write)?),
        Write::RemoveMember(write) => Written::RemoveMember(members::remove(tx, &write)?),
        Write::CreateConversation(write) => Written::CreateConversation(conversations::create(tx, write)?),
        Write::ChangeConversation(write) => Written::ChangeConversation(conversations::change(tx, write)?),
        Write::Restrict(write) => Written::Restrict(moderation::restrict(tx, &write)?),
        Write::LiftRestriction(write) => Written::LiftRestriction(moderation::lift(tx, &write)?),
        Write::DeleteConversation(write) => Written::DeleteConversation(conversations::delete(tx, &write)?),
        Write::SweepGuests(write) => Written::SweepGuests(housekeeping::sweep_guests(tx, &write)?),
        Write::RegisterUser(write) => Written::RegisterUser(users::register(tx, write.new)?),
        Write::AdoptUser(write) => Written::AdoptUser(users::adopt(tx, write.claims)?),
        Write::ChangeProfile(write) => Written::ChangeProfile(users::change_profile(tx, &write.user, write.change)?),
        Write::NoteLogin(write) => Written::NoteLogin(users::note_login(tx, &write)?),
        Write::SetPassword(write) => Written::SetPassword(users::set_password(tx, &write.user, write.hash)?),
        Write::RenewHash(write) => Written::RenewHash(users::renew_hash(tx, write)?),
        Write::RevokeTokens(write) => Written::RevokeTokens(users::revoke_tokens(tx, &write.user)?),
        Write::OpenSession(write) => Written::OpenSession(login_sessions::open(tx, write)?),
        Write::NoteSession(write) => Written::NoteSession(login_sessions::note(tx, &write)?),
        Write::EndSession(write) => Written::EndSession(login_sessions::end(tx, &write)?),
        Write::SetDisabled(write) => Written::SetDisabled(users::bar(tx, &write.user, write.disabled, (None, None))?),
        Write::SetServerRole(write) => Written::SetServerRole(users::set_server_role(tx, &write)?),
        Write::EraseUser(write) => Written::EraseUser(users::erase(tx, &write)?),
        Write::ContinueErasure(write) => Written::ContinueErasure(users::continue_erasure(tx, &write.user)?),
        Write::NoteSeen(write) => Written::NoteSeen(users::note_seen(tx, &write.users)?),
        Write::AddService(write) => Written::AddService(services::add(tx, &write)?),
        Write::RemoveService(write) => Written::RemoveService(services::remove(tx, &write)?),
        Write::MakeInvitation(write) => Written::MakeInvitation(invitations::make(tx, write)?),
        Write::RevokeInvitation(write) => Written::RevokeInvitation(invitations::revoke(tx, &write)?),
        Write::AcceptInvitation(write) => Written::AcceptInvitation(invitations::accept(tx, &write)?),
        Write::AnnounceFile(write) => Written::AnnounceFile(files::announce(tx, write.new)?),
        Write::CompleteFile(write) => Written::CompleteFile(files::complete(tx, write)?),
        Write::ForgetFiles(write) => Written::ForgetFiles(files::forget(tx, &write.ids)?),
        Write::CreateMeetup(write) => Written::CreateMeetup(meetups::create(tx, write)?),
        Write::ChangeMeetup(write) => Written::ChangeMeetup(meetups::change(tx, write)?),
        Write::DeleteMeetup(write) => Written::DeleteMeetup(meetups::delete(tx, &write)?),
        Write::RequestMeetup(write) => Written::RequestMeetup(meetups::request(tx, &write)?),
        Write::DecideRequest(write) => Written::DecideRequest(meetups::decide(tx, &write)?),
        Write::RemoveParticipant(write) => Written::RemoveParticipant(meetups::remove_participant(tx, &write)?),
        Write::ExpireMeetups(_) => Written::ExpireMeetups(meetups::expire(tx)?),
        Write::NotifyUser(write) => Written::NotifyUser(notifications::notify_user(tx, &write)?),
        Write::ReadNotifications(write) => Written::ReadNotifications(notifications::mark_read(tx, &write.user)?),
        Write::MarkDelivered(write) => Written::MarkDelivered(notifications::mark_delivered(tx, &write.notifications)?),
        Write::AddPushSubscription(write) => Written::AddPushSubscription(push::add(tx, write)?),
        Write::RemovePushSubscriptions(write) => Written::RemovePushSubscriptions(push::remove(tx, &write)?),
        Write::NotePushActivity(write) => Written::NotePushActivity(push::note_activity(tx, write)?),
        Write::MovePushCursor(write) => Written::MovePushCursor(push::move_cursor(tx, write)?),
        Write::AddWebhook(write) => Written::AddWebhook(webhooks::add(tx, write)?),
        Write::ChangeWebhook(write) => Written::ChangeWebhook(webhooks::change(tx, write)?),
        Write::DeleteWebhook(write) => Written::DeleteWebhook(webhooks::delete(tx, &write)?),
        Write::ReplayWebhook(write) => Written::ReplayWebhook(webhooks::replay(tx, &write)?),
        Write::NoteWebhook(write) => Written::NoteWebhook(webhooks::note(tx, &write)?),
        Write::ReportMessage(write) => Written::ReportMessage(reports::report(tx, &write)?),
        Write::ResolveReport(write) => Written::ResolveReport(report_decisions::resolve(tx, &write)?),
        Write::Prune(write) => Written::Prune(housekeeping::prune(tx, write.after)?),
        Write::SetRetention(write) => Written::SetRetention(retention::set(tx, write)?),
        Write::PurgeMessages(write) => Written::PurgeMessages(retention::purge(tx, write)?),
        Write::Probe(_) => Written::Probe(tx.probe()?),
    })
}

/// Whether a write that is refused is refused before it has changed anything, so that the store needs no savepoint for
/// it.
#[must_use]
pub fn refuses_before_writing(write: &Write) -> bool {
    match write {
        Write::SendMessage(write) => matches!(write.text.target, quintet_domain::Target::Conversation(_)),
        Write::CheckDraft(_) | Write::NoteDelivery(_) | Write::MayType(_) | Write::Barrier(_) => true,
        // A savepoint costs time and is always right: a new kind of write has one until somebody looks at it.
        _ => false,
    }
}
