//! The log: lines on standard error that neither hold up nor end what they tell of.
//!
//! A full disk, a closed pipe or a reader that has stopped reading costs lines, never a request. A
//! thread of its own writes them; what cannot be written, and what finds the queue full, is counted,
//! and the count is the next line that can be written (SECURITY-BAR T-87).

use std::fmt::Display;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use tracing_subscriber::fmt::MakeWriter;

/// How many lines may wait to be written.
const QUEUE: usize = 16 * 1024;
/// How long the end of the program waits for them.
const PATIENCE: Duration = Duration::from_secs(1);

/// The way to the thread that writes; clones share it.
#[derive(Clone)]
pub(crate) struct Log {
    queue: SyncSender<Message>,
    lost: Arc<AtomicU64>,
}

enum Message {
    Line(Vec<u8>),
    /// Answered when everything before it is written or lost.
    Flush(SyncSender<()>),
}

impl Log {
    /// A log on `out`. When no thread can be had, every line is lost.
    pub(crate) fn to(out: impl Write + Send + 'static) -> Self {
        let (queue, messages) = sync_channel(QUEUE);
        let lost = Arc::<AtomicU64>::default();
        let mut lines = Lines {
            out,
            lost: Arc::clone(&lost),
            is_cut: false,
        };
        // The sender of a thread that could not start refuses every line.
        drop(
            std::thread::Builder::new()
                .name("log".to_owned())
                .spawn(move || lines.write_all_of(&messages)),
        );
        Self { queue, lost }
    }

    /// Waits until what was logged is written, at most a second.
    pub(crate) fn flush(&self) {
        let deadline = Instant::now() + PATIENCE;
        let (done, is_done) = sync_channel(1);
        while self.queue.try_send(Message::Flush(done.clone())).is_err() {
            if Instant::now() >= deadline {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        // What is not written by then is lost, as the caller is told.
        let _ = is_done.recv_timeout(deadline.saturating_duration_since(Instant::now()));
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = &'a Self;

    fn make_writer(&'a self) -> &'a Self {
        self
    }
}

impl Write for &Log {
    /// Takes a whole line; never fails.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.queue.try_send(Message::Line(line.to_owned())).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The writing end.
struct Lines<W> {
    out: W,
    lost: Arc<AtomicU64>,
    /// Whether a line was written in part.
    is_cut: bool,
}

impl<W: Write> Lines<W> {
    fn write_all_of(&mut self, messages: &Receiver<Message>) {
        for message in messages {
            match message {
                Message::Line(line) => {
                    if self.say_what_is_lost().and_then(|()| self.write(&line)).is_err() {
                        self.lost.fetch_add(1, Ordering::Relaxed);
                    }
                }
                Message::Flush(done) => {
                    // A failure is counted already.
                    drop(self.say_what_is_lost());
                    let _ = done.send(());
                }
            }
        }
    }

    fn say_what_is_lost(&mut self) -> io::Result<()> {
        let lost = self.lost.load(Ordering::Relaxed);
        if lost == 0 {
            return Ok(());
        }
        let end = if self.is_cut { "\n" } else { "" };
        self.write(format!("{end}WARN latchkey: {lost} lines of the log could not be written\n").as_bytes())?;
        self.lost.fetch_sub(lost, Ordering::Relaxed);
        Ok(())
    }

    fn write(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match self.out.write(bytes) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => {
                    bytes = &bytes[written..];
                    self.is_cut = !bytes.is_empty();
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.out.flush()
    }
}

/// Says something on standard error, if that is there. `eprintln!` would panic if it is not.
pub(crate) fn say(text: impl Display) {
    drop(writeln!(io::stderr(), "{text}"));
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, PoisonError};

    use super::*;

    /// A disk with room for so many bytes.
    #[derive(Clone, Default)]
    struct Disk {
        written: Arc<Mutex<Vec<u8>>>,
        room: Arc<AtomicU64>,
    }

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let room = usize::try_from(self.room.load(Ordering::Relaxed)).unwrap();
            let taken = bytes.len().min(room);
            if taken == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.room.fetch_sub(taken as u64, Ordering::Relaxed);
            self.written.lock().unwrap().extend_from_slice(&bytes[..taken]);
            Ok(taken)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_a_full_disk_does_not_take_is_counted_and_told_when_there_is_room() {
        let disk = Disk::default();
        disk.room.store(8, Ordering::Relaxed);
        let log = Log::to(disk.clone());
        let mut line = &log;

        for text in ["one\n", "too long\n", "two\n", "three\n"] {
            line.write_all(text.as_bytes()).unwrap();
        }
        log.flush();
        disk.room.store(1000, Ordering::Relaxed);
        line.write_all(b"four\n").unwrap();
        log.flush();

        let written = disk.written.lock().unwrap_or_else(PoisonError::into_inner);
        assert_eq!(
            String::from_utf8_lossy(&written),
            "one\ntoo \nWARN latchkey: 3 lines of the log could not be written\nfour\n"
        );
    }

    /// A reader that has stopped reading.
    struct Stuck;

    impl Write for Stuck {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            loop {
                std::thread::park();
            }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_stops_reading_holds_nothing_up() {
        let log = Log::to(Stuck);
        let mut line = &log;

        for _ in 0..QUEUE + 10 {
            line.write_all(b"line\n").unwrap();
        }

        assert!(log.lost.load(Ordering::Relaxed) >= 9);
        let began = Instant::now();
        log.flush();
        assert!(began.elapsed() < PATIENCE * 5);
    }
}
