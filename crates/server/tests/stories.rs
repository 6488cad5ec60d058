//! The golden transcripts of the dialects, played on the wire.

macro_rules! stories {
    ($($name:ident),* $(,)?) => {$(
        #[tokio::test]
        async fn $name() {
            crate::support::story::play(include_str!(concat!("stories/", stringify!($name), ".story"))).await;
        }
    )*};
}

stories!(
    meetup,
    messenger,
    rooms,
    conversations,
    chat,
    identity,
    common_meetup,
    common_messenger,
    common_rooms,
    common_conversations,
    common_chat,
    details_meetup,
    details_messenger,
    details_rooms,
    details_conversations,
    details_chat,
    marks_meetup,
    marks_messenger,
    marks_rooms,
    marks_conversations,
    marks_chat,
    metadata_meetup,
    metadata_messenger,
    metadata_rooms,
    metadata_conversations,
    metadata_chat,
    settings_meetup,
    settings_messenger,
    settings_rooms,
    settings_conversations,
    settings_chat,
    blocks_meetup,
    blocks_messenger,
    blocks_rooms,
    blocks_conversations,
    blocks_chat,
    requests_meetup,
    requests_messenger,
    requests_rooms,
    requests_conversations,
    requests_chat,
    delivered_meetup,
    delivered_messenger,
    delivered_rooms,
    delivered_conversations,
    delivered_chat,
    moderation_meetup,
    moderation_messenger,
    moderation_rooms,
    moderation_conversations,
    moderation_chat,
    moderation_refusals,
);
