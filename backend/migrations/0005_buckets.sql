-- Folders of uploaded files. The built-in one is called root; its id is the environment's.
CREATE TABLE buckets (
    id TEXT NOT NULL PRIMARY KEY,          -- 24 lower-case hex digits
    name TEXT NOT NULL UNIQUE,
    is_public BOOLEAN NOT NULL,            -- what new files in it are, unless they say otherwise
    tags TEXT NOT NULL,                    -- JSON array of strings
    user_id TEXT REFERENCES users (id) ON DELETE SET NULL, -- who made it; NULL: built in
    created_at BIGINT NOT NULL,            -- unix milliseconds, UTC
    updated_at BIGINT NOT NULL             -- unix milliseconds, UTC
);
