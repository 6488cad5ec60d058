//! Who a connection is and which dialect it speaks, as far as that can be said when it opens.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use quintet_dialect::Dialect;
use quintet_domain::limits::{ID_CHARS_MAX, TOKEN_BYTES_MAX};
use quintet_domain::{Refusal, UserId};
use quintet_service::{GuestSecret, Identity};
use quintet_socketio::{CloseReason, Recovery};
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, Visitor as Visit};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::Gateway;
use crate::client::Client;
use crate::connection::{Connection, Out, Resumption};
use crate::recovery::{Resume, number};

/// What a listener says of the connections that come through it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Listener {
    /// The dialect where the client names none.
    pub dialect: Option<Dialect>,
    /// Whether the client's word is enough for registered users, too.
    pub trust: bool,
}

/// The parts of the opening request that a CONNECT may need: bounded copies, so that the request itself can be dropped.
#[derive(Debug)]
pub struct Visitor {
    pub(crate) client: Arc<Client>,
    pub(crate) listener: Listener,
    bearer: Option<Box<str>>,
    token: Option<Box<str>>,
    user_id: Option<Box<str>>,
    dialect: Option<Box<str>>,
    recover: bool,
}

impl Visitor {
    pub(crate) fn of(request: &http::request::Parts, client: Arc<Client>) -> Self {
        let header = request.headers.get(http::header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let bearer = header.and_then(|value| {
            let (scheme, token) = value.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| bounded(token.trim(), TOKEN_BYTES_MAX))
        });
        let listener = request.extensions.get::<Listener>().copied().unwrap_or_default();
        let query = |name: &str, bytes_max| {
            let pairs = request.uri.query().unwrap_or_default().split('&');
            let value = pairs.filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == name)?.1;
            let decoded = percent_encoding::percent_decode_str(value).decode_utf8_lossy();
            Some(bounded(&decoded, bytes_max)).filter(|text| !text.is_empty())
        };
        Self {
            client,
            listener,
            bearer,
            token: query("token", TOKEN_BYTES_MAX),
            user_id: query("userId", ID_BYTES_MAX),
            dialect: query("dialect", NAMED_BYTES_MAX),
            recover: matches!(query("recover", NAMED_BYTES_MAX).as_deref(), Some("1" | "true")),
        }
    }
}

/// Maximum bytes of an id in a request: four for each character.
const ID_BYTES_MAX: usize = ID_CHARS_MAX * 4;

/// Maximum bytes of a parameter that names one of a few values.
const NAMED_BYTES_MAX: usize = 64;

/// Copies a value, cut just above its limit so that an overlong one is still recognised.
fn bounded(text: &str, bytes_max: usize) -> Box<str> {
    text[..text.floor_char_boundary(bytes_max + 4)].into()
}

/// The payload of a CONNECT: the known fields; all others are skipped.
#[derive(Debug, Default)]
pub(crate) struct Auth(Vec<(String, Said)>);

/// The fields of a CONNECT that are read.
const AUTH_FIELDS: [&str; 5] = ["token", "userId", "guestSecret", "dialect", "recover"];

/// The value of a field of a CONNECT.
#[derive(Debug)]
enum Said {
    Flag(bool),
    Number(serde_json::Number),
    Text(String),
    Other,
}

impl Auth {
    pub(crate) fn read(auth: Option<&RawValue>) -> Result<Self, Refusal> {
        let Some(auth) = auth else { return Ok(Self::default()) };
        let fields = serde_json::Deserializer::from_str(auth.get()).deserialize_map(VisitAuth);
        fields.map(Self).map_err(|_| Refusal::invalid("auth", "must be an object"))
    }

    fn get(&self, name: &str) -> Option<&Said> {
        self.0.iter().rev().find(|(field, _)| field == name).map(|(_, said)| said)
    }

    /// A field that says yes or no; no where it is absent or null.
    fn flag(&self, name: &str) -> Result<bool, Refusal> {
        match self.get(name) {
            None => Ok(false),
            Some(Said::Flag(flag)) => Ok(*flag),
            Some(Said::Number(number)) => Ok(number.as_i64() == Some(1)),
            Some(Said::Text(text)) => Ok(matches!(text.as_str(), "1" | "true")),
            Some(Said::Other) => Err(Refusal::invalid(name, "must be true or false")),
        }
    }

