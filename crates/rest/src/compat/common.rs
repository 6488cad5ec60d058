//! Operations and types that the handlers of several dialects share.
//!
//! What must stay true: nothing here depends on which dialect uses it, except the messages that a dialect writes.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::request::Parts;
use quintet_dialect::{Dialect, Own, Shown};
use quintet_domain::limits::PAGE_ITEMS_MAX;
use quintet_domain::{
    Account, Conversation, ConversationId, Hidden, Links, Member, Message, MessageId, NewText, Refusal, Target, User,
    UserId, is_blank, username_from,
};
use quintet_service::{LoginSource, NewAccount, PageOf, Party, Service, Session};
use serde::Deserialize;
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::error::Problem;
use crate::extract::{Anonymous, AuthUser};
use crate::messages::{new_text, own_id};
use crate::new_details::{Given, GivenFile};
use crate::scalars::given_message_kinds;

/// The largest number of items of a list without pages.
pub(super) const LIST_MAX: u32 = 1_000;

/// The body of a registration by username, in two dialects.
#[derive(Deserialize, ToSchema)]
pub(super) struct Registration {
    pub(super) username: Option<String>,
    pub(super) name: Option<String>,
    pub(super) email: Option<String>,
    pub(super) password: Option<String>,
    /// The code of an invitation, if the server wants one.
    #[serde(alias = "invite")]
    pub(super) invitation: Option<String>,
}

/// The query of a search for users.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Search {
    #[serde(default)]
    pub(super) q: String,
}

/// The text of a message in a body, under any of the names that clients give it.
#[derive(Deserialize, ToSchema)]
struct SaidText {
    content: Option<String>,
    message: Option<String>,
    text: Option<String>,
}

impl SaidText {
    /// Returns the text, if the body has one. As in events, `content` wins, and two others must not differ.
    fn get(self) -> Result<Option<String>, Refusal> {
        match (self.content, self.message, self.text) {
            (Some(content), ..) => Ok(Some(content)),
            (None, Some(one), Some(other)) if one != other => {
                Err(Refusal::invalid("message", "and `text` differ: send `content`, or only one of them"))
            }
            (None, one, other) => Ok(one.or(other)),
        }
    }
}

/// The body of an edit of a message.
#[derive(Deserialize, ToSchema)]
pub(super) struct Edit {
    #[serde(flatten)]
    text: SaidText,
}

impl Edit {
    /// Returns the new text.
    pub(super) fn content(self) -> Result<String, Refusal> {
        self.text.get()?.ok_or_else(|| missing("content"))
    }
}

/// The body of a message that is sent.
#[derive(Deserialize, ToSchema)]
pub(super) struct Said {
    #[serde(flatten)]
    text: SaidText,
    #[serde(rename = "type")]
    #[schema(schema_with = given_message_kinds, required = false)]
    kind: Option<String>,
    #[serde(alias = "messageType")]
    #[schema(schema_with = given_message_kinds, required = false)]
    message_type: Option<String>,
    #[serde(rename = "fileUrl")]
    file_url: Option<String>,
    #[serde(rename = "fileName")]
    file_name: Option<String>,
    #[serde(rename = "clientMessageId")]
    client_message_id: Option<String>,
    /// All files of the message, at most ten, in place of `fileUrl`.
    files: Option<Vec<GivenFile>>,
    /// Custom data of at most 4,096 bytes, nested at most 32 deep.
    #[schema(value_type = Option<Object>)]
    metadata: Option<Box<RawValue>>,
    /// The id of the message that this one answers.
    #[serde(rename = "replyTo", alias = "reply_to")]
    reply_to: Option<String>,
    /// The id of any message of the thread that this one belongs to.
    #[serde(rename = "threadId")]
    thread_id: Option<String>,
    /// The ids of members whom the message mentions; without them, `@username` in the text mentions.
    mentions: Option<Vec<String>>,
    /// Whether the message mentions all members.
    #[serde(rename = "mentionAll")]
    mention_all: Option<bool>,
}

