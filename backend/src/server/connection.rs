//! One connection: served, watched, and ended without losing a request that was already sent.

use std::{
    future::{Future as _, poll_fn},
    net::SocketAddr,
    pin::pin,
    sync::{Arc, atomic::Ordering::Relaxed},
    task::Poll,
    time::Duration,
};

use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::{
    net::TcpStream,
    time::{Instant, sleep_until},
};

use super::{
    Port, ServerLimits, Stage,
    connections::Slot,
    io::Watched,
    pulse::{Activity, now_ms},
    requests,
};

/// What arrived at the last moment is found within this time.
const GLANCE: Duration = Duration::from_millis(2);
/// How long an HTTP/2 client has to take note of the end.
const FAREWELL: Duration = Duration::from_secs(1);

/// What the watch of a connection has decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// Look again at this time, at the latest.
    GoOn(u64),
    /// Its time is over between two requests.
    EndQuietly,
    /// Its client does not do its part.
    Cut,
}

/// Serves a connection to its end.
pub(super) async fn serve(port: Arc<Port>, slot: Slot, stream: TcpStream, peer: SocketAddr) {
    let slot = Arc::new(slot);
    let pulse = Arc::clone(&slot.pulse);
    let io = TokioIo::new(Watched {
        stream,
        pulse: Arc::clone(&pulse),
    });
    let service = {
        let (port, slot) = (Arc::clone(&port), Arc::clone(&slot));
        service_fn(move |request| requests::serve(Arc::clone(&port), Arc::clone(&slot), peer, request))
    };
    let mut connection = pin!(port.builder.serve_connection(io, service));
    let limits = &port.connections.limits;
    let mut alarm = pin!(sleep_until(Instant::now() + limits.first_byte));
    let mut stage = Stage::Serving;
    // The protocol was told to end; nothing more is read of further requests.
    let mut is_ending = false;
    let mut has_glanced = false;

    poll_fn(|context| {
        pulse.waker.register(context.waker());
        loop {
            if connection.as_mut().poll(context).is_ready() {
                return Poll::Ready(());
            }
            let seen = port.stage();
            if seen == Stage::Aborted {
                return Poll::Ready(());
            }
            let says_goodbye =
                pulse.is_http2() && pulse.has_served() && (seen > Stage::Serving || pulse.last.load(Relaxed));
            if says_goodbye && !is_ending {
                is_ending = true;
                connection.as_mut().graceful_shutdown();
                continue;
            }
            let must_look = seen != stage || pulse.evicted.load(Relaxed);
            stage = seen;
            if alarm.as_mut().poll(context).is_pending() && !must_look {
                return Poll::Pending;
            }
            match verdict(&port, &slot, limits) {
                Verdict::Cut => return Poll::Ready(()),
                Verdict::GoOn(at) => {
                    has_glanced = false;
                    let wait = Duration::from_millis(at.saturating_sub(now_ms()).max(1));
                    alarm.as_mut().reset(Instant::now() + wait);
                }
                // Bytes that the kernel has are not seen before the next turn of the runtime.
                Verdict::EndQuietly if !has_glanced => {
                    has_glanced = true;
                    alarm.as_mut().reset(Instant::now() + GLANCE);
                }
                Verdict::EndQuietly if is_ending => return Poll::Ready(()),
                Verdict::EndQuietly => {
                    is_ending = true;
                    connection.as_mut().graceful_shutdown();
                    alarm.as_mut().reset(Instant::now() + FAREWELL);
                    continue;
                }
            }
            if alarm.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
        }
    })
    .await;
}

/// Whether the connection may live on.
fn verdict(port: &Port, slot: &Slot, limits: &ServerLimits) -> Verdict {
    let now = now_ms();
    let ms = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let is_evicted = slot.pulse.evicted.load(Relaxed);
    // Between two requests it ends earlier when the program does, or when its place is wanted.
    let rest = |until: u64| {
        let until = match port.linger_until() {
            Some(end) => until.min(end),
            None => until,
        };
        if is_evicted || now >= until {
            Verdict::EndQuietly
        } else {
            Verdict::GoOn(until)
        }
    };
    let bounded = |until: u64| {
        if now >= until {
            Verdict::Cut
        } else {
            Verdict::GoOn(until)
        }
    };
    let pick = |limit| {
        if slot.is_trusted_proxy {
            limits.proxy_idle
        } else {
            limit
        }
    };
    match slot.pulse.activity() {
        Activity::Silent(since) => rest(since.saturating_add(ms(pick(limits.first_byte)))),
        Activity::Idle(since) => rest(since.saturating_add(ms(pick(limits.idle)))),
        Activity::Head(_) if is_evicted => Verdict::Cut,
        Activity::Head(since) => bounded(since.saturating_add(ms(limits.head))),
        Activity::Sending(since) => bounded(since.saturating_add(ms(limits.stall))),
        Activity::Working => Verdict::GoOn(now.saturating_add(ms(limits.stall))),
    }
}
