//! The keys that tokens are signed with: the server's own key, made at the first start, and the secret shared with other back
//! ends, if any. The own key is in a file of the data folder; over PostgreSQL, in the database; with `--ephemeral`, nowhere.

use quintet_service::Keys;

use crate::config::Config;
use crate::failure::Failure;
use crate::{key_files, postgres, shared_keys};

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
    let own = key_files::own(folder)?;
    // Version 0.1 did not use its own secret if one was configured.
    let retired = if shared.is_none() { key_files::retired_in_folder(folder)? } else { None };
    Ok(Keys { own: own.key, own_made_s: own.made_s, shared, retired: retired.map(|retired| retired.key) })
}
