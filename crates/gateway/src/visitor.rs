//! A client's opening request, as far as its CONNECT may need it.
//!
//! What must stay true: the copies of the request's values are bounded, because they are kept while the client is
//! connected.

use std::sync::Arc;

use quintet_dialect::Dialect;
use quintet_domain::limits::{ID_CHARS_MAX, TOKEN_BYTES_MAX};
use quintet_domain::{SpanContext, UserId};
use quintet_input::authorization::bearer;
use quintet_input::query;
use quintet_service::{Address, Base, Bases, CookieToken, Source, is_token};

use crate::client::Client;

/// What a listener decides about the connections that it accepts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Listener {
    /// The dialect of clients that do not name one.
    pub dialect: Option<Dialect>,
    /// Whether clients may name a registered user by its id, without a token.
    pub trust: bool,
}

/// The parts of the opening request that a CONNECT may need: bounded copies, so that the request itself can be dropped.
#[derive(Debug)]
pub struct Visitor {
    pub(crate) client: Arc<Client>,
    pub(crate) listener: Listener,
    /// The values in the request's header and query; `None` if it has none, as of most clients, which send theirs with
    /// the CONNECT.
    values: Option<Box<Values>>,
    pub(crate) recover: bool,
    /// The span of the request, if a trace is kept of it.
    pub(crate) request_span: Option<Box<SpanContext>>,
    /// The address by which the client came, as far as it was known then.
    base: Base,
}

/// The values in a request's header and query that a CONNECT may need.
#[derive(Debug, Default, PartialEq, Eq)]
struct Values {
    bearer: Option<Box<str>>,
    token: Option<Box<str>>,
    cookie: Option<Box<str>>,
    user_id: Option<Box<str>>,
    dialect: Option<Box<str>>,
    /// An address that can be learnt once the client has shown who it is.
    address: Option<Address>,
}

impl Visitor {
    pub(crate) fn of(request: &http::request::Parts, client: Arc<Client>, bases: &Bases) -> Self {
        let listener = request.extensions.get::<Listener>().copied().unwrap_or_default();
        let parameter = |name: &str, bytes_max| {
            let value = query::first(request.uri.query().unwrap_or_default(), name)?;
            Some(bounded(&value, bytes_max)).filter(|text| !text.is_empty())
        };
        let address = request.extensions.get::<Address>().cloned().unwrap_or_default();
        let base = match parameter("links", NAMED_BYTES_MAX).as_deref() {
            Some("stored") => Some(Base::STORED),
            _ => bases.find(&address),
        };
        let values = Values {
            bearer: bearer(&request.headers)
                .filter(|token| is_token(token))
                .map(|token| bounded(token, TOKEN_BYTES_MAX)),
            token: parameter("token", TOKEN_BYTES_MAX).filter(|token| is_token(token)),
            cookie: request.extensions.get::<CookieToken>().map(|cookie| bounded(cookie.token(), TOKEN_BYTES_MAX)),
            user_id: parameter("userId", ID_BYTES_MAX),
            dialect: parameter("dialect", NAMED_BYTES_MAX),
            address: base.is_none().then_some(address),
        };
        Self {
            client,
            listener,
            values: (values != Values::default()).then(|| Box::new(values)),
            recover: matches!(parameter("recover", NAMED_BYTES_MAX).as_deref(), Some("1" | "true")),
            request_span: quintet_telemetry::current(|scope| scope.span).map(Box::new),
            base: base.unwrap_or(Base::RELATIVE),
        }
    }

    /// The address by which the client came, which is learnt if it is new and there is room for it. `user` is the user, if
    /// the client has shown who it is.
    pub(crate) fn base(&self, bases: &Bases, user: Option<&UserId>) -> Base {
        let new = self.values.as_ref().and_then(|values| values.address.as_ref());
        new.map_or(self.base, |address| bases.learn(address, Source { user, address: self.client.address() }))
    }

    /// The token of the header `Authorization`.
    pub(crate) fn bearer(&self) -> Option<&str> {
        self.values.as_ref()?.bearer.as_deref()
    }

    /// The parameter `token` of the query.
    pub(crate) fn token(&self) -> Option<&str> {
        self.values.as_ref()?.token.as_deref()
    }

    /// The token of the cookie, if the server looks at one and the request may use it.
    pub(crate) fn cookie(&self) -> Option<&str> {
        self.values.as_ref()?.cookie.as_deref()
    }

    /// The parameter `userId` of the query.
    pub(crate) fn user_id(&self) -> Option<&str> {
        self.values.as_ref()?.user_id.as_deref()
    }

    /// The parameter `dialect` of the query.
    pub(crate) fn dialect(&self) -> Option<&str> {
        self.values.as_ref()?.dialect.as_deref()
    }
}

/// Maximum number of bytes of an id in a request: four for each character.
const ID_BYTES_MAX: usize = ID_CHARS_MAX * 4;

/// Maximum number of bytes of a parameter that has one of a few values.
const NAMED_BYTES_MAX: usize = 64;

/// Copies a value, truncated just above its limit so that an overlong value is still recognised as such.
fn bounded(text: &str, bytes_max: usize) -> Box<str> {
    text[..text.floor_char_boundary(bytes_max + 4)].into()
}
