//! The keys that tokens are signed with: the server's own key, made at the first start, and the secret shared with other back
//! ends, if any; and the key by which push services know the server. Those that the server makes are in files of the data
//! folder; over PostgreSQL, in the database; with `--ephemeral`, nowhere.

use quintet_push::VapidKey;
use quintet_service::Keys;

use crate::config::Config;
use crate::failure::Failure;
use crate::{key_files, postgres, shared_keys};

/// Returns the key by which push services know the server. It is made once, and kept where the key of tokens is.
pub(crate) fn push_key(config: &Config) -> Result<VapidKey, Failure> {
    let make = || VapidKey::make().map(|bytes| key_files::made_of(&bytes)).map_err(|error| error.to_string());
    let (key, place) = if config.server.ephemeral {
        (make()?, "memory".to_owned())
    } else if let Some(target) = postgres::target(&config.database).map_err(|error| error.to_string())? {
        (shared_keys::push_key(config, &target, make)?, format!("the database {}", target.name()))
    } else {
        let folder = &config.server.data;
        (key_files::own(folder, key_files::PUSH, make)?, folder.display().to_string())
    };
    let bytes = key_files::bytes_of(&key).ok_or_else(|| format!("the key of push messages in {place} is no key"))?;
    VapidKey::stored(&bytes).map_err(|error| format!("the key of push messages in {place}: {error}"))
}

/// Returns the keys.
pub(crate) fn keys(config: &Config) -> Result<Keys, Failure> {
    let shared = config.auth.jwt_secret.as_ref().map(|secret| secret.as_bytes().to_vec());
    if config.server.ephemeral {
        let own = key_files::make()?;
        return Ok(Keys { own: own.key, own_made_s: own.made_s, shared, retired: None });
    }
    if let Some(target) = postgres::target(&config.database).map_err(|error| error.to_string())? {
        return shared_keys::keys(config, &target);
    }
    let folder = &config.server.data;
    let own = key_files::own(folder, key_files::TOKEN, key_files::make)?;
    // Version 0.1 did not use its own secret if one was configured.
    let retired = if shared.is_none() { key_files::retired_in_folder(folder)? } else { None };
    Ok(Keys { own: own.key, own_made_s: own.made_s, shared, retired: retired.map(|retired| retired.key) })
}
