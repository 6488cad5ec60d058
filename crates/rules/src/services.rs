//! Services: other backends, each a user with a key.
//!
//! What must stay true: a service has at most one key, and a person never becomes a service.

use std::sync::Arc;

use quintet_domain::{Account, Act, AddService, NewUser, Refusal, RemoveService, User, UserKind};

use crate::rows::{AuditRow, UserRow};
use crate::transaction::Transaction;
use crate::{RowResult, RuleResult, audit, users};

/// The user of a username, compared without regard to case only.
fn by_username(tx: &mut Transaction<'_>, username: &str) -> RowResult<Option<UserRow>> {
    tx.user_details().user_by_username_key(&username.to_lowercase())
}

/// Creates a service, or gives a service without a key a new one.
pub(crate) fn add(tx: &mut Transaction<'_>, write: &AddService) -> RuleResult<Account> {
    let name = &write.name;
    let row = match by_username(tx, name)? {
        Some(row) if !row.user.is_service() => {
            return Err(Refusal::conflict(format!("The name `{name}` is a user's.")).into());
        }
        Some(row) => row,
        None => {
            let new = NewUser { username: name.clone(), ..NewUser::default() };
            UserRow::clone(&*users::registered_row(tx, new)?)
        }
    };
    let now = tx.now;
    if !tx.user_details().insert_service_key(row.key, (&write.hash, write.scopes), now)? {
        return Err(Refusal::conflict(format!("`{name}` has a key already; remove it first.")).into());
    }
    let user = Arc::new(User { kind: UserKind::Service, ..User::clone(&row.user) });
    let detail = Some(Arc::from(write.scopes.names()));
    let noted = AuditRow { user: Some(row.key), detail, ..audit::act(tx, Act::AddKey, None) };
    audit::note(tx, &noted)?;
    Ok(tx.update_user(UserRow { user, disabled: false, ..row })?.account())
}

/// Removes the key of a service and disables it; what it wrote stays.
pub(crate) fn remove(tx: &mut Transaction<'_>, write: &RemoveService) -> RuleResult<()> {
    let unknown = || Refusal::not_found("key", &write.name);
    let row = by_username(tx, &write.name)?.ok_or_else(unknown)?;
    if !tx.user_details().delete_service_key(row.key)? {
        return Err(unknown().into());
    }
    let noted = AuditRow { user: Some(row.key), ..audit::act(tx, Act::RemoveKey, None) };
    audit::note(tx, &noted)?;
    users::set_disabled(tx, &row.user.id, true)
}
