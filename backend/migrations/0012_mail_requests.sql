-- Mails that were asked for. A row is written before the request is answered, whether or not there
-- is anything to mail; what becomes of it is decided a moment later, so that neither the answer nor
-- its time depends on whether the address has an account.
CREATE TABLE mail_requests (
    id TEXT NOT NULL PRIMARY KEY,          -- 24 lower-case hex digits
    kind TEXT NOT NULL,                    -- which mail: verify-email, magic-link, reset-password, change-email
    email TEXT NOT NULL,                   -- the address that was named
    user_id TEXT,                          -- of a change of address: whose; may be gone
    sign_up_id TEXT,                       -- of a verification: which sign-up; may be gone
    created_at BIGINT NOT NULL             -- unix milliseconds, UTC
);
CREATE INDEX mail_requests_by_creation ON mail_requests (created_at);

-- Without the count of writes that hid whether there was something to mail.
CREATE TABLE environment_new (
    id TEXT NOT NULL PRIMARY KEY,          -- 24 lower-case hex digits, part of every file's URL
    created_at BIGINT NOT NULL             -- unix milliseconds, UTC
);
INSERT INTO environment_new SELECT id, created_at FROM environment;
DROP TABLE environment;
ALTER TABLE environment_new RENAME TO environment;
