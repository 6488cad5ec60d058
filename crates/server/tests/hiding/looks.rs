//! Everything that a user can look at over HTTP: each operation of the document that reads, for each user, conversation and
//! message that it can be asked about.

use serde_json::Value;

use crate::support::Http;

/// What stands for the id in a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    Nothing,
    User,
    /// The group or room of a world.
    Hall,
    Direct,
    Message,
    Meetup,
}

/// One thing to look at.
#[derive(Clone, Debug)]
pub struct Look {
    pub template: String,
    pub about: About,
}

/// The paths that lead to no objects of users: documents, bytes, and what is for the operator or a single client.
const OTHER_PATHS: [&str; 6] = ["/docs", "openapi.json", "/types", "/healthz", "/readyz", "/files/"];

impl Look {
    /// Everything that may be looked at, for every operation that reads.
    pub async fn all(http: &Http) -> Vec<Self> {
        let operations = http.operations().await.into_iter();
        let reads = operations.filter(|(method, path)| {
            method == "GET" && !OTHER_PATHS.iter().any(|other| path.contains(other)) && path != "/"
        });
        reads
            .flat_map(|(_, template)| {
                let abouts: &[About] = match template.contains('{') {
                    true => &[About::User, About::Hall, About::Direct, About::Message, About::Meetup],
                    false => &[About::Nothing],
                };
                abouts.iter().map(move |about| Self { template: template.clone(), about: *about })
            })
            .collect()
    }

    /// The path with an id in it, and a text to find what is searched for.
    pub fn path(&self, id: &str, find: &str) -> String {
        let mut parts: Vec<&str> = Vec::new();
        for part in self.template.split('/') {
            parts.push(if part.starts_with('{') { id } else { part });
        }
        let find = if self.template.contains("search/messages") { "hello" } else { find };
        format!("{}?q={find}", parts.join("/"))
    }

    /// The vocabulary whose clients look at it; `v1` for none.
    pub fn vocabulary(&self) -> &str {
        let first = self.template.trim_start_matches('/').split('/').next().unwrap_or_default();
        match first {
            "meetup" | "messenger" | "rooms" | "conversations" | "chat" => first,
            _ if self.template.starts_with("/api/v1") => "v1",
            _ => "any",
        }
    }

    /// Whether it marks as read what it shows, as clients of one dialect expect.
    pub fn marks_read(&self) -> bool {
        let lists = ["/api/users/", "/api/groups/"].iter().any(|list| self.template.contains(list));
        lists && self.template.ends_with("/messages")
    }
}

/// The answer, if there is one with an object.
pub async fn look(http: &Http, token: &str, path: &str) -> Option<Value> {
    let answer = http.call(token, "GET", path, Value::Null).await;
    assert!(answer.status < 500, "{path}: {}", answer.text);
    (answer.status == 200).then(|| answer.json())
}
