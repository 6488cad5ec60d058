//! Periodic work: expiry, sweeping and pruning. Where there are several nodes, each job is done by one of them at a time.
//!
//! What must stay true: a job that fails delays no other one, and is done again.

use std::time::Duration;

use quintet_domain::{Refusal, Timestamp};
use quintet_service::{Job, Service};
use tokio::time::Instant;

/// The interval at which it is looked for work, and at which meetups are expired, erasures are continued, and files are
/// checked.
const TICK: Duration = Duration::from_secs(1);
/// The time that guests of an earlier run have to come back.
const GUESTS_RETURN: Duration = Duration::from_secs(quintet_domain::limits::GUEST_LEAVES_AFTER_SECONDS);
/// The interval at which memberships and rooms of guests are swept.
const SWEEP: Duration = Duration::from_secs(10 * 60);

/// The time between two rounds of pruning.
const PRUNE: Duration = Duration::from_secs(60);
/// The largest number of transactions in one round of pruning. Other writes run between them.
const PRUNE_TURNS: usize = 200;

/// The time between two looks at all conversations for messages that are not kept any longer.
const RETENTION: Duration = Duration::from_secs(60);
/// The largest number of transactions that remove such messages in one second. Other writes run between them, and before
/// the next ones.
const RETENTION_TURNS: usize = 4;

/// The jobs that are done here.
const JOBS: [Job; 6] = [Job::Meetups, Job::Erasure, Job::Files, Job::Prune, Job::Retention, Job::Guests];

/// The time between two turns of a job, of which the last one ended at a cursor.
fn interval(job: Job, cursor: i64) -> Duration {
    match job {
        Job::Meetups | Job::Erasure | Job::Files => TICK,
        Job::Prune => PRUNE,
        Job::Retention if cursor == 0 => RETENTION,
        // It has not come to the last conversation.
        Job::Retention => TICK,
        Job::Guests => SWEEP,
        // `push` does it.
        Job::Push => TICK,
    }
}

/// A job as this process knows it.
struct Own {
    job: Job,
    /// When this process may do it next. Where there are several nodes, the database knows who does.
    next: Instant,
    /// Where it goes on.
    cursor: i64,
}

/// Runs the periodic work until the future is dropped.
pub(crate) async fn run(service: Service) {
    let mut tick = tokio::time::interval(TICK);
    let (start, started_at) = (Instant::now(), service.environment().now());
    let mut own = JOBS.map(|job| {
        let next = if job == Job::Guests { start + GUESTS_RETURN } else { start };
        Own { job, next, cursor: 0 }
    });
    loop {
        tick.tick().await;
        let now = Instant::now();
        for (job, cursor) in due(&service, &own, now).await {
            let cursor = work(&service, job, cursor, started_at).await;
            for own in own.iter_mut().filter(|own| own.job == job) {
                own.cursor = cursor;
                // Where there are several nodes, the database knows when it is due, and for whom.
                own.next = if service.jobs().is_some() { now } else { now + interval(job, cursor) };
            }
            if let Some(jobs) = service.jobs()
                && let Err(error) = jobs.done(job, cursor, interval(job, cursor)).await
            {
                tracing::debug!(%error, job = job.name(), "it was not noted that a job is done");
            }
        }
    }
}

/// Returns the jobs that this process is to do now, and where they go on.
async fn due(service: &Service, own: &[Own], now: Instant) -> Vec<(Job, i64)> {
    let due: Vec<(Job, i64)> = own.iter().filter(|own| own.next <= now).map(|own| (own.job, own.cursor)).collect();
    let Some(jobs) = service.jobs() else { return due };
    match jobs.take(due.into_iter().map(|(job, _)| job).collect()).await {
        Ok(taken) => taken,
        Err(error) => {
            tracing::debug!(%error, "it is not known which jobs are due");
            Vec::new()
        }
    }
}

/// Does a job. Returns where it goes on.
async fn work(service: &Service, job: Job, cursor: i64, started_at: Timestamp) -> i64 {
    let logged = |done: Result<(), Refusal>, what: &str| {
        if let Err(error) = done {
            tracing::warn!(%error, "{what}");
        }
        cursor
    };
    let went_on = |done: Result<i64, Refusal>, what: &str| match done {
        Ok(next) => next,
        Err(error) => logged(Err(error), what),
    };
    match job {
        Job::Meetups => logged(service.expire_meetups().await.map(|_| ()), "meetups could not be expired"),
        Job::Erasure => logged(service.continue_erasure().await, "deleting the messages of an erased user failed"),
        // Each call checks some files and continues where the last one ended, so that all are checked again and again.
        Job::Files => went_on(service.sweep_files(cursor).await, "removing expired files failed"),
        Job::Prune => {
            logged(service.sweep_counts().await, "counts of log-ins that count no more were not removed");
            went_on(service.prune(cursor, PRUNE_TURNS).await, "pruning failed")
        }
        Job::Retention => {
            went_on(service.purge_messages(cursor, RETENTION_TURNS).await, "removing messages that are not kept failed")
        }
        Job::Guests => {
            let present = service.presence().guests();
            // A membership of a guest of this run ends with the guest. This sweep ends those of earlier runs.
            let swept = service.sweep(present, started_at).await.map(|_| ());
            logged(swept, "guests' memberships and rooms could not be swept")
        }
        // `push` does it.
        Job::Push => cursor,
    }
}
