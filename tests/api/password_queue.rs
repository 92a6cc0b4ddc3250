//! More sign-ins than can be hashed: some are told to come back, nobody else waits
//! (SECURITY-BAR T-70).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use reqwest::StatusCode;
use support::{Reply, TestApp, eventually};
use tokio::task::JoinSet;

use crate::PASSWORD;

/// Above the queue's 64 places and any machine's cores.
const TOO_MANY: usize = 160;

#[tokio::test]
async fn a_full_queue_refuses_with_503_and_nobody_else_waits_for_it() {
    let app = TestApp::spawn_with(|settings| settings.rate_limits = false).await;
    let refused = Arc::new(AtomicBool::new(false));
    let (client, mut sign_ins) = (app.client(), JoinSet::new());
    for number in 0..TOO_MANY {
        let (client, refused) = (client.clone(), Arc::clone(&refused));
        sign_ins.spawn(async move {
            let reply = client
                .sign_in(&format!("nobody{number}@example.com"), PASSWORD)
                .await;
            if reply.status == StatusCode::SERVICE_UNAVAILABLE {
                refused.store(true, Ordering::Relaxed);
            }
            reply
        });
    }
    let full = async || refused.load(Ordering::Relaxed).then_some(());
    eventually(full).await.expect("some are refused");

    let paths = ["/healthz", "/readyz", "/no-such-file.ico", "/api/profile"];
    let mut others = Vec::new();
    for path in paths {
        others.push(app.get(path).await.status.as_u16());
    }

    let mut replies = Vec::new();
    while let Some(reply) = sign_ins.try_join_next() {
        replies.push(reply.unwrap());
    }
    assert!(
        replies.len() < TOO_MANY,
        "the others waited until the queue was empty"
    );
    assert_eq!(others, [200, 200, 404, 401]);
    replies.extend(sign_ins.join_all().await);
    let (refused, tried): (Vec<Reply>, Vec<Reply>) = replies
        .into_iter()
        .partition(|reply| reply.status == StatusCode::SERVICE_UNAVAILABLE);
    for reply in &refused {
        assert_eq!(reply.refusal(), (503, "altogic_unavailable".to_owned()));
        assert!(reply.header("retry-after").unwrap().parse::<u32>().unwrap() > 0);
    }
    assert!(tried.len() >= 64, "the queue has 64 places: {}", tried.len());
}
