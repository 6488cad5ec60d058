//! Changes that people make to their own accounts, and the authentication that each needs.
//!
//! What must stay true: a token is enough to read and write messages, but not to take over or erase the account. Such
//! changes need the password too or, for an account without one, a token that was issued a short time ago.

use quintet_domain::limits::FRESH_TOKEN_SECONDS;
use quintet_domain::{Account, ProfileChange, Refusal, email_key};

use crate::{Credential, Issuer, LoginSource, Service, Session, SignWith, failures};

/// A user who changes its own account.
#[derive(Clone, Debug)]
pub struct Owner {
    /// The account to change.
    pub account: Account,
    /// How the owner authenticated.
    pub credential: Credential,
    /// Where the request comes from.
    pub from: LoginSource,
    /// The dialect that the token carries; a new token gets the same.
    pub dialect: Option<String>,
}

impl Service {
    /// Issues a new token to a user who has one of Quintet's, for the same dialect and the same session.
    ///
    /// # Errors
    /// `ERR_FORBIDDEN` for a token of another issuer or of version 0.1, and if Quintet signs with a shared secret:
    /// anybody who has that secret could otherwise refresh a forged token for ever.
    pub async fn refresh(&self, owner: Owner) -> Result<Session, Refusal> {
        let Owner { account, credential, from, dialect } = owner;
        match (self.0.tokens.sign_with(), credential.issuer) {
            (SignWith::Own, Issuer::Quintet) => {
                self.continue_session(account, dialect.as_deref(), from.client.as_deref(), credential).await
            }
            (SignWith::Shared, _) => Err(Refusal::forbidden(
                "This server signs tokens with a secret that it shares, and refreshes none; log in again.",
            )),
            (SignWith::Own, Issuer::Version01) => {
                Err(Refusal::forbidden("A token of version 0.1 is not refreshed; log in again."))
            }
            (SignWith::Own, Issuer::Other) => Err(Refusal::forbidden(
                "Another back end issued this token, and only that back end can issue a new one.",
            )),
        }
    }

    /// Changes the owner's profile. A new email address needs the password, or a token that was just issued; the
    /// present address is not a change. The call reveals whether a name or an address is registered, as a registration
    /// does, so it shares the rate of registrations.
    ///
    /// # Errors
    /// A refusal that names an invalid field or the missing proof; `ERR_CONFLICT` if the name or email address is
    /// taken.
    pub async fn change_own_profile(
        &self,
        owner: &Owner,
        mut change: ProfileChange,
        password: Option<String>,
    ) -> Result<Account, Refusal> {
        let same = |email: &String| Some(email_key(email)) == owner.account.email.as_deref().map(email_key);
        change.email = change.email.filter(|email| !same(email));
        if change.email.is_some() {
            self.confirm(owner, password).await?;
        } else if change.username.is_some() {
            self.count_login(owner.from.address).await?;
        }
        self.change_profile(owner.account.user.id.clone(), change).await
    }

    /// Changes the owner's password. It ends other sessions and returns a new token.
    ///
    /// # Errors
    /// A refusal that names the invalid password or the missing proof. `ERR_FORBIDDEN` if the account has no password
    /// and the token was not issued by Quintet: a first password would turn that token into permanent access.
    pub async fn change_own_password(
        &self,
        owner: &Owner,
        current: Option<String>,
        new: String,
    ) -> Result<Session, Refusal> {
        if owner.account.password_hash.is_none() && owner.credential.issuer != Issuer::Quintet {
            return Err(Refusal::forbidden(
                "This account has no password; its first one is set by the operator (`quintet user passwd`).",
            ));
        }
        self.confirm(owner, current).await?;
        let account = self.set_password(owner.account.user.id.clone(), "newPassword", new).await?;
        self.begin_session(account, owner.dialect.as_deref(), owner.from.client.as_deref(), None).await
    }

    /// Erases the owner and everything that it wrote.
    ///
    /// # Errors
    /// A refusal that names the missing proof.
    pub async fn erase_own(&self, owner: &Owner, password: Option<String>) -> Result<(), Refusal> {
        self.confirm(owner, password).await?;
        let user = owner.account.user.id.clone();
        self.erase(user.clone(), Some(user)).await
    }

    /// Checks that the owner is present. Passwords can be guessed here as well as by logging in, so both share one
    /// rate.
    async fn confirm(&self, owner: &Owner, password: Option<String>) -> Result<(), Refusal> {
        if owner.account.password_hash.is_none() {
            self.count_login(owner.from.address).await?;
            return match owner.credential.is_fresh(self.0.environment.now()) {
                true => Ok(()),
                false => Err(Refusal::forbidden(format!(
                    "This account has no password, so this needs a token that was issued in the last {} minutes.",
                    FRESH_TOKEN_SECONDS / 60
                ))),
            };
        }
        let password =
            password.ok_or_else(|| Refusal::invalid("currentPassword", "is missing; this change needs it"))?;
        self.count_login(owner.from.address).await?;
        let id = &owner.account.user.id;
        let key = failures::token_key(id);
        self.attempt(&key, Some(id), owner.from.address).await?;
        if !self.matches(&key, Some(&owner.account), password).await? {
            return Err(Refusal::forbidden("The current password is wrong.").in_field("currentPassword"));
        }
        self.succeeded(&key, id, owner.from.address).await;
        Ok(())
    }
}