impl Said {
    /// Returns the message to send.
    pub(super) fn text(self, target: Target) -> Result<NewText, Refusal> {
        let client_message_id = own_id(self.client_message_id)?;
        let kind = match (&self.kind, &self.message_type) {
            (Some(kind), _) => ("type", Some(kind.as_str())),
            (None, kind) => ("message_type", kind.as_deref()),
        };
        let given = Given {
            files: self.files,
            metadata: self.metadata,
            reply_to: self.reply_to,
            thread_id: self.thread_id,
            mentions: self.mentions,
            mention_all: self.mention_all,
        };
        let content = self.text.get()?.unwrap_or_default();
        let text = new_text(target, kind, content, (self.file_url, self.file_name), given)?;
        Ok(NewText { client_message_id, ..text })
    }
}

/// The log-out of a client of an existing backend: the session of its token ends, if the token is good and belongs to one.
/// Such clients log out without a token as well.
pub(super) struct LogOut;

impl FromRequestParts<App> for LogOut {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        Anonymous::from_request_parts(parts, app).await?;
        if let Ok(Some(caller)) = AuthUser::if_any(parts, &app.service).await
            && let AuthUser(account, _, Some(credential), ..) = caller
        {
            app.service.log_out(account.user.id.clone(), credential).await?;
        }
        Ok(Self)
    }
}

/// Registers a user by username, with the dialect that its client is known to speak.
pub(super) async fn new_account(
    service: &Service,
    from: LoginSource,
    input: Registration,
    home: Option<Dialect>,
) -> Result<Session, Refusal> {
    service.count_login(from.address).await?;
    let new = NewAccount {
        username: required("username", input.username)?,
        email: Some(required("email", input.email)?),
        password: Some(required("password", input.password)?),
        name: input.name,
        home_dialect: home.map(|home| home.as_str().to_owned()),
        invitation: input.invitation,
        ..NewAccount::default()
    };
    service.register(new, from).await
}

/// Returns a function that says whether a user is online, as the dialects need it. `hidden` is what the reader is not
/// shown.
pub(super) fn online<'s>(service: &'s Service, hidden: &'s Hidden) -> impl Fn(&UserId) -> bool + 's {
    |user| !hidden.hides(user) && service.presence().is_online(user)
}

/// Returns the status of a user: `online` or `offline`.
pub(super) fn status(service: &Service, hidden: &Hidden, user: &UserId) -> &'static str {
    if online(service, hidden)(user) { "online" } else { "offline" }
}

/// Returns a user as clients of existing back ends see it: with a link to its picture, and last seen as of now.
pub(super) fn shown_user(service: &Service, links: &Links, hidden: &Hidden, user: &Arc<User>) -> Arc<User> {
    let shown = links.user(user);
    let last_seen = match hidden.hides(&user.id) {
        true => None,
        false => service.presence().last_seen(user, service.environment().now()),
    };
    if shown.last_seen == last_seen { shown } else { Arc::new(User { last_seen, ..User::clone(&shown) }) }
}

/// Returns an account as clients of existing back ends show it to its owner.
pub(super) fn shown_account(service: &Service, links: &Links, account: &Account) -> Account {
    Account { user: shown_user(service, links, &Hidden::Nobody, &account.user), ..account.clone() }
}

/// Returns registered users, except the caller, whose names contain a text.
pub(super) async fn users(service: &Service, caller: &AuthUser, query: &str) -> Result<Vec<Arc<User>>, Refusal> {
    let mut found = service.first_users(caller.id(), query.to_owned(), LIST_MAX as usize).await?;
    found.retain(|user| user.id != caller.0.user.id);
    Ok(found.iter().map(|user| shown_user(service, caller.links(), caller.hidden(), user)).collect())
}

/// Returns the caller's conversations, newest activity first. All come from one read, so that none is missed by moving.
pub(super) async fn own_conversations(service: &Service, caller: &AuthUser) -> Result<Vec<Conversation>, Refusal> {
    Ok(service.conversations(caller.id(), None, LIST_MAX).await?.items)
}

/// Returns the email address of a user as a list shows it: the caller's own to the caller, and an empty text for
/// others.
pub(super) fn email_shown(caller: &AuthUser, user: &UserId) -> String {
    let own = (caller.0.user.id == *user).then(|| caller.0.email.clone()).flatten();
    own.unwrap_or_default()
}

