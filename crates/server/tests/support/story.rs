//! Golden transcripts: what is sent, and exactly what is received.
//!
//! A story is text with one step per line; `e2e/lib/story.mjs` plays the same ones with official clients.
//! * `set VARIABLE VALUE`: sets a variable of the server's environment, wherever it stands.
//! * `register NAME`: creates a user; `$NAME` is its id.
//! * `connect CONN USER WHERE`: USER is a name, `guest:ID` or `nobody`; WHERE is a dialect, `auto` or a `/namespace`.
//! * `refused USER WHERE => PATTERN`: a connect that is refused with this error.
//! * `rest USER METHOD PATH BODY => STATUS PATTERN`: a call of the API.
//! * `CONN> EVENT PAYLOAD` or `CONN> EVENT PAYLOAD => PATTERN`: an event, the latter with its acknowledgement.
//! * `CONN< EVENT PATTERN`: the next event that CONN receives, completely.
//! * `close CONN`: closes the connection.
//!
//! In patterns and payloads, `$name` is replaced by what was captured. In patterns, `"=name"` captures, `"~"` matches
//! anything, `"~time"` a time, and `"~picture"` the link to a picture of initials. At the end of a story, every received
//! event must have been named by a step.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Server, Start, Wire};

/// Plays a story on a new server.
pub async fn play(story: &str) {
    play_on(Server::with(), story).await;
}

/// Plays a story on a server that begins, and on which messages count as delivered only when a client says so: every event
/// has its place in a story, and what a server notes by itself is told a little later.
pub async fn play_on(start: Start, story: &str) {
    let set = |line| match split(line) {
        ("set", variable) => Some(split(variable)),
        _ => None,
    };
    let variables = story.lines().map(str::trim).filter_map(set);
    let start = variables.fold(start, |start, (name, value)| start.env(name, value));
    let server = start.env("QUINTET_PRESENCE_DELIVERED", "false").run();
    let mut stage = Stage { server, known: BTreeMap::new(), wires: BTreeMap::new() };
    for (number, line) in story.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') || line.starts_with("set ") {
            continue;
        }
        stage.step(line, &format!("line {}: {line}", number + 1)).await;
    }
    stage.silence().await;
}

struct Stage {
    server: Server,
    known: BTreeMap<String, String>,
    wires: BTreeMap<String, Wire>,
}

fn split(text: &str) -> (&str, &str) {
    text.split_once(' ').map_or((text, ""), |(head, rest)| (head, rest.trim()))
}

impl Stage {
    async fn step(&mut self, line: &str, at: &str) {
        let (word, rest) = split(line);
        if let Some(wire) = word.strip_suffix('>') {
            let (event, rest) = split(rest);
            let (payload, pattern) = rest.split_once(" => ").map_or((rest, None), |(p, a)| (p, Some(a)));
            let payload = self.filled(payload, at);
            let wire = self.wires.get_mut(wire).unwrap_or_else(|| panic!("{at}: no such connection"));
            match pattern {
                None => wire.emit(event, &payload).await,
                Some(pattern) => {
                    let ack = wire.call(event, &payload).await;
                    self.check(pattern, &ack, at);
                }
            }
            return;
        }
        if let Some(wire) = word.strip_suffix('<') {
            let (expected, pattern) = split(rest);
            let wire = self.wires.get_mut(wire).unwrap_or_else(|| panic!("{at}: no such connection"));
            let (name, payload) = wire.event().await;
            assert_eq!(name, expected, "{at}\nheard {payload}");
            self.check(pattern, &payload, at);
            return;
        }
        match word {
            "register" => {
                let (id, token) = self.server.http().register(rest).await;
                self.known.insert(rest.to_owned(), id);
                self.known.insert(format!("{rest}.token"), token);
            }
            "connect" => {
                let (name, rest) = split(rest);
                let (namespace, auth) = self.conversation(rest);
                let wire = Wire::connect(self.server.address(), &namespace, &auth).await;
                self.wires.insert(name.to_owned(), wire);
            }
            "refused" => {
                let (conversation, pattern) = rest.split_once(" => ").expect("a pattern");
                let (namespace, auth) = self.conversation(conversation);
                let mut wire = Wire::open(self.server.address(), "").await;
                let answer = wire.enter(&namespace, &auth).await;
                let json = answer.trim_start_matches(|c| c != '{');
                assert!(answer.starts_with("44"), "{at}: {answer}");
                self.check(pattern, &serde_json::from_str(json).expect("JSON"), at);
            }
            "rest" => {
                let (call, expected) = rest.split_once(" => ").expect("an answer");
                let (user, call) = split(call);
                let (method, call) = split(call);
                let (path, body) = split(call);
                let path = self.fill(path);
                let body = if body.is_empty() { Value::Null } else { self.filled(body, at) };
                let token = self.known.get(&format!("{user}.token")).cloned().unwrap_or_default();
                let answer = self.server.http().api(&token, method, &path, body).await;
                let (status, pattern) = split(expected);
                assert_eq!(answer.status.to_string(), status, "{at}: {}", answer.text);
                if !pattern.is_empty() {
                    self.check(pattern, &answer.json(), at);
                }
            }
            "close" => drop(self.wires.remove(rest)),
            _ => panic!("{at}: not understood"),
        }
    }

