//! Calls under `/api` without a dialect in the path: the listener, the path or the token decides which dialect the
//! client speaks. Registrations and log-ins, where none of these is known, are answered for the clients of all dialects
//! at once.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode, Uri, header};
use percent_encoding::percent_decode_str;
use quintet_dialect::Dialect;
use quintet_domain::{Code, Hidden, Links, MessageId, Refusal, User};
use quintet_service::{Account, Address, CookieToken};
use tower::ServiceExt;
use utoipa::OpenApi;
use utoipa::openapi::OpenApi as Document;

use super::answers::any::{AnyAccount, AnyUser, Edited, LoggedIn, Own, Registered, Users};
use super::answers::shared::LoggedOut;
use super::common::{
    Edit, LogOut, Registration, Search, email_shown, new_account, shown_account, shown_message, status, users,
};
use super::{document, failure, meetup};
use crate::app::{App, not_allowed, not_found};
use crate::auth::Credentials;
use crate::cookie::{logged_in, logged_out};
use crate::error::{Answer, Problem};
use crate::extract::{AuthUser, BodyIfAny, ClientAddress, Lister, LoginFrom, Query, ReaderLinks, long_answer};
use crate::ids::existing;
use crate::permit::ReadPermit;

/// The dialect of the listener through which a request came, if it has one. It is an extension of the request.
#[derive(Clone, Copy, Debug)]
pub struct ListenerDialect(pub Option<Dialect>);

