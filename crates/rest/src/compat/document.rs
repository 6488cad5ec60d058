//! The parts of the OpenAPI document that follow from a dialect rather than from a handler: the failures of calls, and
//! the calls that exist a second time under `/api`.
//!
//! What must stay true: the successful answers of an operation are described only at its handler.

use std::collections::BTreeMap;

use quintet_dialect::Dialect;
use utoipa::OpenApi as _;
use utoipa::openapi::path::Operation;
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::schema::{AnyOfBuilder, ObjectBuilder};
use utoipa::openapi::{ContentBuilder, OpenApi, Ref, RefOr, Response, Schema};

use super::answers::any::AnyFailure;
use super::answers::chat::ChatFailure;
use super::answers::conversations::ConversationsFailure;
use super::answers::meetup::MeetupFailure;
use super::answers::messenger::MessengerFailure;
use super::answers::rooms::RoomsFailure;
use super::failure;

/// The schemas of failures for the OpenAPI document.
#[derive(utoipa::OpenApi)]
#[openapi(components(schemas(
    MeetupFailure,
    MessengerFailure,
    RoomsFailure,
    ConversationsFailure,
    ChatFailure,
    AnyFailure
)))]
struct Failures;

const JSON: &str = "application/json";

/// Returns the schema of an operation's successful answer.
fn answer(operation: &Operation) -> Option<RefOr<Schema>> {
    let successes = operation.responses.responses.iter().filter(|(status, _)| status.starts_with('2'));
    let mut bodies = successes.filter_map(|(_, response)| match response {
        RefOr::T(response) => match response.content.get(JSON)? {
            RefOr::T(content) => content.schema.clone(),
            RefOr::Ref(_) => None,
        },
        RefOr::Ref(_) => None,
    });
    bodies.next()
}

/// Sets the schema of an answer's body.
fn json(response: &mut Response, schema: impl Into<RefOr<Schema>>) {
    let content = ContentBuilder::new().schema(Some(schema)).build();
    response.content.insert(JSON.to_owned(), content.into());
}

/// The word with which the ids of operations begin that clients of any dialect call.
const ANY: &str = "any";

/// Returns the dialect whose clients call an operation: `Some(None)` for clients of any dialect, `None` for an
/// operation of `/api/v1`.
fn dialect_of(id: &str) -> Option<Option<Dialect>> {
    if action(id, ANY).is_some() {
        return Some(None);
    }
    Dialect::ALL.into_iter().find(|dialect| action(id, dialect.as_str()).is_some()).map(Some)
}

/// Returns what an operation does, from an id that begins with the word for who calls it.
fn action<'i>(id: &'i str, caller: &str) -> Option<&'i str> {
    id.strip_prefix(caller).filter(|action| action.starts_with(|first: char| first.is_ascii_uppercase()))
}

/// Returns what the operations of several dialects do, if it is the same.
fn shared_action(ids: &[String]) -> Option<&str> {
    let mut actions = ids.iter().map(|id| action(id, dialect_of(id)??.as_str()));
    let first = actions.next()??;
    (ids.len() > 1 && actions.all(|other| other == Some(first))).then_some(first)
}

/// Returns the id of the operation under `/api` that stands for those of some dialects: without a dialect if they are of
/// several.
fn id_under_api(ids: &[String]) -> String {
    let first = ids.first().map(String::as_str).unwrap_or_default();
    let (letter, rest) = shared_action(ids).unwrap_or(first).split_at_checked(1).unwrap_or_default();
    format!("{ANY}{}{rest}", letter.to_ascii_uppercase())
}

/// Adds the failures of an operation that clients of existing backends call. Returns false for an operation of
/// `/api/v1`.
pub(crate) fn complete(operation: &mut Operation) -> bool {
    let Some(id) = operation.operation_id.clone() else { return false };
    let Some(dialect) = dialect_of(&id) else { return false };
    let failure = match dialect {
        Some(Dialect::Meetup) => "MeetupFailure",
        Some(Dialect::Messenger) => "MessengerFailure",
        Some(Dialect::Rooms) => "RoomsFailure",
        Some(Dialect::Conversations) => "ConversationsFailure",
        Some(Dialect::Chat) => "ChatFailure",
        None => "AnyFailure",
    };
    for status in failure::statuses(dialect) {
        let mut response = Response::new(status.canonical_reason().unwrap_or("A failure"));
        json(&mut response, Ref::from_schema_name(failure));
        operation.responses.responses.insert(status.as_str().to_owned(), RefOr::T(response));
    }
    true
}

