//! Short lists of keys within a column: numbers between spaces.
//!
//! What must stay true: what is not a number is left out, and the order is kept.

/// The keys as a column stores them.
pub(crate) fn written(keys: impl IntoIterator<Item = i64>) -> String {
    keys.into_iter().map(|key| key.to_string()).collect::<Vec<_>>().join(" ")
}

/// The keys of a column.
pub(crate) fn read(column: &str) -> impl Iterator<Item = i64> + '_ {
    column.split(' ').filter_map(|key| key.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_as_they_were_written() {
        for keys in [vec![], vec![7], vec![3, -1, i64::MAX]] {
            assert_eq!(read(&written(keys.clone())).collect::<Vec<_>>(), keys);
        }
    }
}
