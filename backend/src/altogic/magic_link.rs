//! `POST auth/send-magic`.

use axum::http::Method;
use shared::Email;

use super::Altogic;
use crate::{error::Error, extract::Caller};

impl Altogic {
    /// Mails a link that signs in, where that is due.
    ///
    /// # Errors
    /// [`Error::Unavailable`], [`Error::RateLimited`]; never whether the address has an account.
    pub async fn send_magic_link(&self, caller: &Caller, email: &Email) -> Result<(), Error> {
        self.ask_for_mail(caller, "auth/send-magic", email).await
    }

    /// A call that mails to `email`. The refusals by which another Altogic tells unknown addresses
    /// apart are not handed on.
    pub(super) async fn ask_for_mail(&self, caller: &Caller, path: &str, email: &Email) -> Result<(), Error> {
        let call = self
            .call_for(caller, Method::POST, path)
            .query(&[("email", email.as_str())]);
        match self.send_for_nothing(call).await {
            Err(Error::Refused(_)) => Ok(()),
            outcome => outcome,
        }
    }
}
