//! What a connection asks: its events, one at a time, into commands, and their outcomes back as answers.
//!
//! What must stay true: an event that asks for an acknowledgement gets exactly one, whatever happens.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream;
use quintet_dialect::{Decision, Dialect, answer, decide, decode, refuse};
use quintet_domain::{Code, Command, ConversationId, Outcome, Refusal, Reply, User, UserId};
use quintet_service::{Actor, Caller, Executed, GuestSecret, Identity, Refused, Service};
use serde_json::value::RawValue;

use crate::Gateway;
use crate::connect::become_user;
use crate::connection::{Connection, Permit};
use crate::hub::Hub;

/// Answers an event once; if it is dropped unanswered, with an internal error.
struct Responder {
    connection: Arc<Connection>,
    service: Service,
    dialect: Option<Dialect>,
    name: String,
    ack: Option<u64>,
    answered: bool,
    /// Held until the answer: a connection has so many commands under way and no more.
    permit: Option<Permit>,
}

impl Responder {
    fn new(gateway: &Gateway, connection: &Arc<Connection>, name: String, ack: Option<u64>) -> Self {
        Self {
            connection: Arc::clone(connection),
            service: gateway.0.service.clone(),
            dialect: connection.dialect(),
            name,
            ack,
            answered: false,
            permit: None,
        }
    }

    fn answer(mut self, outcome: &Outcome) {
        self.respond(outcome);
    }

    fn refuse(self, refusal: Refusal) {
        self.answer(&Err(refusal));
    }

    fn respond(&mut self, outcome: &Outcome) {
        self.answered = true;
        if let Err(refusal) = outcome {
            self.service.metrics().refused(Refused::Event, refusal.code);
        }
        let written = match (self.dialect, outcome) {
            (Some(dialect), outcome) => {
                let online = |user: &UserId| self.service.presence().is_online(user);
                answer(dialect, &self.name, outcome, &online)
            }
            (None, Err(refusal)) => refuse(None, &self.name, refusal),
            (None, Ok(_)) => {
                // Only `authenticate` belongs to no dialect, and all of them answer it alike.
                answer(Dialect::Chat, &self.name, outcome, &|_| false)
            }
        };
        self.connection.out.answer(self.ack, &written);
        drop(self.permit.take());
    }
}

impl Drop for Responder {
    fn drop(&mut self) {
        if !self.answered {
            self.respond(&Err(Refusal::internal()));
        }
    }
}

/// An event as it came.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) name: &'a str,
    pub(crate) args: &'a [&'a RawValue],
    pub(crate) ack: Option<u64>,
}

/// Takes one event. Returns when it is queued, so that the next can be taken; it waits while too much is under way.
pub(crate) async fn event(gateway: &Gateway, connection: &Arc<Connection>, asked: Asked<'_>, attachments: Vec<Bytes>) {
    let Asked { name, args, ack } = asked;
    let mut responder = Responder::new(gateway, connection, name.to_owned(), ack);
    if let Some(rate) = connection.user_rate() {
        gateway.0.service.rates().charge(&rate, attachments.iter().map(Bytes::len).sum());
    }
    let taken = take(gateway, connection, args, &mut responder).await;
    gateway.0.service.metrics().event(responder.dialect.map_or("undecided", Dialect::as_str));
    match taken {
        Ok(Some((Command::Upload { conversation, name, attachment }, Some(identity)))) => {
            responder.permit = Some(connection.permit().await);
            let bytes = attachments.into_iter().nth(attachment);
            let (service, address) = (gateway.0.service.clone(), connection.client.address);
            // Beside what comes after it: a disk is slow, and nothing depends on it before it is answered.
            gateway.0.tasks.spawn(async move {
                let kept = upload(&service, &identity, address, (conversation, &name, bytes)).await;
                responder.answer(&kept);
            });
        }
        Ok(Some(command)) => execute(gateway, connection, command, responder).await,
        // An unknown event is ignored, and acknowledged with a failure if it asked.
        Ok(None) if ack.is_none() => responder.answered = true,
        Ok(None) => {
            let message = format!("There is no event `{}`.", responder.name.chars().take(128).collect::<String>());
            responder.refuse(Refusal::new(Code::InvalidPayload, message));
        }
        Err(refusal) => responder.refuse(refusal),
    }
}

/// Answers an event that is not looked at.
pub(crate) fn refuse_unread(
    gateway: &Gateway,
    connection: &Arc<Connection>,
    name: String,
    ack: Option<u64>,
    refusal: Refusal,
) {
    let responder = Responder::new(gateway, connection, name, ack);
    gateway.0.service.metrics().event(responder.dialect.map_or("undecided", Dialect::as_str));
    responder.refuse(refusal);
}

