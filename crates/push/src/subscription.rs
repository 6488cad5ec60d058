//! What a browser hands over when a page subscribes it.
//!
//! What must stay true: a subscription that was parsed can be encrypted for.

use crate::base64url::decoded as bytes_of;
use crate::encryption::is_on_curve;
use crate::{BrowserKeys, Endpoint, SubscriptionError};

/// A browser that messages are pushed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// Where its push service takes messages for it.
    pub endpoint: Endpoint,
    /// How they are encrypted.
    pub keys: BrowserKeys,
}

fn decoded<const N: usize>(
    field: &'static str,
    text: &str,
    wrong_length: &'static str,
) -> Result<[u8; N], SubscriptionError> {
    let bytes = bytes_of(text).ok_or(SubscriptionError { field, reason: "must be base64url" })?;
    bytes.try_into().map_err(|_| SubscriptionError { field, reason: wrong_length })
}

impl Subscription {
    /// Parses the fields of a browser's `PushSubscription`.
    ///
    /// # Errors
    /// [`SubscriptionError`], which names the field.
    pub fn parse(endpoint: &str, p256dh: &str, auth: &str) -> Result<Self, SubscriptionError> {
        let endpoint = Endpoint::parse(endpoint)?;
        let p256dh = decoded("keys.p256dh", p256dh, "must have 65 bytes")?;
        if !is_on_curve(&p256dh) {
            return Err(SubscriptionError { field: "keys.p256dh", reason: "must be a point on the curve P-256" });
        }
        let auth = decoded("keys.auth", auth, "must have 16 bytes")?;
        Ok(Self { endpoint, keys: BrowserKeys { p256dh, auth } })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base64url::encoded;
    use crate::keys::PUBLIC_KEY_BYTES;

    const ENDPOINT: &str = "https://push.example.org/send";
    // The key and the secret of RFC 8291, section 5.
    const P256DH: &str = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
    const AUTH: &str = "BTBZMqHH6r4Tts7J_aSIgg";

    fn refused(p256dh: &str, auth: &str) -> Option<String> {
        Subscription::parse(ENDPOINT, p256dh, auth).err().map(|error| error.to_string())
    }

    #[test]
    fn padding_makes_no_difference() {
        let plain = Subscription::parse(ENDPOINT, P256DH, AUTH);
        assert_eq!(plain, Subscription::parse(ENDPOINT, &format!("{P256DH}="), &format!("{AUTH}==")));
        assert!(plain.is_ok());
    }

    #[test]
    fn an_error_names_its_field() {
        let off_the_curve = encoded([4; PUBLIC_KEY_BYTES]);
        for (p256dh, auth, expected) in [
            ("*", AUTH, "`keys.p256dh` must be base64url"),
            ("BCVx", AUTH, "`keys.p256dh` must have 65 bytes"),
            (&*off_the_curve, AUTH, "`keys.p256dh` must be a point on the curve P-256"),
            (P256DH, "BTBZ+/", "`keys.auth` must be base64url"),
            (P256DH, "BTBZ", "`keys.auth` must have 16 bytes"),
        ] {
            assert_eq!(refused(p256dh, auth).as_deref(), Some(expected));
        }
    }

    #[test]
    fn keys_are_not_shown() {
        let subscription = Subscription::parse(ENDPOINT, P256DH, AUTH).map(|one| format!("{one:?}"));
        assert!(subscription.is_ok_and(|shown| shown.contains("BrowserKeys }")));
    }
}
