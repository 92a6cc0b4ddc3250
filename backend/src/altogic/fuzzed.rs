//! What has to hold for any reply of an Altogic.

use axum::{
    http::{HeaderMap, StatusCode},
    response::IntoResponse as _,
};

use super::{auth_redirect::Opened, avatar::File, change_email::Waiting, reply, sign_in, wire};
use crate::{error::Error, session_cookie::SessionToken};

/// A reply is read or refused; what is refused is never answered as a success, and a token fits into
/// its cookie (SECURITY-BAR T-84).
///
/// # Panics
/// Where that does not hold.
pub fn reply(data: &[u8]) {
    let own = SessionToken::new("own".to_owned()).expect("a token");
    read(data, &own);
}

/// Everything that is ever done with a reply; gives how many ways of reading it went well.
pub(super) fn read(body: &[u8], own: &SessionToken) -> usize {
    let user = reply::value::<wire::User>(body).map(shared::User::from).is_ok();
    let grant = reply::value(body).and_then(sign_in::grant);
    if let Ok(grant) = &grant {
        // It goes into a cookie.
        assert!(
            grant
                .token
                .expose()
                .bytes()
                .all(|byte| byte.is_ascii_graphic() && byte != b';')
        );
    }
    let grant = grant.is_ok();
    let sessions = reply::value::<Vec<wire::Session>>(body)
        .map(|sessions| {
            sessions
                .into_iter()
                .map(|session| session.seen_by(own))
                .collect::<Vec<_>>()
        })
        .is_ok();
    let opened = reply::value::<Opened>(body)
        .map(|opened| opened.signs_in())
        .is_ok();
    let waiting = reply::value::<Option<Waiting>>(body).is_ok();
    let file = reply::value::<File>(body).is_ok();
    let nothing = reply::nothing(body).is_ok();
    for status in [302, 400, 401, 429, 500, 503, 999] {
        let status = StatusCode::from_u16(status).expect("a status");
        let failure = reply::failure(status, &HeaderMap::new(), body);
        if let Error::Refused(refusal) = &failure {
            assert!((400..500).contains(&refusal.status) && !refusal.items.is_empty());
        }
        let answer = failure.into_response().status();
        assert!(answer.is_client_error() || answer.is_server_error(), "{answer}");
    }
    [user, grant, sessions, opened, waiting, file, nothing]
        .into_iter()
        .filter(|well| *well)
        .count()
}
