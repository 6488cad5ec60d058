-- Browsers that messages are pushed to.

CREATE TABLE push_subscription (
    -- The URL at which the push service takes messages for the browser.
    endpoint TEXT PRIMARY KEY,
    user_pk INTEGER NOT NULL REFERENCES user (pk) ON DELETE CASCADE,
    -- The public key of the browser, and the secret that it shares with the sender.
    p256dh BLOB NOT NULL,
    auth BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    renewed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX push_subscription_user ON push_subscription (user_pk, renewed_at);

-- Those who have a subscription, and when they were last active: 0 as long as nobody has said so.
CREATE TABLE push_subscriber (
    user_pk INTEGER PRIMARY KEY REFERENCES user (pk) ON DELETE CASCADE,
    active_at INTEGER NOT NULL
) STRICT;

-- The position up to which it has been decided who is sent a push message.
CREATE TABLE push_cursor (position INTEGER NOT NULL) STRICT;
INSERT INTO push_cursor (position) VALUES (0);
