//! Strangers who name somebody else's address (T-28, T-30, T-42, T-45).

use reqwest::Method;
use serde_json::json;

use crate::support::{PASSWORD, Reply, Server, User, query};

const STRANGERS: &str = "the stranger's choice";
const NEW: &str = "a brand new password";

/// A sign-up's token and mailed key.
struct SignUp {
    token: String,
    key: String,
}

async fn sign_up(server: &Server, email: &str, password: &str) -> SignUp {
    let body = json!({ "email": email, "password": password });
    let reply = server.post("auth/signup-email", None, body).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    SignUp {
        token: reply.text("/signUpToken"),
        key: server.mailed_key(email).await,
    }
}

async fn grant(server: &Server, key: &str) -> Reply {
    server.get(&format!("auth/grant?key={key}"), None).await
}

async fn assert_opens_nothing(server: &Server, email: &str, password: &str) {
    server
        .sign_in(email, password)
        .await
        .refused(401, "invalid_credentials");
}

#[tokio::test]
async fn a_strangers_password_never_opens_an_account_that_its_owner_confirmed() {
    for stranger_is_first in [true, false] {
        let server = Server::start().await;
        let (stranger, owner);
        if stranger_is_first {
            stranger = sign_up(&server, "ada@x.io", STRANGERS).await;
            owner = sign_up(&server, "ada@x.io", PASSWORD).await;
        } else {
            owner = sign_up(&server, "ada@x.io", PASSWORD).await;
            stranger = sign_up(&server, "ada@x.io", STRANGERS).await;
        }

        // The owner opens the stranger's mail, in an app that has only Altogic's own call.
        let granted = grant(&server, &stranger.key).await;

        assert_eq!(granted.status, 200, "{}", granted.body);
        assert_opens_nothing(&server, "ada@x.io", STRANGERS).await;
        assert_opens_nothing(&server, "ada@x.io", PASSWORD).await;
        // The other sign-up has ended.
        server
            .grant_own(&owner.key, &owner.token)
            .await
            .refused(403, "invalid_access_token");
        // The stranger's secret is worth nothing without the mail.
        let with_token = server
            .request(Method::POST, "auth/signin-email")
            .header("Sign-Up-Token", &stranger.token)
            .json(&json!({ "email": "ada@x.io", "password": STRANGERS }));
        Reply::of(with_token).await.refused(401, "invalid_credentials");
    }
}

#[tokio::test]
async fn the_client_that_signed_up_keeps_its_password_by_its_own_link_only() {
    let server = Server::start().await;
    let owner = sign_up(&server, "ada@x.io", PASSWORD).await;
    let stranger = sign_up(&server, "ada@x.io", STRANGERS).await;

    // The stranger's link, with the owner's own secret: the two do not belong together.
    let told = Reply::of(
        server
            .request(Method::GET, &format!("auth/access-token?key={}", stranger.key))
            .header("Sign-Up-Token", &owner.token),
    )
    .await;
    assert_eq!(told.text("/needs"), "password");

    let granted = server.grant_own(&owner.key, &owner.token).await;
    assert_eq!(granted.status, 200, "{}", granted.body);
    assert_eq!(server.sign_in("ada@x.io", PASSWORD).await.status, 200);
    assert_opens_nothing(&server, "ada@x.io", STRANGERS).await;
    grant(&server, &stranger.key)
        .await
        .refused(403, "invalid_access_token");
}

#[tokio::test]
async fn elsewhere_a_link_takes_the_password_of_its_sign_up() {
    let server = Server::start().await;
    let owner = sign_up(&server, "ada@x.io", PASSWORD).await;
    let redeem = async |password: &str| {
        let body = json!({ "key": owner.key, "password": password });
        server.post("auth/grant", None, body).await
    };

    redeem("a wrong password")
        .await
        .refused(401, "invalid_credentials");
    assert_eq!(redeem("").await.refused_fields(), ["password"]);
    // Nothing was used up.
    assert_eq!(redeem(PASSWORD).await.status, 200);

    assert_eq!(server.sign_in("ada@x.io", PASSWORD).await.status, 200);
    redeem(PASSWORD).await.refused(403, "invalid_access_token");
}

