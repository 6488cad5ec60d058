//! The endpoints of files: uploads, and links that work in a plain `<img>`.

use axum::Json;
use axum::body::Body;
use axum::extract::{FromRequest, Multipart, Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use quintet_domain::Refusal;
use quintet_service::{Service, Shown, StoredFile};
use utoipa::ToSchema;

use crate::caching;
use crate::error::{Answer, Problem, ProblemBody};
use crate::extract::{Anonymous, AuthUser, BODY_WITHIN, Path, too_slow};
use crate::parts::{self, Part};
use crate::views::{self, Upload};

/// The header by which a page of another origin may show an answer although it is isolated from other origins.
pub(crate) const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

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
    responses(
        (status = 201, description = "Stored", body = Upload),
        (status = 403, description = "A list of words or links does not let the name through", body = ProblemBody,
            content_type = "application/problem+json")
    )
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
    set(header::ACCEPT_RANGES, "bytes");
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox");
    // Front ends of other origins show files, also those that ask for this header of everything that they embed.
    set(CROSS_ORIGIN_RESOURCE_POLICY, "cross-origin");
    // Revalidated each time, because the link ends with the message that carries the file.
    set(header::CACHE_CONTROL, "private, no-cache");
    set(header::ETAG, &tag_of(id));
    headers
}

/// Returns the entity tag of a file. The content of an id never changes.
fn tag_of(id: &str) -> String {
    format!("\"{id}\"")
}

/// The bytes of a file.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "it describes a body that is written as a stream")]
struct Contents(Vec<u8>);

/// Returns a file by its link.
///
/// A request with `Range` gets one part of the file, as players of audio and video need it.
#[utoipa::path(
    get, path = "/files/{id}/{secret}", tag = "files", operation_id = "getFile",
    params(("id" = String, Path), ("secret" = String, Path)), security(()),
    responses(
        (status = 200, description = "The file, of its own type", content(
            (inline(Contents) = "application/octet-stream"), (inline(Contents) = "*/*")
        )),
        (status = 206, description = "The part that `Range` names", content(
            (inline(Contents) = "application/octet-stream"), (inline(Contents) = "*/*")
        )),
        (status = 307, description = "The file is at this address for a minute", headers(("Location" = String))),
        (status = 304, description = "The client already has the file, by its `If-None-Match`"),
        (status = 416, description = "The file ends before the part that `Range` names",
            body = ProblemBody, content_type = "application/problem+json")
    )
)]
pub(crate) async fn get(
    State(service): State<Service>,
    Anonymous(address): Anonymous,
    Path((id, secret)): Path<(String, String)>,
    method: Method,
    asked: HeaderMap,
) -> Result<Response, Problem> {
    let Shown { file, disposition, link } = service.file(id.clone(), secret, address).await?;
    let mut headers = headers(&id, &file, &disposition);
    if let Some(link) = link.filter(|_| method != Method::HEAD) {
        // Revalidated each time, because the link ends with the message, and its target expires after a minute.
        let headers = [(header::LOCATION, link), (header::CACHE_CONTROL, "private, no-store".to_owned())];
        return Ok((StatusCode::TEMPORARY_REDIRECT, headers).into_response());
    }
    if caching::has(asked.get(header::IF_NONE_MATCH), &tag_of(&id)) {
        headers.remove(header::CONTENT_LENGTH);
        return Ok((StatusCode::NOT_MODIFIED, headers).into_response());
    }
    // Only GET has parts (RFC 9110, section 14.2). A link to the storage is signed for GET, too, so HEAD is answered here.
    if method == Method::HEAD {
        return Ok((headers, Body::empty()).into_response());
    }
    let (status, part) = match parts::asked(&asked, &tag_of(&id), file.size) {
        Part::Whole => (StatusCode::OK, 0..file.size),
        Part::Bytes(part) => {
            let named = format!("bytes {}-{}/{}", part.start, part.end - 1, file.size);
            headers.extend(HeaderValue::from_str(&named).ok().map(|named| (header::CONTENT_RANGE, named)));
            headers.insert(header::CONTENT_LENGTH, (part.end - part.start).into());
            (StatusCode::PARTIAL_CONTENT, part)
        }
        Part::Missing => return Ok(missing(file.size)),
    };
    let bytes = service.file_bytes(&id, part).await?;
    Ok((status, headers, Body::from_stream(bytes)).into_response())
}

/// Returns the answer to a request for a part that a file of this size does not have.
fn missing(size: u64) -> Response {
    let refusal = Refusal::invalid("Range", format!("is not in the file, which has {size} bytes"));
    let mut response = Problem::with_status(StatusCode::RANGE_NOT_SATISFIABLE, refusal).into_response();
    let named = HeaderValue::from_str(&format!("bytes */{size}")).ok();
    response.headers_mut().extend(named.map(|named| (header::CONTENT_RANGE, named)));
    response
}
