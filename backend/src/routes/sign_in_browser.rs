//! What every way in ends with.

use shared::User;

use crate::{altogic::AuthGrant, cookies::Cookies, extract::Caller, state::AppState};

/// Signs the browser in and remembers it as the account's; a session that it had before ends.
pub(super) async fn sign_in_browser(
    app: &AppState,
    caller: &Caller,
    cookies: &Cookies,
    grant: AuthGrant,
) -> User {
    let former = app.session_cookie.get(cookies);
    app.session_cookie.set(cookies, &grant.token);
    app.device_cookie.remember(cookies, &grant.user.email);
    app.altogic.end_former_session(caller, former, &grant.token).await;
    grant.user
}
