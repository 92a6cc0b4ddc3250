//! What the people of the model do.

use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::select;
use reqwest::Method;
use serde_json::json;

use super::links::Use;
use super::world::{Person, SignUp, World};
use crate::support::Reply;

/// How often one session may check wrong passwords before the clock moves: five are free, and a few
/// more come through while the test runs.
const MOST_GUESSES: u32 = 10;

#[derive(Clone, Debug)]
pub enum Step {
    SignUp {
        by: Person,
        address: usize,
        password: usize,
    },
    /// Claims to be verified, with what an API key could be by mistake.
    SignUpVerified {
        by: Person,
        address: usize,
        api_key: &'static str,
    },
    /// `resend`, `send-magic` or `send-reset`.
    AskForMail {
        by: Person,
        address: usize,
        path: &'static str,
    },
    UseLink {
        by: Person,
        nth: usize,
        how: Use,
    },
    /// What its mail is for, in one of the ways that there are.
    UseLinkAsMeant {
        by: Person,
        nth: usize,
        way: usize,
    },
    SignIn {
        by: Person,
        address: usize,
        password: usize,
    },
    ChangePassword {
        by: Person,
        session: usize,
        old: usize,
        new: usize,
        renew: bool,
    },
    ChangeEmail {
        by: Person,
        session: usize,
        password: usize,
        address: usize,
    },
    /// `signout`, `signout-all-except` or `signout-all`.
    SignOut {
        by: Person,
        session: usize,
        path: &'static str,
    },
    /// The attacker gets a copy of a living session.
    Steal {
        from: Person,
        session: usize,
    },
    /// The same, and guesses the current password in it.
    Guess {
        from: Person,
        session: usize,
    },
    /// The attacker asks for mails to an address until none is sent any more.
    Flood {
        address: usize,
        path: &'static str,
    },
    Wait {
        minutes: u64,
    },
}

impl Step {
    /// Whether a link may come of it; a change of address reads its own.
    pub fn asks_for_mail(&self) -> bool {
        matches!(
            self,
            Self::SignUp { .. } | Self::SignUpVerified { .. } | Self::AskForMail { .. } | Self::Flood { .. }
        )
    }
}

/// Any step, those more often that lead somewhere.
pub fn any() -> impl Strategy<Value = Step> {
    let person = || {
        select(vec![
            Person::Ada,
            Person::Ada,
            Person::Bob,
            Person::Eve,
            Person::Eve,
        ])
    };
    let owner = || select(vec![Person::Ada, Person::Ada, Person::Bob]);
    let (address, two) = (|| select(vec![0, 0, 1, 2, 3]), || 0..2_usize);
    let few = || select(vec![0, 0, 0, 1, 2]);
    let mails = || select(vec!["resend", "send-magic", "send-reset"]);
    let how = prop_oneof![
        Just(Use::Grant),
        Just(Use::GrantAsMaker),
        two().prop_map(Use::GrantWithPassword),
        two().prop_map(Use::GrantWithNewPassword),
        two().prop_map(Use::Reset),
        Just(Use::Press),
    ];
    prop_oneof![
        6 => (person(), address(), two())
            .prop_map(|(by, address, password)| Step::SignUp { by, address, password }),
        1 => (person(), address(), select(vec!["", "a", "Bearer"]))
            .prop_map(|(by, address, api_key)| Step::SignUpVerified { by, address, api_key }),
        4 => (person(), address(), mails())
            .prop_map(|(by, address, path)| Step::AskForMail { by, address, path }),
        3 => (person(), few(), how).prop_map(|(by, nth, how)| Step::UseLink { by, nth, how }),
        9 => (person(), few(), 0..8_usize)
            .prop_map(|(by, nth, way)| Step::UseLinkAsMeant { by, nth, way }),
        3 => (person(), address(), two())
            .prop_map(|(by, address, password)| Step::SignIn { by, address, password }),
        2 => (person(), few(), two(), two(), proptest::bool::ANY)
            .prop_map(|(by, session, old, new, renew)| {
                Step::ChangePassword { by, session, old, new, renew }
            }),
        2 => (person(), few(), two(), address())
            .prop_map(|(by, session, password, address)| {
                Step::ChangeEmail { by, session, password, address }
            }),
        1 => (person(), few(), select(vec!["signout", "signout-all-except", "signout-all"]))
            .prop_map(|(by, session, path)| Step::SignOut { by, session, path }),
        1 => (owner(), few()).prop_map(|(from, session)| Step::Steal { from, session }),
        1 => (owner(), few()).prop_map(|(from, session)| Step::Guess { from, session }),
        1 => (address(), mails()).prop_map(|(address, path)| Step::Flood { address, path }),
        1 => select(vec![5, 30, 90, 31 * 24 * 60]).prop_map(|minutes| Step::Wait { minutes }),
    ]
}

