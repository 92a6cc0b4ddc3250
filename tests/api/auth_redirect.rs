use reqwest::StatusCode;
use shared::auth_redirect::Response;
use support::{Client, TestApp};

use crate::PASSWORD;

/// Asks for a magic link and gives its access token.
async fn magic_token(client: &Client) -> String {
    client.magic_link("ada@example.com").await;
    client
        .open_link(&client.last_mail_to("ada@example.com").await)
        .await
}

#[tokio::test]
async fn another_browser_is_told_whose_account_and_redeems_nothing_without_a_click() {
    let app = TestApp::spawn().await;
    app.client().join("Ada", "ada@example.com", PASSWORD).await;
    let (asking, other) = (app.client(), app.client());
    let access_token = magic_token(&asking).await;

    for _ in 0..3 {
        let waiting = other.auth_redirect(&access_token, false).await;
        assert_eq!(waiting.status, StatusCode::ACCEPTED);
        let waiting: Response = waiting.json();
        assert_eq!(
            (waiting.user, waiting.email.as_deref()),
            (None, Some("ada@example.com"))
        );
    }
    assert_eq!(other.profile().await.status, StatusCode::UNAUTHORIZED);

    let clicked = other.auth_redirect(&access_token, true).await;
    assert_eq!(clicked.json::<Response>().user.unwrap().name, "Ada");
    assert_eq!(other.profile().await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_browser_that_asked_for_its_own_mail_is_not_signed_in_by_somebody_elses() {
    let app = TestApp::spawn().await;
    app.client().join("Ada", "ada@example.com", PASSWORD).await;
    let (eve, victim) = (app.client(), app.client());
    let access_token = magic_token(&eve).await;
    victim.magic_link("victim@example.com").await;

    let reply = victim.auth_redirect(&access_token, false).await;

    assert_eq!(reply.status, StatusCode::ACCEPTED);
    assert!(reply.json::<Response>().user.is_none());
}

#[tokio::test]
async fn looking_at_a_link_changes_nothing() {
    let app = TestApp::spawn().await;
    let client = app.client();
    client.sign_up("Ada", "ada@example.com", PASSWORD).await;
    let mail = client.last_mail_to("ada@example.com").await;

    for _ in 0..20 {
        client.open_link(&mail).await;
    }
    assert_eq!(
        client.sign_in("ada@example.com", PASSWORD).await.refusal(),
        (401, "email_not_verified".to_owned())
    );

    let access_token = client.open_link(&mail).await;
    assert!(
        client
            .auth_redirect(&access_token, false)
            .await
            .json::<Response>()
            .user
            .unwrap()
            .email_verified
    );
}

#[tokio::test]
async fn a_dead_link_is_refused_with_and_without_a_click() {
    let app = TestApp::spawn().await;
    let client = app.client();

    for confirmed in [false, true] {
        let reply = client
            .auth_redirect("0e55c6fa93ae4e8c0e55c6fa93ae4e8c", confirmed)
            .await;
        assert_eq!(reply.refusal(), (403, "invalid_access_token".to_owned()));
    }
    assert_eq!(
        client.auth_redirect("", true).await.refused_fields(),
        ["access_token"]
    );
    assert_eq!(
        client.auth_redirect("a b", true).await.refused_fields(),
        ["access_token"]
    );
}

#[tokio::test]
async fn of_many_redemptions_at_once_one_succeeds() {
    let app = TestApp::spawn_with(|settings| settings.rate_limits = false).await;
    app.client().join("Ada", "ada@example.com", PASSWORD).await;
    let access_token = magic_token(&app.client()).await;

    let tries: Vec<_> = (0..30)
        .map(|_| {
            let (client, access_token) = (app.client(), access_token.clone());
            tokio::spawn(async move { client.auth_redirect(&access_token, true).await.status })
        })
        .collect();
    let mut successes = 0;
    for attempt in tries {
        successes += usize::from(attempt.await.unwrap() == StatusCode::OK);
    }

    assert_eq!(successes, 1);
}
