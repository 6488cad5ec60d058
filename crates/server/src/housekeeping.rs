//! Periodic work: expiry, sweeping and pruning.

use std::time::Duration;

use quintet_service::Service;

/// The interval at which meetups are expired, erasures are continued, and files are checked.
const TICK: Duration = Duration::from_secs(1);
/// The time that guests of an earlier run have to come back.
const GUESTS_RETURN: Duration = Duration::from_secs(quintet_domain::limits::GUEST_LEAVES_AFTER_SECONDS);
/// The interval at which memberships and rooms of guests are swept.
const SWEEP: Duration = Duration::from_secs(10 * 60);

/// The time between two rounds of pruning.
const PRUNE: Duration = Duration::from_secs(60);
/// The largest number of transactions in one round of pruning. Other writes run between them.
const PRUNE_TURNS: usize = 200;

/// Runs the periodic work until the future is dropped.
pub(crate) async fn run(service: Service) {
    let mut tick = tokio::time::interval(TICK);
    let (start, started_at) = (tokio::time::Instant::now(), service.environment().now());
    let mut next_sweep = start + GUESTS_RETURN;
    let (mut files_seen, mut guests_seen, mut next_prune) = (0, 0, start);
    loop {
        tick.tick().await;
        if let Err(error) = service.expire_meetups().await {
            tracing::warn!(%error, "meetups could not be expired");
        }
        if let Err(error) = service.continue_erasure().await {
            tracing::warn!(%error, "deleting the messages of an erased user failed");
        }
        // Each call checks some files and continues where the last one ended, so that all are checked again and again.
        files_seen = match service.sweep_files(files_seen).await {
            Ok(next) => next,
            Err(error) => {
                tracing::warn!(%error, "removing expired files failed");
                files_seen
            }
        };
        if tokio::time::Instant::now() >= next_prune {
            next_prune = tokio::time::Instant::now() + PRUNE;
            guests_seen = match service.prune(guests_seen, PRUNE_TURNS).await {
                Ok(next) => next,
                Err(error) => {
                    tracing::warn!(%error, "pruning failed");
                    guests_seen
                }
            };
        }
        if tokio::time::Instant::now() >= next_sweep {
            next_sweep += SWEEP;
            let present = service.presence().guests();
            // A membership of a guest of this run ends with the guest. This sweep ends those of earlier runs.
            if let Err(error) = service.sweep(present, started_at).await {
                tracing::warn!(%error, "guests' memberships and rooms could not be swept");
            }
        }
    }
}
