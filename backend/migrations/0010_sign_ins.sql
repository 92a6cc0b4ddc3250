-- A session that opens is a sign-in. Noted here, so that opening one is a single statement.
CREATE TRIGGER sessions_note_sign_in AFTER INSERT ON sessions
BEGIN
    UPDATE users SET last_login_at = NEW.created_at WHERE id = NEW.user_id;
END;
