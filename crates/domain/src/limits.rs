//! Every limit of the model, in one place, with its unit.

/// Maximum characters of an id.
pub const ID_CHARS_MAX: usize = 128;
/// Maximum characters of the id that a client gives a message.
pub const CLIENT_MESSAGE_ID_CHARS_MAX: usize = 64;
/// Maximum bytes of the text of a message, in UTF-8.
pub const CONTENT_BYTES_MAX: usize = 5_120;
/// Maximum bytes of the emoji of a reaction, in UTF-8.
pub const EMOJI_BYTES_MAX: usize = 64;
/// Maximum reactions of one user to one message.
pub const REACTIONS_OF_USER_MAX: usize = 20;
/// Maximum different emojis among the reactions to one message.
pub const REACTION_KINDS_MAX: usize = 50;
/// Maximum users that a message names for each emoji, the first who reacted.
pub const REACTION_USERS_SHOWN_MAX: usize = 20;
/// Reactions to one message that are told by events of their own, per second; faster ones are told together.
pub const REACTIONS_TOLD_PER_SECOND: u32 = 10;
/// Maximum users of reactions that one event tells together.
pub const REACTION_CHANGES_TOLD_MAX: usize = 1_000;
/// Maximum changes of reactions that wait to be told together; when there are more, all are told at once.
pub const REACTION_CHANGES_HELD_MAX: usize = 100_000;
/// Maximum users whom one user has blocked.
pub const BLOCKS_OF_USER_MAX: usize = 1_000;
/// Maximum number of users who have blocked one user and whose presence and receipts alone are hidden from it. A user whom
/// more have blocked is shown nobody's presence and receipts.
pub const BLOCKERS_TOLD_APART_MAX: usize = 10_000;
/// Maximum pinned messages of a conversation.
pub const PINS_MAX: usize = 50;
/// Maximum number of characters of a message that the answers to it show.
pub const QUOTE_CHARS_MAX: usize = 200;
/// Maximum number of users who are named as the newest senders of a thread.
pub const THREAD_SENDERS_SHOWN_MAX: usize = 5;
/// Maximum number of files of one message.
pub const FILES_OF_MESSAGE_MAX: usize = 10;
/// Maximum number of users whom one message mentions by name.
pub const MENTIONS_MAX: usize = 50;
/// Maximum number of members of a group in which every member may mention all at once.
pub const MENTION_ALL_MEMBERS_MAX: u32 = 20;
/// Maximum number of members of a group in which messages count as delivered once they are written to a connection.
pub const DELIVERED_MEMBERS_MAX: u32 = 20;
/// Maximum number of conversations of a node that have messages which do not count as delivered yet. Beyond it messages
/// count as delivered with a later one.
pub const DELIVERY_CONVERSATIONS_MAX: usize = 20_000;
/// Number of delivery cursors that wait to be moved by a node at which it stops looking for more.
pub const DELIVERIES_READY_MAX: usize = 10_000;
/// Maximum number of delivery cursors that a node moves at once, in the queue of the writer.
pub const DELIVERIES_NOTED_AT_ONCE: usize = 64;
/// Maximum size of the custom data of a message or a user, in bytes of JSON.
pub const METADATA_BYTES_MAX: usize = 4_096;
/// Maximum size of the custom data of a conversation, in bytes of JSON.
pub const CONVERSATION_METADATA_BYTES_MAX: usize = 16_384;
/// Maximum number of objects and lists within each other in custom data, the outermost object included.
pub const METADATA_DEPTH_MAX: usize = 32;
/// Maximum characters of a name of any kind.
pub const NAME_CHARS_MAX: usize = 128;
/// Maximum bytes of an email address (RFC 5321, with erratum 1690).
pub const EMAIL_BYTES_MAX: usize = 254;
/// Maximum times that one invitation may be used, if its uses are bounded.
pub const INVITATION_USES_MAX: u32 = 1_000_000;
/// Maximum number of invitations of one user that are good at a time.
pub const INVITATIONS_OF_USER_MAX: usize = 50;
/// Maximum number of groups and rooms that one invitation leads into.
pub const INVITATION_CONVERSATIONS_MAX: usize = 20;
/// Days after which an invitation that expired or was revoked is removed.
pub const INVITATIONS_KEPT_DAYS: i64 = 30;
/// Maximum number of sessions of a user. If there are more, those that were used longest ago end.
pub const LOGIN_SESSIONS_MAX: usize = 100;
/// Maximum number of characters that are kept of what a client says of itself when its user logs in.
pub const LOGIN_CLIENT_CHARS_MAX: usize = 200;
/// Seconds after which it is stored again that a session is in use.
pub const LOGIN_SEEN_EVERY_SECONDS: i64 = 60 * 60;
/// Maximum number of sockets of services on one node.
pub const SERVICE_SOCKETS_MAX: usize = 32;
/// Number of positions of the log that are read at once for a socket of a service.
pub const SERVICE_SOCKET_PAGE_POSITIONS: u64 = 256;
/// Maximum number of ids in one list.
pub const IDS_MAX: usize = 1_000;
/// Maximum members of each conversation that a list of conversations shows.
pub const MEMBERS_LISTED_MAX: usize = 100;
/// Maximum members of a conversation of which its events show all members.
pub const MEMBERS_TOLD_MAX: usize = 100;
/// Members of a larger conversation that its events show, the first.
pub const MEMBERS_OF_LARGE_TOLD_MAX: usize = 10;
/// Maximum users who are online that a new connection is told of.
pub const ONLINE_TOLD_MAX: usize = 1_000;
/// Maximum members that the answer to the join of a room names.
pub const ROOM_MEMBERS_TOLD_MAX: usize = 1_000;
/// Changed profiles that are kept in memory for connections that resume, the newest.
pub const PROFILES_KEPT_MAX: usize = 1_000;
/// Conversations by which the audience of each of those profiles is kept.
pub const PROFILE_CONVERSATIONS_KEPT_MAX: usize = 100;
/// Maximum bytes of a link.
pub const URL_BYTES_MAX: usize = 2_048;
/// Maximum bytes of the address of this server in front of its links.
pub const PUBLIC_URL_BYTES_MAX: usize = 512;
/// Minimum characters of a password, unless the configuration sets another number (NIST SP 800-63B).
pub const PASSWORD_CHARS_MIN_DEFAULT: usize = 8;
/// The smallest minimum of a password's characters that the configuration may set: what some front ends check. With the
/// limits on failed log-ins, a shorter one could be found by trying.
pub const PASSWORD_CHARS_MIN_LEAST: usize = 6;
/// The largest minimum of a password's characters that the configuration may set.
pub const PASSWORD_CHARS_MIN_MOST: usize = 64;
/// Maximum bytes of a password, so that hashing long passwords cannot keep the server busy.
pub const PASSWORD_BYTES_MAX: usize = 1_024;
/// Minimum bytes of a secret that signs tokens: the size of the hash of HMAC with SHA-256 (RFC 7518, section 3.2). A
/// shorter secret could be found from any token by trying.
pub const SECRET_BYTES_MIN: usize = 32;
/// Seconds after a token was issued for which it proves that its owner is present.
pub const FRESH_TOKEN_SECONDS: i64 = 10 * 60;
/// Maximum seconds by which the clock of another issuer may be ahead.
pub const CLOCK_AHEAD_SECONDS: i64 = 60;
/// Maximum messages that one read receipt names; the newest are named.
pub const READ_IDS_MAX: usize = 1_000;
/// Maximum members of a conversation in which all members receive read receipts.
pub const READ_AUDIENCE_MEMBERS_MAX: u32 = 100;
/// Maximum readers that a message names.
pub const READERS_SHOWN_MAX: usize = 100;
/// Maximum members of a conversation in which typing is passed on.
pub const TYPING_MEMBERS_MAX: u32 = 200;
/// Seconds after which typing stops by itself.
pub const TYPING_SECONDS_MAX: u64 = 30;
/// Seconds for which a repeated start of typing is not passed on again.
pub const TYPING_REPEAT_SECONDS: u64 = 1;
/// Seconds without a connection after which a user is offline.
pub const OFFLINE_AFTER_SECONDS: u64 = 2;
/// Seconds without a connection after which a guest leaves its rooms.
pub const GUEST_LEAVES_AFTER_SECONDS: u64 = 30;
/// Maximum rooms that a guest is in. It leaves all of them in one write when an account gets its id.
pub const GUEST_ROOMS_MAX: i64 = 100;
/// Seconds after which an empty room that a guest created is deleted.
pub const GUEST_ROOM_EMPTY_SECONDS_MAX: u64 = 24 * 60 * 60;
/// Number of messages that joining a room returns, the newest.
pub const HISTORY_ON_JOIN: u32 = 50;
/// Maximum items of one page of messages.
pub const PAGE_ITEMS_MAX: u32 = 200;
/// Items of one page if the client gives no number.
pub const PAGE_ITEMS_DEFAULT: u32 = 50;
/// Seconds between the notice that a token expired and the end of its connection.
pub const EXPIRED_GRACE_SECONDS: u64 = 30;
/// Days for which an issued token is valid, unless the configuration sets another number.
pub const TOKEN_DAYS_DEFAULT: u64 = 7;
/// Maximum notifications that are sent again when a client connects; the oldest are sent first.
pub const NOTIFICATIONS_RESENT_MAX: u32 = 1_000;
/// Maximum commands of one connection that wait for their replies at the same time.
pub const COMMANDS_IN_FLIGHT_MAX: usize = 64;
/// Maximum changes that are replayed to a client that reconnects. A client that missed more starts afresh.
pub const RECOVERY_CHANGES_MAX: usize = 5_000;
/// Maximum bytes of text and ids in a replay. A client that missed more starts afresh.
pub const RECOVERY_BYTES_MAX: usize = 8_000_000;
/// Events per second, for each user and each connection.
pub const EVENTS_PER_SECOND: u32 = 50;
/// Events that may arrive at once before the rate applies.
pub const EVENTS_BURST: u32 = 100;
/// Maximum bytes of one event as JSON text, with its name and the header of its packet but without its attachments. A
/// list of [`IDS_MAX`] ids of the usual length fits.
pub const EVENT_BYTES_MAX: usize = 65_536;
/// Bytes of events and attachments per second, after decompression, for each user and each connection.
pub const EVENT_BYTES_PER_SECOND: u32 = 256_000;
/// Bytes of events and attachments that may arrive at once before their rate applies. The event that exceeds the burst
/// is still accepted, so that an event of any permitted size fits.
pub const EVENT_BYTES_BURST: u32 = 1_000_000;
/// Bytes of events per second, after decompression, from all connections of one address that have no token.
pub const UNIDENTIFIED_BYTES_PER_SECOND: u32 = 2_000_000;
/// Bytes of such events that may arrive at once before their rate applies.
pub const UNIDENTIFIED_BYTES_BURST: u32 = 8_000_000;
/// Refused events that a connection may send at once; it is closed if it continues beyond the rate.
pub const REFUSED_EVENTS_BURST: u32 = 200;
/// Seconds after which refused events no longer count.
pub const REFUSED_EVENTS_SECONDS: u64 = 10;
/// Seconds within which a transport must enter a namespace, after it was opened or left the last namespace.
pub const CONNECT_SECONDS: u64 = 15;
/// Seconds within which a packet must arrive with all of its attachments, or a message with all of its frames.
pub const PACKET_SECONDS: u64 = 30;
/// Maximum bytes of a token. Issued tokens are much shorter.
pub const TOKEN_BYTES_MAX: usize = 8_192;
/// Maximum replays of one user at the same time; a further connection starts afresh.
pub const RECOVERIES_OF_USER_MAX: usize = 8;
/// Maximum replays of all users that run or wait; a further connection starts afresh.
pub const RECOVERIES_MAX: usize = 4_096;
/// Maximum bytes that are buffered for all replays. A connection that needs more is closed, and may reconnect.
pub const RECOVERIES_HELD_BYTES_MAX: usize = 128_000_000;
/// New connections per second, for each address.
pub const CONNECTIONS_PER_SECOND: u32 = 50;
/// Log-ins and registrations per minute, for each address.
pub const LOGINS_PER_MINUTE: u32 = 20;
/// Rooms that guests of one address may create per minute.
pub const GUEST_ROOMS_PER_MINUTE: u32 = 20;
/// Reports of messages that guests of one address may make per minute.
pub const GUEST_REPORTS_PER_MINUTE: u32 = 10;
/// Maximum bytes of a file.
pub const FILE_BYTES_MAX: u64 = 25_000_000;
/// Maximum uploads of one user at the same time.
pub const UPLOADS_AT_ONCE_OF_USER: usize = 8;
/// Maximum uploads of all users at the same time.
pub const UPLOADS_AT_ONCE: usize = 200;
/// Seconds for which a file is kept although no message, profile or conversation carries it.
pub const UPLOAD_WAITS_SECONDS: i64 = 24 * 60 * 60;
/// Maximum files of a user that no message, profile or conversation carries yet.
pub const UPLOADS_WAITING_MAX: i64 = 100;
/// Rows per second that a user may cause to be written, on average: members, messages, notifications and entries of the
/// log. The writes of one message count as two, so this is above the rate of events.
pub const ROWS_PER_SECOND: u64 = 150;
/// Rows that may be written at once before that rate applies: several groups with 1,000 members.
pub const ROWS_BURST: u64 = 4_000;
/// Bytes per second that a user may cause to be delivered to others, on average: the size of each event times its
/// possible recipients.
pub const DELIVERED_BYTES_PER_SECOND: u64 = 1_000_000;
/// Bytes that may be delivered at once before that rate applies: about sixty messages to a room of 1,000.
pub const DELIVERED_BYTES_BURST: u64 = 32_000_000;
/// Bytes of text per second that a user may store, on average: 1.7 GB per day, far more than anybody can type.
pub const STORED_BYTES_PER_SECOND: u64 = 20_000;
/// Bytes of text that may be stored at once before that rate applies: a thousand messages of the maximum size.
pub const STORED_BYTES_BURST: u64 = 5_000_000;
/// Rooms that a registered user may create per minute.
pub const ROOMS_PER_MINUTE: u64 = 20;
/// The budget of all guests of one network (an IPv4 address, or 64 bits of IPv6), as a multiple of the budget of one
/// user: a school or an office may share an address.
pub const GUESTS_OF_NETWORK: u64 = 4;
/// The budget of all networks of one site (48 bits of IPv6), as a multiple of the budget of one network.
pub const NETWORKS_OF_SITE: u64 = 8;
/// Events per second of all guests of one network.
pub const GUEST_EVENTS_PER_SECOND: u32 = 200;
/// Events of all guests of one network that may arrive at once before that rate applies.
pub const GUEST_EVENTS_BURST: u32 = 400;
/// Maximum minutes for which a user who exceeded a budget has to wait.
pub const BUDGET_WAIT_MINUTES_MAX: u64 = 10;
/// Maximum conversations that a user is a member of.
pub const CONVERSATIONS_OF_USER_MAX: i64 = 10_000;
/// Maximum members of a conversation.
pub const MEMBERS_MAX: u32 = 10_000;
/// Maximum groups and rooms that a user owns.
pub const OWNED_MAX: i64 = 10_000;
/// Maximum meetups that a user hosts and that have not ended.
pub const MEETUPS_HOSTED_MAX: i64 = 1_000;
/// Maximum open requests to take part in one meetup.
pub const MEETUP_REQUESTS_MAX: i64 = 1_000;
/// Maximum seconds of slow mode, between two messages of one member of a conversation.
pub const SLOW_MODE_SECONDS_MAX: u32 = 86_400;
/// Days for which the audit log is kept, unless the configuration sets another number.
pub const AUDIT_KEPT_DAYS_DEFAULT: u32 = 365;
/// Maximum bytes of the reason of an act of moderation, in UTF-8.
pub const REASON_BYTES_MAX: usize = 512;
/// Maximum users who are banned from one conversation, and maximum members who are silenced there.
pub const RESTRICTIONS_MAX: i64 = 10_000;
/// Maximum notifications that are kept for a user; the oldest are removed first.
pub const NOTIFICATIONS_KEPT_MAX: i64 = 5_000;
/// Maximum members beside the owner of a new group for which each member is announced to those before it. A larger
/// group announces none, because the number of notices grows with the square of the members.
pub const TOLD_EACH_MAX: usize = 16;
/// Days after which a notification that was read is removed.
pub const NOTIFICATIONS_READ_KEPT_DAYS: i64 = 30;
/// Days after which a guest that is a member of nothing, wrote nothing and owns nothing is removed.
pub const GUESTS_KEPT_DAYS: i64 = 7;
/// Days for which the log of changes is kept for replays, unless the configuration sets another number.
pub const CHANGES_KEPT_DAYS_DEFAULT: u32 = 7;
/// Maximum conversations of a user that are searched for one shared with another user; the newest are searched.
pub const SHARED_LOOKED_AT_MAX: i64 = 1_000;
/// Days for which a request to write to a person, or to take it into a group, can be accepted. Until then it can be made
/// only once.
pub const CONTACT_REQUEST_DAYS: i64 = 30;
/// Maximum requests that wait for the decision of one person.
pub const CONTACT_REQUESTS_MAX: usize = 200;
/// People whom a user may add to conversations per day, unless the configuration sets another number.
pub const ADDED_PER_DAY_DEFAULT: u32 = 200;
/// People whom a user may begin to write to per day without sharing a conversation with them, unless the configuration
/// sets another number.
pub const DIRECT_PER_DAY_DEFAULT: u32 = 50;
/// Maximum passwords that wait to be hashed or checked. Further ones are refused at once.
pub const PASSWORDS_WAITING_MAX: usize = 32;
/// Failed log-ins to one account before the next ones have to wait.
pub const LOGIN_FAILURES_MAX: u32 = 10;
/// Seconds that the first log-in after [`LOGIN_FAILURES_MAX`] failures has to wait. Each further failure doubles it.
pub const LOGIN_BACKOFF_SECONDS: u64 = 6;
/// Maximum seconds that a log-in has to wait, whatever the number of failures.
pub const LOGIN_BACKOFF_SECONDS_MAX: u64 = 15 * 60;
/// Seconds without a failed log-in after which earlier ones no longer count.
pub const LOGIN_FAILURES_FORGOTTEN_SECONDS: u64 = 60 * 60;
/// Maximum networks from which somebody logged in to an account that are stored; the newest are kept.
pub const LOGIN_NETWORKS_MAX: i64 = 20;
/// Days for which a network is stored after the last log-in from it.
pub const LOGIN_NETWORKS_KEPT_DAYS: i64 = 180;
/// Maximum browsers of a user that push messages are sent to. The one that was renewed longest ago is replaced.
pub const PUSH_SUBSCRIPTIONS_MAX: usize = 16;
/// Maximum bytes of the URL at which a push service takes messages for a browser.
pub const PUSH_ENDPOINT_BYTES_MAX: usize = 2_048;
/// Seconds without an event of any connection after which a user counts as away and is sent push messages.
pub const PUSH_AWAY_SECONDS: i64 = 60;
/// Maximum members of a conversation whose messages are pushed to every member. In a larger one they are pushed to those
/// whom they mention.
pub const PUSH_MEMBERS_MAX: u32 = 1_000;
/// Maximum characters of a message that a push message quotes.
pub const PUSH_TEXT_CHARS_MAX: usize = 300;
/// Maximum bytes of files that a user may have, unless the configuration sets another number.
pub const FILE_BYTES_OF_USER_DEFAULT: u64 = 2_000_000_000;
/// Bytes of the disk that must stay free, unless the configuration sets another number.
pub const FREE_BYTES_MIN_DEFAULT: u64 = 256_000_000;

