//! Rules about registered users: creation, profiles, credentials, disabling and erasure.
//!
//! What must stay true: every account is created by [`insert`], which makes a guest with the same id give it up. A
//! change of credentials revokes all tokens of the user in the same write. An erased person is named by no row but
//! messages, whose content is deleted too.

use std::sync::Arc;

use quintet_domain::limits::LOGIN_NETWORKS_MAX;
use quintet_domain::{
    Account, Act, Claims, ConversationKind, Departure, EraseUser, Metadata, NewUser, NoteLogin, ProfileChange, Refusal,
    RenewHash, ServerRole, SetServerRole, Timestamp, User, UserId, UserKind, email_key, refuse_reserved, validate_link,
};

use crate::log::Change;
use crate::rows::{AuditRow, ConversationRow, ErasureProgress, UserNames, UserRow};
use crate::transaction::{About, ActingUser, Transaction};
use crate::{
    RuleResult, UserKey, audit, blocks, contact, files, guest_ids, guest_proof, invitations, meetups, members,
    messages, names, notifications, pictures, pins, push, reactions, reports,
};

/// Maximum number of memberships of an erased user that one write ends; other writes run in between.
const MEMBERSHIPS_AT_ONCE: usize = 200;

fn email_is_taken(tx: &mut Transaction<'_>, email: &str, except: Option<UserKey>) -> RuleResult<bool> {
    let owner = tx.user_details().user_by_email_key(&email_key(email))?;
    Ok(owner.is_some_and(|row| Some(row.key) != except))
}

/// Refuses a username or an email address that a user other than `except` has.
fn refuse_taken(
    tx: &mut Transaction<'_>,
    username: Option<&str>,
    email: Option<&str>,
    except: Option<UserKey>,
) -> RuleResult<()> {
    if let Some(username) = username {
        names::refuse_taken(tx, username, except)?;
    }
    if let Some(email) = email
        && email_is_taken(tx, email, except)?
    {
        return Err(Refusal::conflict("This email address is registered already.").in_field("email").into());
    }
    Ok(())
}

/// Records that a profile changed, or that a user was created. `visible` says whether others see a difference.
fn record_changed(tx: &mut Transaction<'_>, row: &UserRow, visible: bool) -> RuleResult<()> {
    let (user, metadata) = ((row.key, Arc::clone(&row.user)), row.metadata.clone());
    let change = Change::UserChanged { user, metadata, visible };
    tx.record(&change, About::default(), None)
}

/// Creates a registered user.
pub(crate) fn register(tx: &mut Transaction<'_>, mut new: NewUser) -> RuleResult<Account> {
    let invited = new.invited.take();
    let invitation = invited.map(|invited| invitations::for_registration(tx, &invited)).transpose()?;
    let has_id = new.id.is_some();
    let row = registered_row(tx, new)?;
    if !has_id {
        // Nobody holds the id, but those who are told everything are told of a new person.
        record_changed(tx, &row, false)?;
    }
    if let Some(invitation) = invitation {
        invitations::registered(tx, &invitation, &ActingUser::plain(Arc::clone(&row)))?;
    }
    Ok(row.account())
}

/// Creates a registered user. Returns its row.
pub(crate) fn registered_row(tx: &mut Transaction<'_>, mut new: NewUser) -> RuleResult<Arc<UserRow>> {
    if new.any_username || (new.number_reserved && refuse_reserved(&new.username).is_err()) {
        new.username = names::free(tx, &new.username)?;
    }
    refuse_taken(tx, Some(&new.username), new.email.as_deref(), None)?;
    match new.id.take() {
        Some(id) => take_id(tx, id, new),
        None => {
            let id = UserId::trusted(&tx.new_id());
            insert(tx, id, new)
        }
    }
}

/// Creates a user with a given id, which a guest may be claiming.
fn take_id(tx: &mut Transaction<'_>, id: UserId, new: NewUser) -> RuleResult<Arc<UserRow>> {
    let row = insert(tx, id, new)?;
    // Connections that hold the id as a guest must end, whether or not the guest has a row.
    record_changed(tx, &row, false)?;
    Ok(row)
}

