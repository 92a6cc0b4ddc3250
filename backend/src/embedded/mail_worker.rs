//! Sends what waits in the outbox, one mail after another, and tries again what failed.

use std::time::Duration;

use anyhow::{Context, anyhow};
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message, MultiPart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};

use super::clock::as_ms;
use super::mail_server::{MailServer, hello_name, needs_smtputf8, recipient, sender};
use super::store::outbox::{self, MailRow};
use super::{Embedded, Smtp, mail};

const TIMEOUT: Duration = Duration::from_secs(20);
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
        match self.transport.send(message).await {
            Ok(_) => Ok(()),
            Err(error) => Err(Failure {
                lasting: error.is_permanent() || needs_smtputf8(&error),
                text: describe(&error),
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
    loop {
        let sleep = match send_due(&embedded, &mailer).await {
            Ok(sleep) => sleep,
            Err(error) => {
                tracing::warn!(%error, "the outbox cannot be read");
                Some(SHORTEST_SLEEP)
            }
        };
        tokio::select! {
            () = embedded.stopping.cancelled() => return,
            () = embedded.mail_queued.notified() => {}
            () = tokio::time::sleep(sleep.unwrap_or_default()), if sleep.is_some() => {}
        }
    }
}

/// Sends every mail that is due; tells how long there is nothing to do, `None` for no end.
async fn send_due(embedded: &Embedded, mailer: &Mailer) -> sqlx::Result<Option<Duration>> {
    let clock = &embedded.settings.clock;
    loop {
        let due = outbox::due(&mut *embedded.store.read().await?, clock.now_ms()).await?;
        let Some(row) = due else { break };
        if embedded.stopping.is_cancelled() {
            return Ok(None);
        }
        let too_old = clock.now_ms() - row.created_at > as_ms(GIVE_UP_AFTER);
        let sent = if too_old {
            Err(Failure {
                lasting: true,
                text: "too old to be sent".to_owned(),
            })
        } else {
            mailer.send(embedded, &row).await
        };
        let now = clock.now_ms();
        let mut tx = embedded.store.begin().await?;
        match sent {
            Ok(()) => outbox::set_sent(&mut *tx, &row.id, now).await?,
            Err(failure) => {
                let next = (!failure.lasting).then(|| now + as_ms(pause(row.attempts)));
                tracing::warn!(
                    mail = row.id,
                    reason = failure.text,
                    attempt = row.attempts + 1,
                    last = next.is_none(),
                    "a mail was not sent"
                );
                outbox::set_failed(&mut *tx, &row.id, &failure.text, next).await?;
            }
        }
        tx.commit().await?;
    }
    let next = outbox::next_attempt_at(&mut *embedded.store.read().await?).await?;
    Ok(next.map(|next| {
        let wait = u64::try_from(next - clock.now_ms()).unwrap_or_default();
        Duration::from_millis(wait).max(SHORTEST_SLEEP)
    }))
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
