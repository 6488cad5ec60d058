//! Rules about sessions of users.
//!
//! What must stay true: a token of a session is good only while the session's row is there; a session that ends before its
//! tokens expire is announced in the same write, so that no connection of it stays open anywhere.

use quintet_domain::limits::LOGIN_SESSIONS_MAX;
use quintet_domain::{EndSession, LoginSession, LoginSessionId, NoteSession, OpenSession, Refusal, Timestamp, UserId};

use crate::log::Change;
use crate::rows::{LoginSessionRow, LoginSessionRows, UserRow, UserRows};
use crate::transaction::{About, Transaction};
use crate::{RowResult, RuleResult};

/// The sessions of a user that have not expired, the one that was used last first.
///
/// # Errors
/// An error of the store.
pub fn listed<R>(rows: &R, user: &UserId, now: Timestamp) -> RowResult<Vec<LoginSession>>
where
    R: UserRows + LoginSessionRows + ?Sized,
{
    let Some(user) = rows.user(user)? else { return Ok(Vec::new()) };
    let found = rows.login_sessions(user.key)?;
    Ok(found.into_iter().map(|row| row.session).filter(|session| session.expires_at > now).collect())
}

/// The session of a user that has an id, if it is not over.
///
/// # Errors
/// An error of the store.
pub fn of_user<R>(rows: &R, user: Option<&UserRow>, id: Option<&LoginSessionId>) -> RowResult<Option<LoginSession>>
where
    R: LoginSessionRows + ?Sized,
{
    let (Some(user), Some(id)) = (user, id) else { return Ok(None) };
    Ok(rows.login_session(id)?.filter(|row| row.user == user.key).map(|row| row.session))
}

pub(crate) fn open(tx: &mut Transaction<'_>, write: OpenSession) -> RuleResult<LoginSession> {
    let user = tx.registered(&write.user)?;
    let now = tx.now;
    let sessions = tx.login_sessions().login_sessions(user.key)?;
    let good = sessions.into_iter().filter(|row| row.session.expires_at > now);
    for row in good.skip(LOGIN_SESSIONS_MAX - 1) {
        end_row(tx, &user, &row.session.id)?;
    }
    let session = LoginSession {
        id: LoginSessionId::trusted(&tx.new_id()),
        client: write.client,
        created_at: now,
        seen_at: now,
        expires_at: write.expires_at,
    };
    tx.login_sessions().insert_login_session(&LoginSessionRow { user: user.key, session: session.clone() })?;
    Ok(session)
}

pub(crate) fn note(tx: &mut Transaction<'_>, write: &NoteSession) -> RuleResult<()> {
    let user = tx.registered(&write.user)?;
    let Some(session) = of_user(tx.login_sessions(), Some(&user), Some(&write.session))? else {
        return Err(Refusal::unauthenticated("the session was ended").into());
    };
    let (seen_at, expires_at) = (tx.now.max(session.seen_at), write.expires_at.unwrap_or(session.expires_at));
    Ok(tx.login_sessions().set_login_session(&session.id, seen_at, expires_at.max(session.expires_at))?)
}

pub(crate) fn end(tx: &mut Transaction<'_>, write: &EndSession) -> RuleResult<()> {
    let user = tx.registered(&write.user)?;
    match of_user(tx.login_sessions(), Some(&user), Some(&write.session))? {
        Some(session) => end_row(tx, &user, &session.id),
        None => Err(Refusal::not_found("session", &write.session).into()),
    }
}

/// Deletes the row of a session, and announces that it has ended.
fn end_row(tx: &mut Transaction<'_>, user: &UserRow, session: &LoginSessionId) -> RuleResult<()> {
    tx.login_sessions().delete_login_session(session)?;
    let change = Change::SessionEnded { user: (user.key, user.user.id.clone()), session: session.clone() };
    tx.record(&change, About::default(), None)
}
