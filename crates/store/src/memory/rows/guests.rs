//! The operations on the secrets of guests.
//!
//! What must stay true: the key of a secret is never used again.

use quintet_domain::Timestamp;
use quintet_rules::rows::GuestRows;
use quintet_rules::{RowResult, SecretKey, UserKey};

use crate::memory::data::{Data, next_key};
use crate::memory::tables::GuestSecretRow;

impl Data {
    /// Deletes all secrets of a guest.
    pub(super) fn delete_secrets_of(&mut self, guest: UserKey) {
        let own = self.users.secrets_of.range((guest, SecretKey(i64::MIN))..=(guest, SecretKey(i64::MAX)));
        let own: Vec<SecretKey> = own.map(|((_, key), ())| *key).collect();
        for key in own {
            if let Some(row) = self.users.secrets.get(&key).cloned() {
                self.users.secret_by_name.remove(&row.name);
                self.users.secrets.remove(&key);
                self.users.secrets_of.remove(&(guest, key));
            }
        }
    }
}

impl GuestRows for Data {
    fn guest_secret(&self, guest: UserKey, name: &str) -> RowResult<Option<(SecretKey, Vec<u8>)>> {
        let found = self.users.secret_by_name.get(name).and_then(|key| Some((*key, self.users.secrets.get(key)?)));
        Ok(found.filter(|(_, row)| row.guest == guest).map(|(key, row)| (key, row.hash.clone())))
    }

    fn insert_guest_secret(
        &mut self,
        guest: UserKey,
        name: &str,
        hash: &[u8],
        _at: Timestamp,
    ) -> RowResult<Option<SecretKey>> {
        self.user_named(guest)?;
        let users = &mut self.users;
        if users.secret_by_name.contains(name) {
            return Ok(None);
        }
        let key = SecretKey(next_key(users.greatest_secret.get(&()).map(|key| key.0)));
        users.greatest_secret.insert((), key);
        users.secret_by_name.insert(name.to_owned(), key);
        users.secrets_of.insert((guest, key), ());
        users.secrets.insert(key, GuestSecretRow { guest, name: name.to_owned(), hash: hash.to_vec() });
        Ok(Some(key))
    }

    fn delete_guest_secrets(&mut self, guest: UserKey) -> RowResult<()> {
        self.delete_secrets_of(guest);
        Ok(())
    }
}
