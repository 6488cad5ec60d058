//! Every limit of the model, in one place, with its unit.

/// Characters of an id.
pub const ID_CHARS_MAX: usize = 128;
/// Characters of a client's message id.
pub const CLIENT_MESSAGE_ID_CHARS_MAX: usize = 64;
/// Bytes of a message's text, in UTF-8.
pub const CONTENT_BYTES_MAX: usize = 5_120;
/// Characters of a name, of whatever kind.
pub const NAME_CHARS_MAX: usize = 128;
/// Ids in one list.
pub const IDS_MAX: usize = 1_000;
/// Members of a conversation that a list of conversations shows.
pub const MEMBERS_LISTED_MAX: usize = 100;
/// Bytes of a link.
pub const URL_BYTES_MAX: usize = 2_048;
/// Characters of a password, at least.
pub const PASSWORD_CHARS_MIN: usize = 8;
/// Bytes of a password, at most: hashing more is a way to keep a server busy.
pub const PASSWORD_BYTES_MAX: usize = 1_024;
/// Messages that one read receipt names, the newest.
pub const READ_IDS_MAX: usize = 1_000;
/// Members up to which everybody is told who read.
pub const READ_AUDIENCE_MEMBERS_MAX: u32 = 100;
/// Readers that a message names.
pub const READERS_SHOWN_MAX: usize = 100;
/// Members up to which typing is passed on.
pub const TYPING_MEMBERS_MAX: u32 = 200;
/// Seconds after which typing ends by itself.
pub const TYPING_SECONDS_MAX: u64 = 30;
/// Seconds in which a repeated start of typing is not passed on again.
pub const TYPING_REPEAT_SECONDS: u64 = 1;
/// Seconds without a connection after which a user is offline.
pub const OFFLINE_AFTER_SECONDS: u64 = 2;
/// Seconds without a connection after which a guest is out of its rooms.
pub const GUEST_LEAVES_AFTER_SECONDS: u64 = 30;
/// Seconds after which an empty room made by a guest goes.
pub const GUEST_ROOM_EMPTY_SECONDS_MAX: u64 = 24 * 60 * 60;
/// Messages that joining a room gives, the newest.
pub const HISTORY_ON_JOIN: u32 = 50;
/// Items of one page of messages, at most.
pub const PAGE_ITEMS_MAX: u32 = 200;
/// Items of one page where the client names no number.
pub const PAGE_ITEMS_DEFAULT: u32 = 50;
/// Seconds between the word that a token expired and the end of its connection.
pub const EXPIRED_GRACE_SECONDS: u64 = 30;
/// Days that an issued token lives, where the configuration names no other number.
pub const TOKEN_DAYS_DEFAULT: u64 = 7;
/// Notifications that are sent again on a connect, the oldest first.
pub const NOTIFICATIONS_RESENT_MAX: u32 = 1_000;
/// Commands of one connection that may be under way at once.
pub const COMMANDS_IN_FLIGHT_MAX: usize = 64;
/// Changes that a client which comes back is brought up to date with; one that missed more starts afresh.
pub const RECOVERY_CHANGES_MAX: usize = 5_000;
/// Bytes of text and ids in them, beyond which it starts afresh as well.
pub const RECOVERY_BYTES_MAX: usize = 8_000_000;
/// Events a second, per user and per connection.
pub const EVENTS_PER_SECOND: u32 = 50;
/// Events that may come at once before the rate counts.
pub const EVENTS_BURST: u32 = 100;
/// New connections a second, per address.
pub const CONNECTIONS_PER_SECOND: u32 = 50;
/// Log-ins and registrations a minute, per address.
pub const LOGINS_PER_MINUTE: u32 = 20;
/// Rooms made by guests a minute, per address.
pub const GUEST_ROOMS_PER_MINUTE: u32 = 20;
/// Bytes of a file.
pub const FILE_BYTES_MAX: u64 = 25_000_000;
/// Uploads of a user that may be under way at once.
pub const UPLOADS_AT_ONCE_OF_USER: usize = 8;
/// Uploads of all that may be under way at once.
pub const UPLOADS_AT_ONCE: usize = 200;
/// Seconds that a file waits for something to carry it.
pub const UPLOAD_WAITS_SECONDS: i64 = 24 * 60 * 60;
/// Files of a user that nothing carries yet.
pub const UPLOADS_WAITING_MAX: i64 = 100;

// --- reads ---

/// Reads of one user, or of one address where no user is known, that the store works on at once.
pub const READS_AT_ONCE_OF_PARTY: usize = 8;
/// Of these, reads of lists, searches and recoveries: fewer than the store has connections for them, so that others
/// always find one.
pub const HEAVY_READS_AT_ONCE_OF_PARTY: usize = 2;
/// Requests over HTTP for lists, of all users, that are read, made and written at once: each may take some megabytes.
pub const HEAVY_REQUESTS_AT_ONCE: usize = 4;
/// Users who may have such requests under way or waiting.
pub const HEAVY_REQUESTS_MAX: usize = 512;
/// Reads of one user that wait for the user's own earlier ones; further ones are refused.
pub const READS_WAITING_OF_USER: usize = 32;
/// Reads of one address that wait for its earlier ones: more than of one user, for many people may share an address.
pub const READS_WAITING_OF_ADDRESS: usize = 256;
/// Seconds that a read may take in the store before it is interrupted.
pub const READ_SECONDS_MAX: u64 = 5;
/// Bytes of names, links and texts in one page of a list. A page that would have more ends earlier.
pub const LIST_BYTES_MAX: usize = 4_000_000;
/// Members over all conversations of one page of a list: of a long page fewer than [`MEMBERS_LISTED_MAX`] of each.
pub const MEMBERS_OF_PAGE_MAX: usize = 20_000;
/// People who take part or ask to, over all meetups of one page of a list.
pub const MEETUP_PEOPLE_OF_PAGE_MAX: usize = 20_000;
/// Members of each conversation, or people of each meetup, that a page of a list shows however long it is.
pub const PEOPLE_LISTED_MIN: usize = 10;
/// Messages, the newest, among which unread ones are counted.
pub const UNREAD_COUNTED_MAX: u32 = 1_000;
/// Messages up to which a conversation's are counted, and which may be skipped, for clients that count pages.
pub const MESSAGES_COUNTED_MAX: u32 = 100_000;
/// Names that one read of a search looks at; the next page goes on behind them.
pub const NAMES_SEARCHED_MAX: u32 = 50_000;
/// Reads over HTTP a second, per user; a list or a search counts as [`HEAVY_READ_COST`].
pub const READS_PER_SECOND: u32 = 20;
/// Reads of a user that may come at once before the rate counts.
pub const READS_BURST: u32 = 100;
/// Reads that a list, a search or a very long page counts as.
pub const HEAVY_READ_COST: u32 = 5;
/// Reads without a token a second, per address: many people may share one.
pub const ANONYMOUS_READS_PER_SECOND: u32 = 100;
/// Reads without a token that may come at once from an address before the rate counts.
pub const ANONYMOUS_READS_BURST: u32 = 1_000;
