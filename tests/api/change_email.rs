use reqwest::{Method, StatusCode};
use shared::{
    change_email::{PATH, Waiting},
    profile::Response,
};
use support::{Client, Reply, TestApp};

use crate::PASSWORD;

async fn waiting(client: &Client) -> Option<String> {
    client.get(PATH).await.json::<Waiting>().new_email
}

async fn email(client: &Client) -> String {
    client.profile().await.json::<Response>().user.email
}

#[tokio::test]
async fn the_new_address_confirms_and_the_old_one_is_told() {
    let app = TestApp::spawn().await;
    let client = app.client();
    client.join("Ada", "old@example.com", PASSWORD).await;

    let reply = client.change_email(PASSWORD, "New@example.com").await;

    assert_eq!(reply.status, StatusCode::ACCEPTED, "{reply:?}");
    assert_eq!(waiting(&client).await.as_deref(), Some("new@example.com"));
    assert_eq!(email(&client).await, "old@example.com");
    let told = client.last_mail_to("old@example.com").await;
    assert!(!told.text.contains("change-email"), "{told:?}");

    let link = client.last_mail_to("new@example.com").await;
    let page = Reply::of(client.http.get(link.link())).await;
    assert_eq!(page.status, StatusCode::OK, "{page:?}");
    assert_eq!(email(&client).await, "old@example.com", "looking changes nothing");
    let key = url::Url::parse(link.link()).unwrap();
    let key = key
        .query_pairs()
        .find(|(name, _)| name == "key")
        .unwrap()
        .1
        .into_owned();
    let form = format!("key={key}&action=change-email");
    let button = client
        .request(Method::POST, "/_auth/verify")
        .header("content-type", "application/x-www-form-urlencoded");
    let confirmed = Reply::of(button.body(form)).await;
    let target = confirmed.header("location").unwrap_or_default();
    assert!(
        target.contains("action=change-email") && target.contains("status=200"),
        "{confirmed:?}"
    );
    assert_eq!(
        (email(&client).await.as_str(), waiting(&client).await),
        ("new@example.com", None)
    );
    assert_eq!(
        app.client().sign_in("new@example.com", PASSWORD).await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn a_waiting_change_can_be_replaced_and_cancelled() {
    let app = TestApp::spawn().await;
    let client = app.client();
    client.join("Ada", "old@example.com", PASSWORD).await;
    client.change_email(PASSWORD, "first@example.com").await;
    client.last_mail_to("first@example.com").await;
    client.change_email(PASSWORD, "second@example.com").await;
    client.last_mail_to("second@example.com").await;
    assert_eq!(waiting(&client).await.as_deref(), Some("second@example.com"));

    let reply = Reply::of(client.request(Method::DELETE, PATH)).await;

    assert_eq!(reply.status, StatusCode::NO_CONTENT);
    assert_eq!(waiting(&client).await, None);
    for address in ["first@example.com", "second@example.com"] {
        let link = client.last_mail_to(address).await;
        let target = client.follow(link.link()).await;
        assert!(target.query().unwrap_or_default().contains("error="), "{target}");
    }
    assert_eq!(email(&client).await, "old@example.com");
}

#[tokio::test]
async fn the_password_is_asked_and_the_address_checked() {
    let app = TestApp::spawn().await;
    let client = app.client();
    client.join("Ada", "old@example.com", PASSWORD).await;

    assert_eq!(
        client
            .change_email("wrong password", "new@example.com")
            .await
            .refusal(),
        (401, "invalid_credentials".to_owned())
    );
    assert_eq!(
        client.change_email("", "nowhere").await.refused_fields(),
        ["new_email", "password"]
    );
    assert_eq!(
        client
            .change_email(PASSWORD, "old@example.com")
            .await
            .refused_fields(),
        ["new_email"]
    );
    assert_eq!(waiting(&client).await, None);
    assert_eq!(
        app.client().get(PATH).await.refusal(),
        (401, "missing_session_token".to_owned())
    );
}
