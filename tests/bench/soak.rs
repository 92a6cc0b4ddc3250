//! Ten minutes of people coming and going, at half of the highest rate: memory stays flat.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use image::ImageFormat;
use support::{Client, TestBinary, picture};
use tokio::task::JoinSet;

use crate::report::{Report, figure};
use crate::speed::PASSWORD;
use support::process::memory;

const LENGTH: Duration = Duration::from_mins(10);
const FINDING_THE_RATE: Duration = Duration::from_secs(20);
/// People at once who find the highest rate.
const AT_ONCE: usize = 8;
/// More than these are never under way at once.
const MOST_AT_ONCE: usize = 64;

pub(crate) async fn measure(app: &TestBinary, report: &mut Report) {
    let people = Arc::new(AtomicU32::new(0));
    let photo: Arc<[u8]> = picture(320, 320, ImageFormat::Jpeg).into();
    let rate = highest_rate(app, &people, &photo).await;
    let start = memory(app.pid(), "VmRSS:");
    let done = at_rate(app, &people, &photo, rate / 2.0, LENGTH).await;
    let end = memory(app.pid(), "VmRSS:");
    report.add(figure("soak: journeys a second, at most", rate, "1/s"));
    report.add(figure("soak: journeys done at half of that", f64::from(done), ""));
    report.add(figure("soak: memory at the start", start, "MB"));
    let flat = start * 1.1 + f64::from(cores()) * 20.0;
    report.add(figure("soak: memory at the end", end, "MB").at_most(flat, start * 1.1));
}

fn cores() -> u32 {
    available_parallelism().map_or(1, |cores| u32::try_from(NonZeroUsize::get(cores)).unwrap_or(1))
}

async fn highest_rate(app: &TestBinary, people: &Arc<AtomicU32>, photo: &Arc<[u8]>) -> f64 {
    let end = Instant::now() + FINDING_THE_RATE;
    let before = people.load(Ordering::Relaxed);
    let mut tasks = JoinSet::new();
    for _ in 0..AT_ONCE {
        let (url, people, photo) = (app.public_url.clone(), Arc::clone(people), Arc::clone(photo));
        tasks.spawn(async move {
            while Instant::now() < end {
                let number = people.fetch_add(1, Ordering::Relaxed);
                journey(Client::new(&url), number, Arc::clone(&photo)).await;
            }
        });
    }
    tasks.join_all().await;
    f64::from(people.load(Ordering::Relaxed) - before) / FINDING_THE_RATE.as_secs_f64()
}

async fn at_rate(
    app: &TestBinary,
    people: &Arc<AtomicU32>,
    photo: &Arc<[u8]>,
    rate: f64,
    length: Duration,
) -> u32 {
    let start = Instant::now();
    let mut tick = tokio::time::interval(Duration::from_secs_f64(1.0 / rate));
    let (mut tasks, mut done) = (JoinSet::new(), 0);
    while start.elapsed() < length {
        tick.tick().await;
        while tasks.len() >= MOST_AT_ONCE {
            tasks.join_next().await;
        }
        while tasks.try_join_next().is_some() {}
        let (client, photo) = (app.client(), Arc::clone(photo));
        tasks.spawn(journey(client, people.fetch_add(1, Ordering::Relaxed), photo));
        done += 1;
    }
    tasks.join_all().await;
    done
}

/// Sign up, look around, rename, picture, sign out, sign in again, sign out.
async fn journey(client: Client, number: u32, photo: Arc<[u8]>) {
    let email = format!("soak{number}@example.com");
    let mut replies = vec![
        client.sign_up("Ada", &email, PASSWORD).await,
        client.get("/").await,
        client.profile().await,
        client.sessions().await,
        client.rename("Ada King").await,
        client.put_avatar(&*photo, "image/jpeg").await,
        client.sign_out().await,
        client.sign_in(&email, PASSWORD).await,
    ];
    replies.push(client.sign_out().await);
    for reply in replies {
        assert!(reply.status.is_success(), "{reply:?}");
    }
}
