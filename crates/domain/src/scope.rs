//! Scopes: what the key of a service is good for.
//!
//! What must stay true: a service without a scope is refused what needs it, and the refusal names the scope.

use std::fmt;

use crate::Refusal;

/// A part of what services may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// See conversations, messages, meetups and people, and hear what happens in all conversations of many.
    Read,
    /// Write in its own name: messages, reactions, files, new conversations and meetups, notifications to users.
    Post,
    /// Create, change and erase users.
    Users,
    /// Act as the owner of conversations and meetups: delete and pin messages, change and delete conversations, add and
    /// remove members.
    Moderate,
    /// Make, list and revoke invitations to the server.
    Admin,
}

impl Scope {
    /// All scopes, in the order in which they are shown.
    pub const ALL: [Self; 5] = [Self::Read, Self::Post, Self::Users, Self::Moderate, Self::Admin];

    /// The name of the scope, as it is stored and shown.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Post => "post",
            Self::Users => "users",
            Self::Moderate => "moderate",
            Self::Admin => "admin",
        }
    }

    /// Parses the name of a scope; none if there is no such scope.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == name)
    }

    fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A set of scopes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Scopes(u8);

impl Scopes {
    /// The set without a scope: a key that has it may do nothing that needs one.
    pub const NONE: Self = Self(0);

    /// All scopes, which keys have that were created without naming any.
    #[must_use]
    pub fn all() -> Self {
        Scope::ALL.into_iter().collect()
    }

    /// Whether the set contains a scope.
    #[must_use]
    pub fn has(self, scope: Scope) -> bool {
        self.0 & scope.bit() != 0
    }

    /// Whether the set contains no scope.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The scopes of the set, in the order of [`Scope::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.into_iter().filter(move |scope| self.has(*scope))
    }

    /// Refuses a service whose key lacks a scope.
    ///
    /// # Errors
    /// [`Code::Forbidden`](crate::Code::Forbidden) with a sentence that names the scope.
    pub fn check(self, scope: Scope) -> Result<(), Refusal> {
        if self.has(scope) {
            return Ok(());
        }
        Err(Refusal::forbidden(format!("This key lacks the scope `{scope}`, which this needs; it has {self}.")))
    }

    /// Parses names of scopes that are separated by commas; none if one of them is unknown.
    #[must_use]
    pub fn parse(names: &str) -> Option<Self> {
        names.split(',').filter(|name| !name.is_empty()).map(Scope::parse).collect()
    }

    /// The names of the scopes, separated by commas, as they are stored.
    #[must_use]
    pub fn names(self) -> String {
        self.iter().map(Scope::as_str).collect::<Vec<_>>().join(",")
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().fold(0, |bits, scope| bits | scope.bit()))
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("none");
        }
        let names: Vec<String> = self.iter().map(|scope| format!("`{scope}`")).collect();
        f.write_str(&names.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_read_as_they_were_written() {
        for bits in 0..32_u8 {
            let scopes: Scopes = Scope::ALL.into_iter().filter(|scope| bits & scope.bit() != 0).collect();
            assert_eq!(Scopes::parse(&scopes.names()), Some(scopes));
            for scope in Scope::ALL {
                assert_eq!(scopes.has(scope), scopes.iter().any(|has| has == scope));
            }
        }
        assert_eq!(Scopes::parse("read,fly"), None);
        assert_eq!(Scopes::parse("read,post"), Some([Scope::Read, Scope::Post].into_iter().collect()));
    }

    #[test]
    fn a_refusal_names_the_scope_that_is_missing() {
        let refusal = Scopes::parse("read,post").expect("a set").check(Scope::Users).expect_err("refused");
        assert_eq!(refusal.message, "This key lacks the scope `users`, which this needs; it has `read`, `post`.");
        assert!(Scopes::all().check(Scope::Admin).is_ok());
        assert_eq!(
            Scopes::NONE.check(Scope::Read).expect_err("refused").message,
            "This key lacks the scope `read`, which this needs; it has none."
        );
    }
}