/// Inserts the row of a new account. Every account is created here, so that a guest with the same id gives it up.
fn insert(tx: &mut Transaction<'_>, id: UserId, new: NewUser) -> RuleResult<Arc<UserRow>> {
    guest_ids::give_up_id(tx, &id)?;
    let now = tx.now;
    let row = tx.insert_user(new_row(id, new, now))?;
    match files::picture_of(tx, row.key, row.user.avatar.as_deref())? {
        None => Ok(row),
        picture => tx.update_user(UserRow { picture, ..UserRow::clone(&row) }),
    }
}

/// The row of a new account, without its picture and key.
fn new_row(id: UserId, new: NewUser, now: Timestamp) -> UserRow {
    // An unverified address cannot be used to log in, and does not prevent others from registering it.
    let email_key = new.email.as_deref().filter(|_| !new.email_unverified).map(email_key);
    let names = names::keys_of(&new.username);
    let user = User {
        id,
        name: new.name.unwrap_or_else(|| new.username.clone()),
        username: new.username,
        last_name: new.last_name,
        avatar: new.avatar,
        kind: UserKind::Registered,
        last_seen: None,
        created_at: now,
    };
    UserRow {
        key: UserKey(0),
        user: Arc::new(user),
        names: Some(names),
        email: new.email,
        email_key,
        password_hash: new.password_hash,
        home_dialect: new.home_dialect,
        country: new.country,
        metadata: new.metadata.and_then(Metadata::kept),
        token_generation: 0,
        tokens_from_s: 0,
        disabled: false,
        is_blocked: false,
        blocks_position: None,
        server_role: ServerRole::User,
        erased: false,
        erasing: None,
        picture: None,
        former_id: None,
    }
}

/// Finds the user of a token, or creates it from the token's claims.
pub(crate) fn adopt(tx: &mut Transaction<'_>, claims: Claims) -> RuleResult<Account> {
    if let Some(row) = tx.find_user(&claims.id)?.filter(|row| !row.user.is_guest()) {
        return Ok(row.account());
    }
    if claims.id.is_former_guests() {
        return Err(guest_proof::id_is_reserved(&claims.id).into());
    }
    let username = names::free_for(tx, &claims.id, [claims.username.as_deref(), claims.name.as_deref()])?;
    let email = match claims.email {
        Some(email) if email_is_taken(tx, &email, None)? => None,
        email => email,
    };
    // Another backend may use picture links that are invalid here; the user is accepted without a picture.
    let avatar = claims.avatar.filter(|avatar| validate_link("avatar", avatar).is_ok());
    let new = NewUser {
        username,
        email,
        email_unverified: !claims.email_verified,
        name: claims.name,
        avatar,
        ..NewUser::default()
    };
    Ok(take_id(tx, claims.id, new)?.account())
}

/// Changes the profile of a user.
pub(crate) fn change_profile(tx: &mut Transaction<'_>, id: &UserId, change: ProfileChange) -> RuleResult<Account> {
    let before = tx.user(id)?;
    refuse_taken(tx, change.username.as_deref(), change.email.as_deref(), Some(before.key))?;
    let mut row = UserRow::clone(&before);
    let mut user = User::clone(&before.user);
    if let Some(username) = change.username {
        row.names = Some(names::keys_of(&username));
        user.username = username;
    }
    if let Some(email) = change.email {
        row.email_key = Some(email_key(&email));
        row.email = Some(email);
    }
    if let Some(avatar) = change.avatar {
        row.picture = files::picture_of(tx, row.key, avatar.as_deref())?;
        user.avatar = avatar;
    }
    user.name = change.name.unwrap_or(user.name);
    user.last_name = change.last_name.or(user.last_name);
    row.country = change.country.or(row.country);
    if let Some(metadata) = change.metadata {
        row.metadata = metadata.kept();
    }
    row.user = Arc::new(user);
    let row = tx.update_user(row)?;
    record_changed(tx, &row, row.user != before.user || row.metadata != before.metadata)?;
    Ok(row.account())
}

