//! The ids of sessions, each of which names the node that has the session.
//!
//! What must stay true: only who knows the cluster's secret can make an id that names a node, so that nobody makes a node
//! call another one by an id of its own invention.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use quintet_domain::NodeId;
use sha2::Sha256;

use super::keys::keyed;

/// Bytes of the node's number.
const NODE_BYTES: usize = 8;
/// Bytes of the node and of the random number, of which there are as many as in an ordinary id.
const BODY_BYTES: usize = NODE_BYTES + 15;
/// Bytes of the MAC: 128 bits of an HMAC cannot be guessed.
const PROOF_BYTES: usize = 16;
/// Bytes of an id. A multiple of three, so that base64 needs no padding.
const BYTES: usize = BODY_BYTES + PROOF_BYTES;
/// Characters of an id.
const CHARS: usize = BYTES / 3 * 4;

/// Makes and reads ids of sessions.
#[derive(Clone)]
pub(crate) struct NodeSessionIds {
    node: NodeId,
    key: Hmac<Sha256>,
}

impl NodeSessionIds {
    /// The ids of a node's sessions. All nodes have the same secret.
    pub(super) fn new(node: NodeId, secret: &str) -> Self {
        Self { node, key: keyed(secret, b"quintet session id\0") }
    }

    /// Makes a new id, which names this node.
    pub(crate) fn make(&self) -> String {
        let mut bytes = [0; BYTES];
        let (node, rest) = bytes.split_at_mut(NODE_BYTES);
        node.copy_from_slice(&self.node.0.to_be_bytes());
        if let Err(error) = getrandom::fill(&mut rest[..BODY_BYTES - NODE_BYTES]) {
            // A predictable id would give access to a session, so there is no fallback.
            panic!("the operating system gives no random bytes: {error}");
        }
        let (body, proof) = bytes.split_at_mut(BODY_BYTES);
        proof.copy_from_slice(&self.proof(body).finalize().into_bytes()[..PROOF_BYTES]);
        BASE64_URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Returns whether an id has the form of those that name a node.
    pub(super) fn is_like(id: &str) -> bool {
        id.len() == CHARS && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    }

    /// Returns the node that an id names; `None` if no node of this cluster has made the id.
    pub(super) fn node_of(&self, id: &str) -> Option<NodeId> {
        let mut bytes = [0; BYTES];
        if id.len() != CHARS || BASE64_URL_SAFE_NO_PAD.decode_slice(id, &mut bytes).ok()? != BYTES {
            return None;
        }
        let (body, proof) = bytes.split_at(BODY_BYTES);
        self.proof(body).verify_truncated_left(proof).ok()?;
        Some(NodeId(u64::from_be_bytes(*body.first_chunk()?)))
    }

    fn proof(&self, body: &[u8]) -> Hmac<Sha256> {
        let mut mac = self.key.clone();
        mac.update(body);
        mac
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_names_its_node() {
        let ids = NodeSessionIds::new(NodeId(u64::MAX - 7), "secret");
        let (id, other) = (ids.make(), ids.make());
        assert_ne!(id, other);
        assert_eq!(id.len(), CHARS);
        assert!(NodeSessionIds::is_like(&id) && !NodeSessionIds::is_like(&ordinary_id()), "{id}");
        // Any node can read it.
        assert_eq!(NodeSessionIds::new(NodeId(1), "secret").node_of(&id), Some(NodeId(u64::MAX - 7)));
    }

    #[test]
    fn an_id_that_was_changed_names_nobody() {
        let ids = NodeSessionIds::new(NodeId(7), "secret");
        let id = ids.make();
        assert_eq!(NodeSessionIds::new(NodeId(7), "another").node_of(&id), None);
        for at in 0..CHARS {
            for byte in [b'A', b'z', b'-', b'=', b' ', 0xFF] {
                let mut changed = id.clone().into_bytes();
                if changed[at] != byte {
                    changed[at] = byte;
                    assert_eq!(ids.node_of(&String::from_utf8_lossy(&changed)), None, "{at}");
                }
            }
        }
        for wrong in ["", "x", &id[..CHARS - 4], &format!("{id}AAAA"), &ordinary_id()] {
            assert_eq!(ids.node_of(wrong), None, "{wrong}");
        }
    }

    /// An id as a server has it that is no node.
    fn ordinary_id() -> String {
        BASE64_URL_SAFE_NO_PAD.encode([7; 15])
    }
}
