//! What is done with a mailed link, and what may come of it.

use reqwest::Method;
use serde_json::{Value, json};

use super::world::{Account, Link, Person, World, reader_of};
use crate::support::Reply;

/// What a reader of a mail does with its link.
#[derive(Clone, Copy, Debug)]
pub enum Use {
    /// Altogic's own call, which proves no password.
    Grant,
    /// The same with the secrets of the sign-ups that this person made.
    GrantAsMaker,
    GrantWithPassword(usize),
    GrantWithNewPassword(usize),
    Reset(usize),
    /// The button of a page.
    Press,
}

impl Use {
    fn fits(self, action: &str) -> bool {
        match self {
            Self::Reset(_) => action == "reset-pwd",
            Self::Press => action == "change-email",
            _ => matches!(action, "email-confirm" | "magic-link"),
        }
    }
}

impl World {
    /// One of the links in this person's mail, counted from the newest; with `fresh` of those that
    /// did not do their work yet.
    pub fn link_of(&self, person: Person, nth: usize, fresh: bool) -> Option<usize> {
        let fits = |link: &Link| reader_of(link.to) == person && !(fresh && link.is_used);
        let theirs: Vec<usize> = (0..self.links.len())
            .rev()
            .filter(|index| fits(&self.links[*index]))
            .collect();
        theirs.get(nth % theirs.len().max(1)).copied()
    }

    pub async fn use_link(&mut self, by: Person, link: usize, how: Use) {
        let key = self.links[link].key.clone();
        match how {
            Use::Grant => {
                let grant = self.call(by, Method::GET, &format!("auth/grant?key={key}"));
                self.granted(by, link, how, Reply::of(grant).await);
            }
            Use::GrantAsMaker => {
                let tokens = self.tokens_of(by).join(",");
                let grant = self.call(by, Method::GET, &format!("auth/grant?key={key}"));
                let reply = Reply::of(grant.header("Sign-Up-Token", tokens)).await;
                self.granted(by, link, how, reply);
            }
            Use::GrantWithPassword(nth) => {
                let body = json!({ "key": key, "password": by.passwords()[nth] });
                let reply = self.post(by, "auth/grant", None, body).await;
                self.links[link].wrong_passwords += usize::from(reply.status != 200);
                self.granted(by, link, how, reply);
            }
            Use::GrantWithNewPassword(nth) => {
                let body = json!({ "key": key, "newPassword": by.passwords()[nth] });
                let reply = self.post(by, "auth/grant", None, body).await;
                self.granted(by, link, how, reply);
            }
            Use::Reset(nth) => {
                let password = by.passwords()[nth];
                let body = json!({ "newPassword": password });
                let reply = self
                    .post(by, &format!("auth/reset-pwd?key={key}"), None, body)
                    .await;
                if reply.status == 200 {
                    self.spend(link, how);
                    let email = self.links[link].to;
                    let account = self.accounts.iter_mut().find(|known| known.email == email);
                    let account = account.expect("a reset has an account");
                    (account.password, account.unproved) = (Some(password), None);
                    let id = account.id.clone();
                    self.end_sessions(&id, None);
                }
            }
            Use::Press => self.press(by, link).await,
        }
    }

    /// The newest link of a sign-up that waits works, whatever others did with the same address.
    fn must_confirm(&self, by: Person, link: usize, how: Use) -> bool {
        let Some(sign_up) = self.links[link].sign_up else {
            return false;
        };
        let is_newest = self.links[link + 1..]
            .iter()
            .all(|later| later.sign_up != Some(sign_up));
        let lives = is_newest && self.now - self.links[link].mailed_at < 50;
        let chosen = self.sign_ups[sign_up].password;
        let proves = match how {
            Use::GrantWithPassword(nth) => {
                by.passwords()[nth] == chosen && self.links[link].wrong_passwords < 5
            }
            Use::Reset(_) | Use::Press => false,
            _ => true,
        };
        lives && proves && !self.sign_ups[sign_up].is_over
    }