/// Records the network of a login. Only the newest networks of an account are kept.
pub(crate) fn note_login(tx: &mut Transaction<'_>, write: &NoteLogin) -> RuleResult<()> {
    let user = tx.registered(&write.user)?;
    let now = tx.now;
    tx.user_details().set_login_network(user.key, &write.network, now)?;
    tx.user_details().trim_login_networks(user.key, LOGIN_NETWORKS_MAX as usize)?;
    Ok(())
}

/// Replaces the hash of the password, and revokes all tokens.
pub(crate) fn set_password(tx: &mut Transaction<'_>, id: &UserId, hash: String) -> RuleResult<Account> {
    let user = tx.user(id)?;
    let row = UserRow { password_hash: Some(hash), ..UserRow::clone(&user) };
    Ok(revoke(tx, row)?.account())
}

/// Replaces a hash of a password by another hash of the same password. Nothing is revoked. If the user has another
/// password by now, nothing is changed.
pub(crate) fn renew_hash(tx: &mut Transaction<'_>, write: RenewHash) -> RuleResult<()> {
    let user = tx.user(&write.user)?;
    if user.password_hash.as_ref() == Some(&write.old) {
        tx.update_user(UserRow { password_hash: Some(write.new), ..UserRow::clone(&user) })?;
    }
    Ok(())
}

/// Revokes all tokens of a user.
pub(crate) fn revoke_tokens(tx: &mut Transaction<'_>, id: &UserId) -> RuleResult<Account> {
    let user = tx.user(id)?;
    Ok(revoke(tx, UserRow::clone(&user))?.account())
}

/// Stores the row of a user, which may have other changes, with all tokens of the user revoked.
fn revoke(tx: &mut Transaction<'_>, user: UserRow) -> RuleResult<Arc<UserRow>> {
    // A token that another issuer issued in this very second may be one of those revoked, so it is refused too. A token
    // that was issued after an earlier revocation may carry the second from which that one allowed tokens.
    let tokens_from_s = (tx.now.seconds() + 1).max(user.tokens_from_s + 1);
    let row = tx.update_user(UserRow { token_generation: user.token_generation + 1, tokens_from_s, ..user })?;
    // Whoever has a browser of theirs may be the reason.
    push::remove_all_of(tx, row.key)?;
    tx.login_sessions().delete_login_sessions_of(row.key)?;
    let change = Change::Revoked { user: (row.key, row.user.id.clone()), generation: row.token_generation };
    tx.record(&change, About::default(), None)?;
    Ok(row)
}

/// Disables a user, or enables it again, and notes who does so and why: the operator, if it is nobody. What is so already is
/// no act.
pub(crate) fn bar(
    tx: &mut Transaction<'_>,
    id: &UserId,
    disabled: bool,
    (by, reason): (Option<UserKey>, Option<Arc<str>>),
) -> RuleResult<()> {
    let user = tx.user(id)?;
    set_disabled(tx, id, disabled)?;
    if user.disabled == disabled {
        return Ok(());
    }
    let act = if disabled { Act::DisableUser } else { Act::EnableUser };
    let noted = AuditRow { user: Some(user.key), reason, ..audit::act(tx, act, by) };
    audit::note(tx, &noted)
}

/// Disables a user, or enables it again. An erased user cannot be enabled.
pub(crate) fn set_disabled(tx: &mut Transaction<'_>, id: &UserId, disabled: bool) -> RuleResult<()> {
    let user = tx.user(id)?;
    if user.erased {
        return Err(Refusal::not_found("user", id).into());
    }
    let row = UserRow { disabled, ..UserRow::clone(&user) };
    if disabled {
        revoke(tx, row)?;
    } else {
        tx.update_user(row)?;
    }
    Ok(())
}

