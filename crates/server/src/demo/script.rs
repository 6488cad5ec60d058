//! The play of the demo: a community bicycle workshop in the week before its repair day.
//!
//! What must stay true: acts are in the order of their moments; what an act refers to is said by an earlier one.

/// A person of the play.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Person {
    /// Runs the workshop.
    Amara,
    /// Builds and trues the wheels.
    Ben,
    /// Buys parts and keeps the books.
    Chiara,
    /// Volunteers, and is new.
    Dev,
    /// Leads the rides on Sundays.
    Emi,
}

impl Person {
    /// All people, in the order in which they join.
    pub(super) const ALL: [Self; 5] = [Self::Amara, Self::Ben, Self::Chiara, Self::Dev, Self::Emi];

    /// The username.
    pub(super) fn username(self) -> &'static str {
        match self {
            Self::Amara => "amara",
            Self::Ben => "ben",
            Self::Chiara => "chiara",
            Self::Dev => "dev",
            Self::Emi => "emi",
        }
    }

    /// The full name, of which the page shows the initials as a picture.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Amara => "Amara Okafor",
            Self::Ben => "Ben Lindqvist",
            Self::Chiara => "Chiara Rossi",
            Self::Dev => "Dev Patel",
            Self::Emi => "Emi Tanaka",
        }
    }

    /// What the person does in the workshop.
    pub(super) fn task(self) -> &'static str {
        match self {
            Self::Amara => "runs the workshop",
            Self::Ben => "builds wheels",
            Self::Chiara => "buys parts and keeps the books",
            Self::Dev => "volunteers since last week",
            Self::Emi => "leads rides",
        }
    }
}

/// A conversation of the play.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// A room for everybody.
    Workshop,
    /// A room for what has nothing to do with work.
    Rides,
    /// A group that plans the repair day.
    RepairDay,
    /// The direct conversation of Amara and Dev.
    AmaraAndDev,
    /// The direct conversation of Amara and Ben.
    AmaraAndBen,
    /// The conversation of the meetup.
    Meetup,
}

/// A file of the play.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asset {
    /// The picture of the poster.
    Poster,
    /// The text of the checklist.
    Checklist,
}

