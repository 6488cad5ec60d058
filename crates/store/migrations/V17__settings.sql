-- A member's own settings of a conversation; null where all of them have their defaults.
-- A set of bits: 1 pinned, 2 marked as unread, 4 notified of mentions alone, 8 notified of nothing.
ALTER TABLE member ADD COLUMN settings INTEGER;
-- The moment until which the conversation is muted; the greatest number for ever.
ALTER TABLE member ADD COLUMN muted_until INTEGER;
-- The position of the newest message when the conversation was archived: it is archived until a newer one.
ALTER TABLE member ADD COLUMN archived_after INTEGER;
-- The position of the last change of these settings, by which a connection that comes back finds it.
ALTER TABLE member ADD COLUMN settings_position INTEGER;
CREATE INDEX member_settings ON member (user_pk, settings_position) WHERE settings_position IS NOT NULL;
-- The sequence number up to which messages have reached a device of the member; null where none was delivered so.
ALTER TABLE member ADD COLUMN delivered_sequence INTEGER;
