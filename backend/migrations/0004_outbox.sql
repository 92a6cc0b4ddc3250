-- Mails, written together with what caused them. A mail's text is made when it is sent or shown,
-- so no secret of a link is kept here: the seed alone, without the file link.key, opens nothing.
CREATE TABLE outbox (
    id TEXT NOT NULL PRIMARY KEY,          -- 24 lower-case hex digits
    kind TEXT NOT NULL,                    -- which template
    to_address TEXT NOT NULL,
    recipient_name TEXT,                   -- NULL: greeted without a name
    link_seed TEXT,                        -- the link's token is derived from it; NULL: no link, or sent
    created_at BIGINT NOT NULL,            -- unix milliseconds, UTC
    sent_at BIGINT,                        -- unix milliseconds, UTC; NULL: not sent
    attempts BIGINT NOT NULL,              -- how often sending was tried
    next_attempt_at BIGINT,                -- unix milliseconds, UTC; NULL: sent or given up
    last_error TEXT                        -- why the latest attempt failed
);
CREATE INDEX outbox_by_address ON outbox (to_address, kind, created_at);
CREATE INDEX outbox_by_next_attempt ON outbox (next_attempt_at);
