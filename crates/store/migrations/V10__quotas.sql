-- How much each user has, so that a limit is checked by reading one row. Triggers keep the counts, whatever writes.

ALTER TABLE user ADD COLUMN conversations INTEGER NOT NULL DEFAULT 0;
ALTER TABLE user ADD COLUMN notifications INTEGER NOT NULL DEFAULT 0;
ALTER TABLE user ADD COLUMN file_bytes INTEGER NOT NULL DEFAULT 0;
UPDATE user SET
    conversations = (SELECT count(*) FROM member WHERE user_pk = user.pk),
    notifications = (SELECT count(*) FROM notification WHERE user_pk = user.pk),
    file_bytes = (SELECT coalesce(sum(size), 0) FROM file WHERE uploader_pk = user.pk);

CREATE TRIGGER member_counted AFTER INSERT ON member BEGIN
    UPDATE user SET conversations = conversations + 1 WHERE pk = NEW.user_pk;
END;
CREATE TRIGGER member_uncounted AFTER DELETE ON member BEGIN
    UPDATE user SET conversations = conversations - 1 WHERE pk = OLD.user_pk;
END;
CREATE TRIGGER notification_counted AFTER INSERT ON notification BEGIN
    UPDATE user SET notifications = notifications + 1 WHERE pk = NEW.user_pk;
END;
CREATE TRIGGER notification_uncounted AFTER DELETE ON notification BEGIN
    UPDATE user SET notifications = notifications - 1 WHERE pk = OLD.user_pk;
END;

-- The bytes of all files together.
CREATE TABLE file_total (bytes INTEGER NOT NULL) STRICT;
INSERT INTO file_total (bytes) SELECT coalesce(sum(size), 0) FROM file;

CREATE TRIGGER file_sized AFTER UPDATE OF size ON file WHEN OLD.size IS NOT NEW.size BEGIN
    UPDATE user SET file_bytes = file_bytes + coalesce(NEW.size, 0) - coalesce(OLD.size, 0)
        WHERE pk = NEW.uploader_pk;
    UPDATE file_total SET bytes = bytes + coalesce(NEW.size, 0) - coalesce(OLD.size, 0);
END;
CREATE TRIGGER file_removed AFTER DELETE ON file WHEN OLD.size IS NOT NULL BEGIN
    UPDATE user SET file_bytes = file_bytes - OLD.size WHERE pk = OLD.uploader_pk;
    UPDATE file_total SET bytes = bytes - OLD.size;
END;

-- How many people a user added, and how many strangers it wrote to, on the last day (since 1970 UTC) on which it did.
CREATE TABLE reached (
    user_pk INTEGER PRIMARY KEY REFERENCES user (pk),
    day INTEGER NOT NULL,
    added INTEGER NOT NULL,
    direct INTEGER NOT NULL
) STRICT;
CREATE INDEX reached_day ON reached (day);

-- What is counted per user, and what is looked through when a user's row is deleted.
CREATE INDEX conversation_owner ON conversation (owner_pk) WHERE deleted_at IS NULL;
CREATE INDEX conversation_owner_ever ON conversation (owner_pk) WHERE owner_pk IS NOT NULL;
CREATE INDEX conversation_second ON conversation (second_pk) WHERE second_pk IS NOT NULL;
CREATE INDEX meetup_host ON meetup (host_pk);
CREATE INDEX meetup_host_current ON meetup (host_pk) WHERE deleted_at IS NULL AND status IN ('open', 'confirmed');
CREATE INDEX meetup_request_user ON meetup_request (user_pk);

-- What is pruned, in the order in which it gets old.
CREATE INDEX user_guest ON user (pk) WHERE kind = 'guest';
CREATE INDEX departed_position ON departed (position);
CREATE INDEX addressed_position ON addressed (position);
CREATE INDEX notification_read ON notification (read_at) WHERE read_at IS NOT NULL;

-- The log again, without a reference from `actor_pk`: it would have every deletion of a guest's row look through the
-- whole log. Who acted is looked up when a change is told again, and a change of somebody who is gone is not told.
CREATE TABLE change_kept (
    position INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    conversation_pk INTEGER REFERENCES conversation (pk),
    sequence INTEGER,
    actor_pk INTEGER,
    message_pk INTEGER REFERENCES message (pk),
    detail TEXT,
    at INTEGER NOT NULL,
    origin INTEGER,
    acked INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO change_kept
    (position, kind, conversation_pk, sequence, actor_pk, message_pk, detail, at, origin, acked)
    SELECT position, kind, conversation_pk, sequence, actor_pk, message_pk, detail, at, origin, acked FROM change;
DROP TABLE change;
ALTER TABLE change_kept RENAME TO change;
CREATE INDEX change_conversation ON change (conversation_pk, position) WHERE conversation_pk IS NOT NULL;

-- Version 0.1 took an email address from a token as if its user had registered it, whether its issuer vouched for it or
-- not. Whoever has no password cannot log in by it, and it is to keep nobody else from registering it.
UPDATE user SET email_key = NULL WHERE password_hash IS NULL AND service = 0;
