//! The content codings that a client accepts (RFC 9110, section 12.5.3).
//!
//! What must stay true: a coding that the header does not allow is never used; what cannot be understood allows nothing.

use http::{HeaderMap, header};

/// The weight of a coding without one, in thousandths.
const WEIGHT_MAX: u16 = 1_000;

/// Returns the weight that a request's `Accept-Encoding` gives a coding, in thousandths. 0 means that the coding must
/// not be used: it is excluded, or neither it nor `*` is listed. A coding that is listed twice has its first weight.
#[must_use]
pub fn weight(headers: &HeaderMap, coding: &str) -> u16 {
    let lines = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|line| line.to_str().ok());
    let mut any = 0;
    for item in lines.flat_map(|line| line.split(',')) {
        let (name, parameters) = item.split_once(';').map_or((item, None), |(name, rest)| (name, Some(rest)));
        let name = name.trim_ascii();
        let is_named = name.eq_ignore_ascii_case(coding) || (coding == "gzip" && name.eq_ignore_ascii_case("x-gzip"));
        if !is_named && name != "*" {
            continue;
        }
        let weight = parameters.map_or(WEIGHT_MAX, |parameters| parse_weight(parameters).unwrap_or(0));
        if is_named {
            return weight;
        }
        any = weight;
    }
    any
}

/// Returns whether a request accepts a coding.
#[must_use]
pub fn takes(headers: &HeaderMap, coding: &str) -> bool {
    weight(headers, coding) > 0
}

/// Parses `q=0.8`, at most three digits behind the point (RFC 9110, section 12.4.2), in thousandths.
fn parse_weight(parameter: &str) -> Option<u16> {
    let (name, value) = parameter.split_once('=')?;
    if !name.trim_ascii().eq_ignore_ascii_case("q") {
        return None;
    }
    let (whole, digits) = value.trim_ascii().split_once('.').unwrap_or((value.trim_ascii(), ""));
    if digits.len() > 3 || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let thousandths: u16 = format!("{digits:0<3}").parse().ok()?;
    match whole {
        "0" => Some(thousandths),
        "1" if thousandths == 0 => Some(WEIGHT_MAX),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn the_grammar() {
        for (accepts, gzip, br) in [
            ("gzip", 1_000, 0),
            ("GZIP, deflate", 1_000, 0),
            ("gzip;q=0", 0, 0),
            ("gzip;q=0.000, *", 0, 1_000),
            ("gzip ; q=0.5,br;Q=1.0", 500, 1_000),
            ("gzippy", 0, 0),
            ("x-gzip", 1_000, 0),
            ("*", 1_000, 1_000),
            ("*;q=0", 0, 0),
            ("*;q=0, gzip;q=0.001", 1, 0),
            ("identity;q=1, *;q=0", 0, 0),
            ("", 0, 0),
            (",, br ,", 0, 1_000),
            ("gzip;q=1.5, br;q=0.0001", 0, 0),
            ("gzip;level=9, br;q", 0, 0),
            ("gzip;q=0.5;q=1", 0, 0),
        ] {
            let headers = HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(accepts))]);
            assert_eq!((weight(&headers, "gzip"), weight(&headers, "br")), (gzip, br), "{accepts:?}");
        }
        assert!(!takes(&HeaderMap::new(), "gzip"));
        let mut lines = HeaderMap::new();
        lines.append(header::ACCEPT_ENCODING, HeaderValue::from_static("deflate"));
        lines.append(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        assert!(takes(&lines, "gzip"));
    }
}
