//! Services: other backends, which authenticate with a key that the operator creates.

use quintet_domain::{Account, AddService, ProfileChange, Refusal, RemoveService, Scopes, UserId, parse_username};
use quintet_store::{Party, ServiceAccount, ServiceKey};
use std::net::IpAddr;

use sha2::{Digest, Sha256};

use crate::Service;

/// The prefix of all keys, by which a leaked key can be recognised.
const KEY_PREFIX: &str = "qk_";

/// The SHA-256 hash of a key or code, in hexadecimal, as it is stored.
pub(crate) fn hash(key: &str) -> String {
    Sha256::digest(key.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Service {
    /// Creates a service, or a new key for a service without one, and returns the key. Only the operator calls this.
    ///
    /// # Errors
    /// A refusal that names the name; `ERR_CONFLICT` if it is taken.
    pub async fn add_key(&self, name: String, scopes: Scopes) -> Result<String, Refusal> {
        let name = parse_username(&name)?;
        let key = format!("{KEY_PREFIX}{:032x}", self.0.environment.secret());
        let hash = hash(&key);
        self.write(AddService { name, hash, scopes }).await?;
        Ok(key)
    }

    /// Revokes a service's key. Only the operator calls this.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND` if there is no such service.
    pub async fn remove_key(&self, name: String) -> Result<(), Refusal> {
        self.write(RemoveService { name }).await
    }

    /// Returns all services with keys, by name. Only the operator calls this.
    ///
    /// # Errors
    /// An internal error.
    pub async fn keys(&self) -> Result<Vec<ServiceKey>, Refusal> {
        Ok(self.store().services().await?)
    }

    /// Authenticates a service by a key that was sent from an address. Returns `None` if the text does not have the
    /// form of a key.
    ///
    /// # Errors
    /// `ERR_UNAUTHENTICATED` if no service has the key.
    pub async fn verify_key(&self, text: &str, from: IpAddr) -> Result<Option<ServiceAccount>, Refusal> {
        if !text.starts_with(KEY_PREFIX) {
            return Ok(None);
        }
        let found = self.store().service(Party::Address(from), hash(text)).await?;
        let service = found.filter(|service| !service.account.disabled);
        service.map(Some).ok_or_else(|| Refusal::unauthenticated("the key is not known"))
    }

    /// Changes a user's profile on behalf of a service.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND`; a refusal that names an invalid field; `ERR_CONFLICT` if the name or email address is taken.
    pub async fn change_user(&self, id: UserId, change: ProfileChange) -> Result<Account, Refusal> {
        self.check_person(&id).await?;
        self.change_profile(id, change).await
    }

    /// Erases a person on behalf of a service.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND` if there is no such person.
    pub async fn erase_user(&self, id: UserId, by: UserId) -> Result<(), Refusal> {
        self.check_person(&id).await?;
        self.erase(id, Some(by)).await
    }

    /// Refuses the id of a service, or of nobody.
    async fn check_person(&self, id: &UserId) -> Result<(), Refusal> {
        let user = self.user(Party::Server, id).await?;
        if user.is_service() {
            return Err(Refusal::not_found("user", id));
        }
        Ok(())
    }
}
