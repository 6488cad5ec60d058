//! The keys of an installation on PostgreSQL, which are in its database, where every node finds them; and how they are
//! encrypted there under the secret of the nodes.
//!
//! What must stay true: a key that cannot be read is never replaced by a new one, which would end all sessions.

use quintet_service::Keys;
use quintet_store::{InstallationKey, OpenError, PostgresTarget};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, Salt};

use crate::config::Config;
use crate::failure::Failure;
use crate::key_files::{self, Made};

/// The name of the key that tokens are signed with, and from which others are derived.
pub(crate) const TOKEN: &str = "token";
/// The name of the secret of version 0.1.
pub(crate) const RETIRED: &str = "retired";
/// The name of the key by which push services know the server.
pub(crate) const PUSH: &str = "push";
/// What the keys of the encryption are derived for, so that no other use of the secret gives the same ones.
const PURPOSE: &[u8] = b"quintet installation keys 1";

/// Returns the keys. The first node stores those of its data folder, if that has any, and makes what is missing.
pub(crate) fn keys(config: &Config, target: &PostgresTarget) -> Result<Keys, Failure> {
    let shared = config.auth.jwt_secret.as_ref().map(|secret| secret.as_bytes().to_vec());
    let store = KeyStore::new(config, target);
    let own = match store.found(TOKEN)? {
        Some(own) => own,
        None => {
            let made = key_files::in_folder(&config.server.data, key_files::TOKEN)?;
            store.kept(TOKEN, &made.map_or_else(key_files::make, Ok)?)?
        }
    };
    let retired = match &shared {
        // Version 0.1 did not use its own secret if one was configured.
        Some(_) => None,
        None => match store.found(RETIRED)? {
            Some(retired) => Some(retired),
            None => {
                let retired = key_files::retired_in_folder(&config.server.data)?;
                retired.map(|retired| store.kept(RETIRED, &retired)).transpose()?
            }
        },
    };
    Ok(Keys { own: own.key, own_made_s: own.made_s, shared, retired: retired.map(|retired| retired.key) })
}

/// Returns the key by which push services know the server. The first node stores that of its data folder, if that has one.
pub(crate) fn push_key(
    config: &Config,
    target: &PostgresTarget,
    make: impl FnOnce() -> Result<Made, Failure>,
) -> Result<Made, Failure> {
    let store = KeyStore::new(config, target);
    if let Some(key) = store.found(PUSH)? {
        return Ok(key);
    }
    let made = key_files::in_folder(&config.server.data, key_files::PUSH)?;
    store.kept(PUSH, &made.map_or_else(make, Ok)?)
}

/// The keys in a database, read and written in clear.
pub(crate) struct KeyStore<'t> {
    target: &'t PostgresTarget,
    secret: Option<String>,
}

impl<'t> KeyStore<'t> {
    /// The keys in a database, encrypted under the secret that the configuration has for the nodes.
    pub(crate) fn new(config: &Config, target: &'t PostgresTarget) -> Self {
        Self { target, secret: config.cluster.secret.clone() }
    }

    /// Returns a key, if the database has it. A key that is not encrypted is encrypted from then on, if there is a
    /// secret.
    pub(crate) fn found(&self, name: &str) -> Result<Option<Made>, Failure> {
        let said = |error: OpenError| error.to_string();
        let Some(stored) = self.target.installation_key(name).map_err(said)? else { return Ok(None) };
        let key = self.opened(name, &stored)?;
        if !stored.sealed && self.secret.is_some() {
            let sealed = self.closed(name, &key)?;
            self.target.replace_installation_key(name, &stored, &sealed).map_err(said)?;
        }
        Ok(Some(key))
    }

    /// Stores a key unless another node has stored one meanwhile. Returns the one that all nodes have from then on.
    pub(crate) fn kept(&self, name: &str, key: &Made) -> Result<Made, Failure> {
        let stored = self.target.keep_installation_key(name, &self.closed(name, key)?);
        let stored = stored.map_err(|error| error.to_string())?;
        self.opened(name, &stored.ok_or("the keys in the database were removed while it was opened")?)
    }

    /// Returns a key in the form in which it is stored.
    fn closed(&self, name: &str, key: &Made) -> Result<InstallationKey, Failure> {
        let Some(secret) = &self.secret else {
            return Ok(InstallationKey { value: key.key.clone(), sealed: false, made_s: key.made_s });
        };
        let mut nonce = [0; NONCE_LEN];
        getrandom::fill(&mut nonce).map_err(|error| format!("the operating system gives no random bytes: {error}"))?;
        let mut sealed = key.key.clone();
        let closed = cipher(secret, name).and_then(|cipher| {
            let nonce = Nonce::assume_unique_for_key(nonce);
            cipher.seal_in_place_append_tag(nonce, associated(name, key.made_s), &mut sealed).ok()
        });
        closed.ok_or("the keys cannot be encrypted")?;
        Ok(InstallationKey { value: [&nonce[..], &sealed].concat(), sealed: true, made_s: key.made_s })
    }

    /// Returns a key in clear.
    fn opened(&self, name: &str, stored: &InstallationKey) -> Result<Made, Failure> {
        let made_s = stored.made_s;
        if !stored.sealed {
            return Ok(Made { key: stored.value.clone(), made_s });
        }
        let database = self.target.name();
        let Some(secret) = &self.secret else {
            return Err(format!(
                "the keys in the database {database} are encrypted: set the [cluster] secret that the other nodes have"
            ));
        };
        let opened = stored.value.split_first_chunk::<NONCE_LEN>().and_then(|(nonce, sealed)| {
            let (mut bytes, nonce) = (sealed.to_vec(), Nonce::assume_unique_for_key(*nonce));
            let cipher = cipher(secret, name)?;
            cipher.open_in_place(nonce, associated(name, made_s), &mut bytes).ok().map(|key| key.to_vec())
        });
        let key = opened.ok_or_else(|| {
            format!("the keys in the database {database} are encrypted under another [cluster] secret than this one")
        })?;
        Ok(Made { key, made_s })
    }
}

/// Returns the cipher of a key. Each key has its own, derived from the secret.
fn cipher(secret: &str, name: &str) -> Option<LessSafeKey> {
    let derived = Salt::new(HKDF_SHA256, PURPOSE).extract(secret.as_bytes());
    let info = [name.as_bytes()];
    let key = derived.expand(&info, &CHACHA20_POLY1305).ok()?;
    Some(LessSafeKey::new(UnboundKey::from(key)))
}

/// Returns what is not secret about a key, but cannot be changed either.
fn associated(name: &str, made_s: i64) -> Aad<Vec<u8>> {
    Aad::from([name.as_bytes(), b"\0", &made_s.to_be_bytes()].concat())
}