#[tokio::test]
async fn elsewhere_a_new_password_takes_the_place_of_the_strangers() {
    let server = Server::start().await;
    let stranger = sign_up(&server, "ada@x.io", STRANGERS).await;
    let redeem = async |password: &str| {
        let body = json!({ "key": stranger.key, "newPassword": password });
        server.post("auth/grant", None, body).await
    };

    assert_eq!(redeem("short").await.refused_fields(), ["newPassword"]);
    assert_eq!(redeem(NEW).await.status, 200);

    assert_eq!(server.sign_in("ada@x.io", NEW).await.status, 200);
    assert_opens_nothing(&server, "ada@x.io", STRANGERS).await;
}

#[tokio::test]
async fn an_unproved_password_counts_once_its_owner_names_it_in_a_session() {
    let server = Server::start().await;
    let owner = sign_up(&server, "ada@x.io", PASSWORD).await;
    let session = grant(&server, &owner.key).await.text("/session/token");
    assert_opens_nothing(&server, "ada@x.io", PASSWORD).await;

    let body = json!({ "oldPassword": PASSWORD, "newPassword": PASSWORD });
    assert_eq!(
        server.post("auth/change-pwd", Some(&session), body).await.status,
        200
    );

    assert_eq!(server.sign_in("ada@x.io", PASSWORD).await.status, 200);
}

#[tokio::test]
async fn the_password_of_a_link_cannot_be_guessed() {
    let server = Server::start_with(|settings| settings.rate_limits = true).await;
    let owner = sign_up(&server, "ada@x.io", PASSWORD).await;

    let mut refused = 0;
    for n in 0..20 {
        let body = json!({ "key": owner.key, "password": format!("guess {n}") });
        refused += usize::from(server.post("auth/grant", None, body).await.status == 429);
    }

    assert!(refused >= 5, "{refused}");
}

#[tokio::test]
async fn a_waiting_sign_up_is_no_account_for_other_links() {
    let server = Server::start().await;
    sign_up(&server, "ada@x.io", STRANGERS).await;

    for path in ["auth/send-magic", "auth/send-reset"] {
        let asked = server.post_empty(&format!("{path}?email=ada@x.io"), None).await;
        assert_eq!(asked.status, 200);
    }

    let mails = server.mails("ada@x.io").await;
    assert_eq!(mails.len(), 1, "{mails:?}");
}

async fn ask_for_address(server: &Server, user: &User, email: &str) -> String {
    let body = json!({ "currentPassword": PASSWORD, "newEmail": email });
    let asked = server.post("auth/change-email", Some(&user.token), body).await;
    assert_eq!(asked.status, 200, "{}", asked.body);
    server.mailed_key(email).await
}

async fn press(server: &Server, key: &str, password: Option<&str>) -> Reply {
    let mut form = vec![("key", key), ("action", "change-email")];
    form.extend(password.map(|password| ("password", password)));
    let body = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(form)
        .finish();
    let request = server.http.post(format!("{}/_auth/verify", server.base));
    let request = request.header("Content-Type", "application/x-www-form-urlencoded");
    Reply::of(request.body(body)).await
}

/// Somebody who waits for the link of their sign-up must not hand the address to a stranger's account.
#[tokio::test]
async fn while_a_sign_up_waits_a_change_of_address_takes_the_accounts_password() {
    let server = Server::start().await;
    let stranger = server.verified_user("eve@x.io").await;
    let owner = sign_up(&server, "ada@x.io", NEW).await;
    let key = ask_for_address(&server, &stranger, "ada@x.io").await;

    let page = press(&server, &key, None).await;
    let html = String::from_utf8(page.bytes.clone()).unwrap();
    assert_eq!(page.status, 200);
    assert!(
        html.contains("e…@x.io") && html.contains("type=\"password\""),
        "{html}"
    );
    assert_eq!(press(&server, &key, Some(NEW)).await.status, 401);

    assert_eq!(server.grant_own(&owner.key, &owner.token).await.status, 200);
    let late = press(&server, &key, Some(PASSWORD)).await;
    assert!(
        late.header("location").contains("status=400"),
        "{:?}",
        late.headers
    );
}

