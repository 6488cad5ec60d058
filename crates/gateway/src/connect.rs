//! Who a connection is and which dialect it speaks, as far as that can be said when it opens.

use std::net::IpAddr;
use std::sync::Arc;

use quintet_dialect::Dialect;
use quintet_domain::{Refusal, UserId};
use quintet_service::{EventRate, Identity};
use quintet_socketio::{CloseReason, Recovery};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::Gateway;
use crate::connection::{Connection, Going, Out};
use crate::recovery::{Resume, number};

/// What a listener says of the connections that come through it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Listener {
    /// The dialect where the client names none.
    pub dialect: Option<Dialect>,
    /// Whether the client's word is enough for registered users, too.
    pub trust: bool,
}

/// What is kept of the request that opened a connection.
#[derive(Debug)]
pub struct Visitor {
    pub(crate) address: IpAddr,
    pub(crate) listener: Listener,
    pub(crate) rate: EventRate,
    bearer: Option<Box<str>>,
    query: Option<Box<str>>,
}

impl Visitor {
    pub(crate) fn of(request: &http::request::Parts, address: IpAddr) -> Self {
        let header = request.headers.get(http::header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let bearer = header.and_then(|value| {
            let (scheme, token) = value.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().into())
        });
        let listener = request.extensions.get::<Listener>().copied().unwrap_or_default();
        Self { address, listener, rate: EventRate::default(), bearer, query: request.uri.query().map(Into::into) }
    }

    fn query(&self, name: &str) -> Option<String> {
        let pairs = self.query.as_deref().unwrap_or_default().split('&');
        let value = pairs.filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == name)?.1;
        let decoded = percent_encoding::percent_decode_str(value).decode_utf8_lossy();
        Some(decoded.into_owned()).filter(|text| !text.is_empty())
    }
}

/// The payload of a CONNECT.
#[derive(Debug, Default)]
pub(crate) struct Auth(Map<String, Value>);

impl Auth {
    pub(crate) fn read(auth: Option<&RawValue>) -> Result<Self, Refusal> {
        match auth {
            None => Ok(Self::default()),
            Some(raw) => {
                serde_json::from_str(raw.get()).map(Self).map_err(|_| Refusal::invalid("auth", "must be an object"))
            }
        }
    }

    /// A field that says yes or no; no where it is absent or null.
    fn flag(&self, name: &str) -> Result<bool, Refusal> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(Value::Number(number)) => Ok(number.as_i64() == Some(1)),
            Some(Value::String(text)) => Ok(matches!(text.as_str(), "1" | "true")),
            Some(_) => Err(Refusal::invalid(name, "must be true or false")),
        }
    }

    /// A field's text; nothing where it is absent, null or empty.
    fn text(&self, name: &str) -> Result<Option<String>, Refusal> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone()).filter(|text| !text.is_empty())),
            Some(Value::Number(number)) => Ok(Some(number.to_string())),
            Some(_) => Err(Refusal::invalid(name, "must be text")),
        }
    }
}

/// The dialect that the client names, in its CONNECT or its query.
pub(crate) fn asked_dialect(visitor: &Visitor, auth: &Auth) -> Result<Option<Dialect>, Refusal> {
    match auth.text("dialect")?.or_else(|| visitor.query("dialect")) {
        None => Ok(None),
        Some(name) if name == "auto" => Ok(None),
        Some(name) => Dialect::parse(&name).map(Some).ok_or_else(|| {
            let known = Dialect::ALL.map(Dialect::as_str).join("`, `");
            Refusal::invalid("dialect", format!("must be one of `{known}` or `auto`"))
        }),
    }
}

