-- What a client missed is found by conversation and by user, not by going through all that happened.

CREATE INDEX change_conversation ON change (conversation_pk, position) WHERE conversation_pk IS NOT NULL;

-- Which connection asked for a change, and whether it also asked for an acknowledgement: what it asked for is not
-- told to it again in every vocabulary.
ALTER TABLE change ADD COLUMN origin INTEGER;
ALTER TABLE change ADD COLUMN acked INTEGER NOT NULL DEFAULT 0;

ALTER TABLE notification ADD COLUMN position INTEGER;
CREATE INDEX notification_position ON notification (user_pk, position);

-- Memberships that ended, one way or another.
CREATE TABLE departed (
    user_pk INTEGER NOT NULL REFERENCES user (pk),
    position INTEGER NOT NULL,
    conversation_pk INTEGER NOT NULL REFERENCES conversation (pk),
    PRIMARY KEY (user_pk, position, conversation_pk)
) STRICT, WITHOUT ROWID;

-- Who was told of a change without being a member of its conversation: those who ask to take part in a meetup.
CREATE TABLE addressed (
    user_pk INTEGER NOT NULL REFERENCES user (pk),
    position INTEGER NOT NULL,
    PRIMARY KEY (user_pk, position)
) STRICT, WITHOUT ROWID;

-- What this data is, so that a client cannot be brought up to date from other data.
CREATE TABLE identity (id TEXT NOT NULL) STRICT;
INSERT INTO identity (id) VALUES (lower(hex(randomblob(16))));
