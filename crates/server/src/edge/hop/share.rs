//! The number of requests and WebSockets that are passed on at once, in total and for each address of clients.
//!
//! What must stay true: no address has more than half of it, so that others find room.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What may be passed on at once.
pub(super) struct Shares {
    most: usize,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    total: usize,
    of_address: HashMap<IpAddr, usize>,
}

/// The share of one request or WebSocket, which is given back when this is dropped.
pub(super) struct Share {
    shares: Arc<Shares>,
    address: IpAddr,
}

impl Shares {
    /// At most `most` at once.
    pub(super) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { most, taken: Mutex::default() })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a share for a client; `None` if there is none left, or none for its address. `bounded` says whether addresses
    /// stand for clients; behind a listener that trusts a back end they do not.
    pub(super) fn take(self: &Arc<Self>, client: IpAddr, bounded: bool) -> Option<Share> {
        let address = quintet_domain::network(client);
        let mut taken = self.taken();
        if taken.total >= self.most {
            return None;
        }
        let own = taken.of_address.get(&address).copied().unwrap_or_default();
        if bounded && own >= self.most.div_ceil(2) {
            return None;
        }
        taken.of_address.insert(address, own + 1);
        taken.total += 1;
        Some(Share { shares: Arc::clone(self), address })
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut taken = self.shares.taken();
        taken.total -= 1;
        if let Some(own) = taken.of_address.get_mut(&self.address) {
            *own -= 1;
            if *own == 0 {
                taken.of_address.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_address_has_more_than_half() {
        let shares = Shares::new(6);
        let address = |last| IpAddr::from([192, 0, 2, last]);
        let mut held: Vec<_> = (0..6).map_while(|_| shares.take(address(1), true)).collect();
        assert_eq!(held.len(), 3);
        held.extend((0..6).map_while(|_| shares.take(address(2), true)));
        assert_eq!(held.len(), 6);
        assert!(shares.take(address(3), true).is_none(), "there are no more");
        held.truncate(2);
        assert!(shares.take(address(1), true).is_some());
        held.clear();
        let taken = shares.taken();
        assert_eq!((taken.total, taken.of_address.len()), (0, 0));
        drop(taken);
        let held: Vec<_> = (0..9).map_while(|_| shares.take(address(1), false)).collect();
        assert_eq!(held.len(), 6, "one back end brings all clients");
    }
}
