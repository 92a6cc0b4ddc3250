//! `POST auth/resend`.

use shared::Email;

use super::Altogic;
use crate::{error::Error, extract::Caller};

impl Altogic {
    /// Mails the verification link again, where that is due.
    ///
    /// # Errors
    /// [`Error::Unavailable`], [`Error::RateLimited`]; never whether the address has an account.
    pub async fn resend_verification(&self, caller: &Caller, email: &Email) -> Result<(), Error> {
        self.ask_for_mail(caller, "auth/resend", email).await
    }
}