/// Keeps a file for a conversation that the user is a member of.
async fn upload(
    service: &Service,
    identity: &Identity,
    address: IpAddr,
    (conversation, name, bytes): (ConversationId, &str, Option<Bytes>),
) -> Outcome {
    // A guest's id may be an account's by now, and then says nothing of what this connection may use.
    if identity.user.is_guest() {
        return Err(Refusal::unauthenticated("files need an account"));
    }
    let bytes = bytes.ok_or_else(|| Refusal::invalid("data", "must be binary data"))?;
    let user = identity.user.id.clone();
    service.may_use(user.clone(), conversation).await?;
    let actor = Actor { user, guest: false, guest_proof: None, address: Some(address), origin: None, acked: false };
    let kept = service.upload(&actor, Some(name), stream::iter([Ok::<_, Infallible>(bytes)])).await?;
    Ok(Reply::Uploaded { url: kept.url, name: kept.file.name.unwrap_or_default() })
}

/// Understands an event as far as a command of somebody; none if the event is unknown.
async fn take(
    gateway: &Gateway,
    connection: &Arc<Connection>,
    args: &[&RawValue],
    responder: &mut Responder,
) -> Result<Option<(Command, Option<Identity>)>, Refusal> {
    let service = &gateway.0.service;
    let dialect = match connection.dialect() {
        Some(dialect) => dialect,
        None => match decide(&responder.name, args) {
            Decision::Dialect(dialect) => {
                // Not yet for good: a client that may not speak it has not chosen it.
                responder.dialect = Some(dialect);
                dialect
            }
            Decision::Any => Dialect::Chat,
            Decision::Unknown => return Ok(None),
            Decision::Unclear => {
                let either = "or `conversationId` is missing, or both are there";
                return Err(Refusal::invalid("roomId", either));
            }
        },
    };
    let undecided = connection.dialect().is_none() && responder.dialect.is_some();
    let identity = connection.identity();
    let nobody = identity.as_ref().is_none_or(|identity| identity.user.is_guest());
    if nobody && undecided && !dialect.serves_guests() && responder.name != "authenticate" {
        return Err(Refusal::unauthenticated("a token is needed"));
    }
    if undecided {
        let told = connection.decide(dialect);
        if !told.is_empty() {
            let service = service.clone();
            tokio::spawn(async move { service.told(told).await });
        }
    }
    let Some(decoded) = decode(dialect, &responder.name, args) else { return Ok(None) };
    let decoded = decoded?;
    if let Command::Authenticate { .. } = decoded.command {
        return Ok(Some((decoded.command, identity)));
    }
    let identity = identify(gateway, connection, identity, decoded.claims.as_ref(), dialect).await?;
    if identity.user.is_guest() {
        service.rates().guest_event(connection.client.address)?;
    }
    Ok(Some((decoded.command, Some(identity))))
}

/// Who asks: who the connection is, or, where it is nobody's yet, who the payload says.
async fn identify(
    gateway: &Gateway,
    connection: &Arc<Connection>,
    identity: Option<Identity>,
    claimed: Option<&UserId>,
    dialect: Dialect,
) -> Result<Identity, Refusal> {
    let service = &gateway.0.service;
    match (identity, claimed) {
        (Some(identity), claimed) => {
            if identity.expires_at.is_some_and(|at| at <= service.environment().now()) {
                return Err(Refusal::token_expired());
            }
            match claimed {
                Some(claimed) if *claimed != identity.user.id => Err(Refusal::forbidden(format!(
                    "The payload names user `{claimed}`, and this connection is `{}`.",
                    identity.user.id
                ))),
                _ => Ok(identity),
            }
        }
        (None, Some(claimed)) if connection.trusted => {
            let identity = service.trusted(claimed).await?;
            become_user(gateway, connection, identity.clone()).await?;
            Ok(identity)
        }
        (None, Some(claimed)) if dialect.serves_guests() => {
            let identity = service.guest(claimed, connection.client.address).await?;
            become_user(gateway, connection, identity.clone()).await?;
            Ok(identity)
        }
        (None, _) => Err(Refusal::unauthenticated("a token, or a user id where guests are served, is needed")),
    }
}

async fn execute(
    gateway: &Gateway,
    connection: &Arc<Connection>,
    (command, identity): (Command, Option<Identity>),
    mut responder: Responder,
) {
    if let Command::Authenticate { token } = command {
        return authenticate(gateway, connection, &token, identity, responder).await;
    }
    let Some(identity) = identity else { return };
    let guest = identity.user.is_guest();
    if let (true, Command::CreateRoom { .. }) = (guest, &command)
        && let Err(refusal) = gateway.0.service.rates().guest_room(connection.client.address)
    {
        return responder.refuse(refusal);
    }
    let secret = match guest {
        true => guest_secret(gateway, connection, &identity.user.id, &command).await,
        false => Ok(None),
    };
    let secret = match secret {
        Ok(secret) => secret,
        Err(refusal) => return responder.refuse(refusal),
    };
    // Waiting here is what stops the reading of a client that asks faster than the store commits.
    responder.permit = Some(connection.permit().await);
    let unmutes = match &command {
        Command::Join { conversation, .. } => Some(conversation.clone()),
        _ => None,
    };
    let actor = Actor {
        user: identity.user.id.clone(),
        guest,
        guest_proof: secret.as_ref().map(GuestSecret::proof),
        address: Some(connection.client.address),
        origin: Some(connection.session),
        acked: responder.ack.is_some(),
    };
    let history = connection.dialect() == Some(Dialect::Rooms);
    let hub = gateway.0.hub.clone();
    let (id, user) = (connection.id, identity.user.id.clone());
    let answered = Box::new(move |outcome: Outcome, position: Option<u64>| match position {
        None => responder.answer(&outcome),
        // Said in its place among what the connection hears: after all before it, before all behind it.
        Some(position) => hub.at(position, move |hub| {
            if let Some(conversation) = &unmutes {
                hub.mute(id, &user, conversation, false);
            }
            responder.answer(&outcome);
        }),
    });
    let executed = gateway.0.service.execute(Caller { actor, history, guest_secret: secret }, command, answered).await;
    if let Executed::Gateway(command, answered) = executed {
        in_order(gateway, connection, identity.user.id.clone(), command, answered).await;
    }
}

