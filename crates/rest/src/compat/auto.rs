//! `/api` without a dialect in front: the listener's, the path's or the token's decides whose client it is. What
//! registers and logs in before anything is known is answered for all of them at once.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode, Uri, header};
use percent_encoding::percent_decode_str;
use quintet_dialect::Dialect;
use quintet_domain::{Code, MessageId, Refusal, User};
use quintet_service::Account;
use tower::ServiceExt;
use utoipa::OpenApi;
use utoipa::openapi::OpenApi as Document;

use super::answers::any::{AnyAccount, AnyUser, Edited, LoggedIn, Own, Registered, Users};
use super::common::{Edit, Registration, Search, email_shown, missing, new_account, shown_message, status, users};
use super::{document, failure, meetup};
use crate::app::{App, not_allowed, not_found};
use crate::auth::Credentials;
use crate::error::{Answer, Problem};
use crate::extract::{AuthUser, BodyIfAny, ClientAddress, ClientIp, Lister, Query, long};
use crate::held::Held;
use crate::ids::existing;

/// The dialect of the listener through which a request came, if it has one. Put into the request's extensions.
#[derive(Clone, Copy, Debug)]
pub struct ListenerDialect(pub Option<Dialect>);

/// What each dialect's clients call.
pub(super) struct Calls(Vec<(Dialect, &'static str, Vec<String>)>);

impl Calls {
    /// As the document has them, each under its dialect's own prefix.
    pub(super) fn of(document: &Document) -> Self {
        let parts = |path: &str| path.split('/').map(str::to_owned).collect();
        Self(document::calls(document).map(|(dialect, method, path, _)| (dialect, method, parts(path))).collect())
    }

    /// The dialects whose clients may have meant a call: a word of a path outranks an id in its place. Where nobody has
    /// the method, those that there are instead.
    fn meant(&self, method: &Method, path: &str) -> Result<Vec<Dialect>, Vec<&str>> {
        let method = if *method == Method::HEAD { "GET" } else { method.as_str() };
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        let fits = |template: &[String]| {
            let same =
                |(word, part): (&String, &&str)| if word.starts_with('{') { !part.is_empty() } else { word == part };
            template.len() == parts.len() && template.iter().zip(&parts).all(same)
        };
        let of_path: Vec<_> = self.0.iter().filter(|(.., template)| fits(template)).collect();
        let fitting: Vec<_> = of_path.iter().filter(|(_, known, _)| *known == method).copied().collect();
        if fitting.is_empty() {
            let mut methods: Vec<&str> = of_path.iter().map(|(_, known, _)| *known).collect();
            methods.sort_unstable();
            methods.dedup();
            return Err(methods);
        }
        let words = |template: &[String]| template.iter().filter(|word| !word.starts_with('{')).count();
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

/// That a failure is written for the clients of every dialect: it is not known whose asked.
#[derive(Clone, Copy)]
pub(super) struct ForAll;

/// Hands a request under `/api` on to the dialect whose client sent it.
pub(super) async fn by_client(app: App, calls: Arc<Calls>, dialects: Router, request: Request) -> Response {
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

/// Hands a request under `/DIALECT/api` on. Existing servers take a path with a slash at its end as the same.
pub(super) async fn by_prefix(dialects: Router, request: Request) -> Response {
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
            _ => {}
        }
    }
    let meant = calls.meant(request.method(), &path);
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
            let asker = AuthUser::from_request_parts(&mut parts, &app).await?;
            let home = asker.1.as_deref().or(asker.0.home_dialect.as_deref()).and_then(Dialect::parse);
            let segments: Vec<&str> = path.split('/').skip(1).collect();
            match (parts.method.as_str(), &segments[..], home) {
                ("GET", ["auth", "me"], _) => return Ok(me(&app, &asker)),
                (_, _, Some(home)) if several.contains(&home) => home,
                // Whoever came by another backend's token may be any client's.
                _ if asker.0.password_hash.is_none() => return Err(undecided(&path)),
                ("GET", ["users", "search"], _) => return search(&app, &mut parts).await,
                ("PUT", ["messages", id], _) => {
                    let id = percent_decode_str(id).decode_utf8_lossy();
                    return edit(&app, &asker, existing(&id)?, Request::from_parts(parts, body)).await;
                }
                (_, _, None | Some(Dialect::Chat)) | ("DELETE", ["messages", _], _) => {
                    parts.extensions.insert(ForAll);
                    Dialect::Conversations
                }
                _ => return Err(undecided(&path)),
            }
        }
    };
    pass_on(dialects, &format!("/{}/api{path}", dialect.as_str()), parts, body).await
}

/// Passes a request on to the dialects' own router, by another path.
async fn pass_on(dialects: Router, path: &str, mut parts: Parts, body: Body) -> Answer<Response> {
    let query = parts.uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    // What this router noted of the path is not the next one's to read.
    let noted = std::mem::take(&mut parts.extensions);
    if let Some(address) = noted.get::<ClientAddress>() {
        parts.extensions.insert(*address);
    }
    if let Some(asker) = noted.get::<AuthUser>() {
        parts.extensions.insert(asker.clone());
    }
    if let Some(held) = noted.get::<Held>() {
        parts.extensions.insert(held.clone());
    }
    if let Some(for_all) = noted.get::<ForAll>() {
        parts.extensions.insert(*for_all);
    }
    parts.uri = format!("{path}{query}").parse::<Uri>().map_err(|_| Refusal::internal())?;
    let handed = dialects.oneshot(Request::from_parts(parts, body)).await;
    Ok(handed.unwrap_or_else(|never| match never {}))
}

fn account(app: &App, account: &Account) -> AnyAccount {
    AnyAccount::of(account, status(&app.service, &account.user.id))
}

/// The operations that are answered here, for the clients of several dialects.
#[derive(OpenApi)]
#[openapi(paths(me, search, edit, register, log_in))]
pub(super) struct Shared;

#[utoipa::path(
    get, path = "/api/auth/me", tag = "clients of any", operation_id = "any_me",
    responses((status = 200, description = "Done", body = inline(Own)))
)]
fn me(app: &App, asker: &AuthUser) -> Response {
    Json(Own { success: true, user: account(app, &asker.0) }).into_response()
}

