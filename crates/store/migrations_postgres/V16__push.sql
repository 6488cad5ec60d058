-- Browsers that messages are pushed to.

CREATE TABLE push_subscription (
    -- The URL at which the push service takes messages for the browser.
    endpoint text COLLATE "C" PRIMARY KEY,
    user_pk bigint NOT NULL,
    -- The public key of the browser, and the secret that it shares with the sender.
    p256dh bytea NOT NULL,
    auth bytea NOT NULL,
    created_at bigint NOT NULL,
    renewed_at bigint NOT NULL
);
CREATE INDEX push_subscription_user ON push_subscription (user_pk, renewed_at);

-- Those who have a subscription, and when they were last active: 0 as long as nobody has said so.
CREATE TABLE push_subscriber (
    user_pk bigint PRIMARY KEY,
    active_at bigint NOT NULL
) WITH (fillfactor = 70);

-- The position up to which it has been decided who is sent a push message.
CREATE TABLE push_cursor (position bigint NOT NULL) WITH (fillfactor = 10);
INSERT INTO push_cursor (position) VALUES (0);
