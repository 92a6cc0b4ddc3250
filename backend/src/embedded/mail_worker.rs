//! Sends what waits in the outbox, a few mails at a time, and tries again what failed.
//!
//! A mail is claimed for a while (its lease), then sent, then marked. What was sent is marked before
//! anything else is claimed, however long the database cannot be written; so a mail is sent twice
//! only when the program is killed between the mail server's answer and the mark, and then with the
//! same Message-ID. A mail whose worker was killed is sent when its lease has run out.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use futures_util::FutureExt;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message, MultiPart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use tokio::task::{JoinError, JoinSet};
use tokio::time::timeout;

use super::clock::as_ms;
use super::mail_server::{MailServer, hello_name, needs_smtputf8, recipient, sender};
use super::store::Write;
use super::store::outbox::{self, MailRow};
use super::{Embedded, Smtp, mail};

/// The longest time for one step of the conversation with a mail server, …
const TIMEOUT: Duration = Duration::from_secs(20);
/// … and for the whole of it.
const SEND_TIMEOUT: Duration = Duration::from_mins(1);
/// How many mails are sent at once.
const AT_ONCE: usize = 8;
/// How long no other worker takes a claimed mail: longer than sending it can take.
const LEASE: Duration = Duration::from_secs(90);
/// How long the end of the program waits for mails that are being sent.
const STOP_PATIENCE: Duration = Duration::from_secs(10);
/// The pause before the database is asked again that could not be written.
const RETRY_PAUSE: Duration = Duration::from_secs(1);
/// The first pause after a failure; each next one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_secs(10);
const LONGEST_PAUSE: Duration = Duration::from_hours(1);
/// Every link is dead by then, and a mail this late only puzzles.
const GIVE_UP_AFTER: Duration = Duration::from_hours(24);
/// The shortest sleep between two looks at the outbox.
const SHORTEST_SLEEP: Duration = Duration::from_secs(5);

/// The connection to a mail server.
pub(crate) struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Mailer {
    /// Reads the settings; does not connect yet.
    pub(crate) fn new(smtp: &Smtp) -> anyhow::Result<Self> {
        // The URL holds a password, so no message repeats it.
        let server =
            MailServer::parse(&smtp.url).map_err(|expected| anyhow!("SMTP_URL: expected {expected}"))?;
        let from = sender(&smtp.from).map_err(|expected| anyhow!("MAIL_FROM: expected {expected}"))?;
        let hello = hello_name(&smtp.hello).map_err(|expected| anyhow!("SMTP_HELO: expected {expected}"))?;
        let host = server.host.clone();
        let (tls, default_port) = if server.tls_from_start {
            (Tls::Wrapper(TlsParameters::new(host.clone())?), 465)
        } else if server.is_loopback() {
            (Tls::None, 25)
        } else {
            (Tls::Required(TlsParameters::new(host.clone())?), 587)
        };
        let mut transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
            .port(server.port.unwrap_or(default_port))
            .hello_name(hello)
            .tls(tls)
            .timeout(Some(TIMEOUT));
        if let Some((user, password)) = server.login {
            transport = transport.credentials(Credentials::new(user, password));
        }
        Ok(Self {
            transport: transport.build(),
            from,
        })
    }

    async fn send(&self, embedded: &Embedded, row: &MailRow) -> Result<(), Failure> {
        let message = self
            .message(embedded, row)
            .map_err(|error| Failure::lasting(&error))?;
        match timeout(SEND_TIMEOUT, self.transport.send(message)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(Failure {
                lasting: error.is_permanent() || needs_smtputf8(&error),
                text: describe(&error),
            }),
            Err(_) => Err(Failure {
                lasting: false,
                text: "the mail server took too long".to_owned(),
            }),
        }
    }

    fn message(&self, embedded: &Embedded, row: &MailRow) -> anyhow::Result<Message> {
        let mail = mail::compose(embedded, row)?;
        let auto_submitted = HeaderValue::new(
            HeaderName::new_from_ascii_str("Auto-Submitted"),
            "auto-generated".to_owned(),
        );
        Message::builder()
            .from(self.from.clone())
            .to(recipient(&row.to_address)?)
            .subject(mail.subject)
            // The same at each attempt, so that a mail sent twice is seen as one.
            .message_id(Some(format!("<{}@{}>", row.id, self.from.email.domain())))
            .raw_header(auto_submitted)
            .multipart(MultiPart::alternative_plain_html(mail.text, mail.html))
            .context("building a mail")
    }
}

