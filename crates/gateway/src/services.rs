//! The sockets of services: other back ends, which hear in the model's own words what happens in all conversations of many,
//! and in direct ones of their own, as far as the scopes of their keys allow.
//!
//! The connection of a service is not attached to the hub. A task of its own reads the log behind the commits, from where
//! the client left off and as fast as the client takes it; the bus only wakes it.
//!
//! What must stay true: a slow service delays nobody; what is told is committed, in order, and each position once.

use std::sync::Arc;
use std::time::Duration;

use quintet_dialect::{ModelEvent, Outgoing};
use quintet_domain::limits::SERVICE_SOCKET_PAGE_POSITIONS;
use quintet_domain::{Code, Event, ModelEventType, Refusal, Scopes, User};
use quintet_input::authorization::without_scheme;
use quintet_service::{Party, ResumeToken, Service, ServiceAccount, Told as Logged};
use quintet_socketio::{CloseReason, Recovery};
use quintet_telemetry::scoped;
use tokio::sync::watch;

use crate::census::SERVICES;
use crate::connect::Auth;
use crate::connection::{Connection, Out, Resumption};
use crate::gateway::Gateway;
use crate::service_sockets::Place;
use crate::visitor::Visitor;

/// The Socket.IO namespace of services.
pub(crate) const NAMESPACE: &str = "/services";

/// The time after which it is looked again whether a slow client has taken what is queued for it.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Why a connection ends whose client is so slow that the log does not go back to what it lacks.
const PRUNED: CloseReason = CloseReason::Application(4410, "the log does not go back so far any more");
/// Why a connection ends that cannot be told what has happened. The client comes back for it.
const UNREADABLE: CloseReason = CloseReason::Application(4500, "the log cannot be read now");

/// The mark behind a position in the offset of an event.
const OFFSET_MARK: char = 's';

/// Where a service begins to hear.
enum Start {
    /// With what happens from now on.
    Now,
    /// Behind a position that the client names itself.
    After(u64),
    /// Behind the newest event of a connection that the client has lost, which is gone on with.
    Resumed { after: u64, pid: String },
}

/// Accepts the connection of a service. `after` is the position behind which it wants to hear everything, as a client
/// without a payload of its CONNECT says it.
///
/// # Errors
/// `ERR_UNAUTHENTICATED` without a good key, `ERR_FORBIDDEN` if the scopes of the key let it hear nothing, `ERR_BUSY` if
/// all places are taken, `ERR_NOT_FOUND` if the log does not go back to the position.
pub(crate) async fn connect(
    gateway: &Gateway,
    visitor: &Visitor,
    auth: &Auth,
    recovery: Option<Recovery>,
    out: Out,
    after: Option<String>,
) -> Result<Arc<Connection>, Refusal> {
    let service = &gateway.0.service;
    let token = auth.text("token")?.or_else(|| visitor.bearer().or(visitor.token()).map(str::to_owned));
    let token = token.ok_or_else(|| Refusal::unauthenticated("the key of a service is needed"))?;
    let (token, address) = (without_scheme(&token), visitor.client.address());
    let found = service.verify_key(token, address).await?;
    let ServiceAccount { account, scopes } =
        found.ok_or_else(|| Refusal::unauthenticated("only the key of a service opens this"))?;
    if !ModelEventType::ALL.into_iter().any(|kind| scopes.has(kind.scope())) {
        scopes.check(ModelEventType::MessageCreated.scope())?;
    }
    let (place, newest) = gateway.0.service_sockets.take(service)?;
    let user = Arc::clone(&account.user);
    let asked = match auth.text("after")?.or(after) {
        Some(text) => Some(text.parse().map_err(|_| Refusal::invalid("after", "must be a position of the log"))?),
        None => None,
    };
    let resumed = recovery.filter(|_| out.can_recover()).and_then(|recovery| resumed(gateway, recovery, &user, &out));
    let start = resumed.or(asked.map(Start::After)).unwrap_or(Start::Now);
    let (start, pid) = begin(service, &user, start).await?;
    // The end of a key that was removed meanwhile may stand before the start, where the task does not see it.
    service.verify_key(token, address).await?;
    let claim = visitor.client.claim(&user.id, !visitor.listener.trust)?;
    let base = visitor.base(service.bases(), Some(&user.id));
    let resumption = Resumption { opened: SERVICES, recoverable: out.can_recover(), resume: None };
    let connection = gateway.new_service_connection((out, base), visitor, resumption);
    claim.identify();
    match pid {
        Some(pid) => connection.out.accept_recoverable(&pid),
        None if connection.recoverable => {
            let token = ResumeToken { dialect: SERVICES, session: connection.id, start };
            let pid = gateway.0.resume_tokens.issue(token, &user, connection.out.namespace());
            connection.out.accept_recoverable(&pid);
        }
        None => connection.out.accept(),
    }
    let told = Told {
        service: service.clone(),
        connection: Arc::clone(&connection),
        user,
        generation: account.token_generation,
        scopes,
        cursor: start,
        newest,
        queued_max: gateway.0.settings.queue_bytes_max / 2,
        _place: place,
    };
    // Ended by `left`, which the engine calls for every connection that was accepted here.
    let task = tokio::spawn(scoped(connection.scope(), told.run())).abort_handle();
    connection.set_task(task);
    Ok(connection)
}

