//! Every kind of record is read back as it was written, and as each version wrote it.
//!
//! What must stay true: the texts of released versions are never changed.

use proptest::prelude::*;

use super::*;

fn departure() -> impl Strategy<Value = Departure> {
    prop_oneof![
        Just(Departure::Left),
        Just(Departure::Removed),
        Just(Departure::Banned),
        Just(Departure::GuestGone),
        Just(Departure::IdTaken)
    ]
}

fn status() -> impl Strategy<Value = MeetupStatus> {
    use MeetupStatus::{Cancelled, Completed, Confirmed, Expired, Open};
    prop_oneof![Just(Open), Just(Confirmed), Just(Cancelled), Just(Completed), Just(Expired)]
}

fn settings() -> impl Strategy<Value = ConversationSettings> {
    let mute = prop_oneof![Just(Mute::ForGood), any::<i64>().prop_map(|end| Mute::Until(Timestamp(end)))];
    let flags = (any::<bool>(), any::<bool>(), any::<bool>());
    (proptest::option::of(mute), proptest::sample::select(&Notify::ALL[..]), flags).prop_map(
        |(muted, notify, (pinned, archived, marked_unread))| ConversationSettings {
            muted,
            pinned,
            archived,
            notify,
            marked_unread,
        },
    )
}