impl World {
    pub async fn play(&mut self, step: &Step) {
        match *step {
            Step::SignUp {
                by,
                address,
                password,
            } => self.sign_up(by, address, password).await,
            Step::SignUpVerified { by, address, api_key } => {
                let email = named(by, address);
                let body = json!({
                    "email": email, "password": by.passwords()[0],
                    "nameOrUserData": { "emailVerified": true },
                });
                let request = self.call(by, Method::POST, "auth/signup-email").json(&body);
                let reply = Reply::of(request.header("Authorization", api_key)).await;
                self.signed_up(by, email, by.passwords()[0], &reply);
            }
            Step::AskForMail { by, address, path } => {
                let path = format!("auth/{path}?email={}", named(by, address));
                let reply = self.post(by, &path, None, json!({})).await;
                assert!(matches!(reply.status, 200 | 429), "{}", reply.body);
            }
            Step::UseLink { by, nth, how } => {
                if let Some(link) = self.link_of(by, nth, false) {
                    self.use_link(by, link, how).await;
                }
            }
            Step::UseLinkAsMeant { by, nth, way } => {
                if let Some(link) = self.link_of(by, nth, true) {
                    let how = match (self.links[link].action.as_str(), way % 4) {
                        ("reset-pwd", _) => Use::Reset(way % 2),
                        ("change-email", _) => Use::Press,
                        ("magic-link", _) | (_, 0) => Use::Grant,
                        (_, 1) => Use::GrantAsMaker,
                        (_, 2) => Use::GrantWithPassword(way / 4),
                        _ => Use::GrantWithNewPassword(way / 4),
                    };
                    self.use_link(by, link, how).await;
                }
            }
            Step::SignIn {
                by,
                address,
                password,
            } => self.sign_in(by, address, password).await,
            Step::ChangePassword {
                by,
                session,
                old,
                new,
                renew,
            } => {
                if let Some(session) = self.session_of(by, session) {
                    self.change_password(by, session, (old, new), renew).await;
                }
            }
            Step::ChangeEmail {
                by,
                session,
                password,
                address,
            } => {
                if let Some(session) = self.session_of(by, session) {
                    self.change_email(by, session, password, address).await;
                }
            }
            Step::SignOut { by, session, path } => {
                if let Some(session) = self.session_of(by, session) {
                    let path = format!("auth/{path}");
                    let reply = self.post(by, &path, Some(session), json!({})).await;
                    assert_eq!(reply.status, 200, "{}", reply.body);
                    let account = self.sessions[session].account.clone();
                    match path.as_str() {
                        "auth/signout" => self.sessions[session].is_alive = false,
                        "auth/signout-all" => self.end_sessions(&account, None),
                        _ => self.end_sessions(&account, Some(session)),
                    }
                }
            }
            Step::Steal { from, session } => {
                if let Some(session) = self.session_of(from, session) {
                    self.sessions[session].is_stolen = true;
                }
            }
            Step::Guess { from, session } => self.guess(from, session).await,
            Step::Flood { address, path } => {
                let path = format!("auth/{path}?email={}", named(Person::Eve, address));
                let mut sent = 0;
                while self.post(Person::Eve, &path, None, json!({})).await.status == 200 {
                    sent += 1;
                    assert!(sent < 20, "mails can be sent without end");
                }
            }
            Step::Wait { minutes } => self.wait(minutes),
        }
    }

    async fn sign_up(&mut self, by: Person, address: usize, password: usize) {
        let (email, password) = (named(by, address), by.passwords()[password]);
        let body = json!({ "email": email, "password": password });
        let reply = self.post(by, "auth/signup-email", None, body).await;
        self.signed_up(by, email, password, &reply);
    }

    fn signed_up(&mut self, by: Person, email: &'static str, password: &'static str, reply: &Reply) {
        assert!(
            Self::opens_nothing(reply),
            "a sign-up of {email} needed no mail: {}",
            reply.body
        );
        if reply.status == 429 {
            return;
        }
        assert_eq!(reply.status, 200, "{}", reply.body);
        let token = reply.text("/signUpToken");
        self.sign_ups.push(SignUp {
            email,
            password,
            by,
            token,
            is_over: false,
        });
    }

