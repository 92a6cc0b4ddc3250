//! [`Pulse`]: what a connection is doing right now, told by its socket and its requests, read by
//! its watch and by the registry of connections.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed},
};
use std::time::Instant;

use futures_util::task::AtomicWaker;

/// Milliseconds since the first call in this process, beginning at 1.
pub(super) fn now_ms() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    let elapsed = START.get_or_init(Instant::now).elapsed();
    u64::try_from(elapsed.as_millis())
        .unwrap_or(u64::MAX)
        .saturating_add(1)
}

/// The state of one connection. Times are those of [`now_ms`]; 0 is "not now".
#[derive(Debug)]
pub(super) struct Pulse {
    pub(super) born_at: u64,
    /// Wakes the connection's task.
    pub(super) waker: AtomicWaker,
    /// Requests that were begun.
    served: AtomicU32,
    /// Requests whose response is not handed over yet.
    busy: AtomicU32,
    /// Responses whose head is out and whose body is not.
    bodies: AtomicU32,
    /// Since when there has been no request.
    waiting_since: AtomicU64,
    /// Since when a request's head has been arriving.
    head_since: AtomicU64,
    /// When the client last took something of a response.
    progress_at: AtomicU64,
    /// The socket takes no more.
    blocked: AtomicBool,
    http2: AtomicBool,
    /// Beyond the bound of connections.
    pub(super) overflow: AtomicBool,
    /// Its place is wanted.
    pub(super) evicted: AtomicBool,
    /// Its client is to open a new one.
    pub(super) last: AtomicBool,
}

/// What a connection is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Activity {
    /// Open since then, and no byte has arrived.
    Silent(u64),
    /// Between two requests, since then.
    Idle(u64),
    /// A request's head is arriving, since then.
    Head(u64),
    /// A response is on its way; the client last took some of it then.
    Sending(u64),
    /// A request is being read or worked on.
    Working,
}

impl Pulse {
    pub(super) fn new() -> Arc<Self> {
        let now = now_ms();
        Arc::new(Self {
            born_at: now,
            waker: AtomicWaker::new(),
            served: AtomicU32::new(0),
            busy: AtomicU32::new(0),
            bodies: AtomicU32::new(0),
            waiting_since: AtomicU64::new(now),
            head_since: AtomicU64::new(0),
            progress_at: AtomicU64::new(now),
            blocked: AtomicBool::new(false),
            http2: AtomicBool::new(false),
            overflow: AtomicBool::new(false),
            evicted: AtomicBool::new(false),
            last: AtomicBool::new(false),
        })
    }

    pub(super) fn activity(&self) -> Activity {
        let is_busy = self.busy.load(Relaxed) > 0;
        if self.blocked.load(Relaxed) || (is_busy && self.bodies.load(Relaxed) > 0) {
            return Activity::Sending(self.progress_at.load(Relaxed));
        }
        if is_busy {
            return Activity::Working;
        }
        match (self.has_served(), self.head_since.load(Relaxed)) {
            (false, 0) => Activity::Silent(self.born_at),
            (true, 0) => Activity::Idle(self.waiting_since.load(Relaxed)),
            (_, since) => Activity::Head(since),
        }
    }

    pub(super) fn is_http2(&self) -> bool {
        self.http2.load(Relaxed)
    }

    pub(super) fn has_served(&self) -> bool {
        self.served.load(Relaxed) > 0
    }

    /// The socket gave bytes.
    pub(super) fn note_read(&self) {
        // Between two requests of HTTP/2 there are frames of other kinds.
        let is_head = self.busy.load(Relaxed) == 0 && !self.is_http2();
        if is_head && self.head_since.load(Relaxed) == 0 {
            self.head_since.store(now_ms(), Relaxed);
        }
    }

    /// The socket took bytes, or a response went on.
    pub(super) fn note_progress(&self) {
        self.progress_at.store(now_ms(), Relaxed);
        self.blocked.store(false, Relaxed);
    }

    /// The socket takes nothing more for now.
    pub(super) fn note_blocked(&self) {
        if !self.blocked.swap(true, Relaxed) {
            self.progress_at.store(now_ms(), Relaxed);
        }
    }

    /// A request begins; it ends when the value is dropped.
    pub(super) fn begin(self: &Arc<Self>, is_http2: bool) -> Busy {
        self.http2.store(is_http2, Relaxed);
        self.served.fetch_add(1, Relaxed);
        self.busy.fetch_add(1, Relaxed);
        Busy {
            pulse: Arc::clone(self),
            has_body: false,
        }
    }
}

/// A request of a connection, from its head to the end of its response.
#[derive(Debug)]
pub(super) struct Busy {
    pulse: Arc<Pulse>,
    has_body: bool,
}

impl Busy {
    /// From now on the response's body is on its way.
    pub(super) fn begin_body(&mut self) {
        self.has_body = true;
        self.pulse.progress_at.store(now_ms(), Relaxed);
        self.pulse.bodies.fetch_add(1, Relaxed);
    }

    /// The client took a part of the body.
    pub(super) fn note_progress(&self) {
        self.pulse.progress_at.store(now_ms(), Relaxed);
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let pulse = &self.pulse;
        if self.has_body {
            pulse.bodies.fetch_sub(1, Relaxed);
        }
        pulse.head_since.store(0, Relaxed);
        pulse.waiting_since.store(now_ms(), Relaxed);
        pulse.busy.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_silent_then_working_then_sending_then_idle() {
        let pulse = Pulse::new();
        assert_eq!(pulse.activity(), Activity::Silent(pulse.born_at));

        let mut request = pulse.begin(false);
        assert_eq!(pulse.activity(), Activity::Working);
        request.begin_body();
        assert!(matches!(pulse.activity(), Activity::Sending(_)));

        drop(request);
        assert!(matches!(pulse.activity(), Activity::Idle(_)));
        pulse.note_read();
        assert!(matches!(pulse.activity(), Activity::Head(_)));
    }

    #[test]
    fn a_full_socket_counts_even_when_the_request_is_over() {
        let pulse = Pulse::new();
        drop(pulse.begin(false));
        pulse.note_blocked();
        assert!(matches!(pulse.activity(), Activity::Sending(_)));

        pulse.note_progress();
        assert!(matches!(pulse.activity(), Activity::Idle(_)));
    }
}
