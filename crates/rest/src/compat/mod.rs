//! What clients of existing backends call: under `/DIALECT/api`, and under `/api` where the listener, the path or the
//! token says whose client it is.
//!
//! What lives here: one file per dialect, each row a thin mapping to an operation that `/api/v1` uses as well; how each
//! dialect writes a failure; and who gets what under `/api`.
//! What does not: any operation, and the shapes of `/api/v1`.
//!
//! What must stay true: a client of one document reads what that document's backends write, field by field; what it
//! does not know stands beside that.

mod auto;
mod chat;
mod conversations;
mod failure;
mod meetup;
mod messenger;
mod rooms;
pub(crate) mod shapes;

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use axum::routing::any;
use http::header;
use quintet_dialect::Dialect;
use quintet_domain::limits::PAGE_ITEMS_MAX;
use quintet_domain::{Conversation, ConversationId, Message, NewText, Refusal, User, UserId, is_blank, username_from};
use quintet_service::{Account, PageOf, Party, Service};
use serde_json::Value;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::extract::AuthUser;
use crate::router::{App, not_allowed, not_found};

/// Items of a list that knows no pages, at most.
const LIST_MAX: u32 = 1_000;

/// The dialect of the listener through which a request came, if it has one. Put into the request's extensions.
#[derive(Clone, Copy, Debug)]
pub struct ListenerDialect(pub Option<Dialect>);

/// All of it.
pub(crate) fn router(app: App) -> OpenApiRouter<App> {
    let named = Dialect::ALL.into_iter().fold(OpenApiRouter::new(), |router, dialect| {
        router.nest(&format!("/{}/api", dialect.as_str()), routes(dialect))
    });
    let (named, said) = named.split_for_parts();
    let calls = Arc::new(auto::Calls::of(&said));
    let named: Router = named.with_state(app.clone());
    let said = said.merge_from(auto::Shared::openapi());
    let mut outer = OpenApiRouter::with_openapi(said).merge(in_its_words(Dialect::Rooms, rooms::root()));
    for dialect in Dialect::ALL {
        let named = named.clone();
        let by_prefix = move |request: Request| auto::by_prefix(named.clone(), request);
        outer = outer.route(&format!("/{}/api/{{*path}}", dialect.as_str()), any(by_prefix));
    }
    let by_client = move |request: Request| auto::by_client(app.clone(), Arc::clone(&calls), named.clone(), request);
    outer.route("/api/{*path}", any(by_client))
}

fn routes(dialect: Dialect) -> OpenApiRouter<App> {
    let routes = match dialect {
        Dialect::Meetup => meetup::routes(),
        Dialect::Messenger => messenger::routes(),
        Dialect::Rooms => rooms::routes(),
        Dialect::Conversations => conversations::routes(),
        Dialect::Chat => chat::routes(),
    };
    let strict = |routes: Router<App>| routes.fallback(not_found).method_not_allowed_fallback(not_allowed);
    in_its_words(dialect, wrapped(routes, strict))
}

/// Does to the routes what their document's own router cannot.
fn wrapped(routes: OpenApiRouter<App>, with: impl FnOnce(Router<App>) -> Router<App>) -> OpenApiRouter<App> {
    let (routes, said) = routes.split_for_parts();
    let mut routes = OpenApiRouter::from(with(routes));
    *routes.get_openapi_mut() = said;
    routes
}

/// Lets routes write their failures as the dialect's clients read them.
fn in_its_words(dialect: Dialect, routes: OpenApiRouter<App>) -> OpenApiRouter<App> {
    let words = move |request: Request, next: Next| in_words_of(dialect, request, next);
    routes.layer(axum::middleware::from_fn(words))
}

