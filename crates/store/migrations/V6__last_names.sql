-- The last name, where somebody gave it apart from the first: a first name may have spaces.

ALTER TABLE user ADD COLUMN last_name TEXT;
