//! `/readyz`: whether accounts can be used now (SECURITY-BAR T-87).

use std::time::Duration;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};
use support::{Client, Fault, FaultProxy, TestApp, eventually};

async fn status(client: &Client) -> u16 {
    client.get("/readyz").await.status.as_u16()
}

async fn database(app: &TestApp) -> SqliteConnection {
    let database = SqliteConnectOptions::new().filename(app.data_dir().join("latchkey.db"));
    database.connect().await.unwrap()
}

/// An app over an Altogic that takes every request and never answers.
async fn over_a_silent_altogic() -> (TestApp, FaultProxy) {
    let proxy = FaultProxy::start("127.0.0.1:1").await;
    proxy.set(Some(Fault::Silent));
    let app = TestApp::spawn_with(|settings| {
        settings.altogic_env_url = Some(proxy.url().parse().unwrap());
        settings.altogic_client_key = Some("a-client-key".to_owned());
    })
    .await;
    (app, proxy)
}

#[tokio::test]
async fn a_database_that_cannot_be_written_is_not_ready_until_it_can() {
    let app = TestApp::spawn().await;
    assert_eq!(status(&app).await, 200);
    let mut other = database(&app).await;
    let lock = other.begin_with("BEGIN IMMEDIATE").await.unwrap();

    let locked = eventually(async || (status(&app).await == 503).then_some(())).await;
    assert!(locked.is_some(), "it says that it is ready");
    let reply = app.get("/readyz").await;
    assert_eq!(reply.body, "the database cannot be written\n");
    lock.rollback().await.unwrap();

    let unlocked = eventually(async || (status(&app).await == 200).then_some(())).await;
    assert!(unlocked.is_some(), "it does not come back");
}

/// T-87: the first write waits for the lock, the second for the first.
#[tokio::test]
async fn writes_that_queue_while_the_database_is_locked_are_refused_in_words() {
    let app = TestApp::spawn().await;
    app.join("Ada", "ada@example.com", crate::PASSWORD).await;
    let mut other = database(&app).await;
    let lock = other.begin_with("BEGIN IMMEDIATE").await.unwrap();

    let first = app.rename("Ada King");
    let second = async {
        // A little later, so that its turn comes before it has waited too long for that.
        tokio::time::sleep(Duration::from_millis(500)).await;
        app.rename("Ada Lovelace").await
    };
    let (first, second) = tokio::join!(first, second);
    lock.rollback().await.unwrap();

    for refused in [first, second] {
        assert_eq!(refused.status, 503, "{refused:?}");
        assert!(refused.header("retry-after").is_some(), "{refused:?}");
    }
    assert_eq!(app.rename("Ada King").await.status, 200);
}

#[tokio::test]
async fn many_that_ask_make_us_ask_another_altogic_once() {
    let (app, proxy) = over_a_silent_altogic().await;

    let asking: Vec<_> = (0..40)
        .map(|_| {
            let client = app.client();
            tokio::spawn(async move { status(&client).await })
        })
        .collect();
    for asked in asking {
        assert_eq!(asked.await.unwrap(), 503);
    }

    assert_eq!(proxy.take_requests(), ["GET /_api/rest/v1/auth/user"]);
}

/// Else whoever asks and leaves makes us ask without end.
#[tokio::test]
async fn callers_that_leave_do_not_make_us_ask_again() {
    let (app, proxy) = over_a_silent_altogic().await;

    let client = app.client();
    for _ in 0..20 {
        let asked = tokio::time::timeout(Duration::from_millis(20), client.get("/readyz")).await;
        assert!(asked.is_err(), "Altogic says nothing");
    }
    // The first of them is asked by now.
    let asked = eventually(async || {
        let asked = proxy.take_requests();
        (!asked.is_empty()).then_some(asked)
    });

    assert_eq!(asked.await.unwrap().len(), 1);
    assert_eq!(status(&client).await, 503);
    assert!(proxy.take_requests().is_empty());
}
