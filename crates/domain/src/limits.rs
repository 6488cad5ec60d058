//! Every limit of the model, in one place, with its unit.

/// Characters of an id.
pub const ID_CHARS_MAX: usize = 128;
/// Characters of a client's message id.
pub const CLIENT_MESSAGE_ID_CHARS_MAX: usize = 64;
/// Bytes of a message's text, in UTF-8.
pub const CONTENT_BYTES_MAX: usize = 5_120;
/// Characters of a name, of whatever kind.
pub const NAME_CHARS_MAX: usize = 128;
/// Bytes of an email address (RFC 5321, with erratum 1690).
pub const EMAIL_BYTES_MAX: usize = 254;
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
/// Bytes of a secret that tokens are signed with, at least: HMAC with SHA-256 is as strong as that (RFC 7518,
/// section 3.2), and a shorter one can be guessed from any token.
pub const SECRET_BYTES_MIN: usize = 32;
/// Seconds since a token was issued in which it proves that its owner is present.
pub const FRESH_TOKEN_SECONDS: i64 = 10 * 60;
/// Seconds that the clock of another issuer may be ahead.
pub const CLOCK_AHEAD_SECONDS: i64 = 60;
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
/// Rooms that a guest is in at once. All of them are left in one write when an account gets the guest's id.
pub const GUEST_ROOMS_MAX: i64 = 100;
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
/// Bytes of one event as JSON text, its name and the head of its packet included, its attachments apart. A list of
/// [`IDS_MAX`] ids of the usual size fits.
pub const EVENT_BYTES_MAX: usize = 65_536;
/// Bytes of events and attachments a second, inflated, per user and per connection.
pub const EVENT_BYTES_PER_SECOND: u32 = 256_000;
/// Bytes of events and attachments that may come at once before their rate counts; the event that exceeds them is still
/// taken, so that one of any size fits.
pub const EVENT_BYTES_BURST: u32 = 1_000_000;
/// Bytes of events a second, inflated, from all connections of one address that no token vouches for.
pub const UNIDENTIFIED_BYTES_PER_SECOND: u32 = 2_000_000;
/// Bytes of such events that may come at once before their rate counts.
pub const UNIDENTIFIED_BYTES_BURST: u32 = 8_000_000;
/// Refused events that a connection may send at once before it is closed for going on beyond the rate.
pub const REFUSED_EVENTS_BURST: u32 = 200;
/// Seconds after which refused events no longer count.
pub const REFUSED_EVENTS_SECONDS: u64 = 10;
/// Seconds that a transport has to enter a namespace, from its opening or from leaving the last one.
pub const CONNECT_SECONDS: u64 = 15;
/// Seconds in which a packet with its attachments, or a message in its frames, has to arrive wholly.
pub const PACKET_SECONDS: u64 = 30;
/// Bytes of a token, at most: none that is issued comes near.
pub const TOKEN_BYTES_MAX: usize = 8_192;
/// Connections of one user that are brought up to date at once; another one starts afresh.
pub const RECOVERIES_OF_USER_MAX: usize = 8;
/// Connections of all that are being brought up to date or wait for it; another one starts afresh.
pub const RECOVERIES_MAX: usize = 4_096;
/// Bytes that are held for all of them meanwhile; a connection that needs more is closed, and comes back.
pub const RECOVERIES_HELD_BYTES_MAX: usize = 128_000_000;
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
/// Rows a second that a user may cause to be written, on average: members, messages, notifications and entries of the
/// log. A message writes two, so this is above the rate of events.
pub const ROWS_PER_SECOND: u64 = 150;
/// Rows that may be written at once before that rate counts: a group with 1,000 members, a few times over.
pub const ROWS_BURST: u64 = 4_000;
/// Bytes a second that a user may cause to be delivered to others, on average: the size of each event times those who
/// may hear it.
pub const DELIVERED_BYTES_PER_SECOND: u64 = 1_000_000;
/// Bytes that may be delivered at once before that rate counts: some sixty messages to a room of 1,000.
pub const DELIVERED_BYTES_BURST: u64 = 32_000_000;
/// Bytes of text a second that a user may store, on average: 1.7 GB a day, far beyond what anybody types.
pub const STORED_BYTES_PER_SECOND: u64 = 20_000;
/// Bytes of text that may be stored at once before that rate counts: a thousand messages of the largest size.
pub const STORED_BYTES_BURST: u64 = 5_000_000;
/// Rooms that a registered user may make in a minute.
pub const ROOMS_PER_MINUTE: u64 = 20;
/// How many times as much all guests of one network (an IPv4 address, or 64 bits of IPv6) may cause together as one
/// user may: a school or an office may be behind it.
pub const GUESTS_OF_NETWORK: u64 = 4;
/// How many times as much all networks of one site (48 bits of IPv6) may cause as one network may.
pub const NETWORKS_OF_SITE: u64 = 8;
/// Events a second of all guests of one network.
pub const GUEST_EVENTS_PER_SECOND: u32 = 200;
/// Events of all guests of one network that may come at once before that rate counts.
pub const GUEST_EVENTS_BURST: u32 = 400;
/// Minutes for which a user whose commands wrote or delivered far too much waits, at most.
pub const BUDGET_WAIT_MINUTES_MAX: u64 = 10;
/// Conversations that a user is a member of.
pub const CONVERSATIONS_OF_USER_MAX: i64 = 10_000;
/// Members of a conversation.
pub const MEMBERS_MAX: u32 = 10_000;
/// Groups and rooms that a user owns.
pub const OWNED_MAX: i64 = 10_000;
/// Meetups that a user hosts and that have not ended.
pub const MEETUPS_HOSTED_MAX: i64 = 1_000;
/// Open requests to take part in a meetup.
pub const MEETUP_REQUESTS_MAX: i64 = 1_000;
/// Notifications that are kept of a user; the oldest go first.
pub const NOTIFICATIONS_KEPT_MAX: i64 = 5_000;
/// Members beside its owner up to which a new group announces each of them to those before it. A larger group announces
/// none, because the number of notices would grow with the square of the members.
pub const TOLD_EACH_MAX: usize = 16;
/// Days after which a notification that was read is removed.
pub const NOTIFICATIONS_READ_KEPT_DAYS: i64 = 30;
/// Days after which a guest that is a member of nothing, wrote nothing and owns nothing is forgotten.
pub const GUESTS_KEPT_DAYS: i64 = 7;
/// Days for which the log keeps what clients can go on from, where the configuration names no other number.
pub const CHANGES_KEPT_DAYS_DEFAULT: u32 = 7;
/// Conversations of a user that are looked through for one that it shares with another, the newest.
pub const SHARED_LOOKED_AT_MAX: i64 = 1_000;
/// People whom a user may add to conversations in a day, where the configuration names no other number.
pub const ADDED_PER_DAY_DEFAULT: u32 = 200;
/// People whom a user may begin to write to in a day without sharing a conversation with them, where the configuration
/// names no other number.
pub const DIRECT_PER_DAY_DEFAULT: u32 = 50;
/// Passwords that may wait to be hashed or checked; more are refused at once.
pub const PASSWORDS_WAITING_MAX: usize = 32;
/// Log-ins to one account that may fail before the next ones have to wait.
pub const LOGIN_FAILURES_MAX: u32 = 10;
/// Seconds that the first log-in after those has to wait; each further failure doubles it.
pub const LOGIN_BACKOFF_SECONDS: u64 = 6;
/// Seconds that a log-in has to wait at most, however many failed before it.
pub const LOGIN_BACKOFF_SECONDS_MAX: u64 = 15 * 60;
/// Networks from which an account was logged in to that are kept, the newest.
pub const LOGIN_NETWORKS_MAX: i64 = 20;
/// Days after the last log-in from a network for which it is kept.
pub const LOGIN_NETWORKS_KEPT_DAYS: i64 = 180;
/// Bytes of files that a user may have, where the configuration names no other number.
pub const FILE_BYTES_OF_USER_DEFAULT: u64 = 2_000_000_000;
/// Bytes of the disk that stay free, where the configuration names no other number.
pub const FREE_BYTES_MIN_DEFAULT: u64 = 256_000_000;

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
/// Reads of one user of each kind that wait for the user's own earlier ones; further ones are refused.
pub const READS_WAITING_OF_USER: usize = 32;
/// Reads that a user's starting sessions may have waiting. After a restart all connections of a user come back at once.
pub const VITAL_READS_WAITING_OF_USER: usize = 1_024;
/// Reads of one address that wait with which sessions begin: a back end that is trusted may bring all its clients from one.
pub const VITAL_READS_WAITING_OF_ADDRESS: usize = 4_096;
/// Reads of one service of each kind that wait: another backend acts for many, and has no rate.
pub const READS_WAITING_OF_SERVICE: usize = 4_096;
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
