//! Mails: when one is due, and what stands in it. Sending is [`super::mail_worker`]'s.

use anyhow::Context;
use askama::Template;
use serde::Serialize;

use super::clock::as_ms;
use super::errors::Result;
use super::store::access_tokens::{self, AccessTokenRow, Purpose};
use super::store::outbox::{self, Kind, MailRow};
use super::store::users::UserRow;
use super::store::{Write, environment};
use super::{Embedded, ids};

/// How many mails of one kind an address gets in [`WINDOW_MS`]; more are dropped without a word.
const MAX_IN_WINDOW: i64 = 5;
const WINDOW_MS: i64 = 60 * 60 * 1000;

/// A mail as it is sent and shown.
#[derive(Debug, Serialize)]
pub(crate) struct Mail {
    pub(crate) subject: &'static str,
    pub(crate) text: String,
    pub(crate) html: String,
    pub(crate) links: Vec<String>,
}

impl Kind {
    /// What the mail's link is for; a notice has none.
    fn purpose(self) -> Option<Purpose> {
        match self {
            Self::VerifyEmail => Some(Purpose::VerifyEmail),
            Self::MagicLink | Self::AccountExists => Some(Purpose::MagicLink),
            Self::ResetPassword => Some(Purpose::ResetPassword),
            Self::ChangeEmail => Some(Purpose::ChangeEmail),
            Self::EmailChangeAsked | Self::EmailChanged | Self::PasswordChanged => None,
        }
    }

    /// Those of the first three are Altogic's (PROTOCOL 4.9).
    fn subject(self) -> &'static str {
        match self {
            Self::VerifyEmail => "Confirm your signup",
            Self::MagicLink => "Your magic link",
            Self::ResetPassword => "Reset your password",
            Self::AccountExists => "You already have an account",
            Self::ChangeEmail => "Confirm your new address",
            Self::EmailChangeAsked => "A new address for your account was asked for",
            Self::EmailChanged => "The address of your account was changed",
            Self::PasswordChanged => "Your password was changed",
        }
    }
}

/// Mails a link to a user for whom one is due. For nobody it takes as long, and sends nothing.
pub(crate) async fn send_link_if_due(embedded: &Embedded, kind: Kind, due: Option<UserRow>) -> Result<()> {
    let mut tx = embedded.store.begin().await?;
    let queued = match &due {
        Some(user) => queue_own(embedded, &mut tx, kind, user, embedded.settings.clock.now_ms()).await?,
        None => false,
    };
    if !queued {
        environment::decoy_write(&mut *tx).await?;
    }
    tx.commit().await?;
    embedded.mail_queued.notify_one();
    Ok(())
}

/// Queues a mail to a user's own address; see [`queue`].
pub(crate) async fn queue_own(
    embedded: &Embedded,
    tx: &mut Write,
    kind: Kind,
    user: &UserRow,
    now: i64,
) -> Result<bool> {
    queue(embedded, tx, kind, user, &user.email, now).await
}

/// Queues a mail, with a fresh link where the kind has one, which ends the older one of its
/// purpose. `false`: the address had enough of them for now, and nothing changed.
pub(crate) async fn queue(
    embedded: &Embedded,
    tx: &mut Write,
    kind: Kind,
    user: &UserRow,
    to: &str,
    now: i64,
) -> Result<bool> {
    if outbox::count_since(&mut **tx, to, kind, now - WINDOW_MS).await? >= MAX_IN_WINDOW {
        return Ok(false);
    }
    let mut link_seed = None;
    if let Some(purpose) = kind.purpose() {
        let seed = ids::new_token();
        let token = AccessTokenRow {
            purpose,
            user_id: user.id.clone(),
            email: to.to_owned(),
        };
        let token_hash = ids::digest(&embedded.link_key.token(&seed));
        access_tokens::upsert(&mut **tx, &token, &token_hash, now + as_ms(purpose.lifetime())).await?;
        link_seed = Some(seed);
    }
    let mail = MailRow {
        id: ids::new_id(),
        kind,
        to_address: to.to_owned(),
        user_id: Some(user.id.clone()),
        recipient_name: user.name.clone(),
        link_seed,
        created_at: now,
        attempts: 0,
    };
    outbox::insert(&mut **tx, &mail).await?;
    Ok(true)
}