/// Returns the calls of each dialect's clients: the dialect, the method, the path behind `/DIALECT/api/`, and the
/// operation.
pub(super) fn calls(document: &OpenApi) -> impl Iterator<Item = (Dialect, &'static str, &str, &Operation)> {
    document.paths.paths.iter().flat_map(|(path, item)| {
        let of_dialect = path.strip_prefix('/').and_then(|path| path.split_once("/api/"));
        let of_dialect = of_dialect.and_then(|(dialect, path)| Some((Dialect::parse(dialect)?, path)));
        let methods = [("GET", &item.get), ("POST", &item.post), ("PUT", &item.put), ("DELETE", &item.delete)];
        let has = methods.into_iter().filter_map(|(method, operation)| Some((method, operation.as_ref()?)));
        of_dialect.into_iter().flat_map(move |(dialect, path)| {
            has.clone().map(move |(method, operation)| (dialect, method, path, operation))
        })
    })
}

/// Adds each call a second time under `/api`, where it is passed to the dialect that has it. If several dialects have
/// it, the answer is in the format of one of them.
pub(crate) fn add_under_api(document: &mut OpenApi) {
    let mut calls: BTreeMap<(String, &'static str), Vec<Operation>> = BTreeMap::new();
    for (_, method, path, operation) in self::calls(document) {
        calls.entry((format!("/api/{path}"), method)).or_default().push(operation.clone());
    }
    for ((path, method), operations) in calls {
        let Some(operation) = combine(operations) else { continue };
        let item = document.paths.paths.entry(path).or_default();
        let call = match method {
            "GET" => &mut item.get,
            "POST" => &mut item.post,
            "PUT" => &mut item.put,
            _ => &mut item.delete,
        };
        call.get_or_insert(operation);
    }
}

/// Combines operations into one that answers like one of them.
fn combine(operations: Vec<Operation>) -> Option<Operation> {
    let ids: Vec<String> = operations.iter().filter_map(|operation| operation.operation_id.clone()).collect();
    let is_shared = ids.len() > 1;
    let answers: Vec<RefOr<Schema>> = operations.iter().filter_map(answer).collect();
    let mut operation = operations.into_iter().next()?;
    operation.operation_id = Some(id_under_api(&ids));
    operation.tags = Some(vec!["clients of any".to_owned()]);
    if is_shared {
        // A field that one of them needs may be absent for another.
        operation.request_body = operation.request_body.map(|_| any_object());
        let any_of = answers.into_iter().fold(AnyOfBuilder::new(), AnyOfBuilder::item).build();
        let any_failure: RefOr<Schema> = Ref::from_schema_name("AnyFailure").into();
        for (status, response) in &mut operation.responses.responses {
            let schema =
                if status.starts_with('2') { Schema::AnyOf(any_of.clone()).into() } else { any_failure.clone() };
            if let RefOr::T(response) = response {
                json(response, schema);
            }
        }
    }
    Some(operation)
}

fn any_object() -> RefOr<RequestBody> {
    let content = ContentBuilder::new().schema(Some(ObjectBuilder::new())).build();
    RequestBodyBuilder::new().content(JSON, content).build().into()
}

/// Adds the schemas of failures.
pub(crate) fn add_failures(document: &mut OpenApi) {
    document.merge(Failures::openapi());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_under_api_are_named_after_what_they_do() {
        let under_api = |ids: &[&str]| id_under_api(&ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>());
        assert_eq!(under_api(&["chatSendMessage"]), "anyChatSendMessage");
        assert_eq!(under_api(&["chatDeleteMessage", "conversationsDeleteMessage"]), "anyDeleteMessage");
        assert_eq!(under_api(&["chatGetUser", "messengerGetGroup"]), "anyChatGetUser");
        assert_eq!(dialect_of("anyGetMe"), Some(None));
        assert_eq!(dialect_of("chatGetMe"), Some(Some(Dialect::Chat)));
        assert_eq!(dialect_of("createConversation"), None);
    }
}
