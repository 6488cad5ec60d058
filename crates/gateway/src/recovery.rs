//! Going on with a connection that was lost: the offset that each event carries, and what a client says it has.
//!
//! What must stay true: an offset names a point in what one connection is told, so that what follows it is neither
//! told twice nor left out; who the client is was proved before any of this is looked at.

use quintet_dialect::Dialect;
use quintet_domain::User;
use quintet_service::{ResumeToken, ResumeTokens};
use quintet_socketio::Recovery;

/// How a connection's events carry their offset. It decides, together with dialect and wrapping, which connections
/// share a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OffsetMode {
    /// Not at all.
    No,
    /// The connection hears one dialect.
    Decided,
    /// The connection hears all of them, one after the other.
    Undecided,
}

impl OffsetMode {
    pub(crate) const COUNT: usize = 3;
}

/// A point in what a connection is told: behind the events of a position, in one dialect or up to one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Offset {
    pub(crate) position: u64,
    pub(crate) dialect: Dialect,
    pub(crate) decided: bool,
}

/// The letter of each dialect; a capital says that the connection hears all of them.
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
        if !digits.bytes().all(|digit| digit.is_ascii_digit()) {
            return None;
        }
        let lower = mark.to_ascii_lowercase();
        let dialect = Dialect::ALL.into_iter().find(|dialect| letter(*dialect) == lower)?;
        Some(Self { position: digits.parse().ok()?, dialect, decided: mark == lower })
    }

    pub(crate) fn text(self) -> String {
        let letter = letter(self.dialect);
        format!("{}{}", self.position, if self.decided { letter } else { letter.to_ascii_uppercase() })
    }
}

/// The number of a dialect in a secret.
pub(crate) fn number(dialect: Option<Dialect>) -> u8 {
    dialect.map_or(u8::MAX, |dialect| dialect as u8)
}

/// What a client goes on with: checked, but for whether it can still be brought up to date.
#[derive(Clone, Debug)]
pub(crate) struct Resume {
    /// The secret, which it keeps.
    pub(crate) pid: String,
    pub(crate) token: ResumeToken,
    pub(crate) offset: Option<Offset>,
}

impl Resume {
    /// Checks what a client says it had: a secret of its own, for a connection that was opened like this one.
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
        let as_opened = token.dialect == number(dialect);
        let as_heard = offset.is_none_or(|offset| match dialect {
            Some(dialect) => offset.decided && offset.dialect == dialect,
            None => true,
        });
        // An offset from before the start is one that the client kept from an earlier connection of its own.
        let offset = offset.filter(|offset| offset.position >= token.start);
        (as_opened && as_heard).then_some(Self { pid: recovery.pid, token, offset })
    }

    /// The dialect that the connection had come to speak.
    pub(crate) fn decided(&self) -> Option<Dialect> {
        self.offset.filter(|offset| offset.decided).map(|offset| offset.dialect)
    }

    /// The position after which something may be missing.
    pub(crate) fn after(&self) -> u64 {
        match self.offset {
            None => self.token.start,
            Some(offset) if offset.decided => offset.position,
            // Of this position, the dialects behind the one that was heard.
            Some(offset) => offset.position.saturating_sub(1),
        }
    }

    /// Whether a position was told in a dialect already.
    pub(crate) fn heard(&self, position: u64, dialect: Dialect) -> bool {
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
                let offset = Offset { position: 1_234, dialect, decided };
                assert_eq!(Offset::parse(&offset.text()), Some(offset));
            }
        }
        for text in ["", "c", "12", "12x", "-1c", "+1c", "1 c", "12€", "99999999999999999999c", "1cc"] {
            assert_eq!(Offset::parse(text), None, "{text:?}");
        }
    }
}
