-- Every lookup by an index, so that a million users cost what a thousand do.
-- For the cleaning of what has expired:
CREATE INDEX sessions_by_creation ON sessions (created_at);
CREATE INDEX sessions_by_use ON sessions (last_seen_at);
CREATE INDEX access_tokens_by_expiry ON access_tokens (expires_at);
-- Also for mails that are finished, whose next_attempt_at is NULL:
DROP INDEX outbox_by_next_attempt;
CREATE INDEX outbox_by_next_attempt ON outbox (next_attempt_at, created_at);
-- For the list of the latest mails:
CREATE INDEX outbox_by_creation ON outbox (created_at);
-- For the end of an account:
CREATE INDEX buckets_by_user ON buckets (user_id);
