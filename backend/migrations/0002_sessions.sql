-- Signed-in browsers. A row is a right to act; ending a session deletes it.
CREATE TABLE sessions (
    id TEXT NOT NULL PRIMARY KEY,          -- random handle shown to the user's other sessions; opens nothing
    token_hash TEXT NOT NULL UNIQUE,       -- SHA-256 of the token, 64 lower-case hex digits
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    user_agent TEXT,                       -- header as sent, at most 512 bytes; NULL: none sent
    ip TEXT,                               -- canonical text form; NULL: not known
    created_at BIGINT NOT NULL,            -- unix milliseconds, UTC
    last_seen_at BIGINT NOT NULL           -- unix milliseconds, UTC; written at most once a minute
);
CREATE INDEX sessions_by_user ON sessions (user_id, created_at);