/// Writes a mail from its row.
pub(crate) fn compose(embedded: &Embedded, row: &MailRow) -> anyhow::Result<Mail> {
    let link = match (&row.link_seed, row.kind.purpose()) {
        (Some(seed), Some(purpose)) => Some(link(embedded, purpose, seed)?),
        _ => None,
    };
    let letter = Letter {
        name: row.recipient_name.as_deref().filter(|name| is_plain(name)),
        email: &row.to_address,
        link: link.as_deref().unwrap_or_default(),
    };
    let (text, html) = letter.render(row.kind).context("rendering a mail")?;
    Ok(Mail {
        subject: row.kind.subject(),
        text,
        html,
        links: link.into_iter().collect(),
    })
}

fn link(embedded: &Embedded, purpose: Purpose, seed: &str) -> anyhow::Result<String> {
    let mut url = embedded.public_link(&["_auth", "verify"])?;
    url.query_pairs_mut()
        .append_pair("key", &embedded.link_key.token(seed))
        .append_pair("action", purpose.action());
    Ok(url.into())
}

/// Whether a name may stand in a mail to an address that its writer need not own. One that reads
/// like a link would turn our mail into theirs.
fn is_plain(name: &str) -> bool {
    let dotted = name.split_whitespace().any(|word| {
        word.split_once('.')
            .is_some_and(|(before, after)| !before.is_empty() && !after.is_empty())
    });
    !dotted && !name.contains("://") && !name.contains('@')
}

/// What the templates may use.
struct Letter<'a> {
    name: Option<&'a str>,
    email: &'a str,
    link: &'a str,
}

macro_rules! templates {
    ($($kind:ident: $text:ident $text_path:literal, $html:ident $html_path:literal;)*) => {
        $(
            #[derive(Template)]
            #[template(path = $text_path)]
            struct $text<'a> {
                letter: &'a Letter<'a>,
            }

            #[derive(Template)]
            #[template(path = $html_path)]
            struct $html<'a> {
                letter: &'a Letter<'a>,
            }
        )*

        impl Letter<'_> {
            /// The text part and the HTML part.
            fn render(&self, kind: Kind) -> askama::Result<(String, String)> {
                let letter = self;
                match kind {
                    $(Kind::$kind => Ok(($text { letter }.render()?, $html { letter }.render()?)),)*
                }
            }
        }
    };
}

templates! {
    VerifyEmail: VerifyEmailText "mail/verify_email.txt", VerifyEmailHtml "mail/verify_email.html";
    MagicLink: MagicLinkText "mail/magic_link.txt", MagicLinkHtml "mail/magic_link.html";
    AccountExists: AccountExistsText "mail/account_exists.txt", AccountExistsHtml "mail/account_exists.html";
    ResetPassword: ResetPasswordText "mail/reset_password.txt", ResetPasswordHtml "mail/reset_password.html";
    ChangeEmail: ChangeEmailText "mail/change_email.txt", ChangeEmailHtml "mail/change_email.html";
    EmailChangeAsked: EmailChangeAskedText "mail/email_change_asked.txt",
        EmailChangeAskedHtml "mail/email_change_asked.html";
    EmailChanged: EmailChangedText "mail/email_changed.txt", EmailChangedHtml "mail/email_changed.html";
    PasswordChanged: PasswordChangedText "mail/password_changed.txt",
        PasswordChangedHtml "mail/password_changed.html";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_bring_markup_into_a_mail() {
        let letter = Letter {
            name: Some("<a href=x>Ada</a> & \"Co\""),
            email: "ada@example.com",
            link: "http://localhost:3000/_auth/verify?key=k&action=magic-link",
        };
        for kind in [
            Kind::VerifyEmail,
            Kind::MagicLink,
            Kind::AccountExists,
            Kind::ResetPassword,
            Kind::ChangeEmail,
        ] {
            let (text, html) = letter.render(kind).unwrap();

            assert!(!html.contains("<a href=x>"), "{html}");
            assert!(html.contains("Ada&#60;/a&#62; &#38; &#34;Co&#34;"), "{html}");
            assert!(html.contains("key=k&#38;action=magic-link"), "{html}");
            assert!(text.contains("key=k&action=magic-link"), "{text}");
        }
    }

    #[test]
    fn a_name_that_reads_like_a_link_is_left_out() {
        for name in ["Win at evil.example", "http://evil", "me@evil", "a.b"] {
            assert!(!is_plain(name), "{name}");
        }
        for name in ["Ada Lovelace", "Dr. Ada", "Ada L.", "Zoë"] {
            assert!(is_plain(name), "{name}");
        }
    }

    #[test]
    fn a_missing_name_is_not_greeted() {
        let letter = Letter {
            name: None,
            email: "ada@example.com",
            link: "http://localhost:3000/",
        };

        let (text, _) = letter.render(Kind::MagicLink).unwrap();

        assert!(text.starts_with("Hello,"), "{text}");
    }
}
