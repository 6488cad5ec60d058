//! Changes that people make to their own accounts, and the proof of identity that each needs.
//!
//! A token is enough to read and write messages. Changes by which a thief of a token could take over or erase the
//! account need the password as well or, for an account without one, a token that was issued just now.

use std::net::IpAddr;

use quintet_domain::limits::FRESH_TOKEN_SECONDS;
use quintet_domain::{Account, ProfileChange, Refusal};

use crate::{Credential, Issuer, Service, Session, SignWith, failures};

/// A user who asks for a change of its own account.
#[derive(Clone, Debug)]
pub struct Owner {
    /// The account that is to be changed.
    pub account: Account,
    /// How the owner authenticated.
    pub credential: Credential,
    /// The address that the request comes from.
    pub address: IpAddr,
    /// The dialect that its token carries, for the token that it gets.
    pub dialect: Option<String>,
}

impl Service {
    /// A new token for somebody who has one of Quintet's, in the same dialect.
    ///
    /// # Errors
    /// `ERR_FORBIDDEN` for a token of another issuer or of version 0.1, and where Quintet signs with a shared secret:
    /// what others can sign would otherwise last for as long as somebody goes on refreshing it.
    pub fn refresh(&self, account: Account, credential: Credential, dialect: Option<&str>) -> Result<Session, Refusal> {
        match (self.0.tokens.sign_with(), credential.issuer) {
            (SignWith::Own, Issuer::Quintet) => self.session(account, dialect, credential.authenticated_s),
            (SignWith::Shared, _) => Err(Refusal::forbidden(
                "This server signs tokens with a secret that it shares, and refreshes none; log in again.",
            )),
            (SignWith::Own, Issuer::Version01) => {
                Err(Refusal::forbidden("A token of version 0.1 is not refreshed; log in again."))
            }
            (SignWith::Own, Issuer::Other) => {
                Err(Refusal::forbidden("Another back end issued this token, and it alone can give a new one."))
            }
        }
    }

    /// Changes the owner's profile. A new email address wants the password, or a token that was just issued; one that
    /// is the present one is no change. Whether a name or an address is registered can be found out here as well as
    /// at a registration: it has the same rate.
    ///
    /// # Errors
    /// What is wrong with the fields or with the proof; `ERR_CONFLICT` on a taken name or email.
    pub async fn change_own_profile(
        &self,
        owner: &Owner,
        mut change: ProfileChange,
        password: Option<String>,
    ) -> Result<Account, Refusal> {
        let same = |email: &String| Some(email.to_lowercase()) == owner.account.email.as_deref().map(str::to_lowercase);
        change.email = change.email.filter(|email| !same(email));
        if change.email.is_some() {
            self.confirm(owner, password).await?;
        } else if change.username.is_some() {
            self.rates().login(owner.address)?;
        }
        self.change_profile(owner.account.user.id.clone(), change).await
    }

    /// Changes the owner's password; other sessions end, and a new token comes back.
    ///
    /// # Errors
    /// What is wrong with the new password or with the proof. `ERR_FORBIDDEN` where an account without a password comes
    /// with a token that Quintet did not issue: a first password would make that token one that never expires.
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
        self.session(account, owner.dialect.as_deref(), None)
    }

    /// Erases the owner, and all it wrote.
    ///
    /// # Errors
    /// What is wrong with the proof.
    pub async fn erase_own(&self, owner: &Owner, password: Option<String>) -> Result<(), Refusal> {
        self.confirm(owner, password).await?;
        self.erase(owner.account.user.id.clone()).await
    }

    /// Makes the owner prove its presence. Passwords can be guessed here as well as at the log-in, so both share one
    /// rate.
    async fn confirm(&self, owner: &Owner, password: Option<String>) -> Result<(), Refusal> {
        let Some(hash) = owner.account.password_hash.clone() else {
            self.rates().login(owner.address)?;
            return match owner.credential.is_fresh(self.0.environment.now()) {
                true => Ok(()),
                false => Err(Refusal::forbidden(format!(
                    "This account has no password, so this needs a token that was issued in the last {} minutes.",
                    FRESH_TOKEN_SECONDS / 60
                ))),
            };
        };
        let password =
            password.ok_or_else(|| Refusal::invalid("currentPassword", "is missing; this change needs it"))?;
        self.rates().login(owner.address)?;
        let id = &owner.account.user.id;
        let said = failures::said_by_token(id);
        self.attempt(&said, Some(id), owner.address).await?;
        if !self.fits(&said, Some(hash), password).await? {
            return Err(Refusal::forbidden("The current password is wrong."));
        }
        self.succeeded(&said, id, owner.address).await;
        Ok(())
    }
}
