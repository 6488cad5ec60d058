//! The OpenAPI document (OpenAPI 3.1): made from the handlers and the shapes that they take and give.
//!
//! What lives here: what is said of the whole, and what every operation can answer by what it is: one that takes a body
//! refuses bad ones, one with a path can miss, one that asks for a token turns strangers away.
//! What does not: what a single operation does; that stands at its handler.

use http::StatusCode;
use utoipa::openapi::path::{Operation, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContentBuilder, HeaderBuilder, OpenApi as Document, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{Modify, OpenApi};

use crate::compat::document as compat;
use crate::error::ProblemBody;

/// The whole, without its operations: the router brings them.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Quintet",
        description = "A chat server that speaks five Socket.IO vocabularies. What is changed here is told to sockets \
                       as if a socket had changed it.\n\nIdentity is a token in `Authorization: Bearer`: one that \
                       `POST /auth/login` gives, one of an existing backend that shares its secret, or, for another \
                       backend, a key that `quintet key add NAME` makes."
    ),
    components(schemas(ProblemBody)),
    security(("token" = [])),
    modifiers(&Tokens),
    tags(
        (name = "auth", description = "Registering, logging in, and the end of sessions"),
        (name = "me", description = "Oneself"),
        (name = "users", description = "Others"),
        (name = "conversations", description = "Direct conversations, groups and rooms, and their members"),
        (name = "messages", description = "Messages"),
        (name = "files", description = "Files"),
        (name = "meetups", description = "Meetups: proposed, asked for, decided, changed, ended"),
        (name = "notifications", description = "What a user is told"),
        (name = "clients of meetup", description = "What existing clients of the meetup vocabulary call"),
        (name = "clients of messenger", description = "What existing clients of the messenger vocabulary call"),
        (name = "clients of rooms", description = "What existing clients of the rooms vocabulary call"),
        (name = "clients of conversations", description = "What existing clients of the conversations vocabulary call"),
        (name = "clients of chat", description = "What existing clients of the chat vocabulary call"),
        (name = "clients of any", description = "What clients of several vocabularies call alike, where it is not known \
            whose asks; under `/api` each other call goes to the one whose it is. On a listener of one vocabulary `/api` \
            is that vocabulary's alone"),
        (name = "operations", description = "For whoever runs the server"),
    )
)]
pub(crate) struct Whole;

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

/// Adds what an operation answers by what it is.
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
    // An operation says that it is for everybody by asking for nothing.
    let private = operation.security.is_none();
    if private {
        add(operation, StatusCode::UNAUTHORIZED, problem("The token is missing, bad or over."));
    }
    if body || in_path {
        add(operation, StatusCode::BAD_REQUEST, problem("The request cannot be read."));
    }
    if private && (writes || in_path) {
        add(operation, StatusCode::FORBIDDEN, problem("The asker may not do that."));
    }
    if in_path {
        add(operation, StatusCode::NOT_FOUND, problem("There is no such thing that the asker can see."));
    }
    if body || in_query || (in_path && writes) {
        add(
            operation,
            StatusCode::UNPROCESSABLE_ENTITY,
            problem("Something is wrong with what is asked; it is named."),
        );
    }
    if body {
        add(operation, StatusCode::PAYLOAD_TOO_LARGE, problem("Something is too large; it is named."));
        add(operation, StatusCode::REQUEST_TIMEOUT, problem("The body came too slowly."));
    }
    // What is answered from memory has no rate.
    let from_memory = matches!(path, "/healthz" | "/readyz");
    if !from_memory {
        let slow = problem("Too much at once.").header("Retry-After", integer.clone());
        add(operation, StatusCode::TOO_MANY_REQUESTS, slow);
        let busy = problem("The server is busy.").header("Retry-After", integer);
        add(operation, StatusCode::SERVICE_UNAVAILABLE, busy);
    }
    if writes {
        add(operation, StatusCode::CONFLICT, problem("It contradicts what is."));
        add(operation, StatusCode::INSUFFICIENT_STORAGE, problem("The server has no room left."));
    } else if in_v1 {
        let same = ResponseBuilder::new().description("What the client has, by `If-None-Match`, is still so.");
        add(operation, StatusCode::NOT_MODIFIED, same);
    }
    add(operation, StatusCode::INTERNAL_SERVER_ERROR, problem("A fault of the server; nothing was changed."));
}

/// Completes the document.
pub(crate) fn completed(mut document: Document) -> Document {
    compat::add_failures(&mut document);
    for (path, item) in &mut document.paths.paths {
        if let Some(operation) = &mut item.get {
            complete(operation, path, false);
        }
        for operation in [&mut item.post, &mut item.put, &mut item.patch, &mut item.delete].into_iter().flatten() {
            complete(operation, path, true);
        }
    }
    compat::add_under_api(&mut document);
    document
}
