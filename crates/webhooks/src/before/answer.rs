//! What a hook answers.
//!
//! What must stay true: a refusal is never lost over how it is written; everything else that is not understood is a failure.

use quintet_domain::limits::{HOOK_REFUSAL_CHARS_MAX, METADATA_BYTES_MAX};
use quintet_domain::{Metadata, Rewrite, validate_content};
use quintet_outbound::Answer;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::send::problem_of;

/// The sentence of a refusal that has none.
const REFUSED: &str = "This message was refused.";

/// What a hook has decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// The message is written as it is.
    Allow,
    /// The message is not written. The sentence is for whoever sent it.
    Refuse(String),
    /// The message is written with other parts.
    Rewrite(Rewrite),
}

#[derive(Deserialize)]
struct Body<'b> {
    action: String,
    message: Option<String>,
    content: Option<String>,
    #[serde(borrow)]
    metadata: Option<&'b RawValue>,
}

/// The sentence of a refusal, on one line, and cut where it is too long.
fn sentence(message: Option<&str>) -> String {
    let words = message.unwrap_or_default().split(|c: char| c.is_control() || c.is_whitespace());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let sentence: String = words.join(" ").chars().take(HOOK_REFUSAL_CHARS_MAX).collect();
    if sentence.is_empty() { REFUSED.to_owned() } else { sentence }
}

/// Reads an answer. `may_be_blank` says whether a text without a visible character can be written.
///
/// # Errors
/// A sentence that says what is wrong with the answer.
pub(super) fn decision(answer: &Answer, may_be_blank: bool) -> Result<Decision, String> {
    if let Some(problem) = problem_of(answer) {
        return Err(problem);
    }
    let body: Body<'_> =
        serde_json::from_slice(&answer.body).map_err(|error| format!("The answer is not understood: {error}."))?;
    match body.action.as_str() {
        "allow" => Ok(Decision::Allow),
        "refuse" => Ok(Decision::Refuse(sentence(body.message.as_deref()))),
        "rewrite" => {
            if let Some(content) = &body.content {
                validate_content("content", content, may_be_blank).map_err(|refusal| refusal.message)?;
            }
            let metadata = body.metadata.map(|json| Metadata::check("metadata", json.get(), METADATA_BYTES_MAX));
            let metadata = metadata.transpose().map_err(|refusal| refusal.message)?;
            match (&body.content, &metadata) {
                (None, None) => Err("The answer rewrites neither `content` nor `metadata`.".to_owned()),
                (_, _) => Ok(Decision::Rewrite(Rewrite { content: body.content, metadata })),
            }
        }
        other => {
            let other: String = other.chars().take(32).collect();
            Err(format!("`action` is `{other}`, which is none of allow, refuse, rewrite."))
        }
    }
}

#[cfg(test)]
mod tests {
    use quintet_domain::limits::CONTENT_BYTES_MAX;

    use super::*;

    fn read(body: &str) -> Result<Decision, String> {
        let answer = Answer { status: 200, body: body.as_bytes().to_vec().into(), cut_off: None };
        decision(&answer, false)
    }

    fn rewrite(content: Option<&str>, metadata: Option<&str>) -> Result<Decision, String> {
        let (content, metadata) = (content.map(str::to_owned), metadata.map(Metadata::trusted));
        Ok(Decision::Rewrite(Rewrite { content, metadata }))
    }

    #[test]
    fn answers_are_read() {
        assert_eq!(read(r#"{"action":"allow"}"#), Ok(Decision::Allow));
        assert_eq!(read(r#"{"action":"allow","content":"ignored","more":1}"#), Ok(Decision::Allow));
        assert_eq!(read(r#"{"action":"rewrite","content":"*"}"#), rewrite(Some("*"), None));
        assert_eq!(read(r#"{"action":"rewrite","metadata":{"a":[1]}}"#), rewrite(None, Some(r#"{"a":[1]}"#)));
        assert_eq!(read(r#"{"action":"rewrite","content":"*","metadata":{}}"#), rewrite(Some("*"), Some("{}")));
        let longest = "x".repeat(CONTENT_BYTES_MAX);
        assert_eq!(read(&format!(r#"{{"action":"rewrite","content":"{longest}"}}"#)), rewrite(Some(&longest), None));
    }

    #[test]
    fn a_refusal_has_a_bounded_sentence_on_one_line() {
        let refused = |body: &str| match read(body) {
            Ok(Decision::Refuse(sentence)) => sentence,
            other => panic!("{other:?}"),
        };
        assert_eq!(refused(r#"{"action":"refuse","message":"No spam, please."}"#), "No spam, please.");
        assert_eq!(refused(r#"{"action":"refuse","message":" No\r\n\u0000spam. "}"#), "No spam.");
        for none in [r#"{"action":"refuse"}"#, r#"{"action":"refuse","message":" "}"#] {
            assert_eq!(refused(none), REFUSED);
        }
        let long = format!(r#"{{"action":"refuse","message":"{}"}}"#, "é".repeat(HOOK_REFUSAL_CHARS_MAX + 1));
        assert_eq!(refused(&long), "é".repeat(HOOK_REFUSAL_CHARS_MAX));
    }

    #[test]
    fn what_is_not_understood_is_a_failure_with_a_sentence() {
        let long = "x".repeat(CONTENT_BYTES_MAX + 1);
        for (body, part) in [
            ("", "is not understood"),
            ("OK", "is not understood"),
            (r#"{"action":true}"#, "is not understood"),
            (r#"{"action":"deny"}"#, "`action` is `deny`"),
            (r#"{"action":"rewrite"}"#, "rewrites neither"),
            (r#"{"action":"rewrite","content":" "}"#, "`content` must not be blank"),
            (r#"{"action":"rewrite","content":"a\u0000"}"#, "`content`"),
            (r#"{"action":"rewrite","metadata":[]}"#, "`metadata` must be an object"),
            (&format!(r#"{{"action":"rewrite","content":"{long}"}}"#), "has 5121 bytes; at most 5120"),
        ] {
            let why = read(body).expect_err(body);
            assert!(why.contains(part) && why.ends_with('.'), "{why}");
        }
        let answer = |status, cut_off| Answer { status, body: r#"{"action":"allow"}"#.into(), cut_off };
        assert!(decision(&answer(500, None), false).is_err_and(|why| why.contains("500")));
        let cut_off = Some("The answer was read up to its first 65536 bytes.".to_owned());
        assert_eq!(decision(&answer(200, cut_off.clone()), false).err(), cut_off);
    }
}
