//! The parts of WebSocket and Socket.IO that a load generator needs, written and read without allocating.

/// Precedes the time of sending in a message's text: nanoseconds as 16 hexadecimal digits.
const MARK: &[u8] = b"~~";
const DIGITS: usize = 16;
/// Number of bytes of a message's text.
pub(crate) const TEXT_BYTES: usize = 60;

/// Appends a client's text frame. The mask is zero, so that masking costs the load nothing; the server unmasks as
/// usual.
pub(crate) fn frame(out: &mut Vec<u8>, text: &[u8]) {
    out.push(0x81);
    match text.len() {
        n @ 0..=125 => out.push(0x80 | n as u8),
        n => {
            out.push(0x80 | 126);
            out.extend((n as u16).to_be_bytes());
        }
    }
    out.extend([0; 4]);
    out.extend(text);
}

/// Splits one frame off the front of some bytes: its payload, and the number of bytes that it took; `None` if it is
/// incomplete.
pub(crate) fn split(bytes: &[u8]) -> Option<(&[u8], usize)> {
    let (length, start) = match *bytes.get(1)? {
        126 => (usize::from(u16::from_be_bytes([*bytes.get(2)?, *bytes.get(3)?])), 4),
        127 => (u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?) as usize, 10),
        length => (usize::from(length), 2),
    };
    Some((bytes.get(start..start + length)?, start + length))
}

/// The text of a message that is sent at a time: 60 bytes, as in a chat.
pub(crate) fn text(sent_ns: u64) -> String {
    format!("~~{sent_ns:0DIGITS$x} the quick brown fox jumps over the lazy d")
}

/// The time at which the message of a packet was sent, if the packet carries one.
pub(crate) fn sent_at(packet: &[u8]) -> Option<u64> {
    let at = memchr::memmem::find(packet, MARK)? + MARK.len();
    let digits = std::str::from_utf8(packet.get(at..at + DIGITS)?).ok()?;
    u64::from_str_radix(digits, 16).ok()
}

/// The id of the acknowledgement in a packet.
pub(crate) fn ack_id(packet: &[u8]) -> Option<usize> {
    let rest = packet.strip_prefix(b"43")?;
    let end = rest.iter().position(|byte| !byte.is_ascii_digit())?;
    std::str::from_utf8(&rest[..end]).ok()?.parse().ok()
}

/// The secret by which a connection can be resumed, from the answer to its CONNECT.
pub(crate) fn secret(packet: &[u8]) -> Option<&str> {
    let start = memchr::memmem::find(packet, b"\"pid\":\"")? + 7;
    let end = start + memchr::memchr(b'"', packet.get(start..)?)?;
    std::str::from_utf8(packet.get(start..end)?).ok()
}

/// The offset of an event: its last argument, if that is a text.
pub(crate) fn offset(packet: &[u8]) -> Option<&str> {
    let rest = packet.strip_suffix(b"\"]")?;
    let start = memchr::memrchr(b'"', rest)? + 1;
    std::str::from_utf8(rest.get(start..)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_and_marks() {
        let mut out = Vec::new();
        frame(&mut out, b"3");
        assert_eq!(out, [0x81, 0x81, 0, 0, 0, 0, b'3']);
        assert_eq!(split(&[0x81, 2, b'4', b'0', 0x81]), Some((&b"40"[..], 4)));
        assert_eq!(split(&[0x81, 126, 0, 3, b'4', b'0']), None);
        assert_eq!(text(255).len(), TEXT_BYTES);
        assert_eq!(sent_at(format!("42[\"m\",\"{}\"]", text(255)).as_bytes()), Some(255));
        assert_eq!(ack_id(b"4312[{}]"), Some(12));
        assert_eq!(ack_id(b"42[]"), None);
        assert_eq!(secret(b"40{\"sid\":\"s\",\"pid\":\"p-1\"}"), Some("p-1"));
        assert_eq!(offset(b"42[\"m\",{\"a\":\"b\"},\"o-7\"]"), Some("o-7"));
        assert_eq!(offset(b"42[\"m\",{\"a\":\"b\"}]"), None);
    }
}
