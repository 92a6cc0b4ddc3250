//! [`SmtpSink`]: a mail server on a loopback port that takes what it is told to take.

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// A delivered mail.
#[derive(Clone, Debug)]
pub struct Delivered {
    /// The receiver's address.
    pub to: String,
    /// The whole message with its head, lines ended by CR and LF.
    pub message: String,
}

#[derive(Default)]
struct State {
    delivered: Mutex<Vec<Delivered>>,
    refusals: Mutex<VecDeque<&'static str>>,
    asked: Mutex<usize>,
    greeted: Mutex<Vec<String>>,
    changed: Notify,
    released: Notify,
}

/// Runs until it is dropped.
pub struct SmtpSink {
    /// Where it listens.
    pub address: SocketAddr,
    state: Arc<State>,
    serving: JoinHandle<()>,
}

impl SmtpSink {
    /// Instead of a refusal: the mail is taken, but only after [`SmtpSink::release`] or never.
    pub const HANGS: &str = "hangs";

    /// Starts; the first mails are answered with `refusals` after their recipient, for example
    /// `451 later`.
    pub async fn start(refusals: &[&'static str]) -> Self {
        Self::start_on(0, refusals).await
    }

    /// As [`SmtpSink::start`], on this port.
    pub async fn start_on(port: u16, refusals: &[&'static str]) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
        let listener = listener.expect("the port is free");
        let address = listener.local_addr().expect("a listener has an address");
        let state = Arc::new(State::default());
        lock(&state.refusals).extend(refusals);
        let shared = state.clone();
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, shared.clone()));
            }
        });
        Self {
            address,
            state,
            serving,
        }
    }

    /// For the setting `SMTP_URL`.
    pub fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    /// Lets a mail that hangs go on.
    pub fn release(&self) {
        self.state.released.notify_one();
    }

    /// Waits until `count` mails are here.
    pub async fn delivered(&self, count: usize) -> Vec<Delivered> {
        self.until(|state| {
            let delivered = lock(&state.delivered);
            (delivered.len() >= count).then(|| delivered.clone())
        })
        .await
    }

    /// The names with which it was greeted.
    pub fn greeted(&self) -> Vec<String> {
        lock(&self.state.greeted).clone()
    }

    /// Waits until `count` mails were offered, taken or not.
    pub async fn asked(&self, count: usize) {
        self.until(|state| (*lock(&state.asked) >= count).then_some(()))
            .await;
    }

    async fn until<T>(&self, done: impl Fn(&State) -> Option<T>) -> T {
        loop {
            let changed = self.state.changed.notified();
            if let Some(value) = done(&self.state) {
                return value;
            }
            changed.await;
        }
    }
}

impl Drop for SmtpSink {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// The server's half of RFC 5321, as far as one client needs it.
async fn converse(stream: TcpStream, state: Arc<State>) {
    let (reader, mut writer) = stream.into_split();
    let mut lines = BufReader::new(reader).lines();
    let mut to = String::new();
    // A client that has left is noticed below.
    drop(writer.write_all(b"220 sink\r\n").await);
    while let Ok(Some(line)) = lines.next_line().await {
        let verb = line
            .split([' ', ':'])
            .next()
            .unwrap_or_default()
            .to_ascii_uppercase();
        let answer = match verb.as_str() {
            "EHLO" => {
                let name = line.split(' ').nth(1).unwrap_or_default().to_owned();
                lock(&state.greeted).push(name);
                "250-sink\r\n250 8BITMIME".to_owned()
            }
            "RCPT" => {
                *lock(&state.asked) += 1;
                to = line.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
                let refusal = lock(&state.refusals).pop_front();
                state.changed.notify_waiters();
                match refusal {
                    Some(SmtpSink::HANGS) => {
                        state.released.notified().await;
                        "250 ok".to_owned()
                    }
                    refusal => refusal.unwrap_or("250 ok").to_owned(),
                }
            }
            "DATA" => {
                drop(writer.write_all(b"354 go on\r\n").await);
                let mut message = String::new();
                while let Ok(Some(line)) = lines.next_line().await {
                    if line == "." {
                        break;
                    }
                    message.push_str(line.strip_prefix('.').unwrap_or(&line));
                    message.push_str("\r\n");
                }
                lock(&state.delivered).push(Delivered {
                    to: to.clone(),
                    message,
                });
                state.changed.notify_waiters();
                "250 taken".to_owned()
            }
            "QUIT" => "221 bye".to_owned(),
            _ => "250 ok".to_owned(),
        };
        if writer
            .write_all(format!("{answer}\r\n").as_bytes())
            .await
            .is_err()
            || verb == "QUIT"
        {
            return;
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("nothing panics while it is locked")
}
