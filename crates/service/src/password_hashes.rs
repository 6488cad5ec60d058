//! The hashes of passwords that are moved here from other back ends: bcrypt, and argon2 with parameters of their own.
//!
//! What must stay true: a hash whose check would cost more than the bounds named here is refused before it is stored.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Params};
use bcrypt::HashParts;
use quintet_domain::Refusal;

/// The least cost that bcrypt has.
const BCRYPT_COST_MIN: u32 = 4;
/// The largest cost of bcrypt, which is about a quarter of a second. Back ends usually have 10 or 12.
const BCRYPT_COST_MAX: u32 = 12;
/// The most memory of argon2, in KiB, which is what the library of Node.js takes.
const ARGON2_KIB_MAX: u32 = 65_536;
/// The most passes of argon2 over its memory.
const ARGON2_PASSES_MAX: u32 = 4;

/// The hash of a password that another back end made. It is checked as it is, until the password is typed for the first time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MovedHash(String);

impl MovedHash {
    /// Checks that a text is a hash of bcrypt (`$2b$10$…`) or of argon2 (`$argon2id$v=19$m=65536,t=3,p=4$…`), of a cost
    /// that the server can afford at a log-in.
    ///
    /// # Errors
    /// A refusal that names `field`.
    pub fn parse(field: &str, text: &str) -> Result<Self, Refusal> {
        let too_costly =
            |most: String| Err(Refusal::invalid(field, format!("takes too long to check: at most {most}")));
        if is_bcrypt(text) {
            return match text.parse::<HashParts>() {
                Ok(parts) if (BCRYPT_COST_MIN..=BCRYPT_COST_MAX).contains(&parts.get_cost()) => {
                    Ok(Self(text.to_owned()))
                }
                Ok(parts) if parts.get_cost() < BCRYPT_COST_MIN => unknown(field),
                Ok(_) => too_costly(format!("a cost of {BCRYPT_COST_MAX}")),
                Err(_) => unknown(field),
            };
        }
        let Ok(parsed) = PasswordHash::new(text) else { return unknown(field) };
        if Algorithm::try_from(parsed.algorithm.as_str()).is_err() || parsed.hash.is_none() || parsed.salt.is_none() {
            return unknown(field);
        }
        match Params::try_from(&parsed) {
            Ok(params) if params.m_cost() <= ARGON2_KIB_MAX && params.t_cost() <= ARGON2_PASSES_MAX => {
                Ok(Self(text.to_owned()))
            }
            Ok(_) => too_costly(format!("m={ARGON2_KIB_MAX} and t={ARGON2_PASSES_MAX}")),
            Err(_) => unknown(field),
        }
    }

    /// Returns the hash as it is stored.
    #[must_use]
    pub fn into_text(self) -> String {
        self.0
    }
}

fn unknown(field: &str) -> Result<MovedHash, Refusal> {
    Err(Refusal::invalid(field, "must be a hash of bcrypt (`$2b$10$…`) or argon2 (`$argon2id$v=19$m=65536,t=3,p=4$…`)"))
}

/// Returns whether a hash of argon2 has been made as this server makes them.
pub(crate) fn is_as_ours(hash: &PasswordHash) -> bool {
    let costs = |params: &Params| (params.m_cost(), params.t_cost(), params.p_cost());
    let has_our_costs = Params::try_from(hash).is_ok_and(|params| costs(&params) == costs(&Params::default()));
    hash.algorithm.as_str() == Algorithm::default().as_str() && has_our_costs
}

/// Returns whether a stored hash is one of bcrypt.
pub(crate) fn is_bcrypt(hash: &str) -> bool {
    ["$2a$", "$2b$", "$2y$"].iter().any(|prefix| hash.starts_with(prefix))
}

/// Returns whether a password is that of a hash of bcrypt, which takes the first 72 bytes into account.
pub(crate) fn bcrypt_matches(hash: &str, password: &str) -> bool {
    bcrypt::verify(password, hash).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_moved() {
        let bcrypt = "N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy";
        let tail = "c29tZXNhbHQxMjM0NTY3OA$2l9SVCUuCvnPmlfbuR5bbHEnAoQ4X2DmB9jSyVCYRQ8";
        let good = [
            format!("$2b$10${bcrypt}"),
            format!("$2a$04${bcrypt}"),
            format!("$2y$12${bcrypt}"),
            format!("$argon2id$v=19$m=65536,t=3,p=4${tail}"),
            format!("$argon2i$v=19$m=4096,t=3,p=1${tail}"),
        ];
        for text in good {
            assert_eq!(MovedHash::parse("passwordHash", &text).map(MovedHash::into_text), Ok(text));
        }
        let bad = [
            (format!("$2b$13${bcrypt}"), "takes too long to check: at most a cost of 12"),
            (format!("$argon2id$v=19$m=65537,t=3,p=4${tail}"), "takes too long to check: at most m=65536 and t=4"),
            (format!("$argon2id$v=19$m=4096,t=5,p=4${tail}"), "takes too long to check: at most m=65536 and t=4"),
            (format!("$2b$10${bcrypt}x"), "must be a hash of bcrypt"),
            (format!("$2b$03${bcrypt}"), "must be a hash of bcrypt"),
            (format!("$2x$10${bcrypt}"), "must be a hash of bcrypt"),
            ("$argon2id$v=19$m=4096,t=3,p=1$c29tZXNhbHQ".to_owned(), "must be a hash of bcrypt"),
            (format!("$scrypt$ln=16,r=8,p=1${tail}"), "must be a hash of bcrypt"),
            ("5f4dcc3b5aa765d61d8327deb882cf99".to_owned(), "must be a hash of bcrypt"),
            ("correct horse".to_owned(), "must be a hash of bcrypt"),
            (String::new(), "must be a hash of bcrypt"),
        ];
        for (text, why) in bad {
            let refusal = MovedHash::parse("passwordHash", &text).expect_err(&text);
            assert!(refusal.message.starts_with(&format!("`passwordHash` {why}")), "{text}: {}", refusal.message);
        }
    }
}