/// What the hub does for a connection, in order with what the connection asked of the store before.
async fn in_order(
    gateway: &Gateway,
    connection: &Arc<Connection>,
    user: UserId,
    command: Command,
    answered: Box<dyn FnOnce(Outcome, Option<u64>) + Send>,
) {
    let (id, hub) = (connection.id, gateway.0.hub.clone());
    let then = move |position: Result<u64, Refusal>| match position {
        Ok(position) => hub.at(position, move |hub| answered(ask(hub, id, &user, command), None)),
        Err(refusal) => answered(Err(refusal), None),
    };
    gateway.0.service.barrier(then).await;
}

fn ask(hub: &mut Hub, connection: quintet_domain::ConnectionId, user: &UserId, command: Command) -> Outcome {
    // An account may have got the id of the guest who asked: nothing is done, or said, in the account's name.
    if !hub.is_seated(connection, user) {
        return Err(Refusal::unauthenticated("this connection is over"));
    }
    match command {
        Command::Typing { target, typing } => hub.typing(connection, user, &target, typing).map(|()| Reply::Typing),
        Command::Listen { conversations } => {
            let (joined, refused) = hub.listening(user, conversations);
            Ok(Reply::Listening { joined, refused })
        }
        Command::Mute { conversation } => {
            if hub.mute(connection, user, &conversation, true) {
                Ok(Reply::Muted { conversation })
            } else {
                Err(Refusal::not_found("conversation", &conversation))
            }
        }
        Command::Identify => Ok(Reply::Identified { user: user.clone() }),
        Command::Send(_)
        | Command::Edit { .. }
        | Command::Delete { .. }
        | Command::Read { .. }
        | Command::Join { .. }
        | Command::Leave { .. }
        | Command::CreateRoom { .. }
        | Command::Upload { .. }
        | Command::Authenticate { .. } => Err(Refusal::internal()),
    }
}

/// Takes a new token on an open connection.
async fn authenticate(
    gateway: &Gateway,
    connection: &Arc<Connection>,
    token: &str,
    identity: Option<Identity>,
    responder: Responder,
) {
    match take_token(gateway, connection, token, identity.as_ref()).await {
        Ok(user) => responder.answer(&Ok(Reply::Authenticated { user })),
        Err(refusal) => responder.refuse(refusal),
    }
}

/// Makes the connection, or goes on with it as, the token's user's.
async fn take_token(
    gateway: &Gateway,
    connection: &Arc<Connection>,
    token: &str,
    identity: Option<&Identity>,
) -> Result<Arc<User>, Refusal> {
    // What was asked as a guest may still be under way: a connection has one identity from its first to its last event.
    if identity.is_some_and(|identity| identity.user.is_guest()) {
        return Err(Refusal::forbidden("This connection is a guest's: open another one with the token."));
    }
    let verified = gateway.0.service.verify(token).await?.identity;
    let user = Arc::clone(&verified.user);
    match identity {
        Some(identity) if identity.user.id != user.id => {
            let message = format!("The token is user `{}`'s, and this connection is another's.", user.id);
            return Err(Refusal::forbidden(message));
        }
        Some(_) => {
            connection.set_identity(verified);
            gateway.0.hub.refreshed(connection.id, user.id.clone()).await;
        }
        None => become_user(gateway, connection, verified).await?,
    }
    Ok(user)
}

/// The secret that a guest's command is asked with: the one that it shows now or showed before, or, for its first room,
/// a new one, which is sent to the room's maker once the room exists.
async fn guest_secret(
    gateway: &Gateway,
    connection: &Connection,
    guest: &UserId,
    command: &Command,
) -> Result<Option<GuestSecret>, Refusal> {
    let service = &gateway.0.service;
    match (command, connection.guest_secret()) {
        (Command::Join { guest_secret: Some(shown), .. }, _) => {
            connection.set_guest_secret(service.guest_secret(connection.client.address, guest, shown).await?);
        }
        (Command::CreateRoom { .. }, None) => connection.set_guest_secret(service.new_guest_secret()),
        _ => {}
    }
    Ok(connection.guest_secret())
}
