//! The client: one POST, one answer or one sentence.
//!
//! What must stay true: settings of the environment for proxies are not used, because a proxy would look names up by
//! itself.

use std::error::Error;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{HeaderMap, LOCATION};
use reqwest::redirect::Policy;
use reqwest::{Client, Url};

use crate::resolver::{Resolver, check};
use crate::{Networks, OutboundError};

/// Maximum number of bytes of an answer that are read, where no other is said.
pub const ANSWER_BYTES_MAX: usize = 4_096;

/// Maximum time in which a connection is made.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// The time for which a connection is kept that nobody uses.
const KEPT_FOR: Duration = Duration::from_secs(30);
/// Maximum number of connections to one host that are kept.
const KEPT_OF_HOST: usize = 4;

/// Who named the address of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Somebody else: only addresses of the public internet, and those that the operator allows, are asked.
    Guarded,
    /// The operator, in the configuration: every address is asked.
    Trusted,
}

/// What is waited for and read of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnswerBounds {
    /// The time in which all of it has to come.
    pub within: Duration,
    /// Maximum number of bytes of the body that are read.
    pub bytes_max: usize,
}

impl From<Duration> for AnswerBounds {
    fn from(within: Duration) -> Self {
        Self { within, bytes_max: ANSWER_BYTES_MAX }
    }
}

/// The answer to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status of the answer.
    pub status: u16,
    /// The first bytes of the body, as many as are read.
    pub body: Bytes,
    /// Why there is no more of the body, as a sentence; `None` if that is all of it.
    pub cut_off: Option<String>,
}

