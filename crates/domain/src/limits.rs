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
/// Seconds in which those are forgotten.
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
