//! Resumption of lost connections: the offset that each event carries, and the check of what a client sends to resume.
//!
//! What must stay true: an offset names a point in the events of one connection, so that a replay from there neither
//! repeats nor omits an event; the client's identity is verified before any of this is read.

use quintet_dialect::Dialect;
use quintet_domain::User;
use quintet_service::{MissedSince, ResumeToken, ResumeTokens};
use quintet_socketio::Recovery;

/// How the events of a connection carry their offset. Connections of the same mode, dialect and wrapping share their
/// frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OffsetMode {
    /// Events carry no offset.
    No,
    /// The connection receives one dialect.
    Decided,
    /// The connection receives all dialects, one after the other.
    Undecided,
}

/// A point in the events of a connection: after the events of a position, in one dialect or up to one dialect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Offset {
    pub(crate) position: u64,
    /// The position up to which all reactions were told, if some before `position` were still waiting to be.
    pub(crate) reactions_told: Option<u64>,
    pub(crate) dialect: Dialect,
    pub(crate) decided: bool,
}

/// The letter of a dialect in an offset. A capital letter means that the connection receives all dialects.
fn letter(dialect: Dialect) -> char {
    match dialect {
        Dialect::Meetup => 'm',
        Dialect::Messenger => 'p',
        Dialect::Rooms => 'r',
        Dialect::Conversations => 'c',
        Dialect::Chat => 't',
    }
}

impl Offset {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mark = text.chars().next_back()?;
        let digits = &text[..text.len() - mark.len_utf8()];
        let number = |digits: &str| digits.bytes().all(|digit| digit.is_ascii_digit()).then(|| digits.parse().ok())?;
        let (position, reactions_told) = match digits.split_once('.') {
            None => (number(digits)?, None),
            Some((position, told)) => (number(position)?, Some(number(told)?)),
        };
        let lower = mark.to_ascii_lowercase();
        let dialect = Dialect::ALL.into_iter().find(|dialect| letter(*dialect) == lower)?;
        Some(Self { position, reactions_told, dialect, decided: mark == lower })
    }

    pub(crate) fn text(self) -> String {
        let letter = letter(self.dialect);
        let letter = if self.decided { letter } else { letter.to_ascii_uppercase() };
        match self.reactions_told {
            None => format!("{}{letter}", self.position),
            Some(told) => format!("{}.{told}{letter}", self.position),
        }
    }
}

/// The number of a dialect in a resume token.
pub(crate) fn number(dialect: Option<Dialect>) -> u8 {
    dialect.map_or(u8::MAX, |dialect| dialect as u8)
}

/// A verified request to resume a connection. Whether it can still be brought up to date is decided later.
#[derive(Clone, Debug)]
pub(crate) struct Resume {
    /// The token, which the client keeps.
    pub(crate) pid: String,
    pub(crate) token: ResumeToken,
    pub(crate) offset: Option<Offset>,
}

impl Resume {
    /// Verifies what a client sent: a token that was issued to it, for a connection that was opened like this one.
    pub(crate) fn check(
        resume_tokens: &ResumeTokens,
        recovery: Recovery,
        user: &User,
        namespace: &str,
        dialect: Option<Dialect>,
    ) -> Option<Self> {
        let token = resume_tokens.read(&recovery.pid, user, namespace)?;
        let offset = match &recovery.offset {
            None => None,
            Some(text) => Some(Offset::parse(text)?),
        };
        let same_opening = token.dialect == number(dialect);
        let same_dialects = offset.is_none_or(|offset| match dialect {
            Some(dialect) => offset.decided && offset.dialect == dialect,
            None => true,
        });
        // An offset from before the connection began is one that the client kept from an earlier connection of its own.
        let offset = offset.filter(|offset| offset.position >= token.start);
        (same_opening && same_dialects).then_some(Self { pid: recovery.pid, token, offset })
    }

    /// The dialect that the lost connection had decided for.
    pub(crate) fn decided(&self) -> Option<Dialect> {
        self.offset.filter(|offset| offset.decided).map(|offset| offset.dialect)
    }

    /// The position after which events may be missing.
    pub(crate) fn after(&self) -> u64 {
        match self.offset {
            None => self.token.start,
            Some(offset) if offset.decided => offset.position,
            // Of this position itself, the dialects that follow the last one received may be missing.
            Some(offset) => offset.position.saturating_sub(1),
        }
    }

    /// Where the replay begins.
    pub(crate) fn since(&self) -> MissedSince {
        let after = self.after();
        let told = self.offset.and_then(|offset| offset.reactions_told);
        MissedSince { after, reactions_after: told.map_or(after, |told| told.min(after)) }
    }

    /// Whether the connection received the events of a position in a dialect.
    pub(crate) fn received(&self, position: u64, dialect: Dialect) -> bool {
        self.offset.is_some_and(|offset| position == offset.position && dialect <= offset.dialect)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets() {
        for dialect in Dialect::ALL {
            for decided in [true, false] {
                for reactions_told in [None, Some(1_200)] {
                    let offset = Offset { position: 1_234, reactions_told, dialect, decided };
                    assert_eq!(Offset::parse(&offset.text()), Some(offset));
                }
            }
        }
        for text in
            ["", "c", "12", "12x", "-1c", "+1c", "1 c", "12€", "99999999999999999999c", "1cc", "1.c", ".1c", "1.2.3c"]
        {
            assert_eq!(Offset::parse(text), None, "{text:?}");
        }
    }
}
