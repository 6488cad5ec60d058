//! Moments, and the source of moments, ids and secrets, which callers pass in.

use std::fmt;

use ::time::format_description::well_known::Rfc3339;
use ::time::{Date, OffsetDateTime};

/// The milliseconds of a day.
const MS_PER_DAY: i64 = 24 * 60 * 60 * 1_000;

/// The Julian day of 1970-01-01.
const UNIX_EPOCH_JULIAN_DAY: i32 = 2_440_588;

/// A moment, in milliseconds since 1970 UTC. It is displayed in ISO 8601, in UTC, with milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Parses a moment in the form of RFC 3339, with any offset; none if the text is no such moment.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let moment = OffsetDateTime::parse(text, &Rfc3339).ok()?;
        i64::try_from(moment.unix_timestamp_nanos() / 1_000_000).ok().map(Self)
    }

    /// Returns the moment that is `ms` milliseconds later.
    #[must_use]
    pub fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Returns the moment that is some days earlier, each of 24 hours.
    #[must_use]
    pub fn minus_days(self, days: i64) -> Self {
        self.plus_ms(days.saturating_mul(-MS_PER_DAY))
    }

    /// Returns the whole seconds since 1970, the unit of tokens (RFC 7519).
    #[must_use]
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1_000)
    }
}

/// What is displayed for moments outside of the years 0 to 9999, which ISO 8601 cannot express with four digits.
const OUTSIDE: &str = "1970-01-01T00:00:00.000Z";

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Written digit by digit, because every message is encoded with several moments and the machinery for padded
        // numbers takes longer than the rest of the message.
        let text = self.digits();
        f.write_str(text.as_ref().and_then(|text| std::str::from_utf8(text).ok()).unwrap_or(OUTSIDE))
    }
}

impl Timestamp {
    /// The bytes of the displayed text; none outside of the years 0 to 9999.
    fn digits(self) -> Option<[u8; 24]> {
        let (year, month, day) = date(self.0.div_euclid(MS_PER_DAY))?;
        let ms = self.0.rem_euclid(MS_PER_DAY) as u32;
        let mut text = *b"0000-00-00T00:00:00.000Z";
        let mut write = |at: std::ops::Range<usize>, mut number: u32| {
            for digit in text[at].iter_mut().rev() {
                *digit = b'0' + (number % 10) as u8;
                number /= 10;
            }
        };
        write(0..4, year);
        write(5..7, month);
        write(8..10, day);
        write(11..13, ms / 3_600_000);
        write(14..16, ms / 60_000 % 60);
        write(17..19, ms / 1_000 % 60);
        write(20..23, ms % 1_000);
        Some(text)
    }
}

/// Returns the year, month and day of a number of days since 1970; none outside of the years 0 to 9999.
fn date(days: i64) -> Option<(u32, u32, u32)> {
    let days = i32::try_from(days).ok()?.checked_add(UNIX_EPOCH_JULIAN_DAY)?;
    let date = Date::from_julian_day(days).ok()?;
    let year = u32::try_from(date.year()).ok().filter(|year| *year <= 9_999)?;
    Some((year, u32::from(u8::from(date.month())), u32::from(date.day())))
}

/// The source of moments, ids and secrets. It is passed in, so that a run can be replayed from a seed.
pub trait Environment: Send + Sync {
    /// Returns the current moment.
    fn now(&self) -> Timestamp;
    /// Returns a new id: a UUIDv7 outside of tests.
    fn new_id(&self) -> String;
    /// Returns 128 random bits that nobody can guess.
    fn secret(&self) -> u128;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shown_with_milliseconds_and_z() {
        assert_eq!(Timestamp(0).to_string(), "1970-01-01T00:00:00.000Z");
        assert_eq!(Timestamp(1_705_314_600_007).to_string(), "2024-01-15T10:30:00.007Z");
        assert_eq!(Timestamp::parse("2024-01-15T12:30:00.007+02:00"), Some(Timestamp(1_705_314_600_007)));
        assert_eq!(Timestamp::parse("tomorrow"), None);
    }

    #[test]
    fn moments_of_all_years_are_shown_as_they_are_parsed() {
        let first = Timestamp::parse("0000-01-01T00:00:00.000Z").expect("the first day");
        let last = Timestamp::parse("9999-12-31T23:59:59.999Z").expect("the last day");
        // Ten days, an hour, two minutes, three seconds and four milliseconds, so that each digit of each part occurs.
        let step = 10 * 86_400_000 + 3_723_004;
        for ms in (first.0..=last.0).step_by(step).chain([last.0]) {
            let text = Timestamp(ms).to_string();
            assert_eq!(Timestamp::parse(&text), Some(Timestamp(ms)), "{text}");
        }
        for outside in [i64::MIN, first.0 - 1, last.0 + 1, i64::MAX] {
            assert_eq!(Timestamp(outside).to_string(), OUTSIDE);
        }
    }
}
