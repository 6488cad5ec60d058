-- What lists read is found by an index, however much else there is.

-- A user's conversations, with whether each is hidden: without a look at the member's own row.
DROP INDEX member_user;
CREATE INDEX member_user ON member (user_pk, hidden_sequence);

-- The first members of a conversation, without a look at all of them.
CREATE INDEX member_joined ON member (conversation_pk, joined_sequence, user_pk);

-- Names that a search looks through, without a look at the users who do not fit.
CREATE INDEX user_names ON user (username_key, name)
    WHERE username_key IS NOT NULL AND disabled = 0 AND service = 0;

-- Meetups that are there, those whose time has not come, and who asked first to take part.
CREATE INDEX meetup_there ON meetup (pk) WHERE deleted_at IS NULL;
CREATE INDEX meetup_current ON meetup (expires_at) WHERE deleted_at IS NULL AND status IN ('open', 'confirmed');
CREATE INDEX meetup_asked ON meetup_request (meetup_pk, created_at, user_pk);