impl Answer {
    /// Returns whether the server has accepted the request.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// The client. Cheap to clone, and to create: what a connection needs is made for the first request.
#[derive(Clone, Debug)]
pub struct Outbound(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    guarded: OnceLock<Result<Client, String>>,
    trusted: OnceLock<Result<Client, String>>,
    allowed: Arc<Networks>,
}

/// Reads the address of a request.
///
/// # Errors
/// [`OutboundError`] if it is no URL, or one that no request can be made to.
fn parse(url: &str) -> Result<Url, OutboundError> {
    let url = Url::parse(url).map_err(|error| OutboundError::NotUrl(error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(OutboundError::Scheme(url.scheme().to_owned()));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(OutboundError::Credentials);
    }
    Ok(url)
}

/// Returns the host of an address as sentences show it.
fn host_of(url: &Url) -> String {
    url.host_str().unwrap_or_default().to_owned()
}

/// Refuses an address whose host is an IP address that may not be asked. Look-ups do not see those.
fn check_literal(url: &Url, allowed: &Networks) -> Result<(), OutboundError> {
    let host = host_of(url);
    let literal = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(&host);
    match literal.parse() {
        Ok(address) => check(&host, address, allowed),
        Err(_) => Ok(()),
    }
}

/// Checks an address before it is kept: that it is one, and that its host is no IP address that is refused. A name is
/// looked up at each request. Returns the address in its normal form, which is ASCII.
///
/// # Errors
/// [`OutboundError`], whose text is a sentence.
pub fn check_url(url: &str, allowed: &Networks) -> Result<String, OutboundError> {
    let url = parse(url)?;
    check_literal(&url, allowed)?;
    Ok(url.into())
}

impl Outbound {
    /// Creates the client. `allowed` are networks that may be asked although their addresses are not on the public
    /// internet.
    #[must_use]
    pub fn new(allowed: Networks) -> Self {
        Self(Arc::new(Inner { guarded: OnceLock::new(), trusted: OnceLock::new(), allowed: Arc::new(allowed) }))
    }

    /// Returns the client for addresses of a source.
    fn client(&self, reach: Reach) -> Result<&Client, OutboundError> {
        let (made, allowed) = match reach {
            Reach::Guarded => (&self.0.guarded, Some(Arc::clone(&self.0.allowed))),
            Reach::Trusted => (&self.0.trusted, None),
        };
        made.get_or_init(|| made_client(allowed)).as_ref().map_err(|why| OutboundError::NoClient(why.clone()))
    }

    /// Makes the client for addresses of a source, if it was not made yet. It reads the certificates of all authorities, which
    /// takes a while: a caller with time before the first request does it then.
    pub fn prepare(&self, reach: Reach) {
        // An error is that of the first request.
        let _ = self.client(reach);
    }

    /// Returns the networks that may be asked although their addresses are not on the public internet.
    #[must_use]
    pub fn allowed(&self) -> &Networks {
        &self.0.allowed
    }

    /// Sends a body, and returns the answer, whatever its status.
    ///
    /// # Errors
    /// [`OutboundError`], whose text is a sentence: there was no answer in time, or it is a redirect.
    pub async fn post(
        &self,
        reach: Reach,
        url: &str,
        headers: HeaderMap,
        body: Bytes,
        bounds: impl Into<AnswerBounds>,
    ) -> Result<Answer, OutboundError> {
        let AnswerBounds { within, bytes_max } = bounds.into();
        let url = parse(url)?;
        let host = host_of(&url);
        if reach == Reach::Guarded {
            check_literal(&url, &self.0.allowed)?;
        }
        let client = self.client(reach)?;
        let began = tokio::time::Instant::now();
        let too_slow = || OutboundError::TooSlow { host: host.clone(), seconds: seconds(within) };
        let sending = client.post(url.clone()).headers(headers).body(body).send();
        let sent = tokio::time::timeout(within, sending).await.map_err(|_| too_slow())?;
        let mut response = sent.map_err(|error| described(&error, &host))?;
        let status = response.status();
        if status.is_redirection() {
            let to = response.headers().get(LOCATION).and_then(|to| url.join(to.to_str().ok()?).ok());
            let to = to.as_ref().map_or_else(|| "nowhere".to_owned(), host_of);
            return Err(OutboundError::Redirect { host, status: status.as_u16(), to });
        }
        let (mut read, mut cut_off) = (Vec::new(), None);
        loop {
            let left = within.saturating_sub(began.elapsed());
            match tokio::time::timeout(left, response.chunk()).await {
                Ok(Ok(None)) => break,
                Ok(Ok(Some(chunk))) if read.len() + chunk.len() <= bytes_max => read.extend_from_slice(&chunk),
                Ok(Ok(Some(chunk))) => {
                    read.extend_from_slice(&chunk[..bytes_max - read.len()]);
                    cut_off = Some(format!("The answer was read up to its first {bytes_max} bytes."));
                    break;
                }
                Ok(Err(error)) => {
                    cut_off = Some(format!("The answer broke off: {}.", root(&error)));
                    break;
                }
                Err(_) => {
                    cut_off = Some(format!("The answer did not end within {} s.", seconds(within)));
                    break;
                }
            }
        }
        Ok(Answer { status: status.as_u16(), body: read.into(), cut_off })
    }
}

/// Makes a client. `allowed` are the networks that are allowed; all addresses if there are none.
fn made_client(allowed: Option<Arc<Networks>>) -> Result<Client, String> {
    // That one is installed already is not an error.
    let _ = tokio_rustls::rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .user_agent(concat!("Quintet/", env!("CARGO_PKG_VERSION")))
        .redirect(Policy::none())
        .no_proxy()
        .connect_timeout(CONNECT_WITHIN)
        .pool_idle_timeout(KEPT_FOR)
        .pool_max_idle_per_host(KEPT_OF_HOST)
        .dns_resolver(Arc::new(Resolver { allowed }))
        .build()
        .map_err(|error| root(&error))
}

/// A number of seconds as sentences show it.
fn seconds(time: Duration) -> String {
    format!("{}", time.as_millis() as f64 / 1_000.0)
}

/// Returns the innermost cause of an error, without the address that the outer ones name.
fn root(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

/// Returns the error of this crate for one of the client.
fn described(error: &reqwest::Error, host: &str) -> OutboundError {
    let mut cause: Option<&dyn Error> = Some(error);
    while let Some(inner) = cause {
        if let Some(own) = inner.downcast_ref::<OutboundError>() {
            return own.clone();
        }
        cause = inner.source();
    }
    let (host, why) = (host.to_owned(), root(error));
    match error.is_connect() {
        true if error.is_timeout() => {
            OutboundError::Unreachable { host, why: format!("no connection within {} s", seconds(CONNECT_WITHIN)) }
        }
        true => OutboundError::Unreachable { host, why },
        false => OutboundError::Broken { host, why },
    }
}