/// The calls of each dialect's clients: the dialect, the method, and the segments of the path.
pub(super) struct Calls(Vec<(Dialect, &'static str, Vec<String>)>);

impl Calls {
    /// Reads the calls from the OpenAPI document, where each is under its dialect's prefix.
    pub(super) fn of(document: &Document) -> Self {
        let parts = |path: &str| path.split('/').map(str::to_owned).collect();
        Self(document::calls(document).map(|(dialect, method, path, _)| (dialect, method, parts(path))).collect())
    }

    /// Returns the dialects that have a call. A path with more literal segments takes precedence over one with
    /// parameters.
    ///
    /// # Errors
    /// The methods of the path with the most literal segments, if no dialect has this one. Empty if there is no such path.
    fn dialects_of(&self, method: &Method, path: &str) -> Result<Vec<Dialect>, Vec<&str>> {
        let method = if *method == Method::HEAD { "GET" } else { method.as_str() };
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        let fits = |template: &[String]| {
            let same =
                |(word, part): (&String, &&str)| if word.starts_with('{') { !part.is_empty() } else { word == part };
            template.len() == parts.len() && template.iter().zip(&parts).all(same)
        };
        let of_path: Vec<_> = self.0.iter().filter(|(.., template)| fits(template)).collect();
        let fitting: Vec<_> = of_path.iter().filter(|(_, known, _)| *known == method).copied().collect();
        let words = |template: &[String]| template.iter().filter(|word| !word.starts_with('{')).count();
        if fitting.is_empty() {
            let most = of_path.iter().map(|(.., template)| words(template)).max();
            let nearest = of_path.iter().filter(|(.., template)| Some(words(template)) == most);
            let mut methods: Vec<&str> = nearest.map(|(_, known, _)| *known).collect();
            methods.sort_unstable();
            methods.dedup();
            return Err(methods);
        }
        let most = fitting.iter().map(|(.., template)| words(template)).max();
        let mut dialects: Vec<Dialect> = Vec::new();
        for (dialect, _, template) in fitting {
            if Some(words(template)) == most && !dialects.contains(dialect) {
                dialects.push(*dialect);
            }
        }
        Ok(dialects)
    }
}

/// Marks a request whose failure is written for the clients of all dialects, because the caller's dialect is not known.
/// It is an extension of the request.
#[derive(Clone, Copy)]
pub(super) struct FormatForAll;

/// Passes a request under `/api` to the dialect that its client speaks.
pub(super) async fn route_by_client(app: App, calls: Arc<Calls>, dialects: Router, request: Request) -> Response {
    let path = request.uri().path();
    if path == "/api/v1" || path.starts_with("/api/v1/") {
        return not_found(request.uri().clone()).await.into_response();
    }
    answer(app, &calls, dialects, request).await.unwrap_or_else(|problem| {
        let mut response = problem.into_response();
        failure::rewrite(&mut response, failure::for_all);
        response
    })
}

/// Passes on a request under `/DIALECT/api`. Like existing servers, it ignores a slash at the end of the path.
pub(super) async fn route_by_prefix(dialects: Router, request: Request) -> Response {
    let path = request.uri().path();
    let path = path.strip_suffix('/').unwrap_or(path).to_owned();
    let (parts, body) = request.into_parts();
    pass_on(dialects, &path, parts, body).await.unwrap_or_else(IntoResponse::into_response)
}

async fn answer(app: App, calls: &Calls, dialects: Router, request: Request) -> Answer<Response> {
    let path = request.uri().path();
    let path = path.strip_prefix("/api").unwrap_or(path);
    let path = path.strip_suffix('/').unwrap_or(path).to_owned();
    let listener = request.extensions().get::<ListenerDialect>().and_then(|listener| listener.0);
    if listener.is_none() && request.method() == Method::POST {
        match path.as_str() {
            "/auth/register" => return register(&app, request).await,
            "/auth/login" => return log_in(&app, request).await,
            "/auth/logout" => return log_out(&app, request).await,
            _ => {}
        }
    }
    let meant = calls.dialects_of(request.method(), &path);
    let (mut parts, body) = request.into_parts();
    let dialect = match (listener, &meant) {
        (Some(dialect), _) => dialect,
        (None, Err(methods)) if methods.is_empty() => return Err(not_found(parts.uri).await),
        (None, Err(methods)) => {
            let mut refused = not_allowed(parts.method, parts.uri).await.into_response();
            failure::rewrite(&mut refused, failure::for_all);
            let methods = HeaderValue::from_str(&methods.join(", ")).map_err(|_| Refusal::internal())?;
            refused.headers_mut().insert(header::ALLOW, methods);
            return Ok(refused);
        }
        (None, Ok(meant)) if meant.len() == 1 => meant[0],
        (None, Ok(several)) => {
            let caller = AuthUser::from_request_parts(&mut parts, &app).await?;
            let home = caller.1.as_deref().or(caller.0.home_dialect.as_deref()).and_then(Dialect::parse);
            let segments: Vec<&str> = path.split('/').skip(1).collect();
            match (parts.method.as_str(), &segments[..], home) {
                ("GET", ["auth", "me"], _) => {
                    caller.may("GET", "/api/auth/me")?;
                    return Ok(me(&app, &caller));
                }
                (_, _, Some(home)) if several.contains(&home) => home,
                // A user of another backend's token may use a client of any dialect.
                _ if caller.0.password_hash.is_none() => return Err(undecided(&path)),
                ("GET", ["users", "search"], _) => {
                    caller.may("GET", "/api/users/search")?;
                    return search(&app, &mut parts).await;
                }
                ("PUT", ["messages", id], _) => {
                    caller.may("PUT", "/api/messages/{id}")?;
                    let id = percent_decode_str(id).decode_utf8_lossy();
                    return edit(&app, &caller, existing(&id)?, Request::from_parts(parts, body)).await;
                }
                (_, _, None | Some(Dialect::Chat)) | ("DELETE", ["messages", _], _) => {
                    parts.extensions.insert(FormatForAll);
                    Dialect::Conversations
                }
                _ => return Err(undecided(&path)),
            }
        }
    };
    pass_on(dialects, &format!("/{}/api{path}", dialect.as_str()), parts, body).await
}

/// Passes a request to the router of all dialects, with another path.
async fn pass_on(dialects: Router, path: &str, mut parts: Parts, body: Body) -> Answer<Response> {
    let query = parts.uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    // Extensions that this router set for its own path must not reach the next router.
    let extensions = std::mem::take(&mut parts.extensions);
    if let Some(address) = extensions.get::<ClientAddress>() {
        parts.extensions.insert(*address);
    }
    if let Some(address) = extensions.get::<Address>() {
        parts.extensions.insert(address.clone());
    }
    if let Some(caller) = extensions.get::<AuthUser>() {
        parts.extensions.insert(caller.clone());
    }
    if let Some(cookie) = extensions.get::<CookieToken>() {
        parts.extensions.insert(cookie.clone());
    }
    if let Some(held) = extensions.get::<ReadPermit>() {
        parts.extensions.insert(held.clone());
    }
    if let Some(for_all) = extensions.get::<FormatForAll>() {
        parts.extensions.insert(*for_all);
    }
    parts.uri = format!("{path}{query}").parse::<Uri>().map_err(|_| Refusal::internal())?;
    let handed = dialects.oneshot(Request::from_parts(parts, body)).await;
    Ok(handed.unwrap_or_else(|never| match never {}))
}

fn account(app: &App, links: &Links, account: &Account) -> AnyAccount {
    AnyAccount::of(
        &shown_account(&app.service, links, account),
        status(&app.service, &Hidden::Nobody, &account.user.id),
    )
}

/// The OpenAPI description of the operations that are answered here for the clients of several dialects.
#[derive(OpenApi)]
#[openapi(paths(me, search, edit, register, log_in, log_out))]
pub(super) struct Shared;

/// Returns the caller's account.
#[utoipa::path(
    get, path = "/api/auth/me", tag = "clients of any", operation_id = "anyGetMe",
    responses((status = 200, description = "Done", body = inline(Own)))
)]
fn me(app: &App, caller: &AuthUser) -> Response {
    Json(Own { success: true, user: account(app, caller.links(), &caller.0) }).into_response()
}

// --- answers that serve both conversations and chat, whose clients register by username ---

