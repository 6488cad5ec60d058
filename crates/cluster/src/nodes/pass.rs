//! The answer to whoever asks for all users of this node: parts of them, some each second.
//!
//! What must stay true: each part fits into one message; a wire is never given more than some parts at once; whoever asks
//! is told of every user once after that.

use std::sync::Arc;

use quintet_domain::{User, UserId};

use super::present::Present;
use crate::Message;

/// Maximum number of parts that are sent at once, so that the wire has room for other messages.
const PARTS_AT_ONCE: usize = 64;

/// Maximum number of bytes of the users in one part.
const PART_BYTES_MAX: usize = 65_536;

/// The bytes of a message that are left for everything but the users: the id of the last user of the part before, of four
/// bytes for each character, above all.
const AROUND_BYTES: usize = 1_024;

/// The bytes that a user takes beside its texts, at most.
const USER_BYTES: usize = 48;

/// The answer in progress, if there is one.
#[derive(Debug)]
pub(super) struct Pass {
    /// Maximum number of bytes of the users in one part.
    part_bytes_max: usize,
    /// Whether an answer is in progress.
    running: bool,
    /// The last user who was told; `None` at the beginning.
    after: Option<UserId>,
    /// Whether somebody asked after the answer had begun.
    again: bool,
}

fn bytes_of(user: &User) -> usize {
    let optional = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    let texts = user.id.as_str().len() + user.username.len() + user.name.len();
    texts + optional(&user.last_name) + optional(&user.avatar) + USER_BYTES
}

impl Pass {
    /// No answer, over a wire whose messages have a maximum size in bytes.
    pub(super) fn new(message_bytes_max: usize) -> Self {
        let part_bytes_max = message_bytes_max.saturating_sub(AROUND_BYTES).min(PART_BYTES_MAX);
        Self { part_bytes_max, running: false, after: None, again: false }
    }

    /// Notes that somebody asks. The answer begins with the next parts, so that those who ask at about the same time share
    /// it.
    pub(super) fn want(&mut self) {
        if self.running && self.after.is_some() {
            self.again = true;
        }
        self.running = true;
    }

    /// The next parts of the answer; none if nobody asked.
    pub(super) fn next_parts(&mut self, present: &Present<Arc<User>>) -> Vec<Message> {
        let mut parts = Vec::new();
        while self.running && parts.len() < PARTS_AT_ONCE {
            parts.push(self.next_part(present));
        }
        parts
    }

    fn next_part(&mut self, present: &Present<Arc<User>>) -> Message {
        let after = self.after.take();
        let mut users: Vec<Arc<User>> = Vec::new();
        let (mut bytes, mut last) = (0, true);
        for user in present.after(after.as_ref()) {
            bytes += bytes_of(user);
            if bytes > self.part_bytes_max && !users.is_empty() {
                last = false;
                break;
            }
            users.push(Arc::clone(user));
        }
        if last {
            self.running = std::mem::take(&mut self.again);
        } else {
            self.after = users.last().map(|user| user.id.clone());
        }
        Message::Present { users, after, last }
    }
}