/// Every kind of record. The match makes the compiler point here at a new one.
fn record() -> impl Strategy<Value = ChangeRecord> {
    let complete = |record: &ChangeRecord| match record {
        ChangeRecord::MessageAppeared { .. }
        | ChangeRecord::MessageEdited { .. }
        | ChangeRecord::MessageDeleted { .. }
        | ChangeRecord::MessageReacted { .. }
        | ChangeRecord::MessagePinned { .. }
        | ChangeRecord::MessagesRead { .. }
        | ChangeRecord::ConversationCreated { .. }
        | ChangeRecord::ConversationShown { .. }
        | ChangeRecord::ConversationHidden { .. }
        | ChangeRecord::SettingsChanged { .. }
        | ChangeRecord::BlocksChanged { .. }
        | ChangeRecord::ConversationChanged
        | ChangeRecord::ConversationDeleted { .. }
        | ChangeRecord::MemberJoined { .. }
        | ChangeRecord::MemberLeft { .. }
        | ChangeRecord::MeetupChanged { .. }
        | ChangeRecord::Notified { .. }
        | ChangeRecord::MessagesPurged { .. }
        | ChangeRecord::UserChanged { .. }
        | ChangeRecord::MessageReported { .. }
        | ChangeRecord::Revoked { .. }
        | ChangeRecord::SessionEnded { .. } => true,
    };
    let (key, number) = (any::<i64>(), any::<u64>());
    prop_oneof![
        (key, key).prop_map(|(m, u)| ChangeRecord::MessageAppeared { message: MessageKey(m), member: UserKey(u) }),
        (key, key).prop_map(|(m, u)| ChangeRecord::MessageEdited { message: MessageKey(m), by: UserKey(u) }),
        (key, key).prop_map(|(m, u)| ChangeRecord::MessageDeleted { message: MessageKey(m), by: UserKey(u) }),
        (key, number, number, any::<bool>()).prop_map(|(u, from, to, to_all)| ChangeRecord::MessagesRead {
            reader: UserKey(u),
            span: ReadSpan { from, to },
            to_all
        }),
        (key, key, "\\PC{1,16}", any::<bool>(), any::<u32>()).prop_map(|(m, u, emoji, active, count)| {
            let emoji = Emoji::trusted(&emoji);
            ChangeRecord::MessageReacted { message: MessageKey(m), by: UserKey(u), emoji, active, count }
        }),
        (key, key, any::<bool>()).prop_map(|(m, u, pinned)| ChangeRecord::MessagePinned {
            message: MessageKey(m),
            by: UserKey(u),
            pinned
        }),
        key.prop_map(|u| ChangeRecord::ConversationCreated { by: UserKey(u) }),
        key.prop_map(|u| ChangeRecord::ConversationShown { member: UserKey(u) }),
        key.prop_map(|u| ChangeRecord::ConversationHidden { member: UserKey(u) }),
        (key, key, settings()).prop_map(|(c, u, settings)| ChangeRecord::SettingsChanged {
            conversation: ConversationKey(c),
            member: UserKey(u),
            settings
        }),
        (key, key, any::<bool>()).prop_map(|(u, other, blocked)| ChangeRecord::BlocksChanged {
            user: UserKey(u),
            other: UserKey(other),
            blocked
        }),
        Just(ChangeRecord::ConversationChanged),
        any::<bool>().prop_map(|announced| ChangeRecord::ConversationDeleted { announced }),
        (key, any::<u32>(), any::<bool>()).prop_map(|(u, member_count, announced)| ChangeRecord::MemberJoined {
            member: UserKey(u),
            member_count,
            announced
        }),
        (key, departure(), proptest::option::of("\\PC{1,40}"), any::<u32>()).prop_map(
            |(u, departure, reason, member_count)| ChangeRecord::MemberLeft {
                member: UserKey(u),
                departure,
                reason: reason.map(Arc::from),
                member_count
            }
        ),
        ("[a-z0-9-]{1,40}", status(), proptest::option::of(key)).prop_map(|(id, status, by)| {
            ChangeRecord::MeetupChanged { meetup: MeetupId::trusted(&id), status, by: by.map(UserKey) }
        }),
        (key, "[a-z0-9-]{1,40}", key, any::<bool>()).prop_map(|(c, id, report, by_server)| {
            let (conversation, message) = (ConversationKey(c), MessageId::trusted(&id));
            ChangeRecord::MessageReported { conversation, message, report, by_server }
        }),
        (key, "\\PC{1,40}").prop_map(|(u, id)| ChangeRecord::Notified {
            user: UserKey(u),
            notification: NotificationId::trusted(&id)
        }),
        (key, key, proptest::collection::vec(key, 0..4)).prop_map(|(c, before, messages)| {
            ChangeRecord::MessagesPurged {
                conversation: ConversationKey(c),
                before: Timestamp(before),
                messages: messages.into_iter().map(MessageKey).collect(),
            }
        }),
        (key, any::<bool>()).prop_map(|(u, visible)| ChangeRecord::UserChanged { user: UserKey(u), visible }),
        (key, number).prop_map(|(u, generation)| ChangeRecord::Revoked { user: UserKey(u), generation }),
        (key, "\\PC{1,40}")
            .prop_map(|(u, id)| ChangeRecord::SessionEnded { user: UserKey(u), session: LoginSessionId::trusted(&id) }),
    ]
    .prop_filter("a kind of record", complete)
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(record in record()) {
        let text = record.encode().unwrap();
        prop_assert_eq!(ChangeRecord::decode(LOG_VERSION, &text).unwrap(), record);
    }
}

