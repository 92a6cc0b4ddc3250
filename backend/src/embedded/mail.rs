//! Mails and what stands in them. Whether one is due is decided in [`super::mail_requests`], and
//! [`super::mail_worker`] sends them.

use anyhow::Context;
use askama::Template;
use serde::Serialize;

use super::clock::as_ms;
use super::errors::Result;
use super::store::Write;
use super::store::access_tokens::{self, AccessTokenRow, Purpose};
use super::store::outbox::{self, Kind, MailRow};
use super::store::users::UserRow;
use super::{Embedded, ids, mail_text};

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

/// Who gets a mail, and whose its link is.
pub(crate) struct Recipient<'a> {
    user_id: Option<&'a str>,
    sign_up_id: Option<&'a str>,
    address: &'a str,
    name: Option<&'a str>,
}

impl<'a> Recipient<'a> {
    /// A user, at an address that need not be theirs yet.
    pub(crate) fn user(user: &'a UserRow, address: &'a str) -> Self {
        Self {
            user_id: Some(&user.id),
            sign_up_id: None,
            address,
            name: user.name.as_deref(),
        }
    }

    /// A sign-up that waits.
    pub(crate) fn sign_up(id: &'a str, address: &'a str, name: Option<&'a str>) -> Self {
        Self {
            user_id: None,
            sign_up_id: Some(id),
            address,
            name,
        }
    }
}

/// Queues a mail to a user's own address; see [`queue`].
pub(crate) async fn queue_own(
    embedded: &Embedded,
    tx: &mut Write,
    kind: Kind,
    user: &UserRow,
    now: i64,
) -> Result<()> {
    queue(embedded, tx, kind, &Recipient::user(user, &user.email), now).await
}

/// Queues a mail, with a fresh link where the kind has one. Links in earlier mails stay as they are.
pub(crate) async fn queue(
    embedded: &Embedded,
    tx: &mut Write,
    kind: Kind,
    to: &Recipient<'_>,
    now: i64,
) -> Result<()> {
    let mut link_seed = None;
    if let Some(purpose) = kind.purpose() {
        let seed = ids::new_token();
        let token = AccessTokenRow {
            purpose,
            user_id: to.user_id.map(str::to_owned),
            sign_up_id: to.sign_up_id.map(str::to_owned),
            email: to.address.to_owned(),
        };
        let token_hash = ids::digest(&embedded.link_key.token(&seed));
        access_tokens::insert(&mut **tx, &token, &token_hash, now + as_ms(purpose.lifetime())).await?;
        link_seed = Some(seed);
    }
    let mail = MailRow {
        id: ids::new_id(),
        kind,
        to_address: to.address.to_owned(),
        // A sign-up has the id of the account that it becomes.
        user_id: to.user_id.or(to.sign_up_id).map(str::to_owned),
        recipient_name: to.name.map(str::to_owned),
        link_seed,
        created_at: now,
        attempts: 0,
    };
    outbox::insert(&mut **tx, &mail).await?;
    Ok(())
}

/// Writes a mail from its row.
pub(crate) fn compose(embedded: &Embedded, row: &MailRow) -> anyhow::Result<Mail> {
    let link = match (&row.link_seed, row.kind.purpose()) {
        (Some(seed), Some(purpose)) => Some(link(embedded, purpose, seed)?),
        _ => None,
    };
    let letter = Letter {
        name: mail_text::greeting(
            row.kind,
            embedded.settings.confirm_email,
            row.recipient_name.as_deref(),
        ),
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
