-- Keys that applications present. A client key travels in every page and is no secret; of an API
-- key only the hash is kept.
CREATE TABLE keys (
    id TEXT NOT NULL PRIMARY KEY,          -- 24 lower-case hex digits
    kind TEXT NOT NULL,                    -- client, api
    name TEXT NOT NULL,                    -- for people
    key_hash TEXT NOT NULL UNIQUE,         -- SHA-256 of the key, 64 lower-case hex digits
    client_key TEXT,                       -- the key itself; NULL for API keys
    created_at BIGINT NOT NULL,            -- unix milliseconds, UTC
    revoked_at BIGINT                      -- unix milliseconds, UTC; NULL: accepted
);
