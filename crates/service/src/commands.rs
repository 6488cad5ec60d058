//! The commands of connections: the writes that they become, and the replies that the results of the writes become.
//!
//! What must stay true: the commands of one connection are queued in the order of the calls. A queued command gets one
//! reply, in the stream of commits; a command that is refused here gets none there.

use std::collections::BTreeSet;
use std::sync::Arc;

use quintet_domain::{
    Actor, Barrier, ChangeSettings, ConversationId, ConversationKind, CreateConversation, DeleteMessage, Departure,
    JoinConversation, LeaveConversation, LocalCommand, MarkRead, MayType, NewConversation, NewText, NoteDelivery,
    NotedBy, PinMessage, Profile, React, Refusal, Reply, ReportMessage, RoomMember, SetBlock, SweepGuests, Ticket,
    Timestamp, UserId, Write, WriteCommand, Written,
};
use quintet_store::{Memberships, ReplyTo};

use crate::before_send::draft_of;
use crate::{GuestSecret, Lists, Service, authorise, screening};

/// The user and the settings of the connection that a command comes from.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The user on whose behalf the command is executed.
    pub actor: Actor,
    /// Whether the reply to a join holds the newest messages and the members.
    pub history: bool,
}

/// Returns the write that a command becomes. Its texts are compared with lists, if there are any.
fn write_of(caller: Caller, command: WriteCommand, lists: Option<&Lists>) -> Write {
    let Caller { actor, history } = caller;
    match command {
        WriteCommand::Send(text) => screening::sending(lists, actor, text).into(),
        WriteCommand::Edit { message, content, details } => {
            screening::editing(lists, actor, message, content, details).into()
        }
        WriteCommand::Delete { message } => DeleteMessage { actor, message }.into(),
        WriteCommand::React { message, emoji, active } => React { actor, message, emoji, active }.into(),
        WriteCommand::Pin { message, pinned } => PinMessage { actor, message, pinned }.into(),
        WriteCommand::Read(reading) => MarkRead { actor, reading }.into(),
        WriteCommand::Deliver(received) => NoteDelivery { actor, received, noted_by: NotedBy::Client }.into(),
        WriteCommand::Configure { target, change } => ChangeSettings { actor, target, change }.into(),
        WriteCommand::Block { user, blocked } => SetBlock { actor, user, blocked }.into(),
        WriteCommand::Report { message, reason } => ReportMessage { actor, message, reason }.into(),
        // The gateway has checked the guest's secret and put its proof into the actor.
        WriteCommand::Join { conversation, profile, guest_secret: _ } => {
            JoinConversation { actor, conversation, profile, history }.into()
        }
        WriteCommand::Leave { conversation } => {
            LeaveConversation { actor, conversation, departure: Departure::Left }.into()
        }
        WriteCommand::CreateRoom { name, picture, metadata, profile } => {
            let new = NewConversation {
                kind: ConversationKind::Room,
                name: Some(name),
                description: None,
                picture,
                metadata,
                open: true,
                members: Vec::new(),
                owner: None,
                join: false,
                profile,
            };
            CreateConversation { actor, new }.into()
        }
    }
}

