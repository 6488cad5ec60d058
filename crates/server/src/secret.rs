//! The secret that tokens are signed with: given, or made at the first start and kept.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::Failure;
use crate::config::Config;

/// The file in the data folder.
const FILE: &str = "jwt-secret";
/// Bytes of a secret that is made.
const BYTES: usize = 32;

/// The secret, made and kept with mode 0600 if none is given.
pub(crate) fn secret(config: &Config) -> Result<Vec<u8>, Failure> {
    if let Some(secret) = &config.auth.jwt_secret {
        return Ok(secret.as_bytes().to_vec());
    }
    if config.server.ephemeral {
        return Ok(made()?.into_bytes());
    }
    kept(&config.server.data.join(FILE))
}

fn made() -> Result<String, Failure> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes).map_err(|error| format!("the operating system gives no random bytes: {error}"))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn kept(path: &Path) -> Result<Vec<u8>, Failure> {
    let failed = |error: std::io::Error| format!("cannot use {}: {error}", path.display());
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(mut file) => {
            let secret = made()?;
            file.write_all(secret.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
            Ok(secret.into_bytes())
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let mut secret = Vec::new();
            std::fs::File::open(path).and_then(|mut file| file.read_to_end(&mut secret)).map_err(failed)?;
            let secret = secret.trim_ascii().to_vec();
            if secret.is_empty() {
                return Err(format!("{} is empty; remove it to have a new secret made", path.display()));
            }
            Ok(secret)
        }
        Err(error) => Err(failed(error)),
    }
}