struct Failure {
    lasting: bool,
    text: String,
}

impl Failure {
    fn lasting(error: &anyhow::Error) -> Self {
        Self {
            lasting: true,
            text: format!("{error:#}"),
        }
    }
}

/// What a mail server said, without the address it may repeat.
fn describe(error: &lettre::transport::smtp::Error) -> String {
    match error.status() {
        Some(code) => format!("the mail server answered {code}"),
        None if error.is_timeout() => "the mail server did not answer in time".to_owned(),
        None if needs_smtputf8(error) => {
            "the address needs SMTPUTF8, which the mail server does not offer".to_owned()
        }
        None if error.is_client() => "the mail server does not offer what the mail needs".to_owned(),
        None if error.is_tls() => "no TLS connection to the mail server".to_owned(),
        None => "no connection to the mail server".to_owned(),
    }
}

/// Works until the server stops.
pub(crate) async fn run(embedded: Embedded, mailer: Mailer) {
    let mut worker = Worker {
        mailer: Arc::new(mailer),
        leases: HashMap::new(),
        sending: JoinSet::new(),
        ended: Vec::new(),
        embedded: embedded.clone(),
    };
    while !embedded.stopping.is_cancelled() {
        let sleep = match worker.work().await {
            Ok(sleep) => sleep,
            Err(error) => {
                tracing::warn!(%error, "the outbox cannot be used");
                Some(RETRY_PAUSE)
            }
        };
        tokio::select! {
            () = embedded.stopping.cancelled() => {}
            () = embedded.mail_queued.notified() => {}
            Some(ended) = worker.sending.join_next() => worker.note(ended),
            () = embedded.settings.clock.sleep(sleep.unwrap_or_default()), if sleep.is_some() => {}
        }
    }
    worker.stop().await;
}

/// A mail whose sending has ended.
struct Ended {
    row: MailRow,
    sent: Result<(), Failure>,
}

struct Worker {
    embedded: Embedded,
    mailer: Arc<Mailer>,
    /// Until when each mail is claimed that is being sent or not marked yet.
    leases: HashMap<String, i64>,
    sending: JoinSet<Ended>,
    /// What is not marked yet.
    ended: Vec<Ended>,
}

impl Worker {
    /// Marks what has ended and begins what is due; tells how long there is nothing to do, `None` for
    /// no end.
    async fn work(&mut self) -> sqlx::Result<Option<Duration>> {
        while let Some(ended) = self.sending.try_join_next() {
            self.note(ended);
        }
        let store = self.embedded.store.clone();
        let now = self.embedded.settings.clock.now_ms();
        let free = AT_ONCE.saturating_sub(self.sending.len());
        let next = outbox::next_attempt_at(&mut *store.read().await?).await?;
        let is_due = free > 0 && next.is_some_and(|next| next <= now);
        if is_due || !self.ended.is_empty() {
            let leased_until = now + as_ms(LEASE);
            let mut tx = store.begin().await?;
            self.mark(&mut tx, now).await?;
            let limit = i64::try_from(free).unwrap_or_default();
            let claimed = outbox::claim(&mut *tx, now, leased_until, limit).await?;
            tx.commit().await?;
            for Ended { row, .. } in self.ended.drain(..) {
                self.leases.remove(&row.id);
            }
            for row in claimed {
                self.begin(row, leased_until);
            }
        }
        if self.sending.len() >= AT_ONCE {
            // The first that ends makes room.
            return Ok(None);
        }
        let next = outbox::next_attempt_at(&mut *store.read().await?).await?;
        Ok(next.map(|next| {
            let wait = u64::try_from(next - now).unwrap_or_default();
            Duration::from_millis(wait).max(SHORTEST_SLEEP)
        }))
    }

