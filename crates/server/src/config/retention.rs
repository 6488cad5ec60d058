//! The table `[retention]`: for how many days messages are kept.

use quintet_domain::RETENTION_DAYS_MAX;
use serde::{Deserialize, Serialize};

use super::fault::Fault;

/// The table `[retention]`: the days for which conversations of each kind keep their messages; 0 for ever.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Retention {
    direct_days: u32,
    group_days: u32,
    room_days: u32,
    meetup_days: u32,
}

impl Retention {
    /// The days, as the rules take them.
    pub(crate) fn days(&self) -> quintet_domain::Retention {
        let Self { direct_days, group_days, room_days, meetup_days } = *self;
        quintet_domain::Retention { direct: direct_days, group: group_days, room: room_days, meetup: meetup_days }
    }

    pub(super) fn check(&self) -> Result<(), Fault> {
        let keys: [(&'static [&'static str; 1], u32); 4] = [
            (&["direct_days"], self.direct_days),
            (&["group_days"], self.group_days),
            (&["room_days"], self.room_days),
            (&["meetup_days"], self.meetup_days),
        ];
        match keys.into_iter().find(|(_, days)| *days > RETENTION_DAYS_MAX) {
            None => Ok(()),
            Some((keys, _)) => {
                let what = format!("{} must be at most {RETENTION_DAYS_MAX}; 0 is for ever", keys[0]);
                Err(Fault::of("retention", keys, what))
            }
        }
    }
}
