//! The seam to the reads by which tokens are checked, and to the sessions of a user.
//!
//! What must stay true: an account and the session of a token are read together, at one position, so that a token costs
//! one read.

use quintet_domain::{Account, LoginSession, LoginSessionId, Timestamp, UserId};
use quintet_rules::login_sessions;
use quintet_rules::rows::{LoginSessionRows, UserRows};

use crate::Party;
use crate::error::Read;
use crate::future::ReadResult;

/// The account of a token, and its session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenHolder {
    /// The account; `None` if there is none.
    pub account: Option<Account>,
    /// The session that the token names; `None` if it names none, or if the session is over.
    pub session: Option<LoginSession>,
}

/// The reads of sessions, which every [`Store`](crate::Store) has.
pub trait LoginSessionReads {
    /// The account with an id, and a session of it.
    fn token_holder(&self, by: Party, id: UserId, session: Option<LoginSessionId>) -> ReadResult<'_, TokenHolder>;
    /// The sessions of a user that have not expired, the one that was used last first.
    fn login_sessions(&self, user: UserId) -> ReadResult<'_, Vec<LoginSession>>;
}

/// The account with an id, and a session of it.
pub(crate) fn holder<R>(rows: &R, id: &UserId, session: Option<&LoginSessionId>) -> Read<TokenHolder>
where
    R: UserRows + LoginSessionRows,
{
    let user = rows.user(id)?;
    let session = login_sessions::of_user(rows, user.as_ref(), session)?;
    Ok(TokenHolder { account: user.map(|user| user.account()), session })
}

/// The sessions of a user that have not expired.
pub(crate) fn listed<R>(rows: &R, user: &UserId, now: Timestamp) -> Read<Vec<LoginSession>>
where
    R: UserRows + LoginSessionRows,
{
    Ok(login_sessions::listed(rows, user, now)?)
}
