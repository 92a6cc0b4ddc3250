-- Sign-ups that wait for their mail link. Several of one address live beside each other; the one
-- whose link is redeemed becomes the account, and the others end.
CREATE TABLE sign_ups (
    id TEXT NOT NULL PRIMARY KEY,          -- 24 lower-case hex digits; becomes the user's id
    token_hash TEXT NOT NULL UNIQUE,       -- SHA-256 of the secret that the client that signed up holds
    email TEXT NOT NULL,                   -- as parsed by shared::Email; not unique
    password_hash TEXT NOT NULL,           -- PHC string
    name TEXT,                             -- NULL: none given
    profile_picture TEXT,                  -- URL; NULL: none
    custom_fields TEXT NOT NULL,           -- JSON object of the application's own fields
    created_at BIGINT NOT NULL,            -- unix milliseconds, UTC
    expires_at BIGINT NOT NULL             -- when its newest link is dead; the row goes a day later
);
CREATE INDEX sign_ups_by_email ON sign_ups (email, created_at);
CREATE INDEX sign_ups_by_expiry ON sign_ups (expires_at);

-- A password that was chosen before the address was proved, and not by whoever proved it as far as
-- is known. It opens nothing; its owner can still name it as the current password.
ALTER TABLE users ADD COLUMN unproved_password_hash TEXT; -- PHC string; NULL: none

-- An account that was never verified and never used is a sign-up that waits.
INSERT INTO sign_ups
    SELECT users.id, 'none:' || users.id, users.email, users.password_hash, users.name,
           users.profile_picture, users.custom_fields, users.sign_up_at,
           COALESCE((SELECT max(access_tokens.expires_at) FROM access_tokens
                     WHERE access_tokens.user_id = users.id), users.sign_up_at)
    FROM users
    WHERE NOT users.email_verified AND users.last_login_at IS NULL AND users.password_hash IS NOT NULL;

-- Links belong to a user or to a sign-up, and several of a purpose may live: asking for another
-- one ends none that is in a mailbox already.
CREATE TABLE access_tokens_new (
    token_hash TEXT NOT NULL PRIMARY KEY,  -- SHA-256 of the token, 64 lower-case hex digits
    purpose TEXT NOT NULL,                 -- email-confirm, magic-link, reset-pwd, change-email
    user_id TEXT REFERENCES users (id) ON DELETE CASCADE,
    sign_up_id TEXT REFERENCES sign_ups (id) ON DELETE CASCADE,
    email TEXT NOT NULL,                   -- the address that the link proves
    expires_at BIGINT NOT NULL,            -- unix milliseconds, UTC
    CHECK ((user_id IS NULL) <> (sign_up_id IS NULL))
);
INSERT INTO access_tokens_new
    SELECT token_hash, purpose,
           CASE WHEN user_id IN (SELECT id FROM sign_ups) THEN NULL ELSE user_id END,
           CASE WHEN user_id IN (SELECT id FROM sign_ups) THEN user_id ELSE NULL END,
           email, expires_at
    FROM access_tokens
    WHERE purpose = 'email-confirm' OR user_id NOT IN (SELECT id FROM sign_ups);
DROP TABLE access_tokens;
ALTER TABLE access_tokens_new RENAME TO access_tokens;
CREATE INDEX access_tokens_by_user ON access_tokens (user_id, purpose);
CREATE INDEX access_tokens_by_sign_up ON access_tokens (sign_up_id);
CREATE INDEX access_tokens_by_expiry ON access_tokens (expires_at);

DELETE FROM users WHERE id IN (SELECT id FROM sign_ups);
