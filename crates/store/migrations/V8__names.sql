-- What usernames are compared by, beside their lower case: equal for names that readers take for each other. They are
-- computed when the database is opened; null for guests and for those who are erased.
ALTER TABLE user ADD COLUMN name_key TEXT;
ALTER TABLE user ADD COLUMN name_look TEXT;

CREATE INDEX user_name_key ON user (name_key) WHERE name_key IS NOT NULL;
CREATE INDEX user_name_look ON user (name_look) WHERE name_look IS NOT NULL;

-- The version of Unicode and of our rules that they were computed with; no row before the first time.
CREATE TABLE name_keys (version TEXT NOT NULL) STRICT;
