//! `/api` without a dialect in front: the listener's, the path's or the token's decides whose client it is. What
//! registers and logs in before anything is known is answered for all of them at once.

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use http::request::Parts;
use http::{Method, StatusCode, Uri};
use quintet_dialect::Dialect;
use quintet_domain::{Code, MessageId, Refusal};
use serde_json::json;
use tower::ServiceExt;

use super::conversations::{Edit, Search};
use super::{ListenerDialect, conversations, failure, meetup, online, required, superset};
use crate::auth::Credentials;
use crate::error::{Answer, Problem};
use crate::extract::{Asked, Asker, BodyIfAny, ClientAddress, From};
use crate::router::{App, not_found};

/// Hands a request on to the dialect whose client sent it.
pub(super) async fn hand_on(app: App, dialects: Router, request: Request) -> Response {
    answer(app, dialects, request).await.unwrap_or_else(|problem| {
        let mut response = problem.into_response();
        failure::rewrite(&mut response, failure::for_all);
        response
    })
}

async fn answer(app: App, dialects: Router, request: Request) -> Answer<Response> {
    let path = request.uri().path();
    let path = path.strip_prefix("/api").unwrap_or(path).to_owned();
    if path == "/v1" || path.starts_with("/v1/") {
        return Err(not_found(request.uri().clone()).await);
    }
    let listener = request.extensions().get::<ListenerDialect>().and_then(|listener| listener.0);
    if listener.is_none() && request.method() == Method::POST {
        match path.as_str() {
            "/auth/register" => return register(&app, request).await,
            "/auth/login" => return log_in(&app, request).await,
            _ => {}
        }
    }
    let (mut parts, body) = request.into_parts();
    let dialect = match listener.or_else(|| of_path(&path)) {
        Some(dialect) => dialect,
        None => {
            let asker = Asker::from_request_parts(&mut parts, &app).await?;
            let home = asker.1.as_deref().or(asker.0.home_dialect.as_deref()).and_then(Dialect::parse);
            let segments: Vec<&str> = path.split('/').skip(1).collect();
            match (parts.method.as_str(), &segments[..], home) {
                ("GET", ["auth", "me"], _) => return Ok(me(&app, &asker)),
                (_, _, Some(home)) => home,
                // Whoever came by another backend's token may be any client's.
                _ if asker.0.password_hash.is_none() => return Err(undecided(&path)),
                ("GET", ["users", "search"], None) => return search(&app, &asker, &mut parts).await,
                ("PUT", ["messages", id], None) => {
                    return edit(&app, &asker, MessageId::trusted(id), Request::from_parts(parts, body)).await;
                }
                (_, ["messages", _, "read"], None) => Dialect::Chat,
                (_, ["users", id], None) if *id != "profile" => Dialect::Chat,
                _ => Dialect::Conversations,
            }
        }
    };
    let query = parts.uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    // What this router noted of the path is not the next one's to read.
    let noted = std::mem::take(&mut parts.extensions);
    if let Some(address) = noted.get::<ClientAddress>() {
        parts.extensions.insert(*address);
    }
    if let Some(asker) = noted.get::<Asker>() {
        parts.extensions.insert(asker.clone());
    }
    let target = format!("/{}/api{path}{query}", dialect.as_str());
    parts.uri = target.parse::<Uri>().map_err(|_| Refusal::internal())?;
    let handed = dialects.oneshot(Request::from_parts(parts, body)).await;
    Ok(handed.unwrap_or_else(|never| match never {}))
}

/// The dialect that alone has such a path.
fn of_path(path: &str) -> Option<Dialect> {
    match path.split('/').nth(1)? {
        "broadcasts" | "joinBroadcast" => Some(Dialect::Meetup),
        "groups" => Some(Dialect::Messenger),
        "rooms" => Some(Dialect::Rooms),
        "conversations" => Some(Dialect::Conversations),
        "chats" => Some(Dialect::Chat),
        "auth" if path == "/auth/signup" => Some(Dialect::Messenger),
        _ => None,
    }
}

fn me(app: &App, asker: &Asker) -> Response {
    Json(json!({ "success": true, "user": superset(&app.service, &asker.0) })).into_response()
}

// --- registered by username: a client of conversations or of chat, and some answers are for both ---

async fn search(app: &App, asker: &Asker, parts: &mut Parts) -> Answer<Response> {
    let Asked(Search { q }) = Asked::from_request_parts(parts, app).await?;
    let mut shown = conversations::found(&app.service, asker, &q).await?;
    for object in &mut shown {
        object["avatar_url"] = object["avatar"].clone();
    }
    Ok(Json(json!({ "success": true, "count": shown.len(), "users": shown })).into_response())
}

async fn edit(app: &App, asker: &Asker, id: MessageId, request: Request) -> Answer<Response> {
    let BodyIfAny(Edit { content }) = BodyIfAny::from_request(request, app).await?;
    let edited = app.service.edit_message(asker.actor(), id, required("content", content)?).await?;
    let online = online(&app.service);
    let written = |dialect| quintet_dialect::message(dialect, &edited, &online);
    let (message, data) = (written(Dialect::Conversations), written(Dialect::Chat));
    Ok(Json(json!({ "success": true, "message": message, "data": data })).into_response())
}

fn undecided(path: &str) -> Problem {
    let prefixes = Dialect::ALL.map(|dialect| format!("/{}/api", dialect.as_str())).join(", ");
    let message = format!("Several kinds of clients call /api{path}. Put the one that is meant in front: {prefixes}.");
    Refusal::new(Code::Conflict, message).into()
}

/// A registration by name is meetup's, one by username that of conversations and of chat.
async fn register(app: &App, request: Request) -> Answer<Response> {
    let (mut parts, body) = request.into_parts();
    let from = From::from_request_parts(&mut parts, app).await?;
    let BodyIfAny(input) = BodyIfAny::from_request(Request::from_parts(parts, body), app).await?;
    let conversations::Registration { username: None, .. } = input else {
        let session = conversations::new_account(&app.service, from.0, input, None).await?;
        let mut user = superset(&app.service, &session.account);
        user["name"] = session.account.user.name.as_str().into();
        let id = session.account.user.id.as_str();
        let body = json!({
            "success": true, "message": "User registered successfully", "token": session.token, "userId": id, "user": user,
        });
        return Ok((StatusCode::CREATED, Json(body)).into_response());
    };
    let input = meetup::Registration { name: input.name, email: input.email, password: input.password };
    let mut response = meetup::registered(&app.service, from.0, input).await.into_response();
    failure::rewrite(&mut response, |status, refusal| {
        failure::write(Dialect::Meetup, status, refusal, false, "/auth/register")
    });
    Ok(response)
}

async fn log_in(app: &App, request: Request) -> Answer<Response> {
    let (mut parts, body) = request.into_parts();
    let From(address) = From::from_request_parts(&mut parts, app).await?;
    let BodyIfAny(credentials) = BodyIfAny::<Credentials>::from_request(Request::from_parts(parts, body), app).await?;
    let session = credentials.log_in(&app.service, address).await?;
    Ok(Json(json!({
        "success": true,
        "message": "Login successful",
        "token": session.token,
        "userId": session.account.user.id.as_str(),
        "user": superset(&app.service, &session.account),
    }))
    .into_response())
}
