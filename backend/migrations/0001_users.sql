-- People with an account.
CREATE TABLE users (
    id TEXT NOT NULL PRIMARY KEY,          -- 24 lower-case hex digits, never reused
    email TEXT NOT NULL UNIQUE,            -- lower-case, as parsed by shared::Email
    password_hash TEXT,                    -- PHC string; NULL: no password, mail links only
    name TEXT,                             -- NULL: none given
    profile_picture TEXT,                  -- URL; NULL: none
    custom_fields TEXT NOT NULL,           -- JSON object of the application's own fields
    email_verified BOOLEAN NOT NULL,       -- a mail link to this very address was redeemed
    sign_up_at BIGINT NOT NULL,            -- unix milliseconds, UTC
    last_login_at BIGINT                   -- unix milliseconds, UTC; NULL: never signed in
);