    /// A link works at most once, only for its purpose, and not for long.
    fn spend(&mut self, link: usize, how: Use) {
        let now = self.now;
        let link = &mut self.links[link];
        assert!(!link.is_used, "a {} link worked twice", link.action);
        assert!(how.fits(&link.action), "a {} link served {how:?}", link.action);
        let lifetime = if link.action == "magic-link" { 10 } else { 60 };
        assert!(
            now - link.mailed_at <= lifetime,
            "a dead {} link worked",
            link.action
        );
        link.is_used = true;
    }

    /// The newest secrets of the sign-ups that this person made, as many as count.
    fn tokens_of(&self, person: Person) -> Vec<&str> {
        let theirs = self.sign_ups.iter().rev().filter(|sign_up| sign_up.by == person);
        theirs.take(5).map(|sign_up| sign_up.token.as_str()).collect()
    }

    fn granted(&mut self, by: Person, link: usize, how: Use, reply: Reply) {
        if reply.status != 200 {
            assert!(
                !self.must_confirm(by, link, how),
                "a link is dead: {}",
                reply.body
            );
            return;
        }
        self.spend(link, how);
        let (email, sign_up) = (self.links[link].to, self.links[link].sign_up);
        let id = reply.text("/user/_id");
        assert_eq!(reply.text("/user/email"), email);
        if self.links[link].action == "email-confirm" {
            assert!(self.account_at(email).is_none(), "{email} has two accounts");
            let sign_up = &self.sign_ups[sign_up.expect("a link confirms its sign-up")];
            let chosen = sign_up.password;
            let (password, unproved) = match how {
                Use::GrantAsMaker if self.tokens_of(by).contains(&sign_up.token.as_str()) => {
                    (Some(chosen), None)
                }
                Use::GrantWithPassword(nth) => {
                    assert_eq!(by.passwords()[nth], chosen, "a wrong password counted");
                    (Some(chosen), None)
                }
                Use::GrantWithNewPassword(nth) => (Some(by.passwords()[nth]), None),
                _ => (None, Some(chosen)),
            };
            self.accounts.push(Account {
                id: id.clone(),
                email,
                password,
                unproved,
            });
            self.end_sign_ups(email);
        }
        self.note_session(by, reply.text("/session/token"), &id);
    }

    /// The page says whose account moves. Its reader presses the button for an account of their own,
    /// and gives a password where it asks for one.
    async fn press(&mut self, by: Person, link: usize) {
        let page = self.server.open(self.links[link].url.as_str()).await;
        let html = String::from_utf8_lossy(&page.bytes).into_owned();
        let initial = self.links[link].to.chars().next().unwrap();
        let is_own = html.contains(&format!("{initial}…@x.io"));
        let asks_password = html.contains("type=\"password\"");
        if page.status != 200 || !(is_own || asks_password) {
            return;
        }
        let mut form = vec![("key", self.links[link].key.as_str()), ("action", "change-email")];
        if asks_password {
            form.push(("password", by.passwords()[0]));
        }
        let form = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        let request = self
            .server
            .http
            .post(format!("{}/_auth/verify", self.server.base));
        let request = request.header("Content-Type", "application/x-www-form-urlencoded");
        let reply = Reply::of(request.body(form)).await;
        if !reply.header("location").contains("status=200") {
            return;
        }
        self.spend(link, Use::Press);
        let (to, mover) = (self.links[link].to, self.links[link].account.clone());
        assert!(self.account_at(to).is_none(), "{to} has two accounts");
        let account = self
            .accounts
            .iter_mut()
            .find(|known| Some(&known.id) == mover.as_ref());
        let account = account.expect("a change has an account");
        assert_eq!(reader_of(account.email), by, "{to} went to a stranger's account");
        account.email = to;
        self.end_sign_ups(to);
    }

    /// Whether a reply is nothing that lets anybody in.
    pub fn opens_nothing(reply: &Reply) -> bool {
        reply.body.get("session").is_none_or(Value::is_null)
    }
}
