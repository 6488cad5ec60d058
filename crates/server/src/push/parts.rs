//! What is needed to push messages.
//!
//! What must stay true: the key stays here; push services learn its public half.

use quintet_outbound::Outbound;
use quintet_push::VapidKey;

use super::counts::Counts;
use crate::config::Config;

/// What is needed to push messages.
pub(crate) struct Push {
    pub(super) key: VapidKey,
    /// Where push services may complain.
    pub(super) contact: Option<String>,
    /// The client of requests to push services.
    pub(super) client: Outbound,
    pub(super) counts: Counts,
}

impl Push {
    pub(crate) fn new(key: VapidKey, config: &Config, client: Outbound) -> Self {
        let public_url = config.server.public_url.clone().filter(|url| url.starts_with("https://"));
        let contact = config.push.contact.clone().or(public_url);
        Self { key, contact, client, counts: Counts::default() }
    }

    /// The counts, as a collector of metrics.
    pub(crate) fn counts(&self) -> Counts {
        self.counts.clone()
    }
}
