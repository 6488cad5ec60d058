//! The events of a connection: decoded into commands one at a time, and submitted.
//!
//! What must stay true: the commands of one connection are queued in the order of its events; an event that asks for an
//! acknowledgement gets exactly one, whatever happens.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use futures_util::stream;
use quintet_dialect::{Decision, Dialect, decide, decode, unclear};
use quintet_domain::{
    Actor, Code, Command, ConversationId, LocalCommand, Outcome, Refusal, Reply, User, UserId, WriteCommand,
};
use quintet_service::{Caller, GuestSecret, Identity, Service};
use quintet_telemetry::{in_current_scope, scoped};
use serde_json::value::RawValue;

use crate::connect::become_user;
use crate::connection::Connection;
use crate::gateway::Gateway;
use crate::pending_commands::{Completion, PendingCommand};
use crate::responder::Responder;
use crate::traced;
use crate::unknown_events::EventSender;

/// An event of a client, as it was received.
#[derive(Clone, Copy)]
pub(crate) struct ClientEvent<'a> {
    /// The name of the event.
    pub(crate) name: &'a str,
    /// The arguments as JSON texts.
    pub(crate) args: &'a [&'a RawValue],
    /// The id of the acknowledgement, if the client asks for one.
    pub(crate) ack: Option<u64>,
}

/// A decoded event, with the user who sent it.
enum Understood {
    /// A command that becomes a write.
    Write(WriteCommand, Identity),
    /// A command about the connection itself.
    Local(LocalCommand, Identity),
    /// A file that is uploaded to a conversation.
    Upload(Upload, Identity),
    /// A new token, with the identity that the connection has so far.
    Authenticate(String, Option<Identity>),
}

/// A file that is to be stored for a conversation.
struct Upload {
    conversation: ConversationId,
    name: String,
    attachment: usize,
}

/// Handles one event. Returns when its command is queued, so that the next event can be handled; waits while too many
/// commands of the connection are in flight.
pub(crate) async fn event(
    gateway: &Gateway,
    connection: &Arc<Connection>,
    event: ClientEvent<'_>,
    attachments: Vec<Bytes>,
) {
    let scope = traced::event_scope(&gateway.0.service, connection);
    scoped(scope, handle(gateway, connection, event, attachments)).await;
}

/// Handles an event, as what the present task is at work for.
async fn handle(gateway: &Gateway, connection: &Arc<Connection>, event: ClientEvent<'_>, attachments: Vec<Bytes>) {
    let ClientEvent { name, args, ack } = event;
    let mut responder = Responder::new(&gateway.0.service, connection, name.to_owned(), ack);
    if connection.is_services() {
        return responder.refuse(Refusal::forbidden("A service only listens here; it acts over the HTTP API."));
    }
    if let Some(rate) = connection.user_rate() {
        gateway.0.service.rates().charge(&rate, attachments.iter().map(Bytes::len).sum());
    }
    let understood = understand(gateway, connection, args, &mut responder).await;
    gateway.0.service.metrics().event(responder.dialect.map_or("undecided", Dialect::as_str));
    match understood {
        Ok(Some(Understood::Write(command, identity))) => {
            // Clients say by themselves what has reached them, whether or not anybody is there.
            if !matches!(command, WriteCommand::Deliver(_)) {
                note_active(gateway, &identity);
            }
            submit(gateway, connection, &identity, command, responder).await;
        }
        Ok(Some(Understood::Local(command, identity))) => {
            note_active(gateway, &identity);
            submit_local(gateway, connection, &identity, command, responder).await;
        }
        Ok(Some(Understood::Upload(upload, identity))) => {
            responder.permit = Some(connection.permit().await);
            let bytes = attachments.into_iter().nth(upload.attachment);
            let (service, address) = (gateway.0.service.clone(), connection.client.address());
            // In a task of its own: disks are slow, and no later event depends on the file before it is answered.
            gateway.0.tasks.spawn(in_current_scope(async move {
                let stored = store_file(&service, &identity, address, upload, bytes).await;
                responder.answer(&stored);
            }));
        }
        Ok(Some(Understood::Authenticate(token, identity))) => {
            let user = take_token(gateway, connection, &token, identity.as_ref()).await;
            responder.answer(&user.map(|user| Reply::Authenticated { user }));
        }
        // An unknown event is ignored, and acknowledged with a failure if the client asked for an acknowledgement.
        Ok(None) => {
            let user = connection.identity().map(|identity| identity.user).filter(|user| !user.is_guest());
            let sender = EventSender::of(user.map(|user| user.id.clone()), connection.client.address());
            gateway.0.unknown_events.note(&gateway.0.service, responder.dialect, &responder.name, sender);
            if ack.is_none() {
                return responder.ignore();
            }
            let message = format!("There is no event `{}`.", responder.name.chars().take(128).collect::<String>());
            responder.refuse(Refusal::new(Code::InvalidPayload, message));
        }
        Err(refusal) => responder.refuse(refusal),
    }
}

