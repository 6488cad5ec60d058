//! The endpoint of searches for messages.

use axum::extract::State;
use axum::response::Response;
use quintet_domain::{Has, MessageKind, MessageSearch, Refusal, SearchText};
use quintet_service::Service;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::error::{Answer, ProblemBody};
use crate::extract::{Lister, Query, long_answer, page_limit};
use crate::ids::{existing, user_id};
use crate::scalars::moment;
use crate::views::{Message, Page, Views};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Search {
    /// The words that a message must have, in any order; case, accents and widths make no difference. A word with `*`
    /// behind it stands for all words that begin so, and so does the last word, unless a space follows it.
    #[param(min_length = 1, max_length = 256)]
    q: String,
    /// The conversation to search; all conversations of the caller if absent.
    conversation: Option<String>,
    /// The user who sent the message.
    from: Option<String>,
    /// The time before which it was sent.
    #[param(format = DateTime)]
    before: Option<String>,
    /// The time after which it was sent.
    #[param(format = DateTime)]
    after: Option<String>,
    /// The kind of the message: `text`, `image`, `file`, `audio`, `video`, `location` or `custom`.
    kind: Option<String>,
    /// A part that it must have: `file`, `link` or `mention`.
    has: Option<String>,
    /// The value of `next` from the previous page.
    cursor: Option<String>,
    /// The number of items on the page.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

impl Search {
    /// Returns what is searched for.
    fn search(&self) -> Result<MessageSearch, Refusal> {
        let has = |part: &String| {
            Has::parse(part).ok_or_else(|| Refusal::invalid("has", "must be `file`, `link` or `mention`"))
        };
        Ok(MessageSearch {
            text: SearchText::parse("q", &self.q)?,
            conversation: self.conversation.as_deref().map(existing).transpose()?,
            from: self.from.as_deref().map(|id| user_id("from", id)).transpose()?,
            before: self.before.as_deref().map(|at| moment("before", at)).transpose()?,
            after: self.after.as_deref().map(|at| moment("after", at)).transpose()?,
            kind: self.kind.as_deref().map(|kind| MessageKind::read("kind", kind)).transpose()?,
            has: self.has.as_ref().map(has).transpose()?,
        })
    }
}

/// Finds messages that the caller may read, newest first.
///
/// A message is found within about a second after it was sent or edited, and later while the server is busy. Deleted
/// messages are not found. A page may have fewer than `limit` items although there are more. `next` shows whether there
/// are.
#[utoipa::path(
    get, path = "/search/messages", tag = "messages", operation_id = "searchMessages", params(Search),
    responses(
        (status = 200, description = "A page of the list", body = Page<Message>),
        (status = 403, description = "The caller is no member of the conversation",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "There is no such conversation that the caller can see",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "The text is too long or has too many words",
            body = ProblemBody, content_type = "application/problem+json")
    )
)]
pub(crate) async fn messages(
    State(service): State<Service>,
    Lister(caller): Lister,
    Query(query): Query<Search>,
) -> Answer<Response> {
    let (search, limit) = (query.search()?, page_limit(query.limit)?);
    let found = service.search_messages(caller.id(), search, query.cursor, limit).await?;
    let own = service.own_reactions(caller.id(), &found.items).await?;
    let views = Views(&service, caller.hidden());
    Ok(long_answer(|| Page::of(found, |message| views.message(message, &own))))
}
