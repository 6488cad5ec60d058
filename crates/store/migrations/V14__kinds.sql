-- More kinds of messages. The check is widened where it stands: no stored row has to be looked at, however many messages
-- there are.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema
    SET sql = replace(sql, 'kind IN (''text'', ''image'', ''file'')',
        'kind IN (''text'', ''image'', ''file'', ''audio'', ''video'', ''location'', ''custom'')')
    WHERE type = 'table' AND name = 'message';
PRAGMA writable_schema = RESET;
