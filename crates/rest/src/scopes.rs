//! The one table of which scope a service's key needs for each operation.
//!
//! What must stay true: every operation of the OpenAPI document has a row, which the tests of access check; an operation
//! without one is refused to services.

use axum::extract::MatchedPath;
use http::Method;
use http::request::Parts;
use quintet_domain::{Refusal, Scope, Scopes};
use utoipa::openapi::OpenApi as Document;
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::path::Operation;

use self::Needs::{AnyKey, NoToken, Of, People};

/// What an operation needs of a service's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Needs {
    /// It needs a key that has this scope.
    Of(Scope),
    /// A key, whatever it is good for.
    AnyKey,
    /// The operation is for people alone, and says so itself.
    People,
    /// The operation needs no token.
    NoToken,
}

/// See conversations, messages, meetups and people.
const READ: Needs = Of(Scope::Read);
/// Write in one's own name.
const POST: Needs = Of(Scope::Post);
/// Act as the owner of conversations and meetups.
const MODERATE: Needs = Of(Scope::Moderate);
/// Create, change and erase users.
const USERS: Needs = Of(Scope::Users);
/// Let people in to the server, manage webhooks, and read the audit log.
const ADMIN: Needs = Of(Scope::Admin);

/// What each operation needs: its method, its path, and the need.
#[rustfmt::skip]
const TABLE: &[(&str, &str, Needs)] = &[
    ("POST",   "/api/v1/auth/register",                              NoToken),
    ("POST",   "/api/v1/auth/login",                                 NoToken),
    ("POST",   "/api/v1/auth/refresh",                               People),
    ("POST",   "/api/v1/auth/revoke",                                People),
    ("POST",   "/api/v1/auth/logout",                                People),
    ("GET",    "/api/v1/server",                                     NoToken),
    ("GET",    "/api/v1/openapi.json",                               NoToken),
    ("GET",    "/api/v1/types/{file}",                               NoToken),
    ("GET",    "/api/v1/me",                                         AnyKey),
    ("PATCH",  "/api/v1/me",                                         People),
    ("DELETE", "/api/v1/me",                                         People),
    ("PUT",    "/api/v1/me/password",                                People),
    ("GET",    "/api/v1/me/sessions",                                People),
    ("DELETE", "/api/v1/me/sessions/{id}",                           People),
    ("GET",    "/api/v1/me/blocks",                                  People),
    ("PUT",    "/api/v1/me/blocks/{userId}",                         People),
    ("DELETE", "/api/v1/me/blocks/{userId}",                         People),
    ("GET",    "/api/v1/me/requests",                                People),
    ("POST",   "/api/v1/me/requests/{id}/accept",                    People),
    ("POST",   "/api/v1/me/requests/{id}/decline",                   People),
    ("GET",    "/api/v1/me/push",                                    People),
    ("POST",   "/api/v1/me/push",                                    People),
    ("DELETE", "/api/v1/me/push",                                    People),
    ("GET",    "/api/v1/push/key",                                   AnyKey),
    ("GET",    "/api/v1/users",                                      READ),
    ("POST",   "/api/v1/users",                                      USERS),
    ("GET",    "/api/v1/users/{id}",                                 READ),
    ("PATCH",  "/api/v1/users/{id}",                                 USERS),
    ("DELETE", "/api/v1/users/{id}",                                 USERS),
    ("GET",    "/api/v1/conversations",                              READ),
    ("POST",   "/api/v1/conversations",                              POST),
    ("GET",    "/api/v1/conversations/{id}",                         READ),
    ("PATCH",  "/api/v1/conversations/{id}",                         MODERATE),
    ("DELETE", "/api/v1/conversations/{id}",                         MODERATE),
    ("GET",    "/api/v1/conversations/{id}/members",                 READ),
    ("POST",   "/api/v1/conversations/{id}/members",                 MODERATE),
    ("DELETE", "/api/v1/conversations/{id}/members/{user}",          MODERATE),
    ("GET",    "/api/v1/conversations/{id}/bans",                    MODERATE),
    ("PUT",    "/api/v1/conversations/{id}/bans/{user}",             MODERATE),
    ("DELETE", "/api/v1/conversations/{id}/bans/{user}",             MODERATE),
    ("GET",    "/api/v1/conversations/{id}/silences",                MODERATE),
    ("PUT",    "/api/v1/conversations/{id}/silences/{user}",         MODERATE),
    ("DELETE", "/api/v1/conversations/{id}/silences/{user}",         MODERATE),
    ("GET",    "/api/v1/conversations/{id}/retention",               READ),
    ("PUT",    "/api/v1/conversations/{id}/retention",               ADMIN),
    ("GET",    "/api/v1/audit",                                      ADMIN),
    ("PUT",    "/api/v1/conversations/{id}/read",                    POST),
    ("PUT",    "/api/v1/conversations/{id}/delivered",               POST),
    ("PATCH",  "/api/v1/conversations/{id}/settings",                POST),
    ("GET",    "/api/v1/conversations/{id}/messages",                READ),
    ("POST",   "/api/v1/conversations/{id}/messages",                POST),
    ("GET",    "/api/v1/conversations/{id}/pins",                    READ),
    ("GET",    "/api/v1/messages/{id}",                              READ),
    ("PATCH",  "/api/v1/messages/{id}",                              POST),
    ("DELETE", "/api/v1/messages/{id}",                              MODERATE),
    ("GET",    "/api/v1/messages/{id}/thread",                       READ),
    ("GET",    "/api/v1/messages/{id}/reactions",                    READ),
    ("PUT",    "/api/v1/messages/{id}/reactions/{emoji}",            POST),
    ("DELETE", "/api/v1/messages/{id}/reactions/{emoji}",            POST),
    ("PUT",    "/api/v1/messages/{id}/pin",                          MODERATE),
    ("DELETE", "/api/v1/messages/{id}/pin",                          MODERATE),
    ("POST",   "/api/v1/messages/{id}/reports",                      POST),
    ("GET",    "/api/v1/reports",                                    MODERATE),
    ("PATCH",  "/api/v1/reports/{id}",                               MODERATE),
    ("GET",    "/api/v1/search/messages",                            READ),
    ("GET",    "/api/v1/meetups",                                    READ),
    ("POST",   "/api/v1/meetups",                                    POST),
    ("GET",    "/api/v1/meetups/{id}",                               READ),
    ("PATCH",  "/api/v1/meetups/{id}",                               MODERATE),
    ("DELETE", "/api/v1/meetups/{id}",                               MODERATE),
    ("POST",   "/api/v1/meetups/{id}/requests",                      POST),
    ("POST",   "/api/v1/meetups/{id}/requests/{user}/accept",        MODERATE),
    ("POST",   "/api/v1/meetups/{id}/requests/{user}/decline",       MODERATE),
    ("DELETE", "/api/v1/meetups/{id}/participants/{user}",           MODERATE),
    ("GET",    "/api/v1/invitations",                                ADMIN),
    ("POST",   "/api/v1/invitations",                                ADMIN),
    ("DELETE", "/api/v1/invitations/{id}",                           ADMIN),
    ("GET",    "/api/v1/invitations/{code}/accept",                  NoToken),
    ("POST",   "/api/v1/invitations/{code}/accept",                  People),
    ("POST",   "/api/v1/conversations/{id}/invitations",             MODERATE),
    ("GET",    "/api/v1/webhooks",                                   ADMIN),
    ("POST",   "/api/v1/webhooks",                                   ADMIN),
    ("GET",    "/api/v1/webhooks/{id}",                              ADMIN),
    ("PATCH",  "/api/v1/webhooks/{id}",                              ADMIN),
    ("DELETE", "/api/v1/webhooks/{id}",                              ADMIN),
    ("GET",    "/api/v1/webhooks/{id}/deliveries",                   ADMIN),
    ("POST",   "/api/v1/webhooks/{id}/replay",                       ADMIN),
    ("POST",   "/api/v1/files",                                      POST),
    ("GET",    "/api/v1/rooms",                                      READ),
    ("GET",    "/api/v1/rooms/{id}",                                 READ),
    ("GET",    "/api/v1/notifications",                              READ),
    ("POST",   "/api/v1/notifications",                              POST),
    ("PUT",    "/api/v1/notifications/read",                         POST),
    ("GET",    "/files/{id}/{secret}",                               NoToken),
    ("GET",    "/avatars/{id}",                                      NoToken),
    ("GET",    "/healthz",                                           NoToken),
    ("GET",    "/readyz",                                            NoToken),

    ("POST",   "/meetup/api/auth/register",                          NoToken),
    ("POST",   "/meetup/api/auth/login",                             NoToken),
    ("POST",   "/meetup/api/auth/logout",                            NoToken),
    ("GET",    "/meetup/api/broadcasts",                             READ),
    ("POST",   "/meetup/api/broadcasts",                             POST),
    ("POST",   "/meetup/api/broadcasts/join",                        POST),
    ("POST",   "/meetup/api/broadcasts/joinBroadcast",               POST),
    ("POST",   "/meetup/api/joinBroadcast",                          POST),

    ("POST",   "/messenger/api/auth/signup",                         NoToken),
    ("POST",   "/messenger/api/auth/login",                          NoToken),
    ("POST",   "/messenger/api/auth/logout",                         NoToken),
    ("GET",    "/messenger/api/users",                               READ),
    ("GET",    "/messenger/api/users/profile",                       AnyKey),
    ("PUT",    "/messenger/api/users/profile",                       People),
    ("PUT",    "/messenger/api/users/change-password",               People),
    ("GET",    "/messenger/api/users/{id}/messages",                 READ),
    ("POST",   "/messenger/api/users/{id}/messages",                 POST),
    ("GET",    "/messenger/api/groups",                              READ),
    ("POST",   "/messenger/api/groups",                              POST),
    ("GET",    "/messenger/api/groups/{id}",                         READ),
    ("POST",   "/messenger/api/groups/{id}/join",                    MODERATE),
    ("POST",   "/messenger/api/groups/{id}/leave",                   MODERATE),
    ("GET",    "/messenger/api/groups/{id}/messages",                READ),
    ("POST",   "/messenger/api/groups/{id}/messages",                POST),

    ("GET",    "/",                                                  NoToken),
    ("GET",    "/rooms/{id}/messages",                               READ),
    ("GET",    "/rooms/api/rooms/{id}/messages",                     READ),

    ("POST",   "/conversations/api/auth/register",                   NoToken),
    ("POST",   "/conversations/api/auth/login",                      NoToken),
    ("POST",   "/conversations/api/auth/logout",                     NoToken),
    ("GET",    "/conversations/api/auth/me",                         AnyKey),
    ("GET",    "/conversations/api/users",                           READ),
    ("GET",    "/conversations/api/users/search",                    READ),
    ("PUT",    "/conversations/api/users/profile",                   People),
    ("GET",    "/conversations/api/conversations",                   READ),
    ("POST",   "/conversations/api/conversations",                   POST),
    ("GET",    "/conversations/api/conversations/{id}",              READ),
    ("DELETE", "/conversations/api/conversations/{id}",              MODERATE),
    ("GET",    "/conversations/api/messages/{id}",                   READ),
    ("POST",   "/conversations/api/messages/{id}",                   POST),
    ("PUT",    "/conversations/api/messages/{id}",                   POST),
    ("DELETE", "/conversations/api/messages/{id}",                   MODERATE),

    ("POST",   "/chat/api/auth/register",                            NoToken),
    ("POST",   "/chat/api/auth/login",                               NoToken),
    ("POST",   "/chat/api/auth/logout",                              NoToken),
    ("GET",    "/chat/api/auth/me",                                  AnyKey),
    ("GET",    "/chat/api/users/search",                             READ),
    ("GET",    "/chat/api/users/{id}",                               READ),
    ("GET",    "/chat/api/chats",                                    READ),
    ("POST",   "/chat/api/chats",                                    POST),
    ("GET",    "/chat/api/chats/{id}",                               READ),
    ("PUT",    "/chat/api/chats/{id}",                               MODERATE),
    ("DELETE", "/chat/api/chats/{id}",                               MODERATE),
    ("POST",   "/chat/api/chats/{id}/participants",                  MODERATE),
    ("DELETE", "/chat/api/chats/{id}/participants/{user}",           MODERATE),
    ("GET",    "/chat/api/chats/{id}/messages",                      READ),
    ("POST",   "/chat/api/chats/{id}/messages",                      POST),
    ("PUT",    "/chat/api/messages/{id}",                            POST),
    ("DELETE", "/chat/api/messages/{id}",                            MODERATE),
    ("POST",   "/chat/api/messages/{id}/read",                       POST),

    // Answered for the clients of several dialects at once.
    ("POST",   "/api/auth/register",                                 NoToken),
    ("POST",   "/api/auth/login",                                    NoToken),
    ("POST",   "/api/auth/logout",                                   NoToken),
    ("GET",    "/api/auth/me",                                       AnyKey),
    ("GET",    "/api/users/search",                                  READ),
    ("PUT",    "/api/messages/{id}",                                 POST),
];

