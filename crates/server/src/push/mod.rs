//! Messages that are pushed to the browsers of those who are away.
//!
//! Behind the commits: a cursor over positions in the store says what was looked at ([`look`]); whom a message concerns and
//! who is active waits ([`PushWaiting`]); what is sent is written ([`payload`]) and handed to push services ([`deliver`]).
//!
//! What must stay true: nobody waits for this; a server without subscriptions pays for one load of a flag a second. What
//! waits and what is under way are bounded, and a push service that does not answer delays no other one for long.

mod counts;
mod deliver;
mod look;
mod parts;
mod payload;
mod rest;

use std::sync::Arc;

use quintet_domain::Timestamp;
use quintet_service::{NotedFor, PUSH_AWAY_MS, PushVerdict, PushWaiting, Service, push_verdict};
use tokio::time::MissedTickBehavior;

pub(crate) use self::parts::Push;

use self::deliver::Deliveries;
use self::look::{Look, TICK};

/// Pushes messages until the future is dropped.
pub(crate) async fn run(push: Push, service: Service) {
    let counts = push.counts();
    let mut look = Look::new(service.clone());
    let mut waiting = PushWaiting::default();
    let mut deliveries = Deliveries::new(service.clone(), Arc::new(push));
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        look.look_for_subscribers().await;
        if !service.activity().is_noted() {
            continue;
        }
        look.tell_other_nodes().await;
        if service.activity().is_noted_for(NotedFor::Browsers) {
            look.look(&mut waiting, &counts).await;
            send_due(&service, &mut waiting, &mut deliveries).await;
            counts.waiting(waiting.count());
        }
        let now = service.environment().now();
        service.activity().forget_before(now.plus_ms(-2 * PUSH_AWAY_MS));
    }
}

/// Sends what is due, as far as there is room for it.
async fn send_due(service: &Service, waiting: &mut PushWaiting, deliveries: &mut Deliveries) {
    let now = service.environment().now();
    while deliveries.have_room()
        && let Some(candidate) = waiting.take_due(now)
    {
        let here = service.activity().last(&candidate.user).unwrap_or(Timestamp(0));
        match push_verdict(candidate.at, here, now) {
            PushVerdict::Send => {}
            PushVerdict::Later(due) => {
                waiting.add(candidate, due);
                continue;
            }
            PushVerdict::Never => continue,
        }
        let notice = match service.push_notice(candidate.user.clone(), candidate.about.clone()).await {
            Ok(Some(notice)) => notice,
            Ok(None) => continue,
            Err(error) => {
                tracing::debug!(%error, "a push message could not be read, and is not sent");
                continue;
            }
        };
        // What other nodes have stored.
        match push_verdict(candidate.at, notice.active_at, now) {
            PushVerdict::Send => deliveries.begin(&notice),
            PushVerdict::Later(due) => waiting.add(candidate, due),
            PushVerdict::Never => {}
        }
    }
}