/// A page of messages, oldest first.
pub(super) struct Page {
    /// The messages as the dialect writes them.
    pub(super) shown: Vec<Box<RawValue>>,
    /// The id of the newest message of the page.
    pub(super) newest: Option<MessageId>,
}

/// Reads a page of messages. The pair names the party that pays for the read and the user as whom it runs.
pub(super) async fn messages(
    service: &Service,
    (by, reader): (Party, UserId),
    (dialect, links, hidden): (Dialect, &Links, &Hidden),
    id: &ConversationId,
    (skip, limit): (u32, u32),
) -> Result<Page, Refusal> {
    let page = service.messages(by, reader.clone(), id.clone(), PageOf::Skipping(skip), limit).await?;
    let online = online(service, hidden);
    let shown = |message| {
        let message = links.message(&hidden.message(message));
        quintet_dialect::message(dialect, &message, &reader, &online)
    };
    let shown = || page.items.iter().map(shown).collect();
    let newest = page.items.last().map(|message| message.id.clone());
    let shown = if limit > PAGE_ITEMS_MAX { tokio::task::block_in_place(shown) } else { shown() };
    Ok(Page { shown, newest })
}

/// Sends a message, and returns it as the dialect writes it.
pub(super) async fn send(
    service: &Service,
    caller: &AuthUser,
    dialect: Dialect,
    text: NewText,
) -> Result<Box<RawValue>, Refusal> {
    let sent = service.send(caller.actor(), text).await?;
    Ok(shown_message(service, caller, dialect, &sent.message))
}

/// Returns a message for the caller as the dialect writes it.
pub(super) fn shown_message(
    service: &Service,
    caller: &AuthUser,
    dialect: Dialect,
    message: &Arc<Message>,
) -> Box<RawValue> {
    let (message, online) = (caller.hidden().message(message), online(service, caller.hidden()));
    quintet_dialect::message(dialect, &caller.links().message(&message), &caller.0.user.id, &online)
}

/// Returns a conversation for the caller as the dialect writes it.
pub(super) fn shown_conversation(
    service: &Service,
    caller: &AuthUser,
    dialect: Dialect,
    conversation: &Conversation,
) -> Box<RawValue> {
    let (links, hidden) = (caller.links(), caller.hidden());
    let member =
        |member: &Member| Member { user: shown_user(service, links, hidden, &member.user), ..hidden.member(member) };
    let members: Vec<Member> = conversation.members.iter().map(member).collect();
    let last_message = conversation.last_message.as_ref().map(|message| links.message(&hidden.message(message)));
    let picture = links.conversation_picture(conversation.picture.as_ref());
    let shown = Shown {
        conversation: &conversation.conversation,
        description: None,
        picture: picture.as_deref(),
        metadata: conversation.metadata.as_ref(),
        open: conversation.open,
        moderation: conversation.moderation,
        owner: conversation.owner.as_ref(),
        members: &members,
        member_count: conversation.member_count,
        is_member: true,
        last_message: last_message.as_deref(),
        created_at: conversation.created_at,
        updated_at: conversation.updated_at,
        own: Own::Reader {
            user: &caller.0.user.id,
            email: caller.0.email.as_deref().unwrap_or_default(),
            unread_count: conversation.unread_count,
            settings: conversation.settings,
            silenced_until: conversation.silenced_until,
        },
    };
    quintet_dialect::conversation(dialect, &shown, &online(service, hidden))
}

/// Returns a username for a user whose client does not ask for one.
pub(super) fn username_for(name: &str) -> String {
    let name = username_from(&name.to_lowercase());
    if name.is_empty() { "user".to_owned() } else { name }
}

/// Returns the text of a field that must be present and not blank.
pub(super) fn required(field: &str, value: Option<String>) -> Result<String, Refusal> {
    value.filter(|text| !is_blank(text)).ok_or_else(|| missing(field))
}

/// Returns the refusal of a request that lacks a field.
pub(super) fn missing(field: &str) -> Refusal {
    Refusal::invalid(field, "is missing")
}
