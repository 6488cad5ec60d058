//! The commands of a connection, on their way into the store.
//!
//! What must stay true: commands of one caller are queued in the order of the calls, and each is answered once.

use std::collections::HashSet;
use std::sync::Arc;

use quintet_domain::{
    Command, ConversationId, ConversationKind, Departure, Outcome, Refusal, Reply, Timestamp, UserId,
};
use quintet_store::{Actor, Created, Done, Joined, Left, Memberships, NewConversation, SendMessage, Sent, StoreError};

use crate::{GuestSecret, Service, authorise};

/// Who executes.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Who, through which connection.
    pub actor: Actor,
    /// Whether the dialect shows history on a join.
    pub history: bool,
    /// The secret that a guest's room hangs on; its maker is told it.
    pub guest_secret: Option<GuestSecret>,
}

/// The position in the commit order at which an outcome holds, where that matters to what follows.
pub type Position = Option<u64>;

/// Takes the outcome; called on the writer's thread, before anybody else is told.
type Answered = Box<dyn FnOnce(Outcome, Position) + Send>;

/// What became of a command.
pub enum Executed {
    /// It is queued, and will be answered.
    Queued,
    /// It is about the connection itself; the gateway executes it.
    Gateway(Command, Answered),
}

/// An outcome without a position of its own.
fn plain<T: 'static>(answered: Answered, reply: impl FnOnce(T) -> Reply + Send + 'static) -> Done<T> {
    Box::new(move |result: Result<T, StoreError>| answered(result.map(reply).map_err(Into::into), None))
}

impl Service {
    /// Takes a command; ready when it is queued or handed back.
    pub async fn execute(&self, caller: Caller, command: Command, answered: Answered) -> Executed {
        let Caller { actor, history, guest_secret } = caller;
        if let Err(refusal) = authorise::may_ask(&actor, &command) {
            answered(Err(refusal), None);
            return Executed::Queued;
        }
        let store = self.store();
        match command {
            Command::Send(text) => {
                let done: Done<Sent> =
                    plain(answered, |sent: Sent| Reply::Sent { message: sent.message, repeated: sent.repeated });
                store.send(SendMessage { actor, text }, done).await;
            }
            Command::Edit { message, content } => {
                store.edit_message(actor, message, content, plain(answered, Reply::Edited)).await;
            }
            Command::Delete { message } => {
                store.delete_message(actor, message, plain(answered, Reply::Deleted)).await;
            }
            Command::Read { conversation, messages } => {
                store.mark_read(actor, conversation, messages, plain(answered, |()| Reply::Read)).await;
            }
            Command::Join { conversation, profile, .. } => {
                let done: Done<Joined> = Box::new(move |result| match result {
                    Ok(joined) => answered(
                        Ok(Reply::Joined {
                            conversation: joined.conversation,
                            new: joined.new,
                            history: joined.history,
                        }),
                        Some(joined.position),
                    ),
                    Err(error) => answered(Err(error.into()), None),
                });
                store.join(actor, conversation, profile, history, done).await;
            }
            Command::Leave { conversation } => {
                let done: Done<Left> = Box::new(move |result| match result {
                    Ok(left) => answered(Ok(Reply::Left { conversation: left.conversation }), Some(left.position)),
                    Err(error) => answered(Err(error.into()), None),
                });
                store.leave(actor, conversation, Departure::Left, done).await;
            }
            Command::CreateRoom { name, profile } => {
                let new = NewConversation {
                    kind: ConversationKind::Room,
                    name: Some(name),
                    description: None,
                    open: true,
                    members: Vec::new(),
                    owner: None,
                    join: false,
                    profile,
                };
                let guest_secret = guest_secret.map(|secret| secret.as_str().to_owned());
                let done: Done<Created> = plain(answered, |created: Created| Reply::RoomCreated {
                    conversation: created.conversation,
                    created_at: created.created_at,
                    guest_secret,
                });
                store.create_conversation(actor, new, done).await;
            }
            command @ (Command::Typing { .. }
            | Command::Listen { .. }
            | Command::Mute { .. }
            | Command::Upload { .. }
            | Command::Authenticate { .. }
            | Command::Identify) => return Executed::Gateway(command, answered),
        }
        Executed::Queued
    }

    /// Gives, in order with the writes queued before, the position at which they are committed.
    pub async fn barrier(&self, then: impl FnOnce(Result<u64, Refusal>) + Send + 'static) {
        let done: Done<u64> = Box::new(move |result| then(result.map_err(Into::into)));
        self.store().barrier(done).await;
    }

    /// Ends a guest's membership for it, since it is gone.
    ///
    /// # Errors
    /// As the store says; a membership that is over already is one.
    pub async fn guest_gone(&self, user: &UserId, conversation: &ConversationId) -> Result<(), Refusal> {
        let actor =
            Actor { user: user.clone(), guest: true, guest_proof: None, address: None, origin: None, acked: false };
        let conversation = conversation.clone();
        self.write(|store, done| store.leave(actor, conversation, Departure::GuestGone, done)).await.map(|_| ())
    }

    /// Ends the memberships of guests who are not present and joined before a moment, and deletes guests' rooms that are empty for too long.
    ///
    /// # Errors
    /// An internal error.
    pub async fn sweep(&self, present: Vec<UserId>, joined_before: Timestamp) -> Result<(), Refusal> {
        let present = Arc::new(HashSet::from_iter(present));
        // In turns: others write in between.
        while self.write(|store, done| store.sweep(Arc::clone(&present), joined_before, done)).await? {}
        Ok(())
    }

    /// The newest committed position.
    ///
    /// # Errors
    /// An internal error.
    pub async fn position(&self) -> Result<u64, Refusal> {
        self.write(|store, done| store.barrier(done)).await
    }

    /// A user's conversations, at one position of the commit order.
    ///
    /// # Errors
    /// An internal error.
    pub async fn memberships(&self, user: UserId) -> Result<Memberships, Refusal> {
        Ok(self.store().memberships(user).await?)
    }
}
