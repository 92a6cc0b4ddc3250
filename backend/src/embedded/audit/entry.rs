//! [`Entry`]: one event of an account, its outcome, and whose it is.

use std::time::Duration;

use strum::{IntoStaticStr, VariantNames};

/// What happens to accounts; in the database and in the log by its name in kebab case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "kebab-case")]
pub(crate) enum Event {
    SignUpAsked,
    /// The account is there, and can be used.
    SignUpCompleted,
    VerificationAsked,
    SignInByPassword,
    MagicLinkAsked,
    SignInByLink,
    SignOut,
    /// A session was ended by something else than its own sign-out.
    SessionEnded,
    PasswordChanged,
    PasswordResetAsked,
    PasswordReset,
    EmailChangeAsked,
    EmailChanged,
    EmailChangeCancelled,
    NameChanged,
    PictureChanged,
    AccountDeleted,
    /// With `latchkey keys`, as the next one.
    KeyMade,
    KeyRevoked,
    /// So many events were not recorded, because there were too many.
    EventsDropped,
    /// So many rows were removed, because they had expired.
    EventsExpired,
}

/// Why something was refused, or what else ended a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub(crate) enum Reason {
    WrongPassword,
    /// The address has no account.
    NoAccount,
    /// The address has an account already.
    AccountExists,
    NotVerified,
    RateLimited,
    /// The link is unknown, used up, or too old.
    InvalidLink,
    /// From another session of the same account.
    ByOwner,
    PasswordChange,
    PasswordReset,
}

/// Whose event it is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Subject<'a> {
    /// An account, by its id.
    Account(&'a str),
    /// The entry's address, which has no account.
    Address,
    NoAccount,
}

/// How much of an event is recorded; see [`super::budget`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Allowance {
    /// All of it: each costs its cause more than it costs us.
    Full,
    /// So many of an account.
    OfAccount,
    /// So many of a network, and of all: anybody on the internet causes it.
    OfStrangers,
}

/// How long events are kept that somebody with a right to the account caused.
const KEEP: Duration = Duration::from_hours(400 * 24);
/// How long all others are kept.
const KEEP_OF_STRANGERS: Duration = Duration::from_hours(30 * 24);

/// One event.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry<'a> {
    pub(super) event: Event,
    pub(super) subject: Subject<'a>,
    /// An address that is digested and then forgotten, so that an unknown one takes no longer than
    /// a known one.
    pub(super) address: Option<&'a str>,
    pub(super) refused: bool,
    pub(super) reason: Option<Reason>,
    pub(super) object: Option<&'a str>,
    pub(super) count: i64,
}

impl Event {
    /// It was done to the account with this id.
    pub(crate) fn of(self, account: &str) -> Entry<'_> {
        self.entry(Subject::Account(account), None)
    }

    /// It was asked for with this address: of its account, or, where there is none, of the address,
    /// which is recorded as a digest. Both take equally long.
    pub(crate) fn of_address<'a>(self, account: Option<&'a str>, address: &'a str) -> Entry<'a> {
        let subject = account.map_or(Subject::Address, Subject::Account);
        self.entry(subject, Some(address))
    }

    /// It is about no account, or about one that is not known.
    pub(crate) fn of_no_account(self) -> Entry<'static> {
        self.entry(Subject::NoAccount, None)
    }

    fn entry<'a>(self, subject: Subject<'a>, address: Option<&'a str>) -> Entry<'a> {
        Entry {
            event: self,
            subject,
            address,
            refused: false,
            reason: None,
            object: None,
            count: 1,
        }
    }
}

impl<'a> Entry<'a> {
    /// It was not done.
    pub(crate) fn refused(mut self, reason: Reason) -> Self {
        self.refused = true;
        self.because(reason)
    }

    /// What caused it.
    pub(crate) fn because(mut self, reason: Reason) -> Self {
        self.reason = Some(reason);
        self
    }

    /// The handle of the session, or the id of the key, that it is about.
    pub(crate) fn on(mut self, object: &'a str) -> Self {
        self.object = Some(object);
        self
    }

    pub(super) fn times(mut self, count: i64) -> Self {
        self.count = count;
        self
    }

    pub(super) fn keep(&self) -> Duration {
        match self.allowance() {
            Allowance::OfStrangers => KEEP_OF_STRANGERS,
            Allowance::Full | Allowance::OfAccount => KEEP,
        }
    }

    /// Depends on the event and its outcome only: what is recorded must not tell whether an address
    /// has an account.
    pub(super) fn allowance(&self) -> Allowance {
        match self.event {
            _ if self.refused => Allowance::OfStrangers,
            Event::SignUpAsked
            | Event::VerificationAsked
            | Event::MagicLinkAsked
            | Event::PasswordResetAsked => Allowance::OfStrangers,
            Event::SignUpCompleted
            | Event::PasswordChanged
            | Event::PasswordReset
            | Event::EmailChanged
            | Event::AccountDeleted
            | Event::KeyMade
            | Event::KeyRevoked
            | Event::EventsDropped
            | Event::EventsExpired => Allowance::Full,
            Event::SignInByPassword
            | Event::SignInByLink
            | Event::SignOut
            | Event::SessionEnded
            | Event::EmailChangeAsked
            | Event::EmailChangeCancelled
            | Event::NameChanged
            | Event::PictureChanged => Allowance::OfAccount,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_written_in_kebab_case() {
        assert_eq!(<&str>::from(Event::SignInByPassword), "sign-in-by-password");
        assert_eq!(<&str>::from(Reason::WrongPassword), "wrong-password");
        assert_eq!(Event::VARIANTS.len(), 21);
    }

    /// T-29.
    #[test]
    fn a_refusal_is_kept_as_long_for_a_known_address_as_for_an_unknown_one() {
        let refused = |account| {
            let entry = Event::SignInByPassword.of_address(account, "ada@x.io");
            let entry = entry.refused(Reason::WrongPassword);
            (entry.keep(), entry.allowance())
        };

        assert_eq!(refused(Some("0123456789abcdef01234567")), refused(None));
    }
}
