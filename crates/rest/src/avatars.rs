//! The pictures of users who have none: initials on a colour.
//!
//! What must stay true: a picture follows from its link alone, so that nobody learns from it which users exist, and an
//! answer costs no read; nothing of the link gets into the picture but two characters, which are escaped.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, Uri, header};
use quintet_domain::{Code, Refusal, initials_in};
use quintet_service::Service;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::caching;
use crate::error::Problem;
use crate::extract::{Path, Query};
use crate::files::CROSS_ORIGIN_RESOURCE_POLICY;

/// The backgrounds, on which white letters have a contrast of at least 4.5 (WCAG 2.2, 1.4.3).
const COLOURS: [&str; 12] = [
    "#b3261e", "#a03a6e", "#7b3fa0", "#5145b5", "#2c5cc5", "#1b6a94", "#15706b", "#1f7040", "#4d6b12", "#7a5c00",
    "#97480f", "#5b6470",
];

/// The background of the picture for links without initials.
const NEUTRAL: &str = "#5b6470";

/// The time in seconds for which clients keep a picture. Another name has another link.
const MAX_AGE: &str = "public, max-age=604800";

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Picture {
    /// The initials, as in the links of users; the picture shows at most two characters of them.
    #[serde(default)]
    i: String,
}

/// Returns the index of an id's colour: FNV-1a, which spreads short texts well.
fn colour(id: &str) -> &'static str {
    let hash = id
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    usize::try_from(hash % COLOURS.len() as u64).ok().and_then(|at| COLOURS.get(at)).unwrap_or(&NEUTRAL)
}

/// Escapes a text for the content of an element.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Returns the picture for an id and initials: an outline of a person without initials.
fn picture(id: &str, initials: &str) -> String {
    let (background, front) = match initials {
        "" => (
            NEUTRAL,
            r##"<g fill="#fff"><circle cx="48" cy="38" r="16"/><path d="M16 88a32 30 0 0 1 64 0z"/></g>"##.to_owned(),
        ),
        initials => {
            let text = format!(
                r##"<text x="48" y="48" dy=".35em" text-anchor="middle" font-family="system-ui,sans-serif" font-size="40" fill="#fff">{}</text>"##,
                escaped(initials)
            );
            (colour(id), text)
        }
    };
    format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="96" height="96" viewBox="0 0 96 96"><rect width="96" height="96" fill="{background}"/>{front}</svg>"#
    )
}

/// Returns the picture that stands for a user who has none.
#[utoipa::path(
    get, path = "/avatars/{id}", tag = "users", operation_id = "getPicture",
    params(("id" = String, Path), Picture), security(()),
    responses(
        (status = 200, description = "The picture", content_type = "image/svg+xml", body = String),
        (status = 304, description = "The client already has the picture, by its `If-None-Match`"),
        (status = 404, description = "`[people] avatars` is off",
            body = crate::error::ProblemBody, content_type = "application/problem+json")
    )
)]
pub(crate) async fn get(
    State(service): State<Service>,
    Path(id): Path<String>,
    Query(asked): Query<Picture>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if !service.bases().makes_pictures() {
        return Err(Refusal::new(Code::NotFound, format!("There is no resource at {}.", uri.path())).into());
    }
    let svg = picture(&id, &initials_in(&asked.i));
    let tag = caching::tag_of(svg.as_bytes());
    let known = caching::has(headers.get(header::IF_NONE_MATCH), &tag);
    let shared = [
        (header::CACHE_CONTROL, MAX_AGE.to_owned()),
        (header::ETAG, tag),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox".to_owned()),
        (CROSS_ORIGIN_RESOURCE_POLICY, "cross-origin".to_owned()),
    ];
    if known {
        return Ok((StatusCode::NOT_MODIFIED, shared).into_response());
    }
    Ok((shared, [(header::CONTENT_TYPE, "image/svg+xml")], svg).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_hold_only_initials() {
        let letters = |text: &str| {
            let svg = picture("u-1", &initials_in(text));
            let start = svg.split_once(r##"fill="#fff">"##).expect("a front").1.to_owned();
            start.split_once("</text>").map(|(letters, _)| letters.to_owned())
        };
        for (asked, expected) in [
            ("AL", Some("AL")),
            ("<script>alert(1)</script>", Some("SC")),
            ("\u{202E}ab", Some("AB")),
            ("&<>", None),
            ("", None),
        ] {
            assert_eq!(letters(asked).as_deref(), expected, "{asked}");
        }
        assert_eq!(escaped("<&>"), "&lt;&amp;&gt;");
        assert_ne!(picture("u-1", "A"), picture("u-2", "A"), "another colour");
        assert_eq!(picture("u-1", ""), picture("u-2", ""), "one neutral picture");
        assert!(picture("u-1", "").len() < 400);
    }
}
