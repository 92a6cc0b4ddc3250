-- Secrets of mail links that can still be redeemed; redeeming one deletes its row.
CREATE TABLE access_tokens (
    token_hash TEXT NOT NULL PRIMARY KEY,  -- SHA-256 of the token, 64 lower-case hex digits
    purpose TEXT NOT NULL,                 -- email-confirm, magic-link, reset-pwd, change-email
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    email TEXT NOT NULL,                   -- the address that the link proves
    expires_at BIGINT NOT NULL,            -- unix milliseconds, UTC
    UNIQUE (user_id, purpose)              -- a newer link of a purpose ends the older one
);
