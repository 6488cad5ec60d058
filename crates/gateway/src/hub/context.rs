//! The parts of the gateway that the hub uses.

use std::sync::Arc;

use quintet_service::{ResumeTokens, Service};

use crate::census::Census;
use crate::pending_commands::PendingCommands;
use crate::settings::Settings;

/// The parts of the gateway that the hub uses.
pub(crate) struct HubContext {
    pub(crate) service: Service,
    pub(crate) settings: Settings,
    pub(crate) resume_tokens: ResumeTokens,
    pub(crate) census: Arc<Census>,
    pub(crate) pending_commands: Arc<PendingCommands>,
}
