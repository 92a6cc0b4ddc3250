//! A full disk with the database and the log on it (T-87, T-89).

use std::{
    fs,
    path::PathBuf,
    time::{Duration, Instant},
};

use reqwest::StatusCode;
use support::{Client, SmallDisk, TestBinary, eventually, limit_files, problems, start_by};
use tempfile::TempDir;

use crate::{PASSWORD, outcome::Outcome, outcome::seconds};

/// How long it stays full.
const FULL: Duration = Duration::from_secs(5);
const MIB: usize = 1024 * 1024;

/// A disk that can be filled, or a limit of the size of files where none can be mounted.
struct Disk {
    mounted: Option<SmallDisk>,
}

impl Disk {
    fn file(&self, name: &str) -> Option<PathBuf> {
        Some(self.mounted.as_ref()?.path().join(name))
    }

    /// `false` where it cannot be done.
    fn fill(&self, app: &TestBinary) -> bool {
        match self.file("filler") {
            // Ends when the disk is full.
            Some(filler) => fs::write(filler, vec![7; 32 * MIB]).is_err(),
            None => limit_files(app, "0"),
        }
    }

    fn free(&self, app: &TestBinary) {
        match self.file("filler") {
            Some(filler) => fs::remove_file(filler).expect("the filler is there"),
            None => drop(limit_files(app, "unlimited")),
        }
    }
}

/// Names that a user takes one after the other; each is a write.
struct Names {
    client: Client,
    next: usize,
    acknowledged: usize,
    /// Acknowledged, refused with 503, and anything else.
    counts: [usize; 3],
}

impl Names {
    async fn take_next(&mut self) -> StatusCode {
        self.next += 1;
        // Long enough to use up what room a database has inside.
        let name = format!("Ada {} {}", self.next, "x".repeat(60));
        let status = self.client.rename(&name).await.status;
        match status {
            StatusCode::OK => {
                self.acknowledged = self.next;
                self.counts[0] += 1;
            }
            StatusCode::SERVICE_UNAVAILABLE => self.counts[1] += 1,
            _ => self.counts[2] += 1,
        }
        status
    }

    async fn until(&mut self, wanted: StatusCode) -> Option<()> {
        eventually(async || (self.take_next().await == wanted).then_some(())).await
    }
}

pub(crate) async fn torture(outcome: &mut Outcome) {
    let folder = TempDir::new().expect("temporary folders can be made");
    let disk = Disk {
        mounted: SmallDisk::mount(12),
    };
    let kind = if disk.mounted.is_some() {
        "a disk of 12 MiB"
    } else {
        "a limit of files"
    };
    outcome.add(kind);
    let mut settings = vec![("RATE_LIMITS", "off"), ("RUST_LOG", "debug")];
    let data = disk.file("data");
    settings.extend(
        data.iter()
            .map(|data| ("DATA_DIR", data.to_str().expect("a plain name"))),
    );
    let line = match disk.file("log") {
        Some(log) => format!("exec latchkey 2>>{}", log.display()),
        None => "exec latchkey".to_owned(),
    };
    let mut app = start_by(&folder, &line, &settings).await;
    let client = app.client();
    client.join("Ada", "ada@example.com", PASSWORD).await;
    let mut names = Names {
        client: client.clone(),
        next: 0,
        acknowledged: 0,
        counts: [0; 3],
    };
    let is_ready = async |wanted: u16| {
        let start = Instant::now();
        let told = eventually(async || (client.get("/readyz").await.status == wanted).then_some(()));
        told.await.map(|()| start.elapsed())
    };

    outcome.require(disk.fill(&app), "the disk can be filled");
    let refused = names.until(StatusCode::SERVICE_UNAVAILABLE).await;
    outcome.require(refused.is_some(), "a full disk refuses writes");
    let not_ready = is_ready(503).await;
    outcome.require(not_ready.is_some(), "/readyz says that it cannot write");
    let full = Instant::now();
    let (mut read_count, mut bad_reads) = (0, 0);
    while full.elapsed() < FULL {
        names.take_next().await;
        for path in [shared::profile::PATH, "/healthz", "/sign-in"] {
            read_count += 1;
            bad_reads += usize::from(client.get(path).await.status != StatusCode::OK);
        }
    }
    disk.free(&app);
    let freed = Instant::now();
    let taken = names.until(StatusCode::OK).await;
    let writes_after = freed.elapsed();
    let ready = is_ready(200).await.map(|_| freed.elapsed());
    let [good, unavailable, other] = names.counts;
    outcome.add(format!(
        "writes: {good} taken, {unavailable} refused, {other} others"
    ));
    outcome.add(format!("reads while full: {read_count}, failed {bad_reads}"));
    outcome.add(format!("writes again after {}", seconds(writes_after)));
    outcome.add(format!(
        "ready again after {}",
        ready.map_or("never".to_owned(), seconds)
    ));
    outcome.require(bad_reads == 0, "reading goes on");
    outcome.require(other == 0, "what cannot be written is answered 503");
    outcome.require(unavailable > 0, "writes were refused");
    outcome.require(taken.is_some(), "writing goes on when there is room again");
    outcome.require(ready.is_some(), "/readyz says so");
    let name = client
        .profile()
        .await
        .json::<shared::profile::Response>()
        .user
        .name;
    let kept = name.starts_with(&format!("Ada {} ", names.acknowledged));
    outcome.require(kept, "the last acknowledged name is there");

    let code = app.terminate().await.code();
    outcome.require(code == Some(0), format!("SIGTERM ends it in order: {code:?}"));
    let database = data.unwrap_or_else(|| app.data_dir()).join("latchkey.db");
    let found = problems(&database).await.expect("the database can be read");
    outcome.require(found.is_empty(), format!("integrity_check: {found:?}"));
    app.restart().await;
    let signed_in = app.client().sign_in("ada@example.com", PASSWORD).await.status;
    outcome.require(signed_in == StatusCode::OK, "it starts again and signs in");
    app.terminate().await;
}