/// Writes a failure as the dialect's clients read it.
async fn in_words_of(dialect: Dialect, request: Request, next: Next) -> Response {
    let with_token = request.headers().contains_key(header::AUTHORIZATION);
    let for_all = request.extensions().get::<auto::ForAll>().is_some();
    let path = request.uri().path().to_owned();
    let mut response = next.run(request).await;
    let written = |status, refusal: &Refusal| match for_all {
        true => failure::for_all(status, refusal),
        false => failure::write(dialect, status, refusal, with_token, &path),
    };
    failure::rewrite(&mut response, written);
    response
}

// --- what several dialects ask for ---

/// Whether a user is online, for the dialects' own words.
fn online(service: &Service) -> impl Fn(&UserId) -> bool + '_ {
    |user| service.presence().is_online(user)
}

fn status(service: &Service, user: &UserId) -> &'static str {
    if service.presence().is_online(user) { "online" } else { "offline" }
}

/// Marks a user's object where that is a guest, as everywhere else.
fn mark_guest(user: &User, object: &mut Value) {
    if user.is_guest() {
        object["guest"] = true.into();
    }
}

/// Other registered users whose names hold a text.
async fn users(service: &Service, asker: &AuthUser, query: &str) -> Result<Vec<Arc<User>>, Refusal> {
    let mut found = service.first_users(asker.id(), query.to_owned(), LIST_MAX as usize).await?;
    found.retain(|user| user.id != asker.0.user.id);
    Ok(found)
}

/// The asker's conversations, newest activity first: in one read, so that none moves past it.
async fn own_conversations(service: &Service, asker: &AuthUser) -> Result<Vec<Conversation>, Refusal> {
    Ok(service.conversations(asker.id(), None, LIST_MAX).await?.items)
}

/// The email address of a user as a list shows it: the asker's own to the asker, and an empty text of everybody else.
fn email_shown(asker: &AuthUser, user: &UserId) -> Value {
    let own = (asker.0.user.id == *user).then_some(asker.0.email.as_deref()).flatten();
    own.unwrap_or_default().into()
}

/// A page of messages as the dialect writes them, oldest first: for whom it is read, and as whom.
async fn messages(
    service: &Service,
    (by, reader): (Party, UserId),
    dialect: Dialect,
    id: &ConversationId,
    (skip, limit): (u32, u32),
) -> Result<Vec<Value>, Refusal> {
    let page = service.messages(by, reader.clone(), id.clone(), PageOf::Skipping(skip), limit).await?;
    let online = online(service);
    let shown =
        || page.items.iter().map(|message| quintet_dialect::message(dialect, message, &reader, &online)).collect();
    Ok(if limit > PAGE_ITEMS_MAX { tokio::task::block_in_place(shown) } else { shown() })
}

/// Sends a message; gives it as the dialect writes it.
async fn send(service: &Service, asker: &AuthUser, dialect: Dialect, text: NewText) -> Result<Value, Refusal> {
    let sent = service.send(asker.actor(), text).await?;
    Ok(shown_message(service, asker, dialect, &sent.message))
}

/// A message as the dialect writes it for the asker.
fn shown_message(service: &Service, asker: &AuthUser, dialect: Dialect, message: &Message) -> Value {
    quintet_dialect::message(dialect, message, &asker.0.user.id, &online(service))
}

/// A username for somebody whose client knows none.
fn username_for(name: &str) -> String {
    let name = username_from(&name.to_lowercase());
    if name.is_empty() { "user".to_owned() } else { name }
}

/// A user, as itself sees it, with every name that the five documents' clients read.
fn superset(service: &Service, account: &Account) -> Value {
    let mut user = conversations::account(service, account);
    let others = [chat::account(service, account), messenger::account(account)];
    for other in others {
        if let (Some(user), Value::Object(other)) = (user.as_object_mut(), other) {
            user.extend(other);
        }
    }
    user["created_at"] = user["createdAt"].clone();
    user
}

fn required(field: &str, value: Option<String>) -> Result<String, Refusal> {
    value.filter(|text| !is_blank(text)).ok_or_else(|| missing(field))
}

fn missing(field: &str) -> Refusal {
    Refusal::invalid(field, "is missing")
}
