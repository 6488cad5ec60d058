//! Why a request has no answer, as sentences for those who named the address.
//!
//! What must stay true: a sentence shows no path and no query of the address, because they may be secrets.

use std::net::IpAddr;

use crate::AddressClass;

/// Why a request has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OutboundError {
    /// The client cannot be made, such as without the authorities of the operating system.
    #[error("Requests to other servers cannot be made: {0}.")]
    NoClient(String),
    /// The address is none.
    #[error("The address is not a URL: {0}.")]
    NotUrl(String),
    /// The address has another scheme than `http` and `https`.
    #[error("The address begins with `{0}:`, and must begin with `https:` or `http:`.")]
    Scheme(String),
    /// The address has a user or a password.
    #[error("The address must not have a user or a password.")]
    Credentials,
    /// The host has only addresses that are not on the public internet.
    #[error(
        "{}, which is not on the public internet; the operator can allow it with [outbound] allow.",
        identified(host, *address, *class)
    )]
    Refused {
        /// The host of the address.
        host: String,
        /// An address of the host.
        address: IpAddr,
        /// The class of that address.
        class: AddressClass,
    },
    /// The name of the host has no address.
    #[error("{host} is not found: {why}.")]
    Unknown {
        /// The host of the address.
        host: String,
        /// The error of the look-up.
        why: String,
    },
    /// No connection was made.
    #[error("{host} cannot be connected to: {why}.")]
    Unreachable {
        /// The host of the address.
        host: String,
        /// The error of the connection.
        why: String,
    },
    /// There was no answer in time.
    #[error("{host} has not answered within {seconds} s.")]
    TooSlow {
        /// The host of the address.
        host: String,
        /// The time that it had, in seconds.
        seconds: String,
    },
    /// The server answered with a redirect, which is not followed.
    #[error("{host} answered with {status}, a redirect to {to}, and no redirect is followed.")]
    Redirect {
        /// The host of the address.
        host: String,
        /// The status of the answer.
        status: u16,
        /// The host to which the redirect leads.
        to: String,
    },
    /// The connection ended before there was an answer, or the answer is no HTTP.
    #[error("{host} gave no answer: {why}.")]
    Broken {
        /// The host of the address.
        host: String,
        /// The error of the connection.
        why: String,
    },
}

/// Says which address a host has, unless it is one.
fn identified(host: &str, address: IpAddr, class: AddressClass) -> String {
    let literal = host.trim_start_matches('[').trim_end_matches(']');
    match literal.parse::<IpAddr>() {
        Ok(own) if address == own => format!("{host} is {class}"),
        _ => format!("{host} is {address}, {class}"),
    }
}
