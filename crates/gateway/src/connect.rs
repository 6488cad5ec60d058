//! The CONNECT of a connection: its user and its dialect, as far as they are decided when it opens.
//!
//! What must stay true: a connection has its user before it is attached to the hub; a connection whose attachment is
//! given up is detached again.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use quintet_dialect::Dialect;
use quintet_domain::{Refusal, UserId};
use quintet_input::authorization::without_scheme;
use quintet_service::{GuestSecret, Identity, ReadAhead, good_or_none};
use quintet_socketio::{CloseReason, Recovery};
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, Visitor as Visit};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::connection::{Connection, Out, Resumption};
use crate::gateway::Gateway;
use crate::recovery::{Resume, number};
use crate::visitor::Visitor;

/// The known fields of the CONNECT payload; all others are skipped.
#[derive(Debug, Default)]
pub(crate) struct Auth(Vec<(String, AuthValue)>);

/// The names of the fields of a CONNECT that are read.
const AUTH_FIELDS: [&str; 6] = ["token", "userId", "guestSecret", "dialect", "recover", "after"];

/// The value of a field of the CONNECT payload.
#[derive(Debug)]
enum AuthValue {
    Flag(bool),
    Number(serde_json::Number),
    Text(String),
    Other,
}

impl Auth {
    pub(crate) fn read(auth: Option<&RawValue>) -> Result<Self, Refusal> {
        let Some(auth) = auth else { return Ok(Self::default()) };
        let fields = serde_json::Deserializer::from_str(auth.get()).deserialize_map(AuthVisitor);
        fields.map(Self).map_err(|_| Refusal::invalid("auth", "must be an object"))
    }

    fn get(&self, name: &str) -> Option<&AuthValue> {
        self.0.iter().rev().find(|(field, _)| field == name).map(|(_, value)| value)
    }

    /// The value of a boolean field; false if it is absent or null.
    fn flag(&self, name: &str) -> Result<bool, Refusal> {
        match self.get(name) {
            None => Ok(false),
            Some(AuthValue::Flag(flag)) => Ok(*flag),
            Some(AuthValue::Number(number)) => Ok(number.as_i64() == Some(1)),
            Some(AuthValue::Text(text)) => Ok(matches!(text.as_str(), "1" | "true")),
            Some(AuthValue::Other) => Err(Refusal::invalid(name, "must be true or false")),
        }
    }

    /// The text of a field; `None` if it is absent, null or empty.
    pub(crate) fn text(&self, name: &str) -> Result<Option<String>, Refusal> {
        match self.get(name) {
            None => Ok(None),
            Some(AuthValue::Text(text)) => Ok(Some(text.clone()).filter(|text| !text.is_empty())),
            Some(AuthValue::Number(number)) => Ok(Some(number.to_string())),
            Some(AuthValue::Flag(_) | AuthValue::Other) => Err(Refusal::invalid(name, "must be text")),
        }
    }
}

struct AuthVisitor;

impl<'de> Visit<'de> for AuthVisitor {
    type Value = Vec<(String, AuthValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut object: M) -> Result<Self::Value, M::Error> {
        let mut fields: Vec<(String, AuthValue)> = Vec::new();
        while let Some(name) = object.next_key::<String>()? {
            if !AUTH_FIELDS.contains(&name.as_str()) {
                object.next_value::<IgnoredAny>()?;
                continue;
            }
            // As RawValue first, so that arrays and objects are not built.
            let raw: &RawValue = object.next_value()?;
            fields.retain(|(field, _)| *field != name);
            let parsed = match raw.get().as_bytes().first() {
                Some(b'{' | b'[') => Some(AuthValue::Other),
                _ => match serde_json::from_str(raw.get()).map_err(M::Error::custom)? {
                    Value::Bool(flag) => Some(AuthValue::Flag(flag)),
                    Value::Number(number) => Some(AuthValue::Number(number)),
                    Value::String(text) => Some(AuthValue::Text(text)),
                    Value::Null => None,
                    Value::Array(_) | Value::Object(_) => Some(AuthValue::Other),
                },
            };
            fields.extend(parsed.map(|value| (name, value)));
        }
        Ok(fields)
    }
}

/// The dialect that the client asks for in its CONNECT payload or its query.
pub(crate) fn asked_dialect(visitor: &Visitor, auth: &Auth) -> Result<Option<Dialect>, Refusal> {
    match auth.text("dialect")?.or_else(|| visitor.dialect().map(str::to_owned)) {
        None => Ok(None),
        Some(name) if name == "auto" => Ok(None),
        Some(name) => Dialect::parse(&name).map(Some).ok_or_else(|| {
            let known = Dialect::ALL.map(Dialect::as_str).join("`, `");
            Refusal::invalid("dialect", format!("must be one of `{known}` or `auto`"))
        }),
    }
}