/// Records that a user is there, by an event of one of its connections.
fn note_active(gateway: &Gateway, identity: &Identity) {
    if !identity.user.is_guest() {
        gateway.0.service.note_active(&identity.user.id);
    }
}

/// Answers an event that is not parsed with a refusal.
pub(crate) fn refuse_unread(
    gateway: &Gateway,
    connection: &Arc<Connection>,
    name: String,
    ack: Option<u64>,
    refusal: Refusal,
) {
    let responder = Responder::new(&gateway.0.service, connection, name, ack);
    gateway.0.service.metrics().event(responder.dialect.map_or("undecided", Dialect::as_str));
    responder.refuse(refusal);
}

/// Stores a file for a conversation that the user is a member of.
async fn store_file(
    service: &Service,
    identity: &Identity,
    address: IpAddr,
    upload: Upload,
    bytes: Option<Bytes>,
) -> Outcome {
    // An account may have taken the guest's id meanwhile, and the guest must not act as the account.
    if identity.user.is_guest() {
        return Err(Refusal::unauthenticated("files need an account"));
    }
    let bytes = bytes.ok_or_else(|| Refusal::invalid("data", "must be binary data"))?;
    let user = identity.user.id.clone();
    // What no message could carry is not stored.
    service.may_send(user.clone(), upload.conversation).await?;
    let actor = Actor { address: Some(address), ..Actor::user(user) };
    let stored = service.upload(&actor, Some(&upload.name), stream::iter([Ok::<_, Infallible>(bytes)])).await?;
    Ok(Reply::Uploaded { url: stored.url, name: stored.file.name.unwrap_or_default() })
}

/// Decodes an event and determines who sent it; `None` if the event is unknown.
async fn understand(
    gateway: &Gateway,
    connection: &Arc<Connection>,
    args: &[&RawValue],
    responder: &mut Responder,
) -> Result<Option<Understood>, Refusal> {
    let service = &gateway.0.service;
    let dialect = match connection.dialect() {
        Some(dialect) => dialect,
        None => match decide(&responder.name, args) {
            Decision::Dialect(dialect) => {
                // The dialect is not decided yet: the client may not be allowed to use it.
                responder.dialect = Some(dialect);
                dialect
            }
            Decision::Any => Dialect::Chat,
            Decision::Unknown => return Ok(None),
            Decision::Unclear => return Err(unclear(&responder.name)),
        },
    };
    let undecided = connection.dialect().is_none() && responder.dialect.is_some();
    let identity = connection.identity();
    let nobody = identity.as_ref().is_none_or(|identity| identity.user.is_guest());
    if nobody && undecided && !dialect.serves_guests() && responder.name != "authenticate" {
        return Err(Refusal::unauthenticated("a token is needed"));
    }
    if undecided {
        let delivered = connection.decide(dialect);
        if !delivered.is_empty() {
            let service = service.clone();
            tokio::spawn(async move { service.mark_delivered(delivered).await });
        }
    }
    let began = responder.span.as_ref().map(|_| SystemTime::now());
    let Some(decoded) = decode(dialect, &responder.name, args) else { return Ok(None) };
    traced::decoded(responder.span.as_mut(), (dialect.as_str(), &responder.name), began);
    let decoded = decoded?;
    let command = match decoded.command {
        Command::Authenticate { token } => return Ok(Some(Understood::Authenticate(token, identity))),
        command => command,
    };
    if let Some(refusal) = decoded.without_token
        && !proven(connection, identity.as_ref())
    {
        return Err(refusal);
    }
    let identity = identify(gateway, connection, identity, decoded.claims.as_ref(), dialect).await?;
    if identity.user.is_guest() {
        service.rates().guest_event(connection.client.address())?;
    }
    Ok(Some(match command {
        Command::Write(command) => Understood::Write(command, identity),
        Command::Local(command) => Understood::Local(command, identity),
        Command::Upload { conversation, name, attachment } => {
            Understood::Upload(Upload { conversation, name, attachment }, identity)
        }
        Command::Authenticate { token } => Understood::Authenticate(token, Some(identity)),
    }))
}

/// Returns whether a token says who the client is. What the clients of a trusted listener say of themselves is said in
/// their payloads.
fn proven(connection: &Connection, identity: Option<&Identity>) -> bool {
    !connection.trusted && identity.is_some_and(|identity| !identity.user.is_guest())
}

