//! The tables and columns of an installation, by their names in both databases.
//!
//! Not here are tables of PostgreSQL that a copy begins anew or does not need: those of the order, of nodes, of migrations, of
//! keys (which are files beside a database of SQLite) and of what is counted; and the column `change.told`, which matters only
//! to nodes that had not delivered the change.
//!
//! What must stay true: every other column of both databases is listed. A test fills all columns of SQLite, whatever they
//! are, and looks whether they come back, and whether all columns of PostgreSQL have got something.

/// What a column holds, where the two databases store it in different forms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A whole number.
    Whole,
    /// A whole number that old rows of SQLite lack, and that is 0 for them in PostgreSQL.
    WholeOrZero,
    /// Yes or no: 1 or 0 in SQLite.
    Flag,
    /// A text in UTF-8.
    Text,
    /// Bytes that are no text.
    Bytes,
    /// The id of a message, which both store as bytes or as text, each in its own way.
    MessageId,
    /// The number up to which a conversation is hidden: -1 in SQLite and null in PostgreSQL where it is not.
    Hidden,
}

/// A column, which has the same name in both databases.
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
}

/// A table.
pub(crate) struct Table {
    /// Its name in SQLite.
    pub(crate) sqlite: &'static str,
    /// Its name in PostgreSQL.
    pub(crate) postgres: &'static str,
    pub(crate) columns: &'static [Column],
    /// Whether a database that nobody has used has rows of it.
    pub(crate) is_preset: bool,
}

const fn of(kind: Kind, name: &'static str) -> Column {
    Column { name, kind }
}

const fn whole(name: &'static str) -> Column {
    of(Kind::Whole, name)
}

const fn flag(name: &'static str) -> Column {
    of(Kind::Flag, name)
}

const fn text(name: &'static str) -> Column {
    of(Kind::Text, name)
}

const fn table(name: &'static str, columns: &'static [Column]) -> Table {
    Table { sqlite: name, postgres: name, columns, is_preset: false }
}

const fn preset(name: &'static str, columns: &'static [Column]) -> Table {
    Table { sqlite: name, postgres: name, columns, is_preset: true }
}