/// What a message refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum About {
    /// To no other message.
    Nothing,
    /// To the message of this name, which it answers.
    Reply(&'static str),
    /// To the message of this name, in whose thread it stands.
    Thread(&'static str),
}

/// What somebody does.
#[derive(Clone, Copy, Debug)]
pub(super) enum Deed {
    /// Sends a message.
    Say {
        /// The conversation that it is sent to.
        to: Place,
        /// The name by which later acts refer to it; empty if none does.
        name: &'static str,
        /// The text of the message.
        text: &'static str,
        /// What the message refers to.
        about: About,
        /// The file that the message carries.
        file: Option<Asset>,
    },
    /// Reacts to a message.
    React {
        /// The name of the message.
        to: &'static str,
        /// The emoji of the reaction.
        emoji: &'static str,
    },
    /// Pins a message to its conversation.
    Pin {
        /// The name of the message.
        message: &'static str,
    },
    /// Reads everything in a conversation.
    Read {
        /// The conversation that is read.
        place: Place,
    },
    /// Proposes the meetup.
    Propose,
    /// Asks to take part in the meetup.
    Ask,
    /// As the host, accepts somebody who asked to take part.
    Accept {
        /// The person who asked.
        person: Person,
    },
}

/// One act of the play.
#[derive(Clone, Copy, Debug)]
pub(super) struct Act {
    /// How many minutes before the present it happens.
    pub(super) minutes_ago: i64,
    /// Who does it.
    pub(super) by: Person,
    /// What is done.
    pub(super) deed: Deed,
}

/// How many minutes before the present the people join.
pub(super) const JOINED_MINUTES_AGO: i64 = 4 * DAY + 180;

const HOUR: i64 = 60;
const DAY: i64 = 24 * HOUR;

const fn act(minutes_ago: i64, by: Person, deed: Deed) -> Act {
    Act { minutes_ago, by, deed }
}

const fn says(to: Place, text: &'static str) -> Deed {
    Deed::Say { to, name: "", text, about: About::Nothing, file: None }
}

const fn says_as(to: Place, name: &'static str, text: &'static str) -> Deed {
    Deed::Say { to, name, text, about: About::Nothing, file: None }
}

const fn says_about(to: Place, name: &'static str, text: &'static str, about: About) -> Deed {
    Deed::Say { to, name, text, about, file: None }
}

const fn shows(to: Place, name: &'static str, text: &'static str, file: Asset) -> Deed {
    Deed::Say { to, name, text, about: About::Nothing, file: Some(file) }
}

const fn reacts(to: &'static str, emoji: &'static str) -> Deed {
    Deed::React { to, emoji }
}

use About::{Reply, Thread};
use Person::{Amara, Ben, Chiara, Dev, Emi};
use Place::{AmaraAndBen, AmaraAndDev, Meetup, RepairDay, Rides, Workshop};

/// The play. The newest messages of the workshop's room and of the ride are unread by Amara, as whom most people will look.
pub(super) const ACTS: &[Act] = &[
    act(
        4 * DAY,
        Amara,
        says_as(
            Workshop,
            "welcome",
            "Welcome to the new chat, everybody! Opening hours stay as they are: **Tuesday and Thursday, 17:00 to 21:00**.",
        ),
    ),
    act(4 * DAY - 4, Ben, reacts("welcome", "👋")),
    act(4 * DAY - 5, Emi, reacts("welcome", "👋")),
    act(4 * DAY - 6, Chiara, reacts("welcome", "🎉")),
    act(4 * DAY - 7, Amara, Deed::Pin { message: "welcome" }),
    act(4 * DAY - 20, Chiara, says(Workshop, "So much better than the paper on the door.")),
    act(
        4 * DAY - 25,
        Amara,
        says_as(Workshop, "dev", "And a warm welcome to @dev, who helps on Thursdays from now on."),
    ),
    act(4 * DAY - 31, Dev, says(Workshop, "Thank you! I can true a wheel if nobody watches.")),
    act(4 * DAY - 33, Ben, says(Workshop, "Nobody will. I shall stand behind you and only sigh.")),
    act(
        3 * DAY + 5 * HOUR,
        Amara,
        says_as(RepairDay, "plan", "The repair day is on Saturday, ten to four, in the yard. Who takes what?"),
    ),
    act(
        3 * DAY + 5 * HOUR - 8,
        Chiara,
        says_about(RepairDay, "", "I take tubes and brake pads. The order arrives on Thursday.", Thread("plan")),
    ),
    act(3 * DAY + 5 * HOUR - 15, Ben, says_about(RepairDay, "", "Stands, truing stand, spoke keys.", Thread("plan"))),
    act(3 * DAY + 5 * HOUR - 21, Emi, says_about(RepairDay, "", "Pumps, and tea for those who wait.", Thread("plan"))),
    act(
        3 * DAY + 5 * HOUR - 24,
        Dev,
        says_about(
            RepairDay,
            "",
            "Rags, degreaser, and patches, if somebody tells me where they live.",
            Thread("plan"),
        ),
    ),
    act(3 * DAY + 4 * HOUR, Emi, shows(RepairDay, "poster", "A first draft of the poster. Too orange?", Asset::Poster)),
    act(3 * DAY + 4 * HOUR - 3, Amara, reacts("poster", "😍")),
    act(3 * DAY + 4 * HOUR - 6, Ben, reacts("poster", "😍")),
    act(
        3 * DAY + 4 * HOUR - 9,
        Chiara,
        says_about(
            RepairDay,
            "orange",
            "Exactly orange enough. Forty copies at the printer's are 18 euros; I pay from the tea money.",
            Reply("poster"),
        ),
    ),
    act(3 * DAY + 4 * HOUR - 12, Emi, reacts("orange", "🙏")),
    act(
        2 * DAY + 3 * HOUR,
        Chiara,
        shows(
            RepairDay,
            "checklist",
            "What we have and what is missing. Please tick your own lines.",
            Asset::Checklist,
        ),
    ),
    act(2 * DAY + 3 * HOUR - 2, Amara, Deed::Pin { message: "checklist" }),
    act(2 * DAY + 3 * HOUR - 5, Dev, reacts("checklist", "👍")),
    act(
        2 * DAY + 2 * HOUR,
        Dev,
        says_as(
            AmaraAndDev,
            "key",
            "Could I have a key for Thursday? I would like to sort the drawer of bottom brackets before you open.",
        ),
    ),
    act(
        2 * DAY + 2 * HOUR - 10,
        Amara,
        says_about(
            AmaraAndDev,
            "",
            "Nobody has ever asked for that. Of course, the key is at the bakery next door.",
            Reply("key"),
        ),
    ),
    act(2 * DAY + 2 * HOUR - 12, Dev, says(AmaraAndDev, "I like drawers 😄")),
    act(
        2 * DAY + HOUR,
        Emi,
        says_as(
            Rides,
            "fog",
            "Fog until nine tomorrow, then sun. I start at 9:15 from the harbour gate; forty easy kilometres.",
        ),
    ),
    act(2 * DAY + HOUR - 11, Ben, reacts("fog", "🚲")),
    act(2 * DAY + HOUR - 14, Chiara, says_about(Rides, "", "Easy as in *Emi easy*, or as in easy?", Reply("fog"))),
    act(2 * DAY + HOUR - 17, Emi, says(Rides, "There is one hill. It has a view.")),
    act(DAY + 6 * HOUR, Emi, Deed::Propose),
    act(
        DAY + 6 * HOUR - 3,
        Emi,
        says(Meetup, "To the lighthouse and back by the dunes. Bring a wind jacket and something for the picnic."),
    ),
    act(DAY + 5 * HOUR, Ben, Deed::Ask),
    act(DAY + 5 * HOUR - 10, Emi, Deed::Accept { person: Ben }),
    act(DAY + 5 * HOUR - 12, Ben, says(Meetup, "I bring cardamom buns.")),
    act(DAY + 5 * HOUR - 20, Amara, Deed::Ask),
    act(DAY + 5 * HOUR - 26, Emi, Deed::Accept { person: Amara }),
    act(
        DAY + 4 * HOUR,
        Ben,
        says_as(
            AmaraAndBen,
            "frame",
            "The steel frame from last week: the crack goes half-way round. I would not sell it.",
        ),
    ),
    act(DAY + 4 * HOUR - 9, Amara, says(AmaraAndBen, "Then we do not. Can you keep the fork and the wheels?")),
    act(DAY + 4 * HOUR - 13, Ben, says(AmaraAndBen, "Wheels yes. The fork has seen things.")),
    act(DAY + 4 * HOUR - 14, Amara, reacts("frame", "👀")),
    act(
        6 * HOUR,
        Chiara,
        says_as(
            Workshop,
            "delivery",
            "The delivery is here: 40 tubes, 24 pairs of pads, and a *unicycle seat* that nobody ordered.",
        ),
    ),
    act(6 * HOUR - 4, Dev, reacts("delivery", "😂")),
    act(6 * HOUR - 5, Emi, reacts("delivery", "😂")),
    act(6 * HOUR - 9, Ben, says_about(Workshop, "", "I may have ordered it.", Reply("delivery"))),
    act(5 * HOUR, Amara, Deed::Read { place: Workshop }),
    act(3 * HOUR, Dev, Deed::Ask),
    act(
        95,
        Dev,
        says_as(
            Workshop,
            "drawer",
            "The drawer is done. By standard, by length, and there is a label for *we do not know either*.",
        ),
    ),
    act(92, Chiara, reacts("drawer", "❤️")),
    act(90, Emi, reacts("drawer", "❤️")),
    act(88, Ben, reacts("drawer", "❤️")),
    act(60, Ben, says_about(Workshop, "", "I looked. I only sighed once.", Reply("drawer"))),
    act(35, Emi, says(Rides, "Wind from the west on Sunday: home with the wind behind us. 🌬️")),
    act(
        12,
        Chiara,
        says(Workshop, "@amara, the printer asks whether the posters may be ready on Friday at noon. I said yes."),
    ),
    act(8, Ben, Deed::Read { place: Workshop }),
    act(8, Chiara, Deed::Read { place: RepairDay }),
    act(7, Dev, Deed::Read { place: Workshop }),
    act(7, Emi, Deed::Read { place: Workshop }),
    act(6, Amara, Deed::Read { place: RepairDay }),
    act(6, Amara, Deed::Read { place: AmaraAndBen }),
    act(5, Amara, Deed::Read { place: AmaraAndDev }),
    act(5, Ben, Deed::Read { place: RepairDay }),
    act(4, Ben, Deed::Read { place: AmaraAndBen }),
    act(3, Dev, Deed::Read { place: AmaraAndDev }),
    act(2, Chiara, Deed::Read { place: Rides }),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acts_refer_to_earlier_ones() {
        let mut named = Vec::new();
        let mut before = JOINED_MINUTES_AGO;
        for act in ACTS {
            assert!(act.minutes_ago <= before && act.minutes_ago > 0, "{act:?} is not in order");
            before = act.minutes_ago;
            let of = match act.deed {
                Deed::Say { about: Reply(of) | Thread(of), .. } => Some(of),
                Deed::React { to, .. } => Some(to),
                Deed::Pin { message } => Some(message),
                Deed::Say { about: About::Nothing, .. }
                | Deed::Read { .. }
                | Deed::Propose
                | Deed::Ask
                | Deed::Accept { .. } => None,
            };
            assert!(of.is_none_or(|of| named.contains(&of)), "{act:?} refers to nothing");
            if let Deed::Say { name, .. } = act.deed
                && !name.is_empty()
            {
                assert!(!named.contains(&name), "{act:?} has the name of another one");
                named.push(name);
            }
        }
    }
}
