//! The OpenAPI document (OpenAPI 3.1), made from the handlers and the types that they take and return.
//!
//! What lives here: the description of the whole API, and the failures that follow from an operation's form: one with a
//! body refuses malformed bodies, one with a path parameter can be 404, one with a token refuses callers without one.
//! What does not live here: the description of a single operation, which is at its handler.

use http::StatusCode;
use utoipa::openapi::path::{Operation, ParameterIn, PathItem};
use utoipa::openapi::schema::{ArrayItems, ObjectBuilder, Schema, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{ContentBuilder, HeaderBuilder, OpenApi as Document, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{Modify, OpenApi};

use crate::compat::document as compat;
use crate::error::ProblemBody;
use crate::scopes;

/// The document without its operations, which the router adds.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Quintet",
        description = "A chat server that speaks five dialects over Socket.IO. Changes made here reach sockets \
                       like changes made by a socket.\n\nRequests are authenticated by a token in `Authorization: Bearer`: one \
                       that `POST /auth/login` returned, one of an existing backend that shares its secret, or, for a \
                       service, a key that `quintet key add NAME` made. A key has scopes; each operation says in `x-scope` which one it \
                       needs (`any`: none; `people`: not for services; `none`: no token)."
    ),
    components(schemas(ProblemBody)),
    security(("token" = [])),
    servers((url = "/", description = "The server that has this document")),
    modifiers(&Tokens),
    tags(
        (name = "auth", description = "Registration, log-in, and the end of sessions"),
        (name = "me", description = "The caller's own account"),
        (name = "users", description = "Users other than the caller"),
        (name = "conversations", description = "Direct conversations, groups and rooms, and their members"),
        (name = "invitations", description = "Invitations to the server, and links into groups"),
        (name = "moderation", description = "Bans from conversations, silences in them, how long they keep messages, and reports of messages"),
        (name = "messages", description = "Messages of conversations"),
        (name = "files", description = "Uploaded files"),
        (name = "meetups", description = "Meetups, and requests to take part in them"),
        (name = "notifications", description = "Notifications of users"),
        (name = "webhooks", description = "Servers of others that are told what happens, for services"),
        (name = "clients of meetup", description = "Calls of existing clients of the meetup dialect"),
        (name = "clients of messenger", description = "Calls of existing clients of the messenger dialect"),
        (name = "clients of rooms", description = "Calls of existing clients of the rooms dialect"),
        (name = "clients of conversations", description = "Calls of existing clients of the conversations dialect"),
        (name = "clients of chat", description = "Calls of existing clients of the chat dialect"),
        (name = "clients of any", description = "Calls that clients of several dialects share, answered when the \
            caller's dialect is not known. Under `/api` every other call is passed to the dialect that has it. On a \
            listener of one dialect, `/api` has only the calls of that dialect"),
        (name = "operations", description = "Operations for the server's operator"),
    )
)]
pub(crate) struct ApiDocument;

struct Tokens;

impl Modify for Tokens {
    fn modify(&self, document: &mut Document) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        document.components.get_or_insert_default().add_security_scheme("token", SecurityScheme::Http(scheme));
    }
}

fn problem(description: &str) -> ResponseBuilder {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("ProblemBody"))).build();
    ResponseBuilder::new().description(description).content("application/problem+json", content)
}

fn add(operation: &mut Operation, status: StatusCode, response: impl Into<Response>) {
    let known = operation.responses.responses.contains_key(status.as_str());
    if !known {
        operation.responses.responses.insert(status.as_str().to_owned(), RefOr::T(response.into()));
    }
}