/// Lets a connection in: says who it is, decides its dialect as far as can be, and counts it in.
pub(crate) async fn connect(
    gateway: &Gateway,
    visitor: &Visitor,
    auth: &Auth,
    asked: Option<Dialect>,
    recovery: Option<Recovery>,
    out: Out,
) -> Result<Arc<Connection>, Refusal> {
    let service = &gateway.0.service;
    let mut dialect = asked;
    let token = auth.text("token")?.or_else(|| visitor.bearer.as_deref().map(str::to_owned));
    let identity = match token.or_else(|| visitor.query("token")) {
        Some(token) => {
            let token = token.strip_prefix("Bearer ").unwrap_or(&token);
            let verified = service.verify(token).await?;
            dialect = dialect.or_else(|| verified.dialect.as_deref().and_then(Dialect::parse));
            dialect = dialect.or(visitor.listener.dialect);
            Some(verified.identity)
        }
        None => {
            dialect = dialect.or(visitor.listener.dialect);
            let said = auth.text("userId")?.or_else(|| visitor.query("userId"));
            match said {
                Some(id) => by_word(gateway, visitor, dialect, &id).await?,
                None => None,
            }
        }
    };
    let going = going(gateway, visitor, auth, dialect, identity.as_ref(), recovery, &out)?;
    dialect = dialect.or_else(|| going.resume.as_ref().and_then(Resume::decided));
    // A guest is nobody where the document knows users only.
    if identity.as_ref().is_none_or(|identity| identity.user.is_guest()) {
        match dialect {
            Some(named) if !named.serves_guests() => {
                return Err(Refusal::unauthenticated("a token is needed"));
            }
            Some(_) if identity.is_none() && !service.lets_guests_in() && !visitor.listener.trust => {
                return Err(Refusal::unauthenticated("a token is needed; this server lets no guests in"));
            }
            _ => {}
        }
    }
    let connection = gateway.new_connection(out, visitor, dialect, going);
    match identity {
        Some(identity) => become_user(gateway, &connection, identity).await?,
        None => connection.out.accept(),
    }
    Ok(connection)
}

/// Whether the client can go on with this connection after it is lost, and with which one it goes on now.
fn going(
    gateway: &Gateway,
    visitor: &Visitor,
    auth: &Auth,
    dialect: Option<Dialect>,
    identity: Option<&Identity>,
    recovery: Option<Recovery>,
    out: &Out,
) -> Result<Going, Refusal> {
    let asked = auth.flag("recover")? || matches!(visitor.query("recover").as_deref(), Some("1" | "true"));
    let Some(identity) = identity.filter(|_| out.can_recover() && (asked || gateway.0.settings.recovery)) else {
        return Ok(Going::default());
    };
    let threads = &gateway.0.threads;
    let resume = recovery.and_then(|recovery| {
        let offset = recovery.offset.clone();
        let resume = Resume::check(threads, recovery, &identity.user.id, out.namespace(), dialect);
        if resume.is_none() {
            tracing::debug!(user = %identity.user.id, offset, "a connection cannot be gone on with by what the client has");
        }
        resume
    });
    Ok(Going { opened: number(dialect), recoverable: true, resume })
}

/// Who a client says it is, where its word is enough.
async fn by_word(
    gateway: &Gateway,
    visitor: &Visitor,
    dialect: Option<Dialect>,
    id: &str,
) -> Result<Option<Identity>, Refusal> {
    let service = &gateway.0.service;
    let id = UserId::new(id).map_err(|error| Refusal::unauthenticated(&format!("`userId`: {error}")))?;
    if visitor.listener.trust {
        return service.trusted(&id, visitor.address).await.map(Some);
    }
    match dialect {
        Some(named) if !named.serves_guests() => Err(Refusal::unauthenticated("a token is needed")),
        _ => service.guest(&id, visitor.address).await.map(Some),
    }
}

/// Makes the connection somebody's, and counts it in.
pub(crate) async fn become_user(
    gateway: &Gateway,
    connection: &Arc<Connection>,
    identity: Identity,
) -> Result<(), Refusal> {
    let user = Arc::clone(&identity.user);
    let before = connection.identity();
    connection.set_identity(identity);
    let mut attaching = Attaching { gateway, connection, done: false };
    let attached = gateway.0.hub.attach(Arc::clone(connection), user).await;
    attaching.done = true;
    match attached {
        Ok(rate) => {
            connection.set_user_rate(rate);
            Ok(())
        }
        Err(refusal) => {
            match before {
                Some(before) => connection.set_identity(before),
                None => connection.clear_identity(),
            }
            Err(refusal)
        }
    }
}

/// Counts a connection out again whose task gives up while it is counted in: nobody else would know of it.
struct Attaching<'a> {
    gateway: &'a Gateway,
    connection: &'a Arc<Connection>,
    done: bool,
}

impl Drop for Attaching<'_> {
    fn drop(&mut self) {
        if self.done {
            return;
        }
        let (gateway, connection) = (self.gateway.clone(), Arc::clone(self.connection));
        gateway.0.tasks.clone().spawn(async move { gateway.left(&connection, CloseReason::TransportClosed).await });
    }
}
