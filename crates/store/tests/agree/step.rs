//! A step of a random history: which kind of write, and the numbers that choose what it is about.

use proptest::prelude::*;

/// The people, of whom the last two begin as guests.
pub const PEOPLE: [&str; 7] = ["ada", "bob", "cem", "dee", "eve", "gus", "gil"];
/// The index of the first person who begins as a guest.
pub const GUESTS: usize = 5;
pub const HOUR_MS: i64 = 3_600_000;

/// A write to be made: its kind, and numbers that choose its users and objects.
#[derive(Clone, Debug)]
pub struct Step {
    pub kind: u8,
    pub a: usize,
    pub b: usize,
    pub c: usize,
    pub x: bool,
    pub y: bool,
}

pub fn step() -> impl Strategy<Value = Step> {
    (0..76_u8, 0..8_usize, 0..8_usize, 0..64_usize, any::<bool>(), any::<bool>())
        .prop_map(|(kind, a, b, c, x, y)| Step { kind, a, b, c, x, y })
}

/// Steps that create the people with accounts, a service, a group, a room that all join, and a meetup.
pub fn beginning() -> Vec<Step> {
    let step = |kind, a, b, c| Step { kind, a, b, c, x: false, y: true };
    let mut steps: Vec<Step> = (0..GUESTS).map(|a| step(30, a, 0, 0)).collect();
    steps.extend([step(40, 0, 0, 0), step(20, 0, 1, 0), step(20, 1, 2, 1), step(45, 0, 0, 0)]);
    steps.extend((3..5).map(|b| step(24, 0, b, 0)));
    steps.extend((0..PEOPLE.len()).map(|a| step(18, a, 2, 0)));
    steps
}

/// The time in milliseconds that passes before a step.
pub fn ms_before(step: &Step) -> i64 {
    match step.kind {
        60 => HOUR_MS * 30,
        61 => HOUR_MS * 24 * 40,
        _ => (step.c % 3) as i64 * 1_000,
    }
}