    /// A field's text; nothing where it is absent, null or empty.
    fn text(&self, name: &str) -> Result<Option<String>, Refusal> {
        match self.get(name) {
            None => Ok(None),
            Some(Said::Text(text)) => Ok(Some(text.clone()).filter(|text| !text.is_empty())),
            Some(Said::Number(number)) => Ok(Some(number.to_string())),
            Some(Said::Flag(_) | Said::Other) => Err(Refusal::invalid(name, "must be text")),
        }
    }
}

struct VisitAuth;

impl<'de> Visit<'de> for VisitAuth {
    type Value = Vec<(String, Said)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut object: M) -> Result<Self::Value, M::Error> {
        let mut fields: Vec<(String, Said)> = Vec::new();
        while let Some(name) = object.next_key::<String>()? {
            if !AUTH_FIELDS.contains(&name.as_str()) {
                object.next_value::<IgnoredAny>()?;
                continue;
            }
            // As RawValue first: what is neither text, number nor flag is not built.
            let raw: &RawValue = object.next_value()?;
            fields.retain(|(field, _)| *field != name);
            let parsed = match raw.get().as_bytes().first() {
                Some(b'{' | b'[') => Some(Said::Other),
                _ => match serde_json::from_str(raw.get()).map_err(M::Error::custom)? {
                    Value::Bool(flag) => Some(Said::Flag(flag)),
                    Value::Number(number) => Some(Said::Number(number)),
                    Value::String(text) => Some(Said::Text(text)),
                    Value::Null => None,
                    Value::Array(_) | Value::Object(_) => Some(Said::Other),
                },
            };
            fields.extend(parsed.map(|said| (name, said)));
        }
        Ok(fields)
    }
}

/// The dialect that the client names, in its CONNECT or its query.
pub(crate) fn asked_dialect(visitor: &Visitor, auth: &Auth) -> Result<Option<Dialect>, Refusal> {
    match auth.text("dialect")?.or_else(|| visitor.dialect.as_deref().map(str::to_owned)) {
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
    let identity = match token.or_else(|| visitor.token.as_deref().map(str::to_owned)) {
        Some(token) => {
            let token = token.strip_prefix("Bearer ").unwrap_or(&token);
            let verified = service.verify(token).await?;
            dialect = dialect.or_else(|| verified.dialect.as_deref().and_then(Dialect::parse));
            dialect = dialect.or(visitor.listener.dialect);
            Some(verified.identity)
        }
        None => {
            dialect = dialect.or(visitor.listener.dialect);
            let said = auth.text("userId")?.or_else(|| visitor.user_id.as_deref().map(str::to_owned));
            match said {
                Some(id) => by_word(gateway, visitor, dialect, &id).await?,
                None => None,
            }
        }
    };
    let resumption = resumption(gateway, visitor, auth, dialect, identity.as_ref(), recovery, &out)?;
    dialect = dialect.or_else(|| resumption.resume.as_ref().and_then(Resume::decided));
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
        // A back end that is trusted may bring all its clients from one address.
        if !visitor.listener.trust {
            visitor.client.enter_anonymously()?;
        }
    }
    let guest_secret = shown_secret(gateway, visitor.client.address, auth, identity.as_ref()).await?;
    let connection = gateway.new_connection(out, visitor, dialect, resumption);
    if let Some(secret) = guest_secret {
        connection.set_guest_secret(secret);
    }
    match identity {
        Some(identity) => become_user(gateway, &connection, identity).await?,
        None => connection.out.accept(),
    }
    Ok(connection)
}

/// The secret by which a guest proves what it owns, if it shows one. A client with a token needs none.
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

/// Whether the client can go on with this connection after it is lost, and with which one it goes on now.
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
        return service.trusted(&id).await.map(Some);
    }
    match dialect {
        Some(named) if !named.serves_guests() => Err(Refusal::unauthenticated("a token is needed")),
        _ => service.guest(&id, visitor.client.address).await.map(Some),
    }
}

/// Makes the connection somebody's, and counts it in.
pub(crate) async fn become_user(
    gateway: &Gateway,
    connection: &Arc<Connection>,
    identity: Identity,
) -> Result<(), Refusal> {
    let user = Arc::clone(&identity.user);
    let guest = user.is_guest();
    // A guest's id is anybody's to say: a bound on it would let others keep the guest out.
    let claim = if guest { None } else { Some(connection.client.claim(&user.id, !connection.trusted)?) };
    let before = connection.identity();
    connection.set_identity(identity);
    let mut attaching = Attaching { gateway, connection, done: false };
    let attached = gateway.0.hub.attach(Arc::clone(connection), user).await;
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
