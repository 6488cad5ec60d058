//! The paths at which Socket.IO is spoken: `/socket.io`, which the web client needs, and those that front ends of other
//! back ends were built with.
//!
//! What must stay true: a path of the configuration takes none away that something else is served at.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use toml::Value;

/// The path of official servers, at which Socket.IO is always spoken.
const DEFAULT: &str = "/socket.io";

/// The paths that are taken, without those below them.
const TAKEN: [&str; 7] = ["/api", "/healthz", "/metrics", "/playground", "/readyz", "/socket.io", "/ws"];

/// The folders below which everything is taken.
const FOLDERS_TAKEN: [&str; 5] = ["/api/v1/", "/assets/", "/avatars/", "/files/", "/socket.io/"];

/// Further paths at which Socket.IO is spoken, each without a slash at its end. The file has one path or a list.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "Value", into = "Vec<String>")]
pub(crate) struct SocketPaths(Vec<String>);

impl SocketPaths {
    /// Returns all paths for the engine, each with a slash at its end.
    pub(crate) fn of_engine(&self) -> Vec<String> {
        std::iter::once(DEFAULT).chain(self.0.iter().map(String::as_str)).map(|path| format!("{path}/")).collect()
    }

    /// Returns the path by which the files of the official client are known, for a path below any of these. Official
    /// servers have those files below their own path.
    pub(crate) fn at_default<'p>(&self, path: &'p str) -> Cow<'p, str> {
        let file =
            self.0.iter().find_map(|own| path.strip_prefix(own.as_str()).filter(|rest| rest.starts_with("/socket.io")));
        file.map_or(Cow::Borrowed(path), |file| Cow::Owned(format!("{DEFAULT}{file}")))
    }
}

impl From<SocketPaths> for Vec<String> {
    fn from(paths: SocketPaths) -> Self {
        paths.0
    }
}

impl TryFrom<Value> for SocketPaths {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        let listed = match value {
            Value::Array(items) => items,
            one => vec![one],
        };
        let mut paths = Vec::new();
        for item in listed {
            let Value::String(text) = item else {
                return Err("socket_path must be a path or a list of paths".to_owned());
            };
            let path = parse(&text)?;
            // The default may be listed as well.
            if path != DEFAULT && !paths.contains(&path) {
                paths.push(path);
            }
        }
        Ok(Self(paths))
    }
}

/// Parses a path. A slash at its end means nothing, as to official clients and servers.
fn parse(text: &str) -> Result<String, String> {
    let path = text.strip_suffix('/').unwrap_or(text);
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/-._~".contains(c);
    let is_path = path.starts_with('/') && path.chars().all(is_plain) && !path.contains("//") && !path.contains("/.");
    if !is_path {
        return Err(format!("socket_path `{text}` is not a path such as `/chat/socket.io`"));
    }
    let is_taken = TAKEN.contains(&path) || FOLDERS_TAKEN.iter().any(|folder| path.starts_with(folder));
    if is_taken && path != DEFAULT {
        return Err(format!("socket_path `{text}` is taken: something else is served there"));
    }
    Ok(path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(toml: &str) -> Result<SocketPaths, String> {
        let table: toml::Table = format!("paths = {toml}").parse().expect("TOML");
        table["paths"].clone().try_into().map_err(|error: toml::de::Error| error.to_string())
    }

    #[test]
    fn one_path_or_several() {
        let paths = |toml: &str| read(toml).map(|paths| paths.of_engine());
        assert_eq!(paths("[]"), Ok(vec!["/socket.io/".to_owned()]));
        assert_eq!(paths("'/socket'"), Ok(vec!["/socket.io/".to_owned(), "/socket/".to_owned()]));
        let several = ["/socket.io/", "/api/socket/io/", "/a/socket.io/"].map(str::to_owned);
        assert_eq!(paths("['/api/socket/io/', '/socket.io', '/a/socket.io', '/a/socket.io/']"), Ok(several.to_vec()));
        for bad in ["socket", "", "/", "/a b", "/a?b", "//a", "/a/../b", "https://a/b", "/ws", "/api/v1/x", "/files/x"]
        {
            let why = read(&format!("'{bad}'")).expect_err(bad);
            assert!(why.contains("socket_path") && why.contains(&format!("`{bad}`")), "{why}");
        }
        assert!(read("7").is_err_and(|why| why.contains("socket_path")));
    }

    #[test]
    fn the_files_of_the_client_are_below_each_path() {
        let paths = read("['/chat', '/a/socket.io']").expect("good");
        for (path, known) in [
            ("/chat/socket.io.js", "/socket.io/socket.io.js"),
            ("/a/socket.io/socket.io.min.js", "/socket.io/socket.io.min.js"),
            ("/socket.io/socket.io.js", "/socket.io/socket.io.js"),
            ("/chat/app.js", "/chat/app.js"),
            ("/chat", "/chat"),
        ] {
            assert_eq!(paths.at_default(path), known);
        }
    }
}
