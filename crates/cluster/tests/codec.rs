//! How nodes write what they tell each other: what is read is what was written, and reading anything else fails.
//!
//! What must stay true: the bytes in `encoded.txt` are those of the version that is in use. Where they change, the version
//! of the format must change; `UPDATE_DOCS=1 cargo test -p quintet-cluster` renews the file.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

#[path = "support/generated.rs"]
mod generated;
#[path = "support/samples.rs"]
mod samples;

use std::fmt::Write as _;

use generated::{entries, envelope, events};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use quintet_cluster::{CodecError, Envelope, GroupNotice, Message, decode, encode, encode_group, sender};
use quintet_domain::{Entry, NodeId};

fn notice(entries: Option<Vec<Entry>>) -> GroupNotice {
    let last = entries.as_deref().and_then(|entries| entries.last()).map_or(12, |entry| entry.position);
    GroupNotice { identity: "5b1d".to_owned(), part: 0, after: 7, last, entries, traced: Vec::new() }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn what_is_written_is_read(envelope in envelope()) {
        let encoded = encode(&envelope);
        prop_assert_eq!(sender(&encoded), Some(envelope.from));
        prop_assert_eq!(decode(&encoded), Ok(envelope));
    }

    #[test]
    fn what_is_cut_off_is_damaged(envelope in envelope(), at in any::<prop::sample::Index>()) {
        let encoded = encode(&envelope);
        prop_assert_eq!(decode(&encoded[..at.index(encoded.len())]), Err(CodecError::Damaged));
        prop_assert_eq!(decode(&[&encoded[..], &[0]].concat()), Err(CodecError::Damaged));
    }

    #[test]
    fn what_is_changed_is_read_or_refused(
        envelope in envelope(),
        at in any::<prop::sample::Index>(),
        to in prop::collection::vec(any::<u8>(), 1..12),
    ) {
        let mut encoded = encode(&envelope).to_vec();
        let at = at.index(encoded.len());
        let end = encoded.len().min(at + to.len());
        encoded.splice(at..end, to);
        // What is read can be written: it has no half of a value.
        if let Ok(read) = decode(&encoded) {
            prop_assert_eq!(decode(&encode(&read)), Ok(read));
        }
    }

    #[test]
    fn anything_is_read_or_refused(version in 0..6_u8, bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let bytes = [&[version], &bytes[..]].concat();
        if version != 4 {
            prop_assert_eq!(decode(&bytes), Err(CodecError::Newer));
        } else if let Ok(read) = decode(&bytes) {
            prop_assert_eq!(decode(&encode(&read)), Ok(read));
        }
    }

    #[test]
    fn a_group_is_told_in_pieces_that_follow_each_other(entries in entries(0..40), bytes_max in 200..9_000_usize) {
        let notice = notice(Some(entries));
        let encoded = encode_group(NodeId(3), 100, &notice, bytes_max);
        let (mut after, mut told) = (notice.after, Vec::new());
        for (number, bytes) in (100..).zip(&encoded) {
            prop_assert!(bytes.len() <= bytes_max);
            let Envelope { from, number: read, message: Message::Group(piece) } = decode(bytes).unwrap() else {
                panic!("a group is told as a group");
            };
            prop_assert_eq!((from, read), (NodeId(3), number));
            prop_assert_eq!((piece.identity, piece.part, piece.after), (notice.identity.clone(), 0, after));
            prop_assert!(piece.last > after || encoded.len() == 1);
            for entry in piece.entries.iter().flatten() {
                prop_assert!(after < entry.position && entry.position <= piece.last);
            }
            match piece.entries {
                Some(entries) => told.extend(entries),
                // What is missing is read from the store.
                None => told.extend(
                    notice.entries.iter().flatten().filter(|e| after < e.position && e.position <= piece.last).cloned(),
                ),
            }
            after = piece.last;
        }
        prop_assert_eq!(after, notice.last);
        prop_assert_eq!(Some(told), notice.entries);
    }
}

#[test]
fn every_event_is_generated() {
    let mut runner = TestRunner::deterministic();
    let generated = events().into_iter().map(|event| event.new_tree(&mut runner).unwrap().current());
    let kinds: Vec<usize> = generated.map(|event| samples::number_of(&event)).collect();
    assert_eq!(kinds, (0..samples::KINDS).collect::<Vec<_>>());
}

/// A length in front of nothing takes no memory.
#[test]
fn a_length_that_is_a_lie() {
    for kind in 0..8 {
        for length in [1 << 20, 1 << 40, u64::MAX] {
            // The version, the node, the number of the message, its kind, and lengths as far as the text goes.
            let mut lie = [&[3][..], &[0; 8], &[1, kind]].concat();
            for _ in 0..40 {
                let mut rest = length;
                while rest >= 128 {
                    lie.push((rest & 127) as u8 | 128);
                    rest >>= 7;
                }
                lie.push(rest as u8);
            }
            assert!(decode(&lie).is_err());
        }
    }
}

/// One message of each kind, and a group with one entry of each event, as they are written.
#[test]
fn the_format_is_the_one_of_its_version() {
    let mut written = String::new();
    for (name, message) in samples::messages() {
        let encoded = encode(&Envelope { from: NodeId(u64::MAX - 1), number: 300, message });
        let hex: String = encoded.iter().map(|byte| format!("{byte:02x}")).collect();
        writeln!(written, "{name} {hex}").unwrap();
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/encoded.txt");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path, &written).unwrap();
    }
    let known = std::fs::read_to_string(path).unwrap();
    assert!(known == written, "the format has changed: change its version, and renew the file by UPDATE_DOCS=1");
}
