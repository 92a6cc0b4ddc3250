//! What has to hold after every step, and at the end.

use reqwest::Method;
use serde_json::json;

use super::world::{ADDRESSES, Person, World, reader_of};
use crate::support::Reply;

impl World {
    /// Living sessions open their account, and whoever holds them reads its mail; ended ones are
    /// unknown.
    pub async fn check_sessions(&mut self) {
        for session in self.sessions.iter().filter(|session| !session.was_seen_ended) {
            let request = self.call(session.holder, Method::GET, "auth/user");
            let told = Reply::of(request.header("Session", &session.token)).await;
            if session.is_alive {
                let account = self.accounts.iter().find(|known| known.id == session.account);
                let email = account.expect("a session has an account").email;
                assert_eq!(told.status, 200, "a session of {email} has ended: {}", told.body);
                assert_eq!(told.text("/email"), email);
                assert_eq!(reader_of(email), session.holder);
            } else {
                told.refused(401, "invalid_session_token");
            }
        }
        for session in &mut self.sessions {
            session.was_seen_ended |= !session.is_alive;
        }
    }

    /// The attacker's passwords open no account of the others; the owner's own does, from anywhere.
    pub async fn strangers_stay_out(&mut self) {
        let accounts: Vec<_> = self
            .accounts
            .iter()
            .filter(|account| reader_of(account.email) != Person::Eve)
            .map(|account| (account.email, account.password))
            .collect();
        for (email, own) in accounts {
            let strangers = Person::Eve.passwords().map(|password| (password, 401));
            let own = own.map(|password| (password, 200));
            for (password, status) in strangers.into_iter().chain(own) {
                let body = json!({ "email": email, "password": password });
                let reply = self.post_from_elsewhere("auth/signin-email", body).await;
                assert_eq!(reply.status, status, "{password} at {email}: {}", reply.body);
            }
        }
    }

    /// A mailed link lets the owners in, whatever was done to their address: into their account, or
    /// into a new one, whose password then works.
    pub async fn owners_get_in(&mut self) {
        let of_owners = ADDRESSES.into_iter().filter(|(_, owner)| *owner != Person::Eve);
        for (email, _) in of_owners {
            let asked = self
                .post_from_elsewhere(&format!("auth/send-magic?email={email}"), json!({}))
                .await;
            assert_eq!(asked.status, 200, "{}", asked.body);
            let known = self.links.len();
            self.read_mail(None).await;
            let Some(link) = self.links.get(known) else {
                assert!(self.account_at(email).is_none(), "{email} got no link");
                self.sign_up_afresh(email).await;
                continue;
            };
            let granted = self
                .server
                .get(&format!("auth/grant?key={}", link.key), None)
                .await;
            assert_eq!(granted.status, 200, "{}", granted.body);
            assert_eq!(granted.text("/user/email"), email);
        }
    }

    async fn sign_up_afresh(&mut self, email: &str) {
        let password = "a fresh beginning";
        let body = json!({ "email": email, "password": password });
        let signed_up = self.post_from_elsewhere("auth/signup-email", body.clone()).await;
        assert_eq!(signed_up.status, 200, "{}", signed_up.body);
        self.read_mail(None).await;
        let key = &self.links.last().expect("a mail came").key;
        let granted = self.server.grant_own(key, &signed_up.text("/signUpToken")).await;
        assert_eq!(granted.status, 200, "{}", granted.body);
        let signed_in = self.post_from_elsewhere("auth/signin-email", body).await;
        assert_eq!(signed_in.status, 200, "{}", signed_in.body);
    }
}