/// The user who sent an event: the connection's user or, if it has none yet, the one that the payload names.
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
            let (identity, ahead) = service.trusted_ahead(claimed).await?;
            become_user(gateway, connection, identity.clone(), Some(ahead)).await?;
            Ok(identity)
        }
        (None, Some(claimed)) if dialect.serves_guests() => {
            let (identity, ahead) = service.guest_ahead(claimed, connection.client.address()).await?;
            become_user(gateway, connection, identity.clone(), Some(ahead)).await?;
            Ok(identity)
        }
        (None, _) => Err(Refusal::unauthenticated("a token, or a user id where guests are served, is needed")),
    }
}

/// The actor of the commands of a connection.
fn actor(connection: &Connection, identity: &Identity, secret: Option<&GuestSecret>, acked: bool) -> Actor {
    Actor {
        user: identity.user.id.clone(),
        guest: identity.user.is_guest(),
        guest_proof: secret.map(GuestSecret::proof),
        address: Some(connection.client.address()),
        origin: Some(connection.session),
        acked,
    }
}

/// Submits the write of a command.
async fn submit(
    gateway: &Gateway,
    connection: &Arc<Connection>,
    identity: &Identity,
    command: WriteCommand,
    mut responder: Responder,
) {
    let guest_secret = match identity.user.is_guest() {
        true => guest_secret(gateway, connection, &identity.user.id, &command).await,
        false => Ok(None),
    };
    let guest_secret = match guest_secret {
        Ok(secret) => secret,
        Err(refusal) => return responder.refuse(refusal),
    };
    // Waiting here stops reading from a client that sends faster than the store commits.
    responder.permit = Some(connection.permit().await);
    let actor = actor(connection, identity, guest_secret.as_ref(), responder.ack.is_some());
    let history = connection.dialect().is_some_and(Dialect::shows_history_on_join);
    let completion = match &command {
        WriteCommand::Join { conversation, .. } => Completion::Unmute(conversation.clone()),
        WriteCommand::Send(_)
        | WriteCommand::Edit { .. }
        | WriteCommand::Delete { .. }
        | WriteCommand::React { .. }
        | WriteCommand::Pin { .. }
        | WriteCommand::Read(_)
        | WriteCommand::Deliver(_)
        | WriteCommand::Leave { .. }
        | WriteCommand::Configure { .. }
        | WriteCommand::Block { .. }
        | WriteCommand::Report { .. }
        | WriteCommand::CreateRoom { .. } => Completion::Answer { guest_secret },
    };
    let pending = PendingCommand { responder, user: identity.user.id.clone(), completion };
    let submission = gateway.0.pending_commands.add(pending);
    let submitted = gateway.0.service.submit(Caller { actor, history }, command, submission.ticket()).await;
    submission.finish(submitted);
}

/// Submits a barrier for a command about the connection itself, so that it takes effect in order with the writes of the
/// connection.
async fn submit_local(
    gateway: &Gateway,
    connection: &Arc<Connection>,
    identity: &Identity,
    command: LocalCommand,
    mut responder: Responder,
) {
    responder.permit = Some(connection.permit().await);
    let actor = actor(connection, identity, None, responder.ack.is_some());
    if let Err(refusal) = gateway.0.service.may_ask(&actor, &command) {
        return responder.refuse(refusal);
    }
    let completion = Completion::Local(command.clone());
    let user = actor.user.clone();
    let submission = gateway.0.pending_commands.add(PendingCommand { responder, user: actor.user, completion });
    let submitted = gateway.0.service.barrier(&user, &command, submission.ticket()).await;
    submission.finish(submitted);
}

/// Handles a new token: the connection becomes the user's, or remains so.
async fn take_token(
    gateway: &Gateway,
    connection: &Arc<Connection>,
    token: &str,
    identity: Option<&Identity>,
) -> Result<Arc<User>, Refusal> {
    // Commands that were sent as the guest may still be queued: a connection that has an identity keeps it.
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
            gateway.0.hub.token_refreshed(connection.id, user.id.clone()).await;
        }
        None => become_user(gateway, connection, verified, None).await?,
    }
    Ok(user)
}

/// The secret of a guest who sends a command: the one that it sends now or has sent before or, for its first room, a
/// new one, which the guest receives with the answer.
async fn guest_secret(
    gateway: &Gateway,
    connection: &Connection,
    guest: &UserId,
    command: &WriteCommand,
) -> Result<Option<GuestSecret>, Refusal> {
    let service = &gateway.0.service;
    if let WriteCommand::CreateRoom { .. } = command {
        service.rates().guest_room(connection.client.address())?;
    }
    if let WriteCommand::Report { .. } = command {
        service.rates().guest_report(connection.client.address())?;
    }
    match (command, connection.guest_secret()) {
        (WriteCommand::Join { guest_secret: Some(shown), .. }, _) => {
            connection.set_guest_secret(service.guest_secret(connection.client.address(), guest, shown).await?);
        }
        (WriteCommand::CreateRoom { .. }, None) => connection.set_guest_secret(service.new_guest_secret()),
        _ => {}
    }
    Ok(connection.guest_secret())
}
