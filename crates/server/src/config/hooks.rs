//! The table `[hooks]`: what is asked before messages are sent and edited.
//!
//! What must stay true: a hook has a secret, because it must not answer anybody else.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use quintet_domain::WebhookSecret;
use quintet_domain::limits::{HOOK_ANSWER_MS_DEFAULT, HOOK_ANSWER_MS_RANGE};
use quintet_service::{Networks, WEBHOOK_SECRET_PREFIX};
use quintet_webhooks::{HookSettings, OnFailure};
use serde::{Deserialize, Serialize};

use super::fault::Fault;

/// The bytes that the secret may have, as Standard Webhooks has it.
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// What a failure of the hook means.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OnFailureName {
    /// What the hook was asked about is written.
    #[default]
    Allow,
    /// It is refused.
    Refuse,
}

impl From<OnFailureName> for OnFailure {
    fn from(name: OnFailureName) -> Self {
        match name {
            OnFailureName::Allow => Self::Allow,
            OnFailureName::Refuse => Self::Refuse,
        }
    }
}

/// The table `[hooks]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Hooks {
    /// The address of the hook that is asked before a message is sent or edited; `None` for no hook.
    pub(crate) before_send: Option<String>,
    /// The secret that questions are signed with: `whsec_`, and 24 to 64 bytes as base64.
    #[serde(skip_serializing)]
    pub(crate) secret: Option<String>,
    /// The time that a question takes at most, in milliseconds.
    pub(crate) timeout_ms: u64,
    pub(crate) on_failure: OnFailureName,
}

impl Default for Hooks {
    fn default() -> Self {
        let (timeout_ms, on_failure) = (HOOK_ANSWER_MS_DEFAULT, OnFailureName::default());
        Self { before_send: None, secret: None, timeout_ms, on_failure }
    }
}

/// Whether a text is a secret in the form of Standard Webhooks.
fn is_secret(text: &str) -> bool {
    let encoded = text.strip_prefix(WEBHOOK_SECRET_PREFIX);
    encoded.and_then(|encoded| BASE64.decode(encoded).ok()).is_some_and(|bytes| SECRET_BYTES.contains(&bytes.len()))
}

impl Hooks {
    /// Checks the table. `allowed` are the networks that may be asked although they are not on the public internet.
    pub(super) fn check(&self, allowed: &Networks) -> Result<(), Fault> {
        let fault = |keys, what: &str| Err(Fault::of("hooks", keys, what));
        if !HOOK_ANSWER_MS_RANGE.contains(&self.timeout_ms) {
            let (least, most) = (HOOK_ANSWER_MS_RANGE.start(), HOOK_ANSWER_MS_RANGE.end());
            return fault(&["timeout_ms"], &format!("timeout_ms must be from {least} to {most}"));
        }
        if self.secret.as_deref().is_some_and(|secret| !is_secret(secret)) {
            let what = "secret must be `whsec_` and 24 to 64 bytes as base64 (`echo whsec_$(openssl rand -base64 32)` makes one)";
            return fault(&["secret"], what);
        }
        let Some(url) = &self.before_send else { return Ok(()) };
        if let Err(error) = quintet_outbound::check_url(url, allowed) {
            return fault(&["before_send"], &format!("before_send: {}", error.to_string().trim_end_matches('.')));
        }
        if !url.to_ascii_lowercase().starts_with("https:") && allowed.is_empty() {
            let what = "before_send must be an https URL, because people's messages are sent there; http is for a network of \
                        your own that [outbound] allow lists";
            return fault(&["before_send"], what);
        }
        if self.secret.is_none() {
            let what = "before_send needs a secret, by which the hook knows that a question is this server's";
            return fault(&["before_send"], what);
        }
        Ok(())
    }

    /// Returns the settings of the hook; `None` if there is none.
    pub(crate) fn settings(&self) -> Option<HookSettings> {
        let (url, secret) = self.before_send.clone().zip(self.secret.clone())?;
        Some(HookSettings {
            url,
            secret: WebhookSecret(secret),
            timeout: Duration::from_millis(self.timeout_ms),
            on_failure: self.on_failure.into(),
        })
    }
}