/// Adds the failures that follow from an operation's form.
fn complete(operation: &mut Operation, path: &str, writes: bool) {
    if compat::complete(operation) {
        return;
    }
    let integer = HeaderBuilder::new().schema(Some(ObjectBuilder::new().schema_type(Type::Integer))).build();
    let takes = |location: &ParameterIn| {
        let parameters = operation.parameters.iter().flatten();
        parameters.into_iter().any(|one| matches!(one, RefOr::T(one) if one.parameter_in == *location))
    };
    let (in_path, in_query) = (takes(&ParameterIn::Path), takes(&ParameterIn::Query));
    let (body, in_v1) = (operation.request_body.is_some(), path.starts_with("/api/v1"));
    // An operation with an empty security requirement needs no token.
    let private = operation.security.is_none();
    if private {
        add(operation, StatusCode::UNAUTHORIZED, problem("The token is missing, invalid or expired."));
    }
    if body || in_path {
        add(operation, StatusCode::BAD_REQUEST, problem("The request cannot be read."));
    }
    if private && (writes || in_path) {
        add(operation, StatusCode::FORBIDDEN, problem("The caller may not do that."));
    }
    if in_path {
        add(operation, StatusCode::NOT_FOUND, problem("There is no such resource that the caller can see."));
    }
    if body || in_query || (in_path && writes) {
        add(
            operation,
            StatusCode::UNPROCESSABLE_ENTITY,
            problem("A part of the request is invalid; the detail names it."),
        );
    }
    if body {
        add(
            operation,
            StatusCode::PAYLOAD_TOO_LARGE,
            problem("A part of the request is too large; the detail names it."),
        );
        add(operation, StatusCode::REQUEST_TIMEOUT, problem("The body arrived too slowly."));
    }
    // Operations that are answered from memory have no rate.
    let from_memory = matches!(path, "/healthz" | "/readyz" | "/avatars/{id}");
    if !from_memory {
        let slow = problem("The rate limit is exceeded.").header("Retry-After", integer.clone());
        add(operation, StatusCode::TOO_MANY_REQUESTS, slow);
        let busy = problem("The server is busy.").header("Retry-After", integer);
        add(operation, StatusCode::SERVICE_UNAVAILABLE, busy);
    }
    if writes {
        add(operation, StatusCode::CONFLICT, problem("The request conflicts with the current state."));
        add(operation, StatusCode::INSUFFICIENT_STORAGE, problem("The server or the caller has no storage left."));
    } else if in_v1 {
        let same = ResponseBuilder::new().description("What the client has, by `If-None-Match`, is still so.");
        add(operation, StatusCode::NOT_MODIFIED, same);
    }
    add(operation, StatusCode::INTERNAL_SERVER_ERROR, problem("An internal error; nothing was changed."));
}

/// The fields of new passwords: the schema and the property.
const NEW_PASSWORDS: [(&str, &str); 3] =
    [("Registration", "password"), ("NewUser", "password"), ("PasswordChange", "newPassword")];

/// Sets the minimum length of new passwords, which is a setting.
fn set_password_length_min(document: &mut Document, chars_min: usize) {
    let Some(components) = &mut document.components else { return };
    for (schema, property) in NEW_PASSWORDS {
        if let Some(RefOr::T(Schema::Object(schema))) = components.schemas.get_mut(schema)
            && let Some(RefOr::T(Schema::Object(password))) = schema.properties.get_mut(property)
        {
            password.min_length = Some(chars_min);
        }
    }
}

/// Completes the document with all failures, with the calls under `/api`, with what each operation needs, and with the minimum
/// length of a password.
pub(crate) fn completed(mut document: Document, password_chars_min: usize) -> Document {
    set_password_length_min(&mut document, password_chars_min);
    compat::add_failures(&mut document);
    for (path, item) in &mut document.paths.paths {
        if let Some(operation) = &mut item.get {
            complete(operation, path, false);
        }
        for operation in [&mut item.post, &mut item.put, &mut item.patch, &mut item.delete].into_iter().flatten() {
            complete(operation, path, true);
        }
    }
    scopes::describe(&mut document);
    compat::add_under_api(&mut document);
    document.paths.paths.values_mut().flat_map(operations).for_each(secure);
    name_items(&mut document);
    document
}

/// All operations of a path.
fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete].into_iter().flatten()
}

/// Says at an operation itself which token it needs, for tools that look at one operation alone. Some of them take the empty
/// requirement for one of a token, so that an operation without a token has none.
fn secure(operation: &mut Operation) {
    let security = operation.security.get_or_insert_with(|| vec![SecurityRequirement::new("token", [""; 0])]);
    if security.iter().all(|requirement| *requirement == SecurityRequirement::default()) {
        security.clear();
    }
}

/// Lets the pages of lists refer to the schemas of their items, which they would repeat, so that clients that are made of
/// the document have one type for both.
fn name_items(document: &mut Document) {
    let Some(components) = &mut document.components else { return };
    for (name, schema) in &mut components.schemas {
        if let Some(item) = name.strip_prefix("Page_")
            && let RefOr::T(Schema::Object(page)) = schema
            && let Some(RefOr::T(Schema::Array(items))) = page.properties.get_mut("items")
        {
            items.items = ArrayItems::RefOrSchema(Box::new(Ref::from_schema_name(item).into()));
        }
    }
}
