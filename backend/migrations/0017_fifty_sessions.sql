-- At most fifty sessions of a user, as from now on: those used last stay.
DELETE FROM sessions WHERE id IN (
    SELECT id FROM (
        SELECT id, row_number() OVER (
            PARTITION BY user_id ORDER BY last_seen_at DESC, created_at DESC, id DESC
        ) AS place FROM sessions
    ) AS ranked WHERE place > 50
);
