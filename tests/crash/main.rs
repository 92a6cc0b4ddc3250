//! What was answered with success is still there after `kill -9` (SECURITY-BAR T-86).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use shared::{profile, sign_up};
use support::{Client, TestBinary, problems};
use tokio::sync::mpsc::{self, UnboundedSender};

const SIGN_UPS: usize = 100;
const AT_ONCE: usize = 8;
/// The power goes when this many have been acknowledged: in the middle.
const KILL_AFTER: usize = 40;
/// The same for renames.
const RENAMES: usize = 400;
const PASSWORD: &str = "correct horse battery";

#[tokio::test]
async fn every_acknowledged_sign_up_survives_kill_9() {
    let mut app = TestBinary::start(&[("RATE_LIMITS", "off")]).await;
    let (acknowledge, mut acknowledged) = mpsc::unbounded_channel();
    let next = Arc::new(AtomicUsize::new(0));
    for _ in 0..AT_ONCE {
        tokio::spawn(sign_up_many(app.client(), Arc::clone(&next), acknowledge.clone()));
    }
    drop(acknowledge);

    let mut emails = Vec::new();
    while emails.len() < KILL_AFTER {
        emails.push(acknowledged.recv().await.expect("sign-ups succeed"));
    }
    app.kill().await;
    while let Some(email) = acknowledged.recv().await {
        emails.push(email);
    }

    assert!(emails.len() < SIGN_UPS, "the kill came after the last sign-up");
    let problems = problems(&app.data_dir().join("latchkey.db")).await.unwrap();
    assert!(problems.is_empty(), "{problems:?}");
    app.restart().await;
    for email in emails {
        let client = app.client();
        let access_token = client.open_link(&client.last_mail_to(&email).await).await;
        let verified = client.auth_redirect_with_password(&access_token, PASSWORD).await;
        assert_eq!(verified.status, 200, "{email}: {verified:?}");
        let signed_in = app.client().sign_in(&email, PASSWORD).await;
        assert_eq!(signed_in.status, 200, "{email}: {signed_in:?}");
    }
}

/// Renames come much faster than sign-ups, so that many of them wait for their turn to be written.
#[tokio::test]
async fn every_acknowledged_rename_survives_kill_9() {
    let mut app = TestBinary::start(&[("RATE_LIMITS", "off"), ("CONFIRM_EMAIL", "false")]).await;
    let (acknowledge, mut acknowledged) = mpsc::unbounded_channel();
    let mut people = Vec::new();
    for number in 0..AT_ONCE {
        let client = app.client();
        client
            .join("Person 0", &format!("person{number}@example.com"), PASSWORD)
            .await;
        people.push(client);
    }
    for (number, client) in people.iter().enumerate() {
        tokio::spawn(rename_often(client.clone(), number, acknowledge.clone()));
    }
    drop(acknowledge);

    let mut names = [0; AT_ONCE];
    for _ in 0..RENAMES {
        let (number, name) = acknowledged.recv().await.expect("renames succeed");
        names[number] = name;
    }
    app.kill().await;
    while let Some((number, name)) = acknowledged.recv().await {
        names[number] = name;
    }

    let problems = problems(&app.data_dir().join("latchkey.db")).await.unwrap();
    assert!(problems.is_empty(), "{problems:?}");
    app.restart().await;
    for (client, acknowledged) in people.iter().zip(names) {
        let name = client.profile().await.json::<profile::Response>().user.name;
        let kept: u32 = name.trim_start_matches("Person ").parse().unwrap();
        // The one under way at the kill may have got through, unanswered.
        assert!(
            (acknowledged..=acknowledged + 1).contains(&kept),
            "{name}, {acknowledged}"
        );
    }
}

/// Renames a person to the next number until the system is gone.
async fn rename_often(client: Client, number: usize, acknowledge: UnboundedSender<(usize, u32)>) {
    for name in 1.. {
        let form = profile::Form {
            name: format!("Person {name}"),
        };
        let request = client.http.patch(client.url(profile::PATH)).json(&form);
        match request.send().await {
            Ok(reply) if reply.status().is_success() => {
                // The receiver is gone only when the test has failed.
                let _ = acknowledge.send((number, name));
            }
            Ok(reply) => panic!("{}: {}", form.name, reply.status()),
            Err(_) => return,
        }
    }
}

/// Signs up the next addresses until all are done or the system is gone.
async fn sign_up_many(client: Client, next: Arc<AtomicUsize>, acknowledge: UnboundedSender<String>) {
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= SIGN_UPS {
            return;
        }
        let form = sign_up::Form {
            name: format!("Person {number}"),
            email: format!("person{number}@example.com"),
            password: PASSWORD.to_owned(),
        };
        let request = client.http.post(client.url(sign_up::PATH)).json(&form);
        match request.send().await {
            Ok(reply) if reply.status().is_success() => {
                // The receiver is gone only when the test has failed.
                drop(acknowledge.send(form.email));
            }
            Ok(reply) => panic!("{}: {}", form.email, reply.status()),
            Err(_) => return,
        }
    }
}
