//! Somebody who has nothing to do with an attack: asks whether the server is there, asks for itself, and sends messages.

use std::fmt;
use std::io;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use super::ground::{BYSTANDER, Ground, PATIENCE};
use crate::load::{Load, Regime, Turn};
use crate::quintet::{self, Api};

/// Time between two requests of a kind.
const PAUSE: Duration = Duration::from_millis(50);
/// Messages a second.
const SENT: f64 = 20.0;

/// A registered user with a conversation to write to.
pub(super) struct Bystander {
    conversation: String,
}

/// How long answers took.
pub(super) struct Times(Histogram<u64>);

/// What a bystander noticed of an attack.
pub(super) struct Noticed {
    pub(super) health: Times,
    pub(super) me: Times,
    pub(super) send: Times,
    /// Requests and messages that were refused, or had no answer in time.
    pub(super) unanswered: u64,
}

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = |ns: u64| ns as f64 / 1e6;
        let (p50, p99) = (self.0.value_at_quantile(0.5), self.0.value_at_quantile(0.99));
        write!(f, "{:.1} / {:.1} / {:.1}", ms(p50), ms(p99), ms(self.0.max()))
    }
}

fn histogram() -> io::Result<Histogram<u64>> {
    Histogram::new_with_bounds(1_000, 120_000_000_000, 3).map_err(io::Error::other)
}

impl Bystander {
    /// Makes the user and its conversation.
    pub(super) fn settle(ground: &Ground) -> io::Result<Self> {
        Ok(Self { conversation: Api::of(ground.address(), BYSTANDER)?.group(&[])? })
    }

    /// Asks and sends for a while.
    pub(super) fn watch(&self, ground: &Ground, how_long: Duration) -> io::Result<Noticed> {
        let token = quintet::token(BYSTANDER);
        std::thread::scope(|scope| {
            let health = scope.spawn(|| ask(ground, "/healthz", None, how_long));
            let me = scope.spawn(|| ask(ground, "/api/v1/me", Some(&token), how_long));
            let (send, unsent) = self.send(ground, how_long)?;
            let joined = |asked: std::thread::Result<io::Result<(Times, u64)>>| {
                asked.unwrap_or_else(|_| Err(io::Error::other("a bystander panicked")))
            };
            let ((health, unhealthy), (me, unknown)) = (joined(health.join())?, joined(me.join())?);
            Ok(Noticed { health, me, send, unanswered: unhealthy + unknown + unsent })
        })
    }

    /// Sends messages over a connection of its own, and waits for what is still to be acknowledged.
    fn send(&self, ground: &Ground, how_long: Duration) -> io::Result<(Times, u64)> {
        let mut load = Load::new()?;
        load.connect(ground.address(), &[quintet::greeting(BYSTANDER, "conversations")])?;
        load.send(&[Turn::message(0, &self.conversation)], Regime::Paced(SENT), how_long)?;
        let until = Instant::now() + PATIENCE;
        while load.measured().acked < load.measured().sent && Instant::now() < until {
            load.idle(PAUSE)?;
        }
        let measured = load.measured();
        Ok((Times(measured.ack.clone()), measured.sent - measured.acked))
    }
}

/// Asks for a path again and again; gives how long the answers took, and how many requests had none that was good.
fn ask(ground: &Ground, path: &str, token: Option<&str>, how_long: Duration) -> io::Result<(Times, u64)> {
    let until = Instant::now() + how_long;
    let (mut times, mut unanswered) = (histogram()?, 0);
    while Instant::now() < until {
        let began = Instant::now();
        let good = ground.get(path, token).is_ok_and(|status| status == 200);
        times.saturating_record(began.elapsed().as_nanos() as u64);
        unanswered += u64::from(!good);
        std::thread::sleep(PAUSE);
    }
    Ok((Times(times), unanswered))
}
