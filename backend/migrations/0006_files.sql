-- Uploaded files; the bytes are in DATA_DIR/files under object_name. A row is written only after
-- its bytes are safe on the disk.
CREATE TABLE files (
    id TEXT NOT NULL PRIMARY KEY,          -- 24 lower-case hex digits
    bucket_id TEXT NOT NULL REFERENCES buckets (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    object_name TEXT NOT NULL UNIQUE,      -- random; never derived from the name
    size BIGINT NOT NULL,                  -- bytes
    mime_type TEXT NOT NULL,               -- type/subtype without parameters
    is_public BOOLEAN NOT NULL,            -- whether /_storage hands it out
    tags TEXT NOT NULL,                    -- JSON array of strings
    user_id TEXT REFERENCES users (id) ON DELETE CASCADE, -- owner
    uploaded_at BIGINT NOT NULL,           -- unix milliseconds, UTC
    updated_at BIGINT NOT NULL,            -- unix milliseconds, UTC
    UNIQUE (bucket_id, name)
);
CREATE INDEX files_by_user ON files (user_id);
