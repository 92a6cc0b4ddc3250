-- What this installation is; exactly one row, made at the first start.
CREATE TABLE environment (
    id TEXT NOT NULL PRIMARY KEY,          -- 24 lower-case hex digits, part of every file's URL
    created_at BIGINT NOT NULL,            -- unix milliseconds, UTC
    decoy_writes BIGINT NOT NULL           -- counts writes made only so that refusals take as long
);