/// Finds users by a part of their name.
#[utoipa::path(
    get, path = "/api/users/search", tag = "clients of any", operation_id = "anySearchUsers", params(Search),
    responses((status = 200, description = "Done", body = inline(Users)))
)]
async fn search(app: &App, parts: &mut Parts) -> Answer<Response> {
    let Lister(caller) = Lister::from_request_parts(parts, app).await?;
    let Query(Search { q }) = Query::from_request_parts(parts, app).await?;
    let found = users(&app.service, &caller, &q).await?;
    let shown = |user: &Arc<User>| {
        AnyUser::of(user, status(&app.service, caller.hidden(), &user.id), email_shown(&caller, &user.id))
    };
    Ok(long_answer(|| Users { success: true, count: found.len(), users: found.iter().map(shown).collect() }))
}

/// Changes the text of a message of the caller.
#[utoipa::path(
    put, path = "/api/messages/{id}", tag = "clients of any", operation_id = "anyEditMessage", params(("id" = String, Path)),
    request_body = inline(Edit), responses((status = 200, description = "Done", body = inline(Edited)))
)]
async fn edit(app: &App, caller: &AuthUser, id: MessageId, request: Request) -> Answer<Response> {
    let BodyIfAny(edit) = BodyIfAny::<Edit>::from_request(request, app).await?;
    let edited = app.service.edit_message(caller.actor(), id, edit.content()?, None).await?;
    let shown = |dialect| shown_message(&app.service, caller, dialect, &edited);
    let (message, data) = (shown(Dialect::Conversations), shown(Dialect::Chat));
    Ok(Json(Edited { success: true, message, data }).into_response())
}

fn undecided(path: &str) -> Problem {
    let prefixes = Dialect::ALL.map(|dialect| format!("/{}/api", dialect.as_str())).join(", ");
    let message = format!("Clients of several dialects call /api{path}. Use the prefix of one: {prefixes}.");
    Refusal::new(Code::Conflict, message).into()
}

/// Registers a user. A registration by name is meetup's, one by username that of conversations or chat.
#[utoipa::path(
    post, path = "/api/auth/register", tag = "clients of any", operation_id = "anyRegister",
    request_body = inline(Registration), security(()),
    responses((status = 201, description = "Created, by username", body = inline(Registered)), (status = 200, description = "Created, by name", body = inline(Registered)))
)]
async fn register(app: &App, request: Request) -> Answer<Response> {
    let (mut parts, body) = request.into_parts();
    let LoginFrom(from) = LoginFrom::from_request_parts(&mut parts, app).await?;
    let ReaderLinks(links) = ReaderLinks::from_request_parts(&mut parts, app).await?;
    let BodyIfAny(input) = BodyIfAny::from_request(Request::from_parts(parts, body), app).await?;
    let Registration { username: None, name: Some(_), .. } = input else {
        let session = new_account(&app.service, from, input, None).await?;
        let user = &session.account.user;
        let body = Registered {
            success: true,
            message: "User registered successfully",
            user_id: user.id.to_string(),
            user: account(app, &links, &session.account).named(&user.name),
            token: session.token.clone(),
        };
        return Ok(logged_in(&session, (StatusCode::CREATED, Json(body))).into_response());
    };
    let Registration { name, email, password, invitation, .. } = input;
    let input = meetup::Registration { name, email, password, invitation };
    let mut response = meetup::registered(&app.service, from, input).await.into_response();
    failure::rewrite(&mut response, |status, refusal| {
        failure::write(Dialect::Meetup, status, refusal, false, "/auth/register")
    });
    Ok(response)
}

/// Logs in by email or username, and returns a token.
#[utoipa::path(
    post, path = "/api/auth/login", tag = "clients of any", operation_id = "anyLogIn", request_body = inline(Credentials),
    security(()), responses((status = 200, description = "Done", body = inline(LoggedIn)))
)]
async fn log_in(app: &App, request: Request) -> Answer<Response> {
    let (mut parts, body) = request.into_parts();
    let LoginFrom(from) = LoginFrom::from_request_parts(&mut parts, app).await?;
    let ReaderLinks(links) = ReaderLinks::from_request_parts(&mut parts, app).await?;
    let BodyIfAny(credentials) = BodyIfAny::<Credentials>::from_request(Request::from_parts(parts, body), app).await?;
    let session = credentials.log_in(&app.service, from, None).await?;
    let (user_id, user) = (session.account.user.id.to_string(), account(app, &links, &session.account));
    let (message, token) = ("Login successful", session.token.clone());
    Ok(logged_in(&session, Json(LoggedIn { success: true, message, token, user_id, user })).into_response())
}

/// Logs out: ends the session of the token, if the request has one, and removes the cookie that holds it.
#[utoipa::path(
    post, path = "/api/auth/logout", tag = "clients of any", operation_id = "anyLogOut", security(()),
    responses((status = 200, description = "Done", body = inline(LoggedOut)))
)]
async fn log_out(app: &App, request: Request) -> Answer<Response> {
    let (mut parts, _) = request.into_parts();
    LogOut::from_request_parts(&mut parts, app).await?;
    Ok(logged_out(Json(LoggedOut::DONE)).into_response())
}
