//! JSONP polling, by which old browsers reached other origins: a poll is a script that calls a function of the page, and
//! a POST is a form. Clients of socket.io 2.x still use it where they are told to, or find nothing else.
//!
//! What must stay true: a payload is read and written as without JSONP, and only its wrapping differs; a page that opens
//! a session by a script is subject to the same check of its origin as one that sends an `Origin`.

use http::{HeaderMap, HeaderValue, header};
use quintet_input::query;

use crate::origins;

/// The largest number of digits of the index of a page's function.
const INDEX_DIGITS_MAX: usize = 16;

/// The function of a page that is called with a payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Callback(String);

impl Callback {
    /// Reads the parameter `j` of a request. As with official servers, everything but digits is left out: the answer is
    /// a script, and nothing else of the request may become part of it.
    pub(super) fn of(index: &str) -> Self {
        Self(index.chars().filter(char::is_ascii_digit).take(INDEX_DIGITS_MAX).collect())
    }

    /// Returns the script that calls the function with a payload.
    pub(super) fn script(&self, payload: &str) -> String {
        let json = serde_json::Value::from(payload).to_string();
        // Before ECMAScript 2019 these two characters end a line in a script, even within a string.
        let json = json.replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029");
        format!("___eio[{}]({json});", self.0)
    }
}

/// Returns the payload in the field `d` of a form, or `None` if the form has no such field.
pub(super) fn payload_of_form(form: &str) -> Option<String> {
    query::first(form, "d").map(|text| unescape(&text))
}

/// Takes back what clients do to line ends, because some browsers change those in forms: a line end arrives as `\n`, and
/// what was `\n` before as `\\n`.
fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut parts = text.split("\\n").peekable();
    while let Some(part) = parts.next() {
        let is_last = parts.peek().is_none();
        match part.strip_suffix('\\') {
            Some(before) if !is_last => {
                plain.push_str(before);
                plain.push_str("\\n");
            }
            _ => {
                plain.push_str(part);
                if !is_last {
                    plain.push('\n');
                }
            }
        }
    }
    plain
}

/// Names the origin of the page that asks for a script. Browsers send no `Origin` with such a request; the page is in the
/// `Referer`. A page that hides it counts as one of the origin `null`, which is never listed.
pub(super) fn name_origin(headers: &mut HeaderMap) {
    if headers.contains_key(header::ORIGIN) {
        return;
    }
    let origin = origins::referer(headers).unwrap_or(HeaderValue::from_static("null"));
    headers.insert(header::ORIGIN, origin);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_becomes_a_script() {
        let script = |index: &str, payload: &str| Callback::of(index).script(payload);
        assert_eq!(script("0", "1:6"), "___eio[0](\"1:6\");");
        assert_eq!(script("1);alert(2", "4\"</script>\\\n"), "___eio[12](\"4\\\"</script>\\\\\\n\");");
        assert_eq!(script("", "a\u{2028}\u{2029}\u{1e}é"), "___eio[](\"a\\u2028\\u2029\\u001eé\");");
        assert_eq!(script(&"7".repeat(40), ""), format!("___eio[{}](\"\");", "7".repeat(16)));
    }

    #[test]
    fn a_form_becomes_a_payload() {
        for (form, payload) in [
            ("d=6%3A4hello", "6:4hello"),
            ("d=a+b%2Bc", "a b+c"),
            ("x=1&d=4%E2%82%AC", "4€"),
            // A line end.
            ("d=a%5Cnb", "a\nb"),
            // The two characters of an escape in JSON.
            ("d=a%5C%5Cnb", "a\\nb"),
            ("d=%5C%5C%5Cn%5Cn%5C%5Cn", "\\\\n\n\\n"),
            ("d=a%5C", "a\\"),
            ("d=", ""),
        ] {
            assert_eq!(payload_of_form(form).as_deref(), Some(payload), "{form}");
        }
        assert_eq!(payload_of_form("e=1"), None);
    }

    #[test]
    fn the_page_of_a_script_is_named() {
        let origin = |name: header::HeaderName, value: &'static str| {
            let mut headers = HeaderMap::from_iter([(name, HeaderValue::from_static(value))]);
            name_origin(&mut headers);
            headers[header::ORIGIN].to_str().expect("text").to_owned()
        };
        assert_eq!(origin(header::REFERER, "https://chat.example:8443/a?b#c"), "https://chat.example:8443");
        assert_eq!(origin(header::REFERER, "https://chat.example"), "https://chat.example");
        assert_eq!(origin(header::REFERER, "about:blank"), "null");
        assert_eq!(origin(header::HOST, "own.example"), "null");
        assert_eq!(origin(header::ORIGIN, "https://other.example"), "https://other.example");
    }
}
