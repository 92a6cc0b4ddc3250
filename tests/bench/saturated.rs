//! Pages and health checks while more people sign in than can be served.

use std::time::Duration;

use support::TestBinary;

use crate::load::{Load, Outcome, Until};
use crate::report::{Report, figure};
use crate::requests::Sender;
use crate::speed::PASSWORD;

const LENGTH: Duration = Duration::from_secs(6);
/// Above the queue's 64 places.
const SIGNING_IN: usize = 100;

pub(crate) async fn measure(app: &TestBinary, report: &mut Report) {
    let idle = visit(app, LENGTH).await;
    let address = app.address();
    let sender = Sender {
        address: &address,
        public_url: &app.public_url,
        session: None,
    };
    let sign_in = [sender.sign_in("nobody@example.com", PASSWORD)];
    let flood = Load {
        connections: SIGNING_IN,
        // Who was refused waits a little, as a polite client does.
        pause: Duration::from_millis(100),
        ..Load::full(address.clone(), app.pid(), LENGTH + Duration::from_secs(1))
    };
    let (_, busy) = tokio::join!(flood.run(&sign_in), async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        visit(app, LENGTH).await
    });
    assert_eq!(busy.bad, 0, "every page is 200");
    let (idle, busy) = (idle.percentile_ms(99), busy.percentile_ms(99));
    report.add(figure("pages and health, p99, at rest", idle, "ms"));
    let bar = 2.0 * idle + 20.0;
    report.add(figure("the same while sign-in is saturated", busy, "ms").at_most(bar, bar));
}

async fn visit(app: &TestBinary, length: Duration) -> Outcome {
    let address = app.address();
    let sender = Sender {
        address: &address,
        public_url: &app.public_url,
        session: None,
    };
    let requests = ["/healthz", "/sign-in", "/", "/readyz"].map(|path| sender.get(path));
    let load = Load {
        address: address.clone(),
        pid: app.pid(),
        connections: 2,
        until: Until::Passed(length),
        pause: Duration::from_millis(5),
    };
    load.run(&requests).await
}
