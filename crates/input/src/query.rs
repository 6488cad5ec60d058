//! The values of a query, decoded as forms encode them: `%20` and `+` are a space. Node's `querystring` decodes alike.
//!
//! What must stay true: values that cannot be decoded become U+FFFD, and are not an error.

use std::borrow::Cow;

/// Returns the first value of a parameter, or `None` if the query does not have it.
#[must_use]
pub fn first<'q>(query: &'q str, name: &str) -> Option<Cow<'q, str>> {
    pairs(query).find(|(key, _)| key == name).map(|(_, value)| value)
}

/// Returns the parameters of a query in order, names and values decoded.
pub fn pairs(query: &str) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
    form_urlencoded::parse(query.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_decoded() {
        let query = "a=1&token=Bearer%20x.y&name=Ada+B&plus=%2B&a=2&%65=e&empty=&bad=%ff%zz";
        let expected =
            [("a", "1"), ("token", "Bearer x.y"), ("name", "Ada B"), ("plus", "+"), ("e", "e"), ("empty", "")];
        for (name, value) in expected {
            assert_eq!(first(query, name).as_deref(), Some(value), "{name}");
        }
        assert_eq!(first(query, "bad").as_deref(), Some("\u{fffd}%zz"));
        assert_eq!(first(query, "none"), None);
    }
}