/// Changes what a person may do on the whole server. What is so already is no act.
pub(crate) fn set_server_role(tx: &mut Transaction<'_>, write: &SetServerRole) -> RuleResult<()> {
    let user = tx.user(&write.user)?;
    if user.erased {
        return Err(Refusal::not_found("user", &write.user).into());
    }
    if user.user.kind != UserKind::Registered {
        return Err(Refusal::forbidden("Only people with an account have a role on the whole server.").into());
    }
    if user.server_role == write.role {
        return Ok(());
    }
    tx.update_user(UserRow { server_role: write.role, ..UserRow::clone(&user) })?;
    let detail = Some(Arc::from(write.role.as_str()));
    let noted = AuditRow { user: Some(user.key), detail, ..audit::act(tx, Act::ChangeServerRole, None) };
    audit::note(tx, &noted)
}

/// Records when users were last seen. Ids of guests and of unknown users are skipped.
pub(crate) fn note_seen(tx: &mut Transaction<'_>, users: &[(UserId, Timestamp)]) -> RuleResult<()> {
    for (id, at) in users {
        if let Some(row) = tx.find_user(id)?.filter(|row| !row.erased && !row.user.is_guest()) {
            tx.set_last_seen(row.key, *at)?;
        }
    }
    Ok(())
}

/// Some conversations of a user that are not direct.
fn memberships_to_end(tx: &mut Transaction<'_>, user: UserKey) -> RuleResult<Vec<ConversationRow>> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let keys = tx.member_lists().conversations_of(user, after, MEMBERSHIPS_AT_ONCE)?;
        for key in &keys {
            let conversation = tx.conversation_by_key(*key)?;
            if conversation.reference.kind != ConversationKind::Direct {
                found.push(conversation);
            }
            if found.len() == MEMBERSHIPS_AT_ONCE {
                return Ok(found);
            }
        }
        if keys.len() < MEMBERSHIPS_AT_ONCE {
            return Ok(found);
        }
        after = keys.last().copied();
    }
}

/// Ends some of a user's memberships, as if the user had left. Direct conversations stay for the other user. Returns
/// whether there were any to end.
fn leave_some(tx: &mut Transaction<'_>, user: &ActingUser) -> RuleResult<bool> {
    let conversations = memberships_to_end(tx, user.key)?;
    let any = !conversations.is_empty();
    for mut conversation in conversations {
        members::depart(tx, None, &mut conversation, user, (Departure::Left, None))?;
    }
    Ok(any)
}

/// Erases a person: its names, the meetups that it hosts, its files, and some of its memberships, as if it had left.
/// The other memberships and the messages may be many: [`continue_erasure`] handles them in portions.
pub(crate) fn erase(tx: &mut Transaction<'_>, write: &EraseUser) -> RuleResult<()> {
    let user = tx.user(&write.user)?;
    if !user.erased {
        let by = write.by.as_ref().map(|by| tx.user(by)).transpose()?;
        let noted = AuditRow { user: Some(user.key), ..audit::act(tx, Act::EraseUser, by.map(|by| by.key)) };
        audit::note(tx, &noted)?;
    }
    meetups::delete_hosted(tx, user.key)?;
    pictures::remove_files_of(tx, user.key)?;
    files::erase_all_of(tx, user.key)?;
    leave_some(tx, &ActingUser::plain(Arc::clone(&user)))?;
    // The user's own notifications, and those of others that name the user.
    notifications::delete_about(tx, user.key)?;
    tx.meetups().delete_requests_of(user.key)?;
    tx.moderation().delete_restrictions_of(user.key)?;
    tx.user_details().delete_login_networks(user.key)?;
    tx.invitations().delete_invitations_of(user.key)?;
    audit::remove_some_reasons_of(tx, user.key)?;
    let name = format!("deleted-{}", tx.new_id());
    let row = tx.update_user(erased(&user, name))?;
    // The event of this change carries only the name that remains.
    record_changed(tx, &row, true)?;
    revoke(tx, UserRow::clone(&row))?;
    Ok(())
}

/// The row of a user after its erasure. `name` replaces the username and the full name.
fn erased(user: &UserRow, name: String) -> UserRow {
    let shown = User {
        username: name.clone(),
        name: name.clone(),
        last_name: None,
        avatar: None,
        last_seen: None,
        ..User::clone(&user.user)
    };
    UserRow {
        user: Arc::new(shown),
        names: Some(UserNames { username_key: name, key: None, look: None }),
        email: None,
        email_key: None,
        password_hash: None,
        country: None,
        metadata: None,
        picture: None,
        disabled: true,
        server_role: ServerRole::User,
        erased: true,
        erasing: Some(ErasureProgress::START),
        ..user.clone()
    }
}