    /// Returns the namespace and credentials of `USER WHERE`.
    fn conversation(&self, text: &str) -> (String, Value) {
        let (user, conversation) = split(text);
        let mut auth = match user.strip_prefix("guest:") {
            Some(id) => json!({ "userId": self.fill(id) }),
            None => match self.known.get(&format!("{user}.token")) {
                Some(token) => json!({ "token": token }),
                None => json!({}),
            },
        };
        if conversation.starts_with('/') {
            return (conversation.to_owned(), auth);
        }
        if conversation != "auto" {
            auth["dialect"] = conversation.into();
        }
        ("/".to_owned(), auth)
    }

    fn fill(&self, text: &str) -> String {
        let mut filled = text.to_owned();
        // Longer names first, so that `$ab` is not read as `$a`.
        let mut names: Vec<_> = self.known.iter().collect();
        names.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        for (name, value) in names {
            filled = filled.replace(&format!("${name}"), value);
        }
        filled
    }

    fn filled(&self, text: &str, at: &str) -> Value {
        serde_json::from_str(&self.fill(text)).unwrap_or_else(|error| panic!("{at}: {error}"))
    }

    fn check(&mut self, pattern: &str, found: &Value, at: &str) {
        let pattern = self.filled(pattern, at);
        if let Err(why) = self.matches(&pattern, found) {
            panic!("{at}\n  {why}\n  found {found}");
        }
    }

    fn matches(&mut self, pattern: &Value, found: &Value) -> Result<(), String> {
        match (pattern, found) {
            (Value::String(text), _) if text == "~" => Ok(()),
            (Value::String(text), Value::String(moment)) if text == "~time" => {
                let shaped = moment.len() == 24 && moment.ends_with('Z') && moment.as_bytes()[10] == b'T';
                if shaped { Ok(()) } else { Err(format!("{moment} is no moment")) }
            }
            (Value::String(text), Value::String(link)) if text == "~picture" => {
                let made = link.strip_prefix("http://").is_some_and(|rest| rest.contains("/avatars/"));
                if made { Ok(()) } else { Err(format!("{link} is no link to a picture of initials")) }
            }
            // Captured earlier by the same pattern.
            (Value::String(text), Value::String(value)) if text.starts_with('$') => {
                if self.known.get(&text[1..]) == Some(value) {
                    Ok(())
                } else {
                    Err(format!("{value}, expected {text}"))
                }
            }
            (Value::String(text), Value::String(value)) if text.starts_with('=') => {
                self.known.insert(text[1..].to_owned(), value.clone());
                Ok(())
            }
            (Value::Object(wanted), Value::Object(has)) => {
                let keys = |map: &serde_json::Map<String, Value>| -> std::collections::BTreeSet<String> {
                    map.keys().cloned().collect()
                };
                if keys(wanted) != keys(has) {
                    return Err(format!("keys {:?}, expected {:?}", keys(has), keys(wanted)));
                }
                wanted.iter().try_for_each(|(key, pattern)| {
                    self.matches(pattern, &has[key]).map_err(|why| format!("{key}: {why}"))
                })
            }
            (Value::Array(wanted), Value::Array(has)) if wanted.len() == has.len() => {
                wanted.iter().zip(has).try_for_each(|(pattern, value)| self.matches(pattern, value))
            }
            _ if pattern == found => Ok(()),
            _ => Err(format!("{found}, expected {pattern}")),
        }
    }

    /// Asserts that all events were received: a last request is answered, and nothing else arrives.
    async fn silence(&mut self) {
        for _ in 0..2 {
            for (name, wire) in &mut self.wires {
                wire.call("no such event", &Value::Null).await;
                assert!(wire.events.is_empty(), "{name} also received {:?}", wire.events);
            }
        }
    }
}
