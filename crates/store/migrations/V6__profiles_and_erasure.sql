-- The last name, where somebody gave it apart from the first: a first name may have spaces.
ALTER TABLE user ADD COLUMN last_name TEXT;

-- The file of this server that is the user's picture, where it is one that it may keep alive: its own, or a service's.
ALTER TABLE user ADD COLUMN picture_pk INTEGER;
UPDATE user SET picture_pk = (
    SELECT f.pk FROM file f JOIN user u ON u.pk = f.uploader_pk
    WHERE f.id = substr(user.avatar, 8, instr(substr(user.avatar, 8), '/') - 1)
      AND f.secret = substr(user.avatar, 8 + instr(substr(user.avatar, 8), '/'))
      AND (f.uploader_pk = user.pk OR u.service = 1)
) WHERE avatar LIKE '/files/%';
CREATE INDEX user_picture ON user (picture_pk) WHERE picture_pk IS NOT NULL;
DROP INDEX user_avatar;

-- That a person is gone for good, and, while its messages are still being deleted, the last of those that are.
ALTER TABLE user ADD COLUMN erased INTEGER NOT NULL DEFAULT 0;
ALTER TABLE user ADD COLUMN erasing_from INTEGER;
CREATE INDEX user_erasing ON user (pk) WHERE erasing_from IS NOT NULL;