// --- registered by username: a client of conversations or of chat, and some answers are for both ---

#[utoipa::path(
    get, path = "/api/users/search", tag = "clients of any", operation_id = "any_search", params(Search),
    responses((status = 200, description = "Done", body = inline(Users)))
)]
async fn search(app: &App, parts: &mut Parts) -> Answer<Response> {
    let Lister(asker) = Lister::from_request_parts(parts, app).await?;
    let Query(Search { q }) = Query::from_request_parts(parts, app).await?;
    let found = users(&app.service, &asker, &q).await?;
    let shown = |user: &Arc<User>| AnyUser::of(user, status(&app.service, &user.id), email_shown(&asker, &user.id));
    Ok(long(|| Users { success: true, count: found.len(), users: found.iter().map(shown).collect() }))
}

#[utoipa::path(
    put, path = "/api/messages/{id}", tag = "clients of any", operation_id = "any_edit", params(("id" = String, Path)),
    request_body = inline(Edit), responses((status = 200, description = "Done", body = inline(Edited)))
)]
async fn edit(app: &App, asker: &AuthUser, id: MessageId, request: Request) -> Answer<Response> {
    let BodyIfAny(Edit { content }) = BodyIfAny::from_request(request, app).await?;
    let edited = app.service.edit_message(asker.actor(), id, content.ok_or_else(|| missing("content"))?).await?;
    let shown = |dialect| shown_message(&app.service, asker, dialect, &edited);
    let (message, data) = (shown(Dialect::Conversations), shown(Dialect::Chat));
    Ok(Json(Edited { success: true, message, data }).into_response())
}

fn undecided(path: &str) -> Problem {
    let prefixes = Dialect::ALL.map(|dialect| format!("/{}/api", dialect.as_str())).join(", ");
    let message = format!("Several kinds of clients call /api{path}. Put the one that is meant in front: {prefixes}.");
    Refusal::new(Code::Conflict, message).into()
}

/// A registration by name is meetup's, one by username that of conversations and of chat.
#[utoipa::path(
    post, path = "/api/auth/register", tag = "clients of any", operation_id = "any_register",
    request_body = inline(Registration), security(()),
    responses((status = 201, description = "Made, by its username", body = inline(Registered)), (status = 200, description = "Made, by its name", body = inline(Registered)))
)]
async fn register(app: &App, request: Request) -> Answer<Response> {
    let (mut parts, body) = request.into_parts();
    let ClientIp(address) = ClientIp::from_request_parts(&mut parts, app).await?;
    let BodyIfAny(input) = BodyIfAny::from_request(Request::from_parts(parts, body), app).await?;
    let Registration { username: None, name: Some(_), .. } = input else {
        let session = new_account(&app.service, address, input, None).await?;
        let user = &session.account.user;
        let body = Registered {
            success: true,
            message: "User registered successfully",
            user_id: user.id.to_string(),
            user: account(app, &session.account).named(&user.name),
            token: session.token,
        };
        return Ok((StatusCode::CREATED, Json(body)).into_response());
    };
    let input = meetup::Registration { name: input.name, email: input.email, password: input.password };
    let mut response = meetup::registered(&app.service, address, input).await.into_response();
    failure::rewrite(&mut response, |status, refusal| {
        failure::write(Dialect::Meetup, status, refusal, false, "/auth/register")
    });
    Ok(response)
}

#[utoipa::path(
    post, path = "/api/auth/login", tag = "clients of any", operation_id = "any_log_in", request_body = inline(Credentials),
    security(()), responses((status = 200, description = "Done", body = inline(LoggedIn)))
)]
async fn log_in(app: &App, request: Request) -> Answer<Response> {
    let (mut parts, body) = request.into_parts();
    let ClientIp(address) = ClientIp::from_request_parts(&mut parts, app).await?;
    let BodyIfAny(credentials) = BodyIfAny::<Credentials>::from_request(Request::from_parts(parts, body), app).await?;
    let session = credentials.log_in(&app.service, address, None).await?;
    let (user_id, user) = (session.account.user.id.to_string(), account(app, &session.account));
    let message = "Login successful";
    Ok(Json(LoggedIn { success: true, message, token: session.token, user_id, user }).into_response())
}
