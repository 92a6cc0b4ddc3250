//! Users and sessions spelled as Altogic spells them (PROTOCOL 2.1, 2.2), and ours made of them.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use shared::SessionId;

use crate::session_cookie::SessionToken;

/// A user with a session, given for a password or an access token.
#[derive(Debug)]
pub struct AuthGrant {
    /// Who it is.
    pub user: shared::User,
    /// What goes into the cookie.
    pub token: SessionToken,
}

#[derive(Deserialize)]
pub(super) struct User {
    #[serde(rename = "_id")]
    pub(super) id: String,
    name: Option<String>,
    email: Option<String>,
    #[serde(rename = "emailVerified")]
    email_verified: Option<bool>,
    #[serde(rename = "profilePicture")]
    profile_picture: Option<String>,
    #[serde(rename = "signUpAt")]
    sign_up_at: String,
    #[serde(rename = "lastLoginAt")]
    last_login_at: String,
}

impl From<User> for shared::User {
    fn from(user: User) -> Self {
        Self {
            id: user.id,
            name: user.name.unwrap_or_default(),
            email: user.email.unwrap_or_default(),
            email_verified: user.email_verified.unwrap_or_default(),
            profile_picture: user.profile_picture.filter(|url| !url.is_empty()),
            created_at: user.sign_up_at,
            last_sign_in_at: user.last_login_at,
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Session {
    pub(super) token: String,
    #[serde(rename = "creationDtm")]
    creation_dtm: Option<String>,
    #[serde(rename = "userAgent")]
    user_agent: Option<UserAgent>,
    /// An addition of the embedded server.
    ip: Option<String>,
    /// An addition of the embedded server.
    #[serde(rename = "lastSeenAt")]
    last_seen_at: Option<String>,
}

#[derive(Default, Deserialize)]
struct UserAgent {
    family: Option<String>,
    device: Option<Family>,
    os: Option<Family>,
}

#[derive(Deserialize)]
struct Family {
    family: Option<String>,
}

impl Session {
    /// Names the session without its token.
    pub(super) fn id(&self) -> SessionId {
        let digest = Sha256::new()
            .chain_update("session id:")
            .chain_update(&self.token)
            .finalize();
        SessionId::try_from(URL_SAFE_NO_PAD.encode(&digest[..16])).expect("base64url of 16 bytes is an id")
    }

    /// What the browser of `own` may see.
    pub(super) fn seen_by(self, own: &SessionToken) -> shared::Session {
        let id = self.id();
        let user_agent = self.user_agent.unwrap_or_default();
        shared::Session {
            id,
            current: self.token == own.expose(),
            device: user_agent.device.and_then(known),
            browser: user_agent.family.filter(|family| is_known(family)).map(plain),
            os: user_agent.os.and_then(known),
            ip: self.ip,
            created_at: self.creation_dtm.unwrap_or_default(),
            last_seen_at: self.last_seen_at,
        }
    }
}

/// The browser as people call it: that it is a phone's edition is told by the device.
fn plain(family: String) -> String {
    let desktop = family
        .strip_prefix("Mobile ")
        .or_else(|| family.strip_suffix(" Mobile"));
    desktop.map(str::to_owned).unwrap_or(family)
}

fn known(part: Family) -> Option<String> {
    part.family.filter(|family| is_known(family))
}

fn is_known(family: &str) -> bool {
    !family.is_empty() && family != "Other" && family != "0"
}

/// What sign-up, sign-in and grant answer with.
#[derive(Deserialize)]
pub(super) struct Auth {
    pub(super) user: User,
    pub(super) session: Option<Session>,
    /// An addition of the embedded server: the secret of a sign-up that waits.
    #[serde(default, rename = "signUpToken")]
    pub(super) sign_up_token: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phones_browser_is_called_as_on_a_desk() {
        for (family, name) in [
            ("Mobile Safari", "Safari"),
            ("Chrome Mobile", "Chrome"),
            ("Opera Mobile", "Opera"),
            ("Samsung Internet", "Samsung Internet"),
            ("Mobile", "Mobile"),
        ] {
            assert_eq!(plain(family.to_owned()), name);
        }
    }

    fn session(json: &str) -> Session {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn the_browser_sees_names_and_no_token() {
        let own = SessionToken::new("own-token".to_owned()).unwrap();
        let other = session(
            r#"{"userId":"u","token":"other-token","creationDtm":"2022-03-16T19:36:27.739Z","accessGroupKeys":[],
                "userAgent":{"family":"Firefox","major":"99","device":{"family":"Other"},"os":{"family":"Linux"}}}"#,
        );

        let seen = other.seen_by(&own);

        assert!(!seen.current);
        assert_eq!(
            (seen.device, seen.browser.as_deref(), seen.os.as_deref()),
            (None, Some("Firefox"), Some("Linux"))
        );
        assert!(!seen.id.as_str().contains("other"));
    }

    #[test]
    fn the_own_session_is_found_by_its_token() {
        let own = SessionToken::new("own-token".to_owned()).unwrap();

        assert!(session(r#"{"token":"own-token"}"#).seen_by(&own).current);
    }
}
