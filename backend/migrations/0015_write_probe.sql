-- One row that is written to find out whether the database can be written.
CREATE TABLE write_probe (
    id BIGINT NOT NULL PRIMARY KEY,        -- 1
    written_at BIGINT NOT NULL             -- unix milliseconds, UTC
);
