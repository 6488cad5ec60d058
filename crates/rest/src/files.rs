//! Files: uploads as they come, and links that a plain `<img>` loads.

use axum::Json;
use axum::body::Body;
use axum::extract::{FromRequest, Multipart, Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use quintet_domain::Refusal;
use quintet_service::{Content, Service, Shown, StoredFile};
use utoipa::ToSchema;

use crate::caching;
use crate::error::{Answer, Problem};
use crate::extract::{Anybody, AuthUser, BODY_WITHIN, Path, too_slow};
use crate::views::{self, Upload};

/// Bytes of a form: a file, and what is written around it.
pub(crate) const FORM_BYTES_MAX: usize = quintet_domain::limits::FILE_BYTES_MAX as usize + 1_000_000;

/// A form with one file.
#[derive(ToSchema)]
#[allow(dead_code, reason = "said in the document, and read part by part")]
struct Form {
    /// The file; its name is kept, its type is taken from its bytes.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// Takes a file in, as it comes, of at most 25 MB.
///
/// Its link works while a message carries it, and for its uploader for a day.
#[utoipa::path(
    post, path = "/files", tag = "files", operation_id = "uploadFile",
    request_body(content = Form, content_type = "multipart/form-data"),
    responses((status = 201, description = "Kept", body = Upload))
)]
pub(crate) async fn upload(
    State(service): State<Service>,
    asker: AuthUser,
    request: Request,
) -> Answer<(StatusCode, Json<Upload>)> {
    let mut form = Multipart::from_request(request, &())
        .await
        .map_err(|_| Refusal::invalid("body", "must be a form of type `multipart/form-data`"))?;
    loop {
        // Waiting for a part reads what is left of the one before.
        let part = tokio::time::timeout(BODY_WITHIN, form.next_field()).await.map_err(|_| too_slow())?;
        let part = part.map_err(|error| match error.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Refusal::too_large("body", format!("has at most {FORM_BYTES_MAX} bytes")),
            _ => Refusal::invalid("body", "is no whole form"),
        })?;
        let part = part.ok_or_else(|| Refusal::invalid("file", "is missing in the form"))?;
        if part.name() != Some("file") {
            continue;
        }
        let name = part.file_name().map(str::to_owned);
        let made = service.upload(&asker.actor(), name.as_deref(), part).await?;
        return Ok((StatusCode::CREATED, Json(views::upload(made))));
    }
}

/// How a browser is to treat a file: nothing in it runs.
fn headers(id: &str, file: &StoredFile, disposition: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let mut set = |name, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    set(header::CONTENT_TYPE, &file.mime);
    set(header::CONTENT_LENGTH, &file.size.to_string());
    set(header::CONTENT_DISPOSITION, disposition);
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox");
    // Asked for again each time: the link dies with the message.
    set(header::CACHE_CONTROL, "private, no-cache");
    set(header::ETAG, &tag_of(id));
    headers
}

/// What is kept under an id never changes.
fn tag_of(id: &str) -> String {
    format!("\"{id}\"")
}

/// A file, by its link.
#[utoipa::path(
    get, path = "/files/{id}/{secret}", tag = "files", operation_id = "getFile",
    params(("id" = String, Path), ("secret" = String, Path)), security(()),
    responses(
        (status = 200, description = "The file", content_type = "*/*", body = [u8]),
        (status = 307, description = "The file is there, for a minute", headers(("Location" = String))),
        (status = 304, description = "What the client has, by `If-None-Match`, is still so")
    )
)]
pub(crate) async fn get(
    State(service): State<Service>,
    Anybody(address): Anybody,
    Path((id, secret)): Path<(String, String)>,
    method: Method,
    asked: HeaderMap,
) -> Result<Response, Problem> {
    let Shown { file, disposition, content } = service.file(id.clone(), secret, address).await?;
    let bytes = match content {
        Content::Here(bytes) => Body::from_stream(bytes),
        // The link is signed for GET alone.
        Content::At(_) if method == Method::HEAD => Body::empty(),
        // Asked for again each time: the link dies with the message, and what it leads to in a minute.
        Content::At(link) => {
            let headers = [(header::LOCATION, link), (header::CACHE_CONTROL, "private, no-store".to_owned())];
            return Ok((StatusCode::TEMPORARY_REDIRECT, headers).into_response());
        }
    };
    let mut headers = headers(&id, &file, &disposition);
    if caching::has(asked.get(header::IF_NONE_MATCH), &tag_of(&id)) {
        headers.remove(header::CONTENT_LENGTH);
        return Ok((StatusCode::NOT_MODIFIED, headers).into_response());
    }
    Ok((headers, bytes).into_response())
}
