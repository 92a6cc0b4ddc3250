-- What happened to accounts, in the order of the commits. Rows are only added; each is kept until
-- its time is over, also when its account is gone, so nothing in them names a person: no address,
-- no name, no whole network address, no header as sent.
CREATE TABLE audit_events (
    id INTEGER NOT NULL PRIMARY KEY,       -- rises with each row
    at BIGINT NOT NULL,                    -- unix milliseconds, UTC
    subject TEXT,                          -- the account's id, or a keyed digest of an address
                                           -- that has none, 24 hex digits; NULL: neither
    is_account BOOLEAN NOT NULL,           -- whether subject is an account's id
    event TEXT NOT NULL,                   -- sign-in-by-password, password-changed, …
    refused BOOLEAN NOT NULL,              -- false: it was done
    reason TEXT,                           -- why it was refused, or what else caused it
    count BIGINT NOT NULL,                 -- how many alike events the row stands for
    object TEXT,                           -- the session's handle, or the key's id
    network TEXT,                          -- /24 of IPv4, /48 of IPv6; NULL: not known
    device TEXT,                           -- browser and system, in our own words; NULL: not known
    request_id TEXT,                       -- the same in the log; NULL: no request
    expires_at BIGINT NOT NULL             -- unix milliseconds, UTC: until when the row is kept
);
CREATE INDEX audit_events_by_subject ON audit_events (subject);
CREATE INDEX audit_events_by_expiry ON audit_events (expires_at);
CREATE TRIGGER audit_events_are_not_changed BEFORE UPDATE ON audit_events
BEGIN
    SELECT RAISE(ABORT, 'audit_events: rows are only added');
END;
-- The latest row says what time it is: what is removed is recorded first.
CREATE TRIGGER audit_events_are_kept BEFORE DELETE ON audit_events
WHEN OLD.expires_at > (SELECT at FROM audit_events ORDER BY id DESC LIMIT 1)
BEGIN
    SELECT RAISE(ABORT, 'audit_events: rows are kept until they expire');
END;