#[tokio::test]
async fn a_strangers_sign_up_does_not_keep_an_account_from_its_new_address() {
    let server = Server::start().await;
    let ada = server.verified_user("ada@x.io").await;
    let stranger = sign_up(&server, "new@x.io", STRANGERS).await;
    let key = ask_for_address(&server, &ada, "new@x.io").await;

    let moved = press(&server, &key, Some(PASSWORD)).await;

    assert!(
        moved.header("location").contains("status=200"),
        "{:?}",
        moved.headers
    );
    grant(&server, &stranger.key)
        .await
        .refused(403, "invalid_access_token");
    assert_eq!(server.sign_in("new@x.io", PASSWORD).await.status, 200);
}

/// An account from a time without verification owns nothing until its address is proved.
#[tokio::test]
async fn a_link_takes_an_unverified_account_from_whoever_made_it() {
    let server = Server::start_with(|settings| settings.confirm_email = false).await;
    let body = json!({ "email": "ada@x.io", "password": STRANGERS });
    let made = server.post("auth/signup-email", None, body).await;
    let strangers_session = made.text("/session/token");

    server.post_empty("auth/send-magic?email=ada@x.io", None).await;
    let key = server.mailed_key("ada@x.io").await;
    let granted = grant(&server, &key).await;

    assert_eq!(granted.body["user"]["emailVerified"], true);
    server
        .get("auth/user", Some(&strangers_session))
        .await
        .refused(401, "invalid_session_token");
    assert_opens_nothing(&server, "ada@x.io", STRANGERS).await;
}

#[tokio::test]
async fn in_its_own_session_an_unverified_account_is_verified_and_keeps_its_password() {
    let server = Server::start_with(|settings| settings.confirm_email = false).await;
    let session = server.sign_up("ada@x.io").await.text("/session/token");

    server.post_empty("auth/send-magic?email=ada@x.io", None).await;
    let key = server.mailed_key("ada@x.io").await;
    let granted = server.get(&format!("auth/grant?key={key}"), Some(&session)).await;

    assert_eq!(granted.status, 200, "{}", granted.body);
    assert_eq!(server.sign_in("ada@x.io", PASSWORD).await.status, 200);
}

/// T-08
#[tokio::test]
async fn a_session_can_be_renewed_with_the_password() {
    let (server, user) = Server::with_user().await;
    let body = json!({ "oldPassword": PASSWORD, "newPassword": NEW, "renewSession": true });

    let changed = server.post("auth/change-pwd", Some(&user.token), body).await;

    server
        .get("auth/user", Some(&user.token))
        .await
        .refused(401, "invalid_session_token");
    let renewed = changed.text("/session/token");
    assert_eq!(server.get("auth/user", Some(&renewed)).await.status, 200);
}

/// A sign-up is gone a day after its last link is dead (T-77), and can get another link until then.
#[tokio::test]
async fn an_abandoned_sign_up_can_be_taken_up_for_a_day() {
    let server = Server::start().await;
    let owner = sign_up(&server, "ada@x.io", PASSWORD).await;
    server.clock.advance(std::time::Duration::from_hours(2));
    grant(&server, &owner.key)
        .await
        .refused(403, "invalid_access_token");

    server.post_empty("auth/resend?email=ada@x.io", None).await;
    let key = query(&server.mailed_link("ada@x.io").await, "key").unwrap();

    assert_eq!(server.grant_own(&key, &owner.token).await.status, 200);
}
