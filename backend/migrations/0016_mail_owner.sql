-- Whose account a mail is about, so that a deleted account leaves none behind: a mail may go to a
-- former or a next address.
ALTER TABLE outbox ADD COLUMN user_id TEXT; -- NULL: about no account, or written by an older version
CREATE INDEX outbox_by_user ON outbox (user_id);
