//! Services: other backends, which come with a key of the operator's making.

use quintet_domain::{Account, AddService, ProfileChange, Refusal, RemoveService, UserId, parse_username};
use quintet_store::{Party, ServiceKey};
use std::net::IpAddr;

use sha2::{Digest, Sha256};

use crate::Service;

/// What every key starts with: so that one that leaks is recognised for what it is.
const KEY_PREFIX: &str = "qk_";

fn hash(key: &str) -> String {
    Sha256::digest(key.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Service {
    /// Makes a service of a name and its key, which is shown this once: for the operator.
    ///
    /// # Errors
    /// What is wrong with the name; `ERR_CONFLICT` on a taken one.
    pub async fn add_key(&self, name: String) -> Result<String, Refusal> {
        let name = parse_username(&name)?;
        let key = format!("{KEY_PREFIX}{:032x}", self.0.environment.secret());
        let hash = hash(&key);
        self.write(AddService { name, hash }).await?;
        Ok(key)
    }

    /// Takes a service's key away: for the operator.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND`.
    pub async fn remove_key(&self, name: String) -> Result<(), Refusal> {
        self.write(RemoveService { name }).await
    }

    /// All keys, by name: for the operator.
    ///
    /// # Errors
    /// An internal error.
    pub async fn keys(&self) -> Result<Vec<ServiceKey>, Refusal> {
        Ok(self.store().services().await?)
    }

    /// The service that a key from an address stands for, where the text is a key at all.
    ///
    /// # Errors
    /// `ERR_UNAUTHENTICATED` for a key that nobody has.
    pub async fn verify_key(&self, text: &str, from: IpAddr) -> Result<Option<Account>, Refusal> {
        if !text.starts_with(KEY_PREFIX) {
            return Ok(None);
        }
        let account = self.store().service(Party::Address(from), hash(text)).await?.filter(|account| !account.disabled);
        account.map(Some).ok_or_else(|| Refusal::unauthenticated("the key is not known"))
    }

    /// Changes a user's profile for a service.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND`, what is wrong with the fields, `ERR_CONFLICT` on a taken name or email.
    pub async fn change_user(&self, id: UserId, change: ProfileChange) -> Result<Account, Refusal> {
        self.person(&id).await?;
        self.change_profile(id, change).await
    }

    /// Erases a person for a service.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND`.
    pub async fn erase_user(&self, id: UserId) -> Result<(), Refusal> {
        self.person(&id).await?;
        self.erase(id).await
    }

    /// Refuses what is nobody, or a service itself.
    async fn person(&self, id: &UserId) -> Result<(), Refusal> {
        let user = self.user(Party::Server, id).await?;
        if user.is_service() {
            return Err(Refusal::not_found("user", id));
        }
        Ok(())
    }
}
