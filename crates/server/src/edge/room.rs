//! How the descriptors of the process are divided; [`super::places`] says what each share is for.

/// Descriptors of the store, the log, the runtime, the listeners, and the metrics.
const RESERVE: usize = 48;
/// Descriptors of a connection over which HTTP is spoken: its socket, and a file that it sends or takes in.
pub(super) const HTTP_COSTS: usize = 2;
/// Descriptors of a WebSocket.
pub(super) const WEBSOCKET_COSTS: usize = 1;
/// Descriptors of a connection in triage: nothing that is answered there opens a file.
const TRIAGE_COSTS: usize = 1;
/// Minimum number of descriptors with which a server starts.
pub(crate) const DESCRIPTORS_MIN: u64 = 128;

/// How the descriptors are divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Room {
    /// Descriptors of ordinary places.
    pub(super) ordinary: usize,
    /// Further descriptors for connections of users that are known.
    pub(super) known: usize,
    /// Connections of one user in the share of known users.
    pub(super) known_per_user: usize,
    /// Triage places. As many again may be on their way out.
    pub(super) triage: usize,
    /// Triage places of one address. As many again may be on their way out.
    pub(super) triage_per_address: usize,
    /// Connections at once, those in triage not included.
    pub(crate) connections: usize,
    /// Connections of one address over which HTTP is spoken.
    pub(crate) per_address: usize,
}

impl Room {
    /// Divides the descriptors that the process may have. `connections` lowers how many connections there may be.
    pub(crate) fn of(descriptors: u64, connections: Option<usize>, per_address: usize) -> Self {
        // Beyond a million the kernel's memory is the bound.
        let all = usize::try_from(descriptors.clamp(DESCRIPTORS_MIN, 1 << 20)).unwrap_or(usize::MAX);
        let triage = (all / 16).clamp(8, 512);
        let known = (all / 16).clamp(8, 4_096);
        let ordinary = all.saturating_sub(RESERVE + 2 * triage * TRIAGE_COSTS + known);
        let connections = connections.unwrap_or(usize::MAX).min(ordinary);
        // One address cannot have more than half of what there is.
        let per_address = per_address.min(ordinary / HTTP_COSTS / 2).min(connections / 2).max(1);
        // A user has two even where a sixteenth is less: one for a request while another is answered.
        let known_per_user = (known / HTTP_COSTS / 16).max(2);
        let triage_per_address = (triage / 8).max(1);
        Self { ordinary, known, known_per_user, triage, triage_per_address, connections, per_address }
    }

    /// The most connections without a token: with more of them than half of the places, clients that have a token would
    /// find none.
    pub(crate) fn unidentified_max(&self) -> usize {
        (self.connections / 2).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shares_fit_into_the_whole() {
        for all in [DESCRIPTORS_MIN, 256, 1_024, 20_000, 1 << 20, u64::MAX] {
            let room = Room::of(all, None, 512);
            let most = room.ordinary + room.known + 2 * room.triage * TRIAGE_COSTS + RESERVE;
            assert!(most as u64 <= all && room.connections >= 16, "{all}: {room:?}");
            assert!(room.triage_per_address * 8 <= room.triage && room.unidentified_max() * 2 <= room.connections);
            assert!(room.per_address * HTTP_COSTS <= room.ordinary / 2 + HTTP_COSTS, "{all}: {room:?}");
        }
    }
}