    fn begin(&mut self, row: MailRow, leased_until: i64) {
        // A clock that jumped ends leases of mails that are still being sent.
        if self.leases.insert(row.id.clone(), leased_until).is_some() {
            return;
        }
        let (embedded, mailer) = (self.embedded.clone(), Arc::clone(&self.mailer));
        self.sending.spawn(async move {
            let age = embedded.settings.clock.now_ms() - row.created_at;
            let sent = if age > as_ms(GIVE_UP_AFTER) {
                Err(Failure {
                    lasting: true,
                    text: "too old to be sent".to_owned(),
                })
            } else {
                AssertUnwindSafe(mailer.send(&embedded, &row))
                    .catch_unwind()
                    .await
                    .unwrap_or_else(|_| {
                        Err(Failure {
                            lasting: false,
                            text: "a panic".to_owned(),
                        })
                    })
            };
            Ended { row, sent }
        });
    }

    fn note(&mut self, ended: Result<Ended, JoinError>) {
        // Panics are caught, and what is aborted is not waited for.
        let Ok(ended) = ended else { return };
        if let Err(failure) = &ended.sent {
            tracing::warn!(
                mail = ended.row.id,
                reason = failure.text,
                attempt = ended.row.attempts,
                last = failure.lasting,
                "a mail was not sent"
            );
        }
        self.ended.push(ended);
    }

    /// Writes how sending has ended, in a transaction.
    async fn mark(&self, tx: &mut Write, now: i64) -> sqlx::Result<()> {
        for Ended { row, sent } in &self.ended {
            let leased_until = self.leases.get(&row.id).copied().unwrap_or_default();
            match sent {
                Ok(()) => outbox::set_sent(&mut **tx, &row.id, leased_until, now).await?,
                Err(failure) => {
                    let next = (!failure.lasting).then(|| now + as_ms(pause(row.attempts - 1)));
                    outbox::set_failed(&mut **tx, &row.id, leased_until, &failure.text, next).await?;
                }
            }
        }
        Ok(())
    }

    /// Finishes what is being sent, within limits. The rest is sent by the next start.
    async fn stop(mut self) {
        let finished = async {
            while let Some(ended) = self.sending.join_next().await {
                self.note(ended);
            }
        };
        if timeout(STOP_PATIENCE, finished).await.is_err() {
            tracing::warn!(
                mails = self.sending.len(),
                "mails that are being sent are given up for now"
            );
        }
        let marked = async {
            let mut tx = self.embedded.store.begin().await?;
            self.mark(&mut tx, self.embedded.settings.clock.now_ms()).await?;
            tx.commit().await
        };
        if !self.ended.is_empty()
            && let Err(error) = marked.await
        {
            tracing::warn!(%error, mails = self.ended.len(), "mails that were sent will be sent again");
        }
    }
}

fn pause(attempts: i64) -> Duration {
    let doublings = u32::try_from(attempts.clamp(0, 16)).unwrap_or_default();
    FIRST_PAUSE
        .saturating_mul(2_u32.saturating_pow(doublings))
        .min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn smtp(url: &str) -> Smtp {
        Smtp {
            url: url.to_owned(),
            from: "Latchkey <noreply@example.com>".to_owned(),
            hello: "localhost".to_owned(),
        }
    }

    // The transport's pool needs a runtime.
    #[tokio::test]
    async fn settings_that_are_none_are_refused_without_repeating_them() {
        for url in [
            "",
            "example.com",
            "http://user:hunter2@example.com",
            "smtp:user:hunter2",
        ] {
            let error = Mailer::new(&smtp(url)).err().unwrap().to_string();

            assert!(error.starts_with("SMTP_URL"), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
        let nobody = Smtp {
            from: "nobody".to_owned(),
            ..smtp("smtp://localhost")
        };
        assert!(Mailer::new(&nobody).is_err());
    }

    // The transport's pool needs a runtime.
    #[tokio::test]
    async fn both_schemes_are_taken() {
        for url in [
            "smtp://a%40b:p%20w@mail.example.com:587",
            "smtps://mail.example.com",
            "smtp://127.0.0.1:2525",
        ] {
            assert!(Mailer::new(&smtp(url)).is_ok(), "{url}");
        }
    }

    #[test]
    fn pauses_double_up_to_an_hour() {
        assert_eq!(pause(0), Duration::from_secs(10));
        assert_eq!(pause(3), Duration::from_secs(80));
        assert_eq!(pause(99), LONGEST_PAUSE);
    }
}