/// Accepts a connection: verifies the user, decides the dialect as far as possible, and attaches the connection to the
/// hub.
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
    let token = auth.text("token")?.or_else(|| visitor.bearer().map(str::to_owned));
    let verified = match (token.or_else(|| visitor.token().map(str::to_owned)), visitor.cookie()) {
        (Some(token), _) => Some(service.verify_ahead(without_scheme(&token)).await?),
        // The browser sent it, not the client, so a bad one counts as none.
        (None, Some(cookie)) => good_or_none(service.verify_ahead(cookie).await)?,
        (None, None) => None,
    };
    let mut ahead = None;
    let identity = match verified {
        Some((verified, read)) => {
            ahead = read;
            dialect = dialect.or_else(|| verified.dialect.as_deref().and_then(Dialect::parse));
            dialect = dialect.or(visitor.listener.dialect);
            Some(verified.identity)
        }
        None => {
            dialect = dialect.or(visitor.listener.dialect);
            let claimed = auth.text("userId")?.or_else(|| visitor.user_id().map(str::to_owned));
            match claimed {
                Some(id) => {
                    let (identity, read) = claimed_identity(gateway, visitor, dialect, &id).await?;
                    ahead = Some(read);
                    Some(identity)
                }
                None => None,
            }
        }
    };
    let resumption = resumption(gateway, visitor, auth, dialect, identity.as_ref(), recovery, &out)?;
    dialect = dialect.or_else(|| resumption.resume.as_ref().and_then(Resume::decided));
    // A dialect without guests refuses connections of guests.
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
        // A trusted backend may open the connections of all its clients from one address.
        if !visitor.listener.trust {
            visitor.client.enter_anonymously()?;
        }
    }
    let guest_secret = shown_secret(gateway, visitor.client.address(), auth, identity.as_ref()).await?;
    let known = identity.as_ref().map(|identity| &identity.user).filter(|user| !user.is_guest());
    let base = visitor.base(service.bases(), known.map(|user| &user.id));
    let connection = gateway.new_connection((out, base), visitor, dialect, resumption);
    if let Some(secret) = guest_secret {
        connection.set_guest_secret(secret);
    }
    match identity {
        Some(identity) => become_user(gateway, &connection, identity, ahead).await?,
        None => connection.out.accept(),
    }
    Ok(connection)
}

/// The verified secret by which a guest proves what it owns, if the client sent one. Clients with a token need none.
async fn shown_secret(
    gateway: &Gateway,
    address: IpAddr,
    auth: &Auth,
    identity: Option<&Identity>,
) -> Result<Option<GuestSecret>, Refusal> {
    let Some(shown) = auth.text("guestSecret")? else { return Ok(None) };
    match identity.map(|identity| &identity.user) {
        Some(user) if user.is_guest() => gateway.0.service.guest_secret(address, &user.id, &shown).await.map(Some),
        Some(_) => Ok(None),
        None => Err(Refusal::invalid("guestSecret", "needs the guest's `userId` beside it")),
    }
}

/// Whether this connection can be resumed after a loss, and which lost connection it resumes itself.
fn resumption(
    gateway: &Gateway,
    visitor: &Visitor,
    auth: &Auth,
    dialect: Option<Dialect>,
    identity: Option<&Identity>,
    recovery: Option<Recovery>,
    out: &Out,
) -> Result<Resumption, Refusal> {
    let asked = auth.flag("recover")? || visitor.recover;
    let Some(identity) = identity.filter(|_| out.can_recover() && (asked || gateway.0.settings.recovery)) else {
        return Ok(Resumption::default());
    };
    let resume_tokens = &gateway.0.resume_tokens;
    let resume = recovery.and_then(|recovery| {
        let offset = recovery.offset.clone();
        let resume = Resume::check(resume_tokens, recovery, &identity.user, out.namespace(), dialect);
        if resume.is_none() {
            tracing::debug!(user = %identity.user.id, offset, "a connection cannot be gone on with by what the client has");
        }
        resume
    });
    Ok(Resumption { opened: number(dialect), recoverable: true, resume })
}

/// The identity of a client that names a user without a token: any user on a trusted listener, else a guest.
async fn claimed_identity(
    gateway: &Gateway,
    visitor: &Visitor,
    dialect: Option<Dialect>,
    id: &str,
) -> Result<(Identity, Box<ReadAhead>), Refusal> {
    let service = &gateway.0.service;
    let id = UserId::new(id).map_err(|error| Refusal::unauthenticated(&format!("`userId`: {error}")))?;
    if visitor.listener.trust {
        return service.trusted_ahead(&id).await;
    }
    match dialect {
        Some(named) if !named.serves_guests() => Err(Refusal::unauthenticated("a token is needed")),
        _ => service.guest_ahead(&id, visitor.client.address()).await,
    }
}

/// Sets the user of a connection and attaches it to the hub, with what was read of the user, if it was.
pub(crate) async fn become_user(
    gateway: &Gateway,
    connection: &Arc<Connection>,
    identity: Identity,
    ahead: Option<Box<ReadAhead>>,
) -> Result<(), Refusal> {
    let user = Arc::clone(&identity.user);
    let guest = user.is_guest();
    // Anybody can claim a guest's id: with a limit on it, others could keep the guest out.
    let claim = if guest { None } else { Some(connection.client.claim(&user.id, !connection.trusted)?) };
    let before = connection.identity();
    connection.set_identity(identity);
    let mut attaching = Attaching { gateway, connection, done: false };
    let attached = gateway.0.hub.attach(Arc::clone(connection), user, ahead).await;
    attaching.done = true;
    match attached {
        Ok(rate) => {
            connection.set_user_rate(rate);
            match claim {
                Some(claim) => claim.identify(),
                None => connection.client.become_guest(),
            }
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

/// Detaches a connection whose task is dropped while the connection is being attached: nothing else would do so.
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
