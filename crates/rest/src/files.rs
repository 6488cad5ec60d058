//! The endpoints of files: uploads, and links that work in a plain `<img>`.

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
use crate::extract::{Anonymous, AuthUser, BODY_WITHIN, Path, too_slow};
use crate::views::{self, Upload};

/// The size of the largest form in bytes: a file and the form's own parts.
pub(crate) const FORM_BYTES_MAX: usize = quintet_domain::limits::FILE_BYTES_MAX as usize + 1_000_000;

/// A form with one file, as `multipart/form-data`.
#[derive(ToSchema)]
#[allow(dead_code, reason = "described in the document, and read part by part")]
struct Form {
    /// The file. Its name is kept, and its type is detected from its bytes.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// Uploads a file of at most 25 MB.
///
/// The file's link works as long as a message carries the file, and for its uploader for a day.
#[utoipa::path(
    post, path = "/files", tag = "files", operation_id = "uploadFile",
    request_body(content = Form, content_type = "multipart/form-data"),
    responses((status = 201, description = "Stored", body = Upload))
)]
pub(crate) async fn upload(
    State(service): State<Service>,
    caller: AuthUser,
    request: Request,
) -> Answer<(StatusCode, Json<Upload>)> {
    let mut form = Multipart::from_request(request, &())
        .await
        .map_err(|_| Refusal::invalid("body", "must be a form of type `multipart/form-data`"))?;
    loop {
        // Waiting for a part reads the rest of the previous part.
        let part = tokio::time::timeout(BODY_WITHIN, form.next_field()).await.map_err(|_| too_slow())?;
        let part = part.map_err(|error| match error.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Refusal::too_large("body", format!("has at most {FORM_BYTES_MAX} bytes")),
            _ => Refusal::invalid("body", "is not a complete form"),
        })?;
        let part = part.ok_or_else(|| Refusal::invalid("file", "is missing from the form"))?;
        if part.name() != Some("file") {
            continue;
        }
        let name = part.file_name().map(str::to_owned);
        let made = service.upload(&caller.actor(), name.as_deref(), part).await?;
        return Ok((StatusCode::CREATED, Json(views::upload(made))));
    }
}

/// Returns the headers of a file's answer, which keep browsers from running anything in it.
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
    // Revalidated each time, because the link ends with the message that carries the file.
    set(header::CACHE_CONTROL, "private, no-cache");
    set(header::ETAG, &tag_of(id));
    headers
}

/// Returns the entity tag of a file. The content of an id never changes.
fn tag_of(id: &str) -> String {
    format!("\"{id}\"")
}

/// Returns a file by its link.
#[utoipa::path(
    get, path = "/files/{id}/{secret}", tag = "files", operation_id = "getFile",
    params(("id" = String, Path), ("secret" = String, Path)), security(()),
    responses(
        (status = 200, description = "The file", content_type = "*/*", body = [u8]),
        (status = 307, description = "The file is at this address for a minute", headers(("Location" = String))),
        (status = 304, description = "The client already has the file, by its `If-None-Match`")
    )
)]
pub(crate) async fn get(
    State(service): State<Service>,
    Anonymous(address): Anonymous,
    Path((id, secret)): Path<(String, String)>,
    method: Method,
    asked: HeaderMap,
) -> Result<Response, Problem> {
    let Shown { file, disposition, content } = service.file(id.clone(), secret, address).await?;
    let bytes = match content {
        Content::Here(bytes) => Body::from_stream(bytes),
        // The link is signed only for GET.
        Content::At(_) if method == Method::HEAD => Body::empty(),
        // Revalidated each time, because the link ends with the message, and its target expires after a minute.
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
