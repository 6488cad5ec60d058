//! Who can reach the files of a node.

/// Who can reach the files of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeFiles {
    /// Only the node, because they are in a folder of its machine.
    OfThisNode,
    /// All nodes, because they are in a bucket, or in a folder that all of them mount.
    OfAllNodes,
}
