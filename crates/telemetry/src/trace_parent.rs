//! The header `traceparent` of W3C Trace Context, by which a caller names the span that its request belongs to.
//!
//! What must stay true: what cannot be read is no parent, and costs nothing else.

use quintet_domain::SpanContext;

/// The span of a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceParent {
    /// The ids of the span.
    pub context: SpanContext,
    /// Whether the caller records its trace.
    pub sampled: bool,
}

/// Reads so many lower-case hexadecimal digits; `None` if they are others, or all zero.
fn hex(text: &str, digits: usize) -> Option<u128> {
    let lower = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if text.len() != digits || !text.bytes().all(lower) {
        return None;
    }
    u128::from_str_radix(text, 16).ok()
}

impl TraceParent {
    /// Reads the value of the header: `VERSION-TRACE-SPAN-FLAGS`. A later version may have more behind the flags.
    #[must_use]
    pub fn read(value: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(value.get(..55)?).ok()?;
        let mut parts = text.split('-');
        let version = hex(parts.next()?, 2)?;
        let (trace, span) = (hex(parts.next()?, 32)?, hex(parts.next()?, 16)?);
        let flags = hex(parts.next()?, 2)?;
        let has_more = match value.get(55) {
            None => false,
            Some(b'-') if version != 0 => true,
            Some(_) => return None,
        };
        if version == 0xff || trace == 0 || span == 0 || (version == 0 && has_more) || parts.next().is_some() {
            return None;
        }
        let context = SpanContext { trace, span: u64::try_from(span).ok()? };
        Some(Self { context, sampled: flags & 1 == 1 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parent_as_the_specification_has_it_and_nothing_else() {
        let good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let read = TraceParent::read(good.as_bytes()).expect("a parent");
        let context = SpanContext { trace: 0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c, span: 0xb7ad_6b71_6920_3331 };
        assert_eq!(read, TraceParent { context, sampled: true });
        let later = format!("{}-more", good.replacen("00", "cc", 1));
        assert_eq!(TraceParent::read(later.as_bytes()), Some(read));
        let unsampled = good.replace("-01", "-00");
        assert_eq!(TraceParent::read(unsampled.as_bytes()), Some(TraceParent { context, sampled: false }));
        for bad in [
            "",
            "00",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-011",
            "00-0af7651916cd43dd8448eb211c8-319c-b7ad6b7169203331-01",
            "00_0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331_01",
        ] {
            assert_eq!(TraceParent::read(bad.as_bytes()), None, "{bad}");
        }
    }
}