// --- reads ---

/// Maximum reads that the store runs at the same time for one user, or for one address if no user is known.
pub const READS_AT_ONCE_OF_PARTY: usize = 8;
/// The share of [`READS_AT_ONCE_OF_PARTY`] for lists, searches and replays. It is below the number of connections that
/// the store has for these, so that others always find a free one.
pub const HEAVY_READS_AT_ONCE_OF_PARTY: usize = 2;
/// Maximum HTTP requests for lists, of all users, that are processed at the same time. Each may take some megabytes of
/// memory.
pub const HEAVY_REQUESTS_AT_ONCE: usize = 4;
/// Maximum users who may have such requests running or waiting.
pub const HEAVY_REQUESTS_MAX: usize = 512;
/// Maximum reads of one user that wait for earlier reads of the same user, for each class of reads. Further reads are
/// refused.
pub const READS_WAITING_OF_USER: usize = 32;
/// Maximum reads of a user's starting sessions that wait. After a restart all connections of a user reconnect at once.
pub const VITAL_READS_WAITING_OF_USER: usize = 1_024;
/// Maximum reads of starting sessions that wait for one address. A trusted back end may bring all of its clients from
/// one address.
pub const VITAL_READS_WAITING_OF_ADDRESS: usize = 4_096;
/// Maximum reads of one service that wait, for each class of reads. A service acts for many users and has no rate.
pub const READS_WAITING_OF_SERVICE: usize = 4_096;
/// Maximum reads of one address that wait. It is above the number for one user, because many people may share an
/// address.
pub const READS_WAITING_OF_ADDRESS: usize = 256;
/// Seconds after which the store interrupts a read.
pub const READ_SECONDS_MAX: u64 = 5;
/// Maximum bytes of names, links and texts in one page of a list. A page that would have more ends earlier.
pub const LIST_BYTES_MAX: usize = 4_000_000;
/// Maximum members of all conversations of one page of a list. In a long page each conversation shows fewer than
/// [`MEMBERS_LISTED_MAX`].
pub const MEMBERS_OF_PAGE_MAX: usize = 20_000;
/// Maximum participants and requests of all meetups of one page of a list.
pub const MEETUP_PEOPLE_OF_PAGE_MAX: usize = 20_000;
/// Minimum members of each conversation, or people of each meetup, that a page of a list may show, however long it is.
pub const PEOPLE_LISTED_MIN: usize = 10;
/// Number of newest messages among which unread ones are counted.
pub const UNREAD_COUNTED_MAX: u32 = 1_000;
/// Maximum messages of a conversation that are counted, or skipped, for clients that count pages.
pub const MESSAGES_COUNTED_MAX: u32 = 100_000;
/// Maximum names that one read of a search examines. The next page continues after them.
pub const NAMES_SEARCHED_MAX: u32 = 50_000;
/// Maximum characters of a text for which messages are searched.
pub const SEARCH_CHARS_MAX: usize = 256;
/// Maximum words of a text for which messages are searched; two Chinese, Japanese or Korean characters count as one.
pub const SEARCH_TERMS_MAX: usize = 32;
/// Minimum characters of the beginning of a word that is searched with `*`.
pub const SEARCH_PREFIX_CHARS_MIN: usize = 2;
/// Minimum characters from which on the last word of a search is taken for the beginning of one.
pub const SEARCH_LAST_WORD_CHARS_MIN: usize = 3;
/// Characters of a word by which messages are found; longer words are alike if these are.
pub const SEARCH_WORD_CHARS_MAX: usize = 40;
/// Maximum messages that one read of a search examines. The next page continues after them.
pub const SEARCH_MESSAGES_EXAMINED_MAX: u32 = 5_000;
/// Maximum conversations by which a search over all of a user's conversations is narrowed before messages are examined.
pub const SEARCH_SCOPES_MAX: usize = 64;
/// Reads over HTTP per second, for each user. A list or a search counts as [`HEAVY_READ_COST`].
pub const READS_PER_SECOND: u32 = 20;
/// Reads of a user that may arrive at once before the rate applies.
pub const READS_BURST: u32 = 100;
/// The number of reads that a list, a search or a very long page counts as.
pub const HEAVY_READ_COST: u32 = 5;
/// Reads without a token per second, for each address: many people may share an address.
pub const ANONYMOUS_READS_PER_SECOND: u32 = 100;
/// Reads without a token that may arrive at once from an address before the rate applies.
pub const ANONYMOUS_READS_BURST: u32 = 1_000;
/// Maximum number of webhooks of an installation.
pub const WEBHOOKS_MAX: usize = 16;
/// Maximum conversations that a webhook names.
pub const WEBHOOK_CONVERSATIONS_MAX: usize = 100;
/// Maximum characters of the description of a webhook.
pub const WEBHOOK_DESCRIPTION_CHARS_MAX: usize = 200;
/// Number of newest attempts of deliveries that are kept of each webhook.
pub const WEBHOOK_DELIVERIES_KEPT: usize = 100;
/// Characters that are kept of a sentence about a delivery.
pub const WEBHOOK_PROBLEM_CHARS_MAX: usize = 300;
/// Days of failures alone after which a webhook is disabled.
pub const WEBHOOK_FAILING_DAYS_MAX: i64 = 3;
/// Positions of the log that a webhook reads at once; those behind wait until all of them are delivered.
pub const WEBHOOK_WINDOW: u64 = 64;
/// Maximum deliveries to one webhook at the same time, each of another conversation.
pub const WEBHOOK_DELIVERIES_AT_ONCE: usize = 8;
/// Seconds that the receiver of a webhook has to answer.
pub const WEBHOOK_ANSWER_SECONDS_MAX: u64 = 15;
/// Seconds until the first repeat of a delivery that failed. Each further pause is twice as long.
pub const WEBHOOK_PAUSE_SECONDS_FIRST: u64 = 1;
/// Maximum seconds until the next repeat of a delivery that failed.
pub const WEBHOOK_PAUSE_SECONDS_MAX: u64 = 900;
/// Maximum bytes of the reason of a report, in UTF-8.
pub const REPORT_REASON_BYTES_MAX: usize = 1_024;
/// Maximum reports of one user that wait for a moderator.
pub const REPORTS_OPEN_OF_USER_MAX: i64 = 100;
/// Maximum reports by members that are kept of one message as long as it is not edited; who reports it beyond them is
/// confirmed, and nothing is added.
pub const REPORTS_OF_MESSAGE_MAX: i64 = 20;
/// Maximum reports by guests that are kept of such a message. They do not count among those of members, because anybody can
/// take the ids of many guests.
pub const GUEST_REPORTS_OF_MESSAGE_MAX: i64 = 5;
/// Maximum reports by the server itself, about one user, that wait for a moderator; what it would report beyond them is not
/// reported.
pub const FLAGS_OPEN_OF_USER_MAX: i64 = 100;
/// Days for which reports are kept, resolved or not.
pub const REPORTS_KEPT_DAYS: i64 = 90;
/// Maximum entries of the operator's lists of words, in the configuration and the file together.
pub const LISTED_WORDS_MAX: usize = 20_000;
/// Maximum characters of an entry of a list of words, once it is folded.
pub const LISTED_WORD_CHARS_MAX: usize = 64;
/// Maximum hosts of the operator's list of links.
pub const LISTED_HOSTS_MAX: usize = 200_000;
/// Maximum requests to the hook that is asked before messages are sent, at once. Further ones wait within their own time.
pub const HOOK_REQUESTS_AT_ONCE: usize = 64;
/// Maximum bytes of the answer of a hook.
pub const HOOK_ANSWER_BYTES_MAX: usize = 65_536;
/// Maximum characters of the sentence by which a hook refuses something; the rest is cut off.
pub const HOOK_REFUSAL_CHARS_MAX: usize = 300;
/// Milliseconds that a hook has for its answer, unless the operator sets another time.
pub const HOOK_ANSWER_MS_DEFAULT: u64 = 1_500;
/// The least and the greatest time that the operator can set, in milliseconds.
pub const HOOK_ANSWER_MS_RANGE: std::ops::RangeInclusive<u64> = 100..=5_000;