/// Ends some more of the memberships of an erased person, then removes some of its reactions and pins, then deletes some
/// of its messages, whose sequence numbers stay. Returns whether there is more to do.
pub(crate) fn continue_erasure(tx: &mut Transaction<'_>, id: &UserId) -> RuleResult<bool> {
    let user = ActingUser::plain(tx.user(id)?);
    let Some(progress) = user.erasing else { return Ok(false) };
    // Memberships end first. There are no new ones once messages are being deleted, since the user is disabled.
    if progress == ErasureProgress::START && leave_some(tx, &user)? {
        return Ok(true);
    }
    // Then its blocks, and those on it.
    if progress == ErasureProgress::START && blocks::remove_some_of(tx, &user)? {
        return Ok(true);
    }
    // Then what reports keep of what it wrote, and the reasons that name it or that it gave.
    if progress == ErasureProgress::START
        && (reports::remove_some_texts_of(tx, user.key)? || audit::remove_some_reasons_of(tx, user.key)?)
    {
        return Ok(true);
    }
    // Then whom it has asked, and who has asked it.
    if progress == ErasureProgress::START && contact::remove_some_of(tx, user.key)? {
        return Ok(true);
    }
    // Then what it added to messages of others.
    if progress == ErasureProgress::START && (reactions::take_back_some(tx, &user)? || pins::unpin_some(tx, &user)?) {
        return Ok(true);
    }
    let erasing = messages::delete_some_of(tx, &user, progress)?;
    tx.update_user(UserRow { erasing, ..UserRow::clone(&user.row) })?;
    Ok(erasing.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_700_000_000_000);

    fn row(new: NewUser) -> UserRow {
        new_row(UserId::trusted("u-1"), new, NOW)
    }

    #[test]
    fn an_account_has_the_name_and_the_keys_of_its_registration() {
        let new =
            NewUser { username: "Alice".to_owned(), email: Some("Alice@Example.org".to_owned()), ..NewUser::default() };
        let made = row(new.clone());
        assert_eq!((made.user.username.as_str(), made.user.name.as_str()), ("Alice", "Alice"));
        assert_eq!(made.names.map(|names| names.username_key).as_deref(), Some("alice"));
        assert_eq!(made.email.as_deref(), Some("Alice@Example.org"));
        assert_eq!(made.email_key.as_deref(), Some("alice@example.org"));
        assert_eq!(made.user.created_at, NOW);
        let unverified = row(NewUser { email_unverified: true, name: Some("Alice Smith".to_owned()), ..new });
        assert_eq!(unverified.user.name, "Alice Smith");
        assert!(
            unverified.email.is_some() && unverified.email_key.is_none(),
            "the address is shown, but cannot be used to log in"
        );
    }

    #[test]
    fn nothing_of_an_erased_person_is_left_but_its_id() {
        let new = NewUser {
            username: "alice".to_owned(),
            email: Some("alice@example.org".to_owned()),
            name: Some("Alice Smith".to_owned()),
            last_name: Some("Smith".to_owned()),
            avatar: Some("https://example.org/a.png".to_owned()),
            password_hash: Some("$hash".to_owned()),
            country: Some("Peru".to_owned()),
            home_dialect: Some("meetup".to_owned()),
            ..NewUser::default()
        };
        let gone = erased(&row(new), "deleted-7".to_owned());
        let expected = row(NewUser {
            username: "deleted-7".to_owned(),
            home_dialect: Some("meetup".to_owned()),
            ..NewUser::default()
        });
        let names = Some(UserNames { username_key: "deleted-7".to_owned(), key: None, look: None });
        let erasing = Some(ErasureProgress::START);
        assert_eq!(gone, UserRow { names, disabled: true, erased: true, erasing, ..expected });
    }
}