/// All tables.
pub(crate) const TABLES: &[Table] = &[
    Table {
        sqlite: "user",
        postgres: "chat_user",
        columns: &[
            whole("pk"),
            text("id"),
            text("kind"),
            flag("service"),
            text("username"),
            text("name"),
            text("last_name"),
            text("avatar"),
            whole("last_seen"),
            whole("created_at"),
            text("username_key"),
            text("name_key"),
            text("name_look"),
            text("email"),
            text("email_key"),
            text("password_hash"),
            text("home_dialect"),
            text("country"),
            whole("token_generation"),
            whole("tokens_from_s"),
            flag("disabled"),
            flag("erased"),
            whole("erasing_from"),
            whole("erasing_conversation_pk"),
            whole("picture_pk"),
            text("former_id"),
            text("metadata"),
            text("server_role"),
            whole("conversations"),
            whole("notifications"),
            whole("file_bytes"),
            flag("is_blocked"),
            whole("blocks_position"),
        ],
        is_preset: false,
    },
    preset("name_keys", &[text("version")]),
    table("guest_secret", &[whole("pk"), whole("user_pk"), text("name"), of(Kind::Bytes, "hash"), whole("created_at")]),
    table("service_key", &[whole("user_pk"), text("hash"), whole("created_at"), text("scopes")]),
    table(
        "login_session",
        &[text("id"), whole("user_pk"), text("client"), whole("created_at"), whole("seen_at"), whole("expires_at")],
    ),
    table("login_network", &[whole("user_pk"), text("network"), whole("at")]),
    table(
        "push_subscription",
        &[
            text("endpoint"),
            whole("user_pk"),
            of(Kind::Bytes, "p256dh"),
            of(Kind::Bytes, "auth"),
            whole("created_at"),
            whole("renewed_at"),
        ],
    ),
    table("push_subscriber", &[whole("user_pk"), whole("active_at")]),
    preset("push_cursor", &[whole("position")]),
    table("contacts", &[whole("user_pk"), whole("day"), whole("added"), whole("direct")]),
    table(
        "conversation",
        &[
            whole("pk"),
            text("id"),
            text("kind"),
            text("name"),
            text("description"),
            text("picture"),
            whole("picture_pk"),
            text("metadata"),
            flag("open"),
            whole("owner_pk"),
            whole("owner_secret_pk"),
            whole("first_pk"),
            whole("second_pk"),
            flag("made_by_guest"),
            whole("empty_since"),
            whole("created_at"),
            whole("deleted_at"),
            whole("sequence"),
            whole("member_count"),
            whole("last_message"),
            whole("updated_at"),
            flag("blocked"),
            whole("slow_mode_s"),
            whole("moderation"),
            whole("retention_days"),
        ],
    ),
    table("block", &[whole("blocker_pk"), whole("blocked_pk"), whole("at")]),
    table(
        "contact_request",
        &[
            text("id"),
            text("kind"),
            whole("from_pk"),
            whole("to_pk"),
            whole("conversation_pk"),
            text("role"),
            whole("at"),
            flag("declined"),
        ],
    ),
    table("left_group", &[whole("user_pk"), whole("conversation_pk")]),
    table(
        "member",
        &[
            whole("conversation_pk"),
            whole("user_pk"),
            text("role"),
            whole("joined_at"),
            whole("joined_sequence"),
            whole("read_sequence"),
            whole("read_at"),
            of(Kind::Hidden, "hidden_sequence"),
            whole("settings"),
            whole("muted_until"),
            whole("archived_after"),
            whole("settings_position"),
            whole("delivered_sequence"),
            whole("silenced_until"),
        ],
    ),
    table("author", &[whole("user_pk"), whole("conversation_pk"), whole("slow_sent_at"), whole("left_at")]),
    table(
        "message",
        &[
            whole("position"),
            of(Kind::MessageId, "id"),
            whole("conversation_pk"),
            whole("sequence"),
            whole("sender_pk"),
            text("kind"),
            text("content"),
            text("file_url"),
            text("file_name"),
            text("client_message_id"),
            whole("created_at"),
            whole("edited_at"),
            whole("deleted_at"),
            whole("origin"),
            flag("acked"),
            whole("guest_secret_pk"),
            whole("marks"),
            text("extra"),
        ],
    ),
    table("thread", &[whole("root"), whole("count"), whole("last_at"), text("last_senders")]),
    table("thread_reply", &[whole("root"), whole("position")]),
    table(
        "change",
        &[
            whole("position"),
            whole("conversation_pk"),
            whole("sequence"),
            whole("origin"),
            flag("acked"),
            whole("at"),
            whole("version"),
            text("data"),
        ],
    ),
    preset("pruned", &[whole("position")]),
    table("departed", &[whole("user_pk"), whole("position"), whole("conversation_pk")]),
    table("addressed", &[whole("user_pk"), whole("position")]),
    table(
        "meetup",
        &[
            whole("pk"),
            text("id"),
            whole("conversation_pk"),
            whole("host_pk"),
            text("activity"),
            text("location"),
            whole("starts_at"),
            whole("expires_at"),
            whole("capacity"),
            text("status"),
            whole("deleted_at"),
        ],
    ),
    table("meetup_request", &[whole("meetup_pk"), whole("user_pk"), whole("created_at")]),
    table(
        "notification",
        &[
            whole("pk"),
            text("id"),
            whole("user_pk"),
            whole("cause_pk"),
            text("title"),
            text("message"),
            whole("at"),
            whole("read_at"),
            flag("delivered"),
            of(Kind::WholeOrZero, "position"),
        ],
    ),
    table(
        "file",
        &[
            whole("pk"),
            text("id"),
            text("secret"),
            whole("uploader_pk"),
            text("name"),
            whole("size"),
            text("mime"),
            whole("width"),
            whole("height"),
            whole("created_at"),
        ],
    ),
    table(
        "invitation",
        &[
            whole("pk"),
            text("id"),
            text("hash"),
            flag("admits"),
            text("conversations"),
            whole("made_by_pk"),
            whole("created_at"),
            whole("expires_at"),
            whole("uses_max"),
            whole("uses"),
            whole("revoked_at"),
        ],
    ),
    table("reaction", &[whole("message"), text("emoji"), whole("position"), whole("user_pk")]),
    table("reaction_count", &[whole("message"), text("emoji"), whole("count"), whole("since")]),
    table("pin", &[whole("message"), whole("conversation_pk"), whole("user_pk"), whole("at"), whole("position")]),
    table(
        "restriction",
        &[
            whole("conversation_pk"),
            text("kind"),
            whole("user_pk"),
            whole("until"),
            text("reason"),
            whole("by_pk"),
            whole("at"),
            flag("by_server"),
        ],
    ),
    table(
        "audit",
        &[
            whole("pk"),
            whole("at"),
            text("act"),
            whole("actor_pk"),
            whole("user_pk"),
            whole("conversation_pk"),
            whole("until"),
            text("reason"),
            text("detail"),
        ],
    ),
    table("carried", &[whole("file_pk"), whole("message")]),
    table(
        "webhook",
        &[
            text("id"),
            text("url"),
            text("secret"),
            text("description"),
            text("kinds"),
            text("conversations"),
            flag("personal"),
            flag("enabled"),
            text("disabled_because"),
            whole("created_at"),
            whole("position"),
            whole("turn"),
            whole("failing_since"),
        ],
    ),
    table(
        "webhook_delivery",
        &[
            text("webhook_id"),
            whole("number"),
            whole("position"),
            text("kind"),
            whole("attempt"),
            whole("at"),
            whole("took_ms"),
            whole("status"),
            flag("delivered"),
            text("problem"),
        ],
    ),
    table(
        "report",
        &[
            whole("number"),
            whole("at"),
            whole("message"),
            text("message_id"),
            whole("conversation_pk"),
            whole("sender_pk"),
            whole("reporter_pk"),
            text("reason"),
            text("snapshot"),
            whole("resolved_by_pk"),
            whole("resolved_at"),
            text("resolved_with"),
            whole("edited_at"),
        ],
    ),
    preset("file_total", &[whole("bytes")]),
    preset("identity", &[text("id")]),
];