/// Returns the reply to a command whose write was committed. `guest_secret` is the secret that the guest presented, or
/// that was generated for its first room.
///
/// # Errors
/// An internal error if no command of a connection becomes this kind of write.
pub fn reply(written: Written, guest_secret: Option<&GuestSecret>) -> Result<Reply, Refusal> {
    Ok(match written {
        Written::SendMessage(sent) | Written::SendRewritten(sent) => {
            Reply::Sent { message: sent.message, repeated: sent.repeated }
        }
        Written::EditMessage(message) => Reply::Edited(message),
        Written::DeleteMessage(message) => Reply::Deleted(message),
        Written::React(active) => Reply::Reacted { active },
        Written::PinMessage(pinned) => Reply::Pinned { pinned },
        Written::MarkRead(()) => Reply::Read,
        // The gateway has told the authors.
        Written::NoteDelivery(_) => Reply::Delivered,
        Written::ChangeSettings(changed) => {
            Reply::Configured { conversation: changed.conversation, settings: changed.settings }
        }
        Written::SetBlock(blocked) => Reply::Blocks { blocked },
        Written::ReportMessage(()) => Reply::Reported,
        Written::JoinConversation(joined) => {
            // Who of the members is online is known to the gateway.
            let members = joined.members.into_iter().map(|user| RoomMember { user, online: false });
            Reply::Joined {
                conversation: joined.conversation,
                new: joined.new,
                history: joined.history,
                members: members.collect(),
            }
        }
        Written::LeaveConversation(conversation) => Reply::Left { conversation },
        Written::CreateConversation(created) => Reply::RoomCreated {
            conversation: created.conversation,
            created_at: created.created_at,
            guest_secret: guest_secret.map(|secret| secret.as_str().to_owned()),
        },
        Written::Barrier(_)
        | Written::DecideContact(_)
        | Written::MayType(_)
        | Written::CheckDraft(_)
        | Written::SaveDeliveries(_)
        | Written::AddMember(_)
        | Written::RemoveMember(_)
        | Written::ChangeConversation(_)
        | Written::Restrict(_)
        | Written::LiftRestriction(())
        | Written::DeleteConversation(_)
        | Written::SweepGuests(_)
        | Written::RegisterUser(_)
        | Written::AdoptUser(_)
        | Written::ChangeProfile(_)
        | Written::NoteLogin(())
        | Written::RenewHash(())
        | Written::SetPassword(_)
        | Written::RevokeTokens(_)
        | Written::OpenSession(_)
        | Written::NoteSession(_)
        | Written::EndSession(_)
        | Written::SetDisabled(())
        | Written::SetServerRole(())
        | Written::EraseUser(())
        | Written::ContinueErasure(_)
        | Written::NoteSeen(())
        | Written::AddService(_)
        | Written::MakeInvitation(_)
        | Written::RevokeInvitation(())
        | Written::AcceptInvitation(_)
        | Written::RemoveService(())
        | Written::AnnounceFile(_)
        | Written::CompleteFile(())
        | Written::ForgetFiles(())
        | Written::CreateMeetup(_)
        | Written::ChangeMeetup(_)
        | Written::DeleteMeetup(())
        | Written::RequestMeetup(_)
        | Written::DecideRequest(_)
        | Written::RemoveParticipant(_)
        | Written::ExpireMeetups(_)
        | Written::NotifyUser(_)
        | Written::ReadNotifications(())
        | Written::MarkDelivered(())
        | Written::AddPushSubscription(())
        | Written::RemovePushSubscriptions(_)
        | Written::NotePushActivity(())
        | Written::MovePushCursor(())
        | Written::AddWebhook(_)
        | Written::ChangeWebhook(_)
        | Written::DeleteWebhook(())
        | Written::ReplayWebhook(_)
        | Written::NoteWebhook(_)
        | Written::ResolveReport(_)
        | Written::Prune(_)
        | Written::SetRetention(_)
        | Written::PurgeMessages(_)
        | Written::Probe(()) => {
            tracing::error!("the store replied to a connection with the result of a write that no command becomes");
            return Err(Refusal::internal());
        }
    })
}

impl Service {
    /// Queues the write of a command, and returns once it is queued. If a hook is asked before, this is later, and the order
    /// of the calls is that of the commits only if each is awaited. The reply comes with the commits, under the ticket.
    ///
    /// # Errors
    /// A refusal if the command is never allowed or cannot be queued. There is no reply under the ticket then.
    pub async fn submit(&self, caller: Caller, command: WriteCommand, ticket: Ticket) -> Result<(), Refusal> {
        authorise::may_write(&caller.actor, &command)?;
        let command = self.with_stored_links(command);
        if self.asks_before_sending()
            && let Some(draft) = draft_of(&command)
        {
            return self.submit_after_asking(caller.actor, draft, ReplyTo::Ticket(ticket)).await;
        }
        Ok(self.store().submit(write_of(caller, command, self.lists()), ReplyTo::Ticket(ticket)).await?)
    }

    /// Returns the lists of words and links, if there are any.
    pub(crate) fn lists(&self) -> Option<&Lists> {
        self.0.settings.lists.as_deref()
    }

    /// Returns a message whose links to this server are as they are stored.
    pub(crate) fn with_stored_files(&self, mut text: NewText) -> NewText {
        text.file = text.file.map(|file| self.bases().stored_file(file));
        if let Some(details) = &mut text.details {
            let files = std::mem::take(&mut details.files);
            details.files = files.into_iter().map(|file| self.bases().stored_file(file)).collect();
        }
        text
    }