/// Reads the position that a client asks for in the query of its opening request.
pub(crate) fn after(query: Option<&str>) -> Option<String> {
    let after = quintet_input::query::first(query.unwrap_or_default(), "after")?;
    // Longer than any number, so that it is refused and not cut.
    Some(after.chars().take(32).collect())
}

/// What a client sent to go on with a connection that it lost, if that was issued to it.
fn resumed(gateway: &Gateway, recovery: Recovery, user: &User, out: &Out) -> Option<Start> {
    let token = gateway.0.resume_tokens.read(&recovery.pid, user, out.namespace())?;
    if token.dialect != SERVICES {
        return None;
    }
    let after = match recovery.offset {
        None => token.start,
        Some(offset) => offset.strip_suffix(OFFSET_MARK)?.parse::<u64>().ok()?.max(token.start),
    };
    Some(Start::Resumed { after, pid: recovery.pid })
}

/// Finds the position behind which a service is told everything, and the secret of the connection that it goes on with.
async fn begin(service: &Service, user: &User, start: Start) -> Result<(u64, Option<String>), Refusal> {
    let (after, pid) = match start {
        Start::Now => return Ok((service.position().await?, None)),
        Start::After(after) => (after, None),
        Start::Resumed { after, pid } => (after, Some(pid)),
    };
    let page = service.log_page(Party::from(&user.id), after, 0).await?;
    match pid {
        _ if page.after == after => Ok((after, pid)),
        // The client is told that it was not gone on with, as other clients are.
        Some(_) => Ok((page.newest, None)),
        None if after > page.newest => {
            let message = format!("There is no position {after} yet; the newest is {}.", page.newest);
            Err(Refusal::new(Code::NotFound, message))
        }
        None => {
            let message = format!("The log goes back to position {} only; connect without `after`.", page.after);
            Err(Refusal::new(Code::NotFound, message))
        }
    }
}

/// What one service is told.
struct Told {
    service: Service,
    connection: Arc<Connection>,
    user: Arc<User>,
    /// The generation of the service's credentials when it connected.
    generation: u64,
    scopes: Scopes,
    /// The position up to which everything was told.
    cursor: u64,
    newest: watch::Receiver<u64>,
    /// The number of queued bytes from which it is waited for the client.
    queued_max: usize,
    _place: Place,
}

impl Told {
    /// Tells everything, until the connection ends.
    async fn run(mut self) {
        loop {
            self.newest.mark_unchanged();
            match self.catch_up().await {
                Ok(true) => {}
                Ok(false) => return,
                Err(refusal) => {
                    tracing::warn!(service = %self.user.id, %refusal, "a service cannot be told what has happened");
                    self.connection.out.close(UNREADABLE);
                    return;
                }
            }
            if self.newest.changed().await.is_err() {
                self.connection.out.close(UNREADABLE);
                return;
            }
        }
    }

    /// Tells everything that there is by now. Returns false once the connection is over.
    async fn catch_up(&mut self) -> Result<bool, Refusal> {
        loop {
            let by = Party::from(&self.user.id);
            let page = self.service.log_page(by, self.cursor, SERVICE_SOCKET_PAGE_POSITIONS).await?;
            if page.after != self.cursor {
                self.connection.out.close(PRUNED);
                return Ok(false);
            }
            for told in &page.told {
                if !self.tell(told).await {
                    return Ok(false);
                }
            }
            self.cursor = page.last;
            if page.last >= page.newest {
                return Ok(true);
            }
        }
    }

    /// Tells one entry. Returns false once the connection is over.
    async fn tell(&self, logged: &Logged) -> bool {
        let (out, entry) = (&self.connection.out, &logged.entry);
        if matches!(&entry.event, Event::Revoked { user, generation }
            if *user == self.user.id && *generation > self.generation)
        {
            // The key was removed, or the service is disabled.
            out.end();
            return false;
        }
        let links = self.service.bases().links(self.connection.base);
        let shown = links.event(&entry.event, |message| links.message(message));
        let told = ModelEvent::of(shown.as_ref().unwrap_or(&entry.event), logged.at, logged.is_erased);
        let is_for_it = entry.event.parties().is_none_or(|users| users.contains(&self.user.id));
        let Some(told) = told.filter(|told| is_for_it && self.scopes.has(told.kind.scope())) else {
            return !out.is_closed();
        };
        while out.queued_bytes() > self.queued_max && !out.is_closed() {
            tokio::time::sleep(LOOK_EVERY).await;
        }
        let event = Outgoing { name: told.kind.as_str(), payload: told.text(None, entry.position) };
        match self.connection.recoverable {
            true => out.emit_at(&event, &format!("{}{OFFSET_MARK}", entry.position)),
            false => out.emit(&event),
        }
        !out.is_closed()
    }
}
