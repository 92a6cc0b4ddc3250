//! Pictures that are made to take our memory or our time (T-63).

use std::time::{Duration, Instant};

use reqwest::StatusCode;
use support::{TestBinary, bombs, process::memory};

use crate::PASSWORD;

/// What the process may have at its most, in MB.
const MAX_MEMORY: f64 = 150.0;

#[tokio::test]
async fn no_picture_takes_the_memory_or_the_time() {
    // It takes longer than an idle connection lives.
    let bombs = bombs();
    let app = TestBinary::start(&[("CONFIRM_EMAIL", "false"), ("RATE_LIMITS", "off")]).await;
    let client = app.client();
    client.join("Ada", "ada@example.com", PASSWORD).await;

    for (name, bomb) in bombs {
        let start = Instant::now();
        let reply = client.put_avatar(bomb, "image/png").await;
        let peak = memory(app.pid(), "VmHWM:");
        eprintln!("{name}: {} after {:?}, {peak} MB", reply.status, start.elapsed());
        assert!(reply.status.as_u16() < 500, "{name}: {reply:?}");
        assert!(start.elapsed() < Duration::from_secs(25), "{name}");
        assert!(peak < MAX_MEMORY, "{name}: {peak} MB");
    }
    assert_eq!(client.profile().await.status, StatusCode::OK);
}
