//! [`Changes`]: whether a row was written since it was read.

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// So many counters that two rows in use seldom share one; a shared one only says "written" too often.
const COUNTERS: usize = 4096;

/// A counter for each row, by table and row number, and one for all. What was read of a row is true
/// as long as its counter stands, because the writer counts each row's commit before anybody is told
/// of it.
pub(super) struct Changes {
    commits: AtomicU64,
    rows: Box<[AtomicU64]>,
    /// Counters of rows that are written, but perhaps not yet committed.
    written: Mutex<Vec<usize>>,
}

/// One row's counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    counter: usize,
    count: u64,
}

impl Changes {
    pub(super) fn new() -> Self {
        Self {
            commits: AtomicU64::new(0),
            rows: (0..COUNTERS).map(|_| AtomicU64::new(0)).collect(),
            written: Mutex::default(),
        }
    }

    /// How often anything was committed.
    pub(super) fn commits(&self) -> u64 {
        self.commits.load(Ordering::SeqCst)
    }

    /// How a row's counter stands.
    pub(super) fn see(&self, table: &str, row: i64) -> Seen {
        let counter = counter(table, row);
        Seen {
            counter,
            count: self.rows[counter].load(Ordering::SeqCst),
        }
    }

    /// Whether the row was not written since.
    pub(super) fn stands(&self, seen: Seen) -> bool {
        self.rows[seen.counter].load(Ordering::SeqCst) == seen.count
    }

    /// A row was written, inside of a transaction.
    pub(super) fn write(&self, table: &str, row: i64) {
        self.written().push(counter(table, row));
    }

    /// The transaction ended. The rows count also when it was rolled back: that does no harm.
    pub(super) fn end(&self) {
        // First, because whoever read before the commit then sees either this or a row's counter move.
        self.commits.fetch_add(1, Ordering::SeqCst);
        for counter in self.written().drain(..) {
            self.rows[counter].fetch_add(1, Ordering::SeqCst);
        }
    }

    /// Every row may be another one by now, or have another number.
    pub(super) fn end_all(&self) {
        self.end();
        for row in &self.rows {
            row.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn written(&self) -> std::sync::MutexGuard<'_, Vec<usize>> {
        self.written
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

fn counter(table: &str, row: i64) -> usize {
    let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one((table, row));
    usize::try_from(hash % COUNTERS as u64).unwrap_or_default()
}
