//! The embedded server's one source of time, which tests can move.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use tokio::sync::Notify;

/// UTC with a resolution of one millisecond. Clones share their offset.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    offset: Arc<Offset>,
}

#[derive(Debug, Default)]
struct Offset {
    ms: AtomicI64,
    moved: Notify,
}

impl Clock {
    /// The machine's own time.
    pub fn system() -> Self {
        Self::default()
    }

    /// The present moment, UTC, cut to milliseconds.
    pub fn now(&self) -> OffsetDateTime {
        moment(self.now_ms())
    }

    /// Moves this clock and its clones forward; for tests of what expires.
    pub fn advance(&self, by: Duration) {
        self.offset.ms.fetch_add(as_ms(by), Ordering::SeqCst);
        self.offset.moved.notify_waiters();
    }

    /// Waits; what sleeps wakes when the clock is moved beyond its time.
    pub(crate) async fn sleep(&self, time: Duration) {
        let began = Instant::now();
        let end = self.offset_ms().saturating_add(as_ms(time));
        loop {
            let moved = self.offset.moved.notified();
            let here = self.offset_ms().saturating_add(as_ms(began.elapsed()));
            let Some(left) = u64::try_from(end - here).ok().filter(|left| *left > 0) else {
                return;
            };
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(left)) => {}
                () = moved => {}
            }
        }
    }

    /// The time since the process began, which no change of the machine's clock moves: for pauses
    /// and limits.
    pub(crate) fn uptime(&self) -> Duration {
        static START: LazyLock<Instant> = LazyLock::new(Instant::now);
        START.elapsed() + Duration::from_millis(u64::try_from(self.offset_ms()).unwrap_or_default())
    }

    /// The present moment in unix milliseconds.
    pub(crate) fn now_ms(&self) -> i64 {
        let system = OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000_000;
        i64::try_from(system)
            .unwrap_or(i64::MAX)
            .saturating_add(self.offset_ms())
    }

    fn offset_ms(&self) -> i64 {
        self.offset.ms.load(Ordering::SeqCst)
    }
}

/// A duration in milliseconds.
pub(crate) fn as_ms(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// Unix milliseconds as Altogic writes them, for example `2022-03-19T13:55:55.772Z`
/// (PROTOCOL section 2).
pub(crate) fn iso(ms: i64) -> String {
    const FORMAT: &[BorrowedFormatItem<'_>] =
        format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
    moment(ms).format(FORMAT).unwrap_or_default()
}

fn moment(ms: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(ms) * 1_000_000)
        .unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_altogic_writes_them() {
        assert_eq!(iso(1_647_698_155_772), "2022-03-19T13:55:55.772Z");
        assert_eq!(iso(0), "1970-01-01T00:00:00.000Z");
    }

    #[tokio::test]
    async fn what_sleeps_wakes_when_its_time_has_come() {
        let clock = Clock::system();
        let sleeping = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep(Duration::from_hours(1)).await }
        });
        tokio::task::yield_now().await;

        clock.advance(Duration::from_mins(59));
        tokio::task::yield_now().await;
        assert!(!sleeping.is_finished());
        clock.advance(Duration::from_mins(2));

        sleeping.await.unwrap();
    }

    #[test]
    fn an_advance_reaches_every_clone() {
        let clock = Clock::system();
        let clone = clock.clone();
        let before = clone.now();

        clock.advance(Duration::from_hours(1));

        assert!(clone.now() - before >= time::Duration::hours(1));
    }
}