/// Records that version 1 wrote must stay readable for ever.
#[test]
fn records_of_version_1_are_read() {
    let cases = [
        (
            r#"{"kind":"message_edited","message":7,"by":2}"#,
            ChangeRecord::MessageEdited { message: MessageKey(7), by: UserKey(2) },
        ),
        (
            r#"{"kind":"messages_read","reader":2,"from":1,"to":9,"to_all":true}"#,
            ChangeRecord::MessagesRead { reader: UserKey(2), span: ReadSpan { from: 1, to: 9 }, to_all: true },
        ),
        (
            r#"{"kind":"message_reacted","message":7,"by":2,"emoji":"👍","active":true,"count":3}"#,
            ChangeRecord::MessageReacted {
                message: MessageKey(7),
                by: UserKey(2),
                emoji: Emoji::trusted("👍"),
                active: true,
                count: 3,
            },
        ),
        (
            r#"{"kind":"message_pinned","message":7,"by":2,"pinned":false}"#,
            ChangeRecord::MessagePinned { message: MessageKey(7), by: UserKey(2), pinned: false },
        ),
        (
            r#"{"kind":"blocks_changed","user":3,"other":5,"blocked":true}"#,
            ChangeRecord::BlocksChanged { user: UserKey(3), other: UserKey(5), blocked: true },
        ),
        (
            r#"{"kind":"message_reported","conversation":5,"message":"m","report":7}"#,
            ChangeRecord::MessageReported {
                conversation: ConversationKey(5),
                message: MessageId::trusted("m"),
                report: 7,
                by_server: false,
            },
        ),
        (r#"{"kind":"conversation_changed"}"#, ChangeRecord::ConversationChanged),
        (r#"{"kind":"conversation_shown","member":3}"#, ChangeRecord::ConversationShown { member: UserKey(3) }),
        (
            r#"{"kind":"settings_changed","conversation":5,"member":3,"muted":true,"muted_until":9,"notify":"all"}"#,
            ChangeRecord::SettingsChanged {
                conversation: ConversationKey(5),
                member: UserKey(3),
                settings: ConversationSettings {
                    muted: Some(Mute::Until(Timestamp(9))),
                    ..ConversationSettings::default()
                },
            },
        ),
        (r#"{"kind":"conversation_hidden","member":3}"#, ChangeRecord::ConversationHidden { member: UserKey(3) }),
        (r#"{"kind":"conversation_deleted"}"#, ChangeRecord::ConversationDeleted { announced: false }),
        (r#"{"kind":"conversation_deleted","announced":true}"#, ChangeRecord::ConversationDeleted { announced: true }),
        (
            r#"{"kind":"member_joined","member":3,"member_count":2}"#,
            ChangeRecord::MemberJoined { member: UserKey(3), member_count: 2, announced: false },
        ),
        (
            r#"{"kind":"member_joined","member":3,"member_count":2,"announced":true}"#,
            ChangeRecord::MemberJoined { member: UserKey(3), member_count: 2, announced: true },
        ),
        (
            r#"{"kind":"member_left","member":3,"departure":"guest_gone","member_count":0}"#,
            ChangeRecord::MemberLeft {
                member: UserKey(3),
                departure: Departure::GuestGone,
                reason: None,
                member_count: 0,
            },
        ),
        (
            r#"{"kind":"member_left","member":3,"departure":"banned","reason":"spam","member_count":1}"#,
            ChangeRecord::MemberLeft {
                member: UserKey(3),
                departure: Departure::Banned,
                reason: Some(Arc::from("spam")),
                member_count: 1,
            },
        ),
        (
            r#"{"kind":"meetup_changed","meetup":"m","status":"expired","by":null}"#,
            ChangeRecord::MeetupChanged { meetup: MeetupId::trusted("m"), status: MeetupStatus::Expired, by: None },
        ),
        (
            r#"{"kind":"messages_purged","conversation":5,"before":9,"messages":[7,8]}"#,
            ChangeRecord::MessagesPurged {
                conversation: ConversationKey(5),
                before: Timestamp(9),
                messages: vec![MessageKey(7), MessageKey(8)],
            },
        ),
        (r#"{"kind":"revoked","user":4,"generation":5}"#, ChangeRecord::Revoked { user: UserKey(4), generation: 5 }),
        (
            r#"{"kind":"session_ended","user":4,"session":"s-1"}"#,
            ChangeRecord::SessionEnded { user: UserKey(4), session: LoginSessionId::trusted("s-1") },
        ),
    ];
    for (text, record) in cases {
        assert_eq!(ChangeRecord::decode(1, text).unwrap(), record);
        assert_eq!(record.encode().unwrap(), text);
    }
}

#[test]
fn what_cannot_be_read_is_named() {
    for (version, text, why) in [
        (2, "{}", "version 2"),
        (1, "{", "cannot be read"),
        (1, r#"{"kind":"reacted","by":1}"#, "reacted"),
        (1, r#"{"kind":"member_left","member":3,"departure":"eaten","member_count":0}"#, "departure: \"eaten\""),
    ] {
        let error = ChangeRecord::decode(version, text).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
}
