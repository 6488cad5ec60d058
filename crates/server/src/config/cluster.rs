//! The table `[cluster]`: what the nodes over one PostgreSQL database have in common.
//!
//! What must stay true: the secret is never shown.

use quintet_domain::limits::SECRET_BYTES_MIN;
use serde::{Deserialize, Serialize};

use super::fault::Fault;

/// What the nodes over one database have in common.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Cluster {
    /// The secret that all nodes have, and that the database does not: the keys in it are encrypted under this one.
    #[serde(skip_serializing)]
    pub(crate) secret: Option<String>,
}

impl Cluster {
    pub(super) fn check(&self) -> Result<(), Fault> {
        match &self.secret {
            Some(secret) if secret.len() < SECRET_BYTES_MIN => {
                let what = format!(
                    "secret has {} bytes and could be guessed: use one of at least {SECRET_BYTES_MIN} (`openssl rand -hex 32` \
                     makes one), the same on all nodes",
                    secret.len()
                );
                Err(Fault::of("cluster", &["secret"], what))
            }
            _ => Ok(()),
        }
    }
}