/// The path of the route that passes a call on to the dialect that has it, or answers it for several at once. Each of
/// these checks the scope of the call itself.
const PASSED_ON: &str = "/api/{*path}";

fn needs(method: &str, path: &str) -> Option<Needs> {
    TABLE.iter().find(|(known, with, _)| *known == method && *with == path).map(|(_, _, needs)| *needs)
}

/// Refuses a service whose key lacks the scope that the operation of a request needs.
///
/// # Errors
/// `ERR_FORBIDDEN` with a sentence that names the scope.
pub(crate) fn check(scopes: Scopes, parts: &Parts) -> Result<(), Refusal> {
    let path = parts.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
    if path == PASSED_ON {
        return Ok(());
    }
    let method = if parts.method == Method::HEAD { "GET" } else { parts.method.as_str() };
    check_at(scopes, method, path)
}

/// Refuses a service whose key lacks the scope that an operation needs, by the method and the path of the operation.
///
/// # Errors
/// `ERR_FORBIDDEN` with a sentence that names the scope.
pub(crate) fn check_at(scopes: Scopes, method: &str, path: &str) -> Result<(), Refusal> {
    match needs(method, path) {
        Some(Of(scope)) => scopes.check(scope),
        Some(AnyKey | People | NoToken) => Ok(()),
        None => Err(Refusal::forbidden("This is not for services.")),
    }
}

/// Says at each operation of the document which scope a service needs for it: in words, and as `x-scope`.
pub(crate) fn describe(document: &mut Document) {
    for (path, item) in &mut document.paths.paths {
        let methods = [
            ("GET", &mut item.get),
            ("POST", &mut item.post),
            ("PUT", &mut item.put),
            ("PATCH", &mut item.patch),
            ("DELETE", &mut item.delete),
        ];
        for (method, operation) in methods {
            if let (Some(operation), Some(needs)) = (operation, needs(method, path)) {
                describe_one(operation, needs);
            }
        }
    }
}

fn describe_one(operation: &mut Operation, needs: Needs) {
    let (name, said) = match needs {
        Of(scope) => (scope.as_str(), format!("A service needs the scope `{scope}`.")),
        AnyKey => ("any", "A service needs no scope.".to_owned()),
        People => ("people", "Not for services.".to_owned()),
        NoToken => ("none", "No token is needed.".to_owned()),
    };
    operation.description = Some(match operation.description.take() {
        Some(before) if !before.is_empty() => format!("{before}\n\n{said}"),
        Some(_) | None => said,
    });
    let scope = ExtensionsBuilder::new().add("x-scope", name).build();
    operation.extensions.get_or_insert_default().merge(scope);
}