    /// The one right password opens the account, unless too many wrong ones came from this network.
    async fn sign_in(&mut self, by: Person, address: usize, password: usize) {
        let (email, password) = (named(by, address), by.passwords()[password]);
        let body = json!({ "email": email, "password": password });
        let reply = self.post(by, "auth/signin-email", None, body).await;
        let account = self.account_at(email);
        let right = account.filter(|account| account.password == Some(password));
        let id = right.map(|account| account.id.clone());
        match (id, reply.status) {
            (Some(id), 200) => self.note_session(by, reply.text("/session/token"), &id),
            (Some(_), status) => assert_eq!(status, 429, "{email}: {}", reply.body),
            (None, status) => assert!(matches!(status, 401 | 429), "{password} opened {email}"),
        }
    }

    async fn change_password(&mut self, by: Person, session: usize, (old, new): (usize, usize), renew: bool) {
        // The attacker knows no password of anybody else.
        let is_thief = self.sessions[session].holder != by;
        let old = if is_thief {
            "a thief's guess"
        } else {
            by.passwords()[old]
        };
        let new = by.passwords()[new];
        let body = json!({ "oldPassword": old, "newPassword": new, "renewSession": renew });
        let account = self.account_of(session);
        let is_right = account.password.or(account.unproved) == Some(old);
        let id = account.id.clone();
        let reply = self.post(by, "auth/change-pwd", Some(session), body).await;
        self.checked_password(session, is_right, &reply);
        if reply.status == 200 {
            let account = self.account_of(session);
            (account.password, account.unproved) = (Some(new), None);
            self.end_sessions(&id, Some(session).filter(|_| !renew));
            if renew {
                self.note_session(by, reply.text("/session/token"), &id);
            }
        }
    }

    async fn change_email(&mut self, by: Person, session: usize, password: usize, address: usize) {
        let is_thief = self.sessions[session].holder != by;
        let password = if is_thief {
            "a thief's guess"
        } else {
            by.passwords()[password]
        };
        let new_email = named(by, address);
        let account = self.account_of(session);
        if account.email == new_email {
            return;
        }
        let is_right = account.password.or(account.unproved) == Some(password);
        let id = account.id.clone();
        let body = json!({ "currentPassword": password, "newEmail": new_email });
        let reply = self.post(by, "auth/change-email", Some(session), body).await;
        if reply.status != 429 {
            self.checked_password(session, is_right, &reply);
        }
        self.read_mail(Some(&id)).await;
    }

    /// The current password was asked for in a session, and a wrong one counts.
    fn checked_password(&mut self, session: usize, is_right: bool, reply: &Reply) {
        let session = &mut self.sessions[session];
        match (is_right, reply.status) {
            (true, 200) => session.guesses = 0,
            (false, 401) => session.guesses += 1,
            (_, 429) => assert!(session.guesses > 0 || !is_right, "{}", reply.body),
            _ => panic!("right: {is_right}, {}: {}", reply.status, reply.body),
        }
        assert!(
            session.guesses <= MOST_GUESSES,
            "a session can guess its password"
        );
    }

    async fn guess(&mut self, from: Person, nth: usize) {
        let Some(session) = self.session_of(from, nth) else {
            return;
        };
        self.sessions[session].is_stolen = true;
        for n in 0..=MOST_GUESSES {
            let body = json!({
                "oldPassword": format!("guess number {n}"),
                "newPassword": Person::Eve.passwords()[0],
            });
            let reply = self
                .post(Person::Eve, "auth/change-pwd", Some(session), body)
                .await;
            self.checked_password(session, false, &reply);
            if reply.status == 429 {
                break;
            }
        }
    }

    fn wait(&mut self, minutes: u64) {
        self.server.clock.advance(Duration::from_mins(minutes));
        self.now += minutes;
        let is_idle = minutes > 30 * 24 * 60;
        for session in &mut self.sessions {
            session.guesses = 0;
            session.is_alive &= !is_idle;
        }
        for sign_up in &mut self.sign_ups {
            sign_up.is_over |= is_idle;
        }
    }
}

fn named(by: Person, address: usize) -> &'static str {
    let addresses = by.addresses();
    addresses[address % addresses.len()]
}
