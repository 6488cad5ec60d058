//! Requests for a part of a file (RFC 9110, section 14), as players of audio and video make them.
//!
//! What must stay true: a request for several parts, or one that cannot be read, gets the whole file, as the RFC allows.

use std::ops::Range;

use http::{HeaderMap, header};
use http_range_header::{EndPosition, StartPosition};

/// The part of a file that a request is answered with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// All of the file.
    Whole,
    /// These bytes of the file.
    Bytes(Range<u64>),
    /// The file has no such bytes.
    Missing,
}

/// Returns the part that a GET request asks for, of a file with this size in bytes and this entity tag.
pub(crate) fn asked(headers: &HeaderMap, tag: &str, size: u64) -> Part {
    let Some(range) = headers.get(header::RANGE).and_then(|range| range.to_str().ok()) else { return Part::Whole };
    // A client that has a part of another version needs the whole file. A date is never equal to a tag.
    if headers.get(header::IF_RANGE).is_some_and(|known| known.as_bytes() != tag.as_bytes()) {
        return Part::Whole;
    }
    let Ok(parsed) = http_range_header::parse_range_header(range) else { return Part::Whole };
    let [named] = parsed.ranges[..] else { return Part::Whole };
    let part = match (named.start, named.end) {
        // A part that ends before it begins is malformed, whatever the size of the file.
        (StartPosition::Index(start), EndPosition::Index(end)) if end < start => return Part::Whole,
        (StartPosition::Index(start), EndPosition::Index(end)) => start..size.min(end.saturating_add(1)),
        (StartPosition::Index(start), EndPosition::LastByte) => start..size,
        // More bytes from the end than there are mean all of them.
        (StartPosition::FromLast(bytes), _) => size.saturating_sub(bytes)..size,
    };
    if part.start < size { Part::Bytes(part) } else { Part::Missing }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn part(range: &str, if_range: Option<&str>) -> Part {
        let mut headers = HeaderMap::new();
        headers.insert(header::RANGE, HeaderValue::from_str(range).expect("a value"));
        if let Some(known) = if_range {
            headers.insert(header::IF_RANGE, HeaderValue::from_str(known).expect("a value"));
        }
        asked(&headers, "\"f-1\"", 10)
    }

    #[test]
    fn one_part_is_found_and_anything_else_is_the_whole() {
        for (range, expected) in [
            ("bytes=0-0", Part::Bytes(0..1)),
            ("bytes=0-1", Part::Bytes(0..2)),
            ("bytes=2-", Part::Bytes(2..10)),
            ("bytes=-3", Part::Bytes(7..10)),
            ("bytes=0-9", Part::Bytes(0..10)),
            ("bytes=5-99", Part::Bytes(5..10)),
            ("bytes=-99", Part::Bytes(0..10)),
            ("bytes=10-", Part::Missing),
            ("bytes=99-100", Part::Missing),
            ("bytes=-0", Part::Whole),
            ("bytes=0-1,4-5", Part::Whole),
            ("bytes=4-2", Part::Whole),
            ("bytes=x", Part::Whole),
            ("lines=0-1", Part::Whole),
            ("", Part::Whole),
        ] {
            assert_eq!(part(range, None), expected, "{range}");
        }
        assert_eq!(asked(&HeaderMap::new(), "\"f-1\"", 10), Part::Whole);
    }

    #[test]
    fn a_part_of_another_version_is_not_continued() {
        for (known, expected) in [
            ("\"f-1\"", Part::Bytes(0..2)),
            ("\"f-2\"", Part::Whole),
            ("W/\"f-1\"", Part::Whole),
            ("Wed, 21 Oct 2015 07:28:00 GMT", Part::Whole),
        ] {
            assert_eq!(part("bytes=0-1", Some(known)), expected, "{known}");
        }
    }
}
