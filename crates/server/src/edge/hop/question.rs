//! The question of a node that does not reach the database to another one: whether it does.
//!
//! What must stay true: only nodes of this cluster ask and answer, each question is for one node, and an answer is good for
//! one question alone.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use http::{HeaderName, HeaderValue};
use quintet_domain::NodeId;
use sha2::Sha256;

use super::keys::keyed;

/// The header of a question, and of its answer.
pub(super) static HEADER: HeaderName = HeaderName::from_static("x-quintet-database");
/// The path of a question, which no client's request has here.
pub(super) const PATH: &str = "/quintet/database";

/// Bytes of the random number of a question.
const NONCE_BYTES: usize = 16;

/// Asks and answers.
#[derive(Clone)]
pub(super) struct Questions {
    asks: Hmac<Sha256>,
    answers: Hmac<Sha256>,
}

/// A question to one node, whose answer is awaited.
pub(super) struct Question {
    to: NodeId,
    text: String,
}

impl Questions {
    pub(super) fn new(secret: &str) -> Self {
        Self {
            asks: keyed(secret, b"quintet database question\0"),
            answers: keyed(secret, b"quintet database answer\0"),
        }
    }

    /// Makes a question to a node; `None` without random bytes.
    pub(super) fn ask(&self, to: NodeId) -> Option<(Question, HeaderValue)> {
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce).ok()?;
        let nonce = BASE64_URL_SAFE_NO_PAD.encode(nonce);
        let text = format!("{nonce} {}", proof(&self.asks, to, &[&nonce]));
        let header = HeaderValue::from_str(&text).ok()?;
        Some((Question { to, text }, header))
    }

    /// Answers a question to this node; `None` if no node of this cluster has asked it.
    pub(super) fn answer(&self, own: NodeId, question: &HeaderValue, reaches: bool) -> Option<HeaderValue> {
        let text = question.to_str().ok()?;
        let (nonce, proved) = text.split_once(' ')?;
        is_proved(&self.asks, own, &[nonce], proved).then_some(())?;
        let said = if reaches { "yes" } else { "no" };
        HeaderValue::from_str(&format!("{said} {}", proof(&self.answers, own, &[text, said]))).ok()
    }

    /// Returns whether a node has answered that it reaches the database.
    pub(super) fn says_yes(&self, question: &Question, answer: &HeaderValue) -> bool {
        let Some(("yes", proved)) = answer.to_str().ok().and_then(|answer| answer.split_once(' ')) else {
            return false;
        };
        is_proved(&self.answers, question.to, &[&question.text, "yes"], proved)
    }
}

/// The MAC over a node and parts that have no zero byte.
fn mac(key: &Hmac<Sha256>, node: NodeId, parts: &[&str]) -> Hmac<Sha256> {
    let mut mac = key.clone();
    mac.update(&node.0.to_be_bytes());
    for part in parts {
        mac.update(part.as_bytes());
        mac.update(b"\0");
    }
    mac
}

fn proof(key: &Hmac<Sha256>, node: NodeId, parts: &[&str]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(mac(key, node, parts).finalize().into_bytes())
}

fn is_proved(key: &Hmac<Sha256>, node: NodeId, parts: &[&str], proved: &str) -> bool {
    let Ok(proved) = BASE64_URL_SAFE_NO_PAD.decode(proved) else { return false };
    mac(key, node, parts).verify_slice(&proved).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_for_one_question_to_one_node() {
        let (ours, theirs) = (Questions::new("secret"), Questions::new("another"));
        let (to, other) = (NodeId(7), NodeId(8));
        let (question, asked) = ours.ask(to).expect("a question");
        let (later, asked_later) = ours.ask(to).expect("a question");
        assert_ne!(asked, asked_later);
        let (yes, no) = (ours.answer(to, &asked, true).expect("yes"), ours.answer(to, &asked, false).expect("no"));
        assert!(ours.says_yes(&question, &yes) && !ours.says_yes(&question, &no));
        assert!(!ours.says_yes(&later, &yes), "an answer to another question");
        assert_eq!(ours.answer(other, &asked, true), None, "another node");
        assert_eq!(theirs.answer(to, &asked, true), None, "another secret");
        let no = no.to_str().expect("text");
        for forged in ["", "yes", "yes ", "yes AAAA", "x", &no.replacen("no", "yes", 1)] {
            let forged = HeaderValue::from_str(forged).expect("a value");
            assert!(!ours.says_yes(&question, &forged), "{forged:?}");
            assert_eq!(ours.answer(to, &forged, true), None);
        }
        assert_eq!(ours.answer(to, &yes, true), None, "an answer is no question");
    }
}