    /// Returns a command whose links to this server are as they are stored.
    fn with_stored_links(&self, command: WriteCommand) -> WriteCommand {
        // A guest who sends back the picture that was made for it has none, as one who sends an empty link.
        let picture = |avatar| self.bases().stored_picture(Some(avatar)).unwrap_or_default();
        let stored = |profile: Profile| Profile { avatar: profile.avatar.map(picture), ..profile };
        match command {
            WriteCommand::Send(text) => WriteCommand::Send(self.with_stored_files(text)),
            WriteCommand::Join { conversation, profile, guest_secret } => {
                WriteCommand::Join { conversation, profile: stored(profile), guest_secret }
            }
            WriteCommand::CreateRoom { name, picture, metadata, profile } => {
                let picture = self.bases().stored_picture(picture);
                WriteCommand::CreateRoom { name, picture, metadata, profile: stored(profile) }
            }
            command @ (WriteCommand::Edit { .. }
            | WriteCommand::Delete { .. }
            | WriteCommand::React { .. }
            | WriteCommand::Pin { .. }
            | WriteCommand::Read { .. }
            | WriteCommand::Deliver(_)
            | WriteCommand::Configure { .. }
            | WriteCommand::Block { .. }
            | WriteCommand::Report { .. }
            | WriteCommand::Leave { .. }) => command,
        }
    }

    /// Checks a command about the connection itself, before a [`barrier`](Self::barrier) is queued for it.
    ///
    /// # Errors
    /// A refusal if the command is never allowed, whatever the store holds.
    pub fn may_ask(&self, actor: &Actor, command: &LocalCommand) -> Result<(), Refusal> {
        authorise::may_ask(actor, command)
    }

    /// Queues a write that changes nothing, for a command about the connection of a user. Its reply, under the ticket,
    /// comes after everything that the writes queued before it caused; it is a refusal if the user may not do that now.
    ///
    /// # Errors
    /// A refusal if it cannot be queued. There is no reply under the ticket then.
    pub async fn barrier(&self, user: &UserId, command: &LocalCommand, ticket: Ticket) -> Result<(), Refusal> {
        let write = match command {
            LocalCommand::Typing { target, typing: true } => {
                MayType { user: user.clone(), target: target.clone() }.into()
            }
            LocalCommand::Typing { typing: false, .. }
            | LocalCommand::Listen { .. }
            | LocalCommand::Mute { .. }
            | LocalCommand::Identify => Barrier.into(),
        };
        Ok(self.store().submit(write, ReplyTo::Ticket(ticket)).await?)
    }

    /// Ends a membership of a guest who has been offline for too long.
    ///
    /// # Errors
    /// The refusal of the rules, for example if the membership has ended already.
    pub async fn guest_gone(&self, user: &UserId, conversation: &ConversationId) -> Result<(), Refusal> {
        let actor = Actor { guest: true, ..Actor::user(user.clone()) };
        let conversation = conversation.clone();
        let leave = LeaveConversation { actor, conversation, departure: Departure::GuestGone };
        self.write(leave).await.map(|_| ())
    }

    /// Ends the memberships of guests who are not in `present` and joined before a moment, and deletes rooms of guests
    /// that have been empty for too long.
    ///
    /// # Errors
    /// An internal error.
    pub async fn sweep(&self, present: Vec<UserId>, joined_before: Timestamp) -> Result<(), Refusal> {
        let present = Arc::new(BTreeSet::from_iter(present));
        // There is one transaction for each call, so that other writes run in between.
        while self.write(SweepGuests { present: Arc::clone(&present), joined_before }).await? {}
        Ok(())
    }

    /// Returns the newest committed position.
    ///
    /// # Errors
    /// An internal error.
    pub async fn position(&self) -> Result<u64, Refusal> {
        self.write(Barrier).await
    }

    /// Returns a user's conversations, at one position of the commit order.
    ///
    /// # Errors
    /// An internal error.
    pub async fn memberships(&self, user: UserId) -> Result<Memberships, Refusal> {
        Ok(self.store().memberships(user).await?)
    }
}
