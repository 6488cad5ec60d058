//! The division of the process's descriptors into shares, whose purposes [`super::places`] describes.

/// Descriptors for the store, the log, the runtime, the listeners, and the metrics.
const RESERVE: usize = 48;
/// Descriptors of an HTTP connection: its socket, and a file that it sends or receives.
pub(super) const HTTP_COSTS: usize = 2;
/// Descriptors of a WebSocket.
pub(super) const WEBSOCKET_COSTS: usize = 1;
/// Descriptors of a connection in triage, where no answer opens a file.
const TRIAGE_COSTS: usize = 1;
/// The smallest number of descriptors with which a server starts.
pub(crate) const DESCRIPTORS_MIN: u64 = 128;

/// The shares that the descriptors are divided into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Room {
    /// Descriptors for ordinary places.
    pub(super) ordinary: usize,
    /// Additional descriptors for connections of known users.
    pub(super) known: usize,
    /// The largest number of connections of one user in the share of known users.
    pub(super) known_per_user: usize,
    /// The number of triage places. As many again may be closing.
    pub(super) triage: usize,
    /// The number of triage places of one address. As many again may be closing.
    pub(super) triage_per_address: usize,
    /// The largest number of connections, except those in triage.
    pub(crate) connections: usize,
    /// The largest number of HTTP connections of one address.
    pub(crate) per_address: usize,
}

impl Room {
    /// Divides the descriptors of the process. `connections` lowers the number of connections.
    pub(crate) fn of(descriptors: u64, connections: Option<usize>, per_address: usize) -> Self {
        // Beyond a million descriptors, the kernel's memory is the limit.
        let all = usize::try_from(descriptors.clamp(DESCRIPTORS_MIN, 1 << 20)).unwrap_or(usize::MAX);
        let triage = (all / 16).clamp(8, 512);
        let known = (all / 16).clamp(8, 4_096);
        let ordinary = all.saturating_sub(RESERVE + 2 * triage * TRIAGE_COSTS + known);
        let connections = connections.unwrap_or(usize::MAX).min(ordinary);
        // One address may have at most half of the places.
        let per_address = per_address.min(ordinary / HTTP_COSTS / 2).min(connections / 2).max(1);
        // A user has at least two places: one for a request while another is being answered.
        let known_per_user = (known / HTTP_COSTS / 16).max(2);
        let triage_per_address = (triage / 8).max(1);
        Self { ordinary, known, known_per_user, triage, triage_per_address, connections, per_address }
    }

    /// Returns the largest number of connections without a token: half of the places, so that clients with a token find
    /// one.
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
