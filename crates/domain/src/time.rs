//! Moments, and the source of moments, ids and secrets, which callers pass in.

use std::fmt;

use ::time::format_description::well_known::Rfc3339;
use ::time::{OffsetDateTime, UtcOffset};

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

    /// Returns the whole seconds since 1970, the unit of tokens (RFC 7519).
    #[must_use]
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1_000)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ok(moment) = OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000_000) else {
            return f.write_str("1970-01-01T00:00:00.000Z");
        };
        let moment = moment.to_offset(UtcOffset::UTC);
        write!(
            f,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
            moment.year(),
            u8::from(moment.month()),
            moment.day(),
            moment.hour(),
            moment.minute(),
            moment.second(),
            moment.millisecond()
        )
    }
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
}
