//! [`World`]: a running server, and what the model knows of it.

use std::collections::HashSet;
use std::sync::Arc;

use reqwest::{Method, RequestBuilder};
use serde_json::Value;
use url::Url;

use crate::support::{Reply, Server, query};

/// Two people, and an attacker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Person {
    Ada,
    Bob,
    Eve,
}

/// Every address, and whose mail it is.
pub const ADDRESSES: [(&str, Person); 4] = [
    ("ada@x.io", Person::Ada),
    ("ada.new@x.io", Person::Ada),
    ("bob@x.io", Person::Bob),
    ("eve@x.io", Person::Eve),
];

impl Person {
    /// The passwords that this person chooses, and nobody else.
    pub fn passwords(self) -> [&'static str; 2] {
        match self {
            Self::Ada => ["violet lantern one", "violet lantern two"],
            Self::Bob => ["copper meadow one", "copper meadow two"],
            Self::Eve => ["midnight harvest one", "midnight harvest two"],
        }
    }

    /// The addresses that this person names: the attacker names anybody's.
    pub fn addresses(self) -> Vec<&'static str> {
        let named = |(_, reader): &&(&str, Self)| self == Self::Eve || *reader == self;
        ADDRESSES.iter().filter(named).map(|(email, _)| *email).collect()
    }

    fn name(self) -> &'static str {
        match self {
            Self::Ada => "Ada",
            Self::Bob => "Bob",
            Self::Eve => "Eve",
        }
    }
}

/// Whose mail an address is.
pub fn reader_of(email: &str) -> Person {
    let found = ADDRESSES.iter().find(|(address, _)| *address == email);
    found.expect("an address of the model").1
}

pub struct Account {
    pub id: String,
    pub email: &'static str,
    /// The password that signs in.
    pub password: Option<&'static str>,
    /// The one that counts in a session only.
    pub unproved: Option<&'static str>,
}

pub struct Session {
    pub token: String,
    pub account: String,
    pub holder: Person,
    /// The attacker has a copy.
    pub is_stolen: bool,
    pub is_alive: bool,
    pub was_seen_ended: bool,
    /// Wrong passwords that were checked in it since the clock moved.
    pub guesses: u32,
}

pub struct SignUp {
    pub email: &'static str,
    pub password: &'static str,
    pub by: Person,
    pub token: String,
    /// Its address has an account by now, or it was given up long ago.
    pub is_over: bool,
}

pub struct Link {
    pub url: Url,
    pub key: String,
    pub action: String,
    pub to: &'static str,
    pub mailed_at: u64,
    pub is_used: bool,
    pub wrong_passwords: usize,
    /// Of a verification: which sign-up.
    pub sign_up: Option<usize>,
    /// Of a change of address: whose.
    pub account: Option<String>,
}

pub struct World {
    pub server: Server,
    /// Minutes since the beginning.
    pub now: u64,
    pub accounts: Vec<Account>,
    pub sessions: Vec<Session>,
    pub sign_ups: Vec<SignUp>,
    /// Oldest first.
    pub links: Vec<Link>,
    read: HashSet<String>,
    networks: u8,
}

impl World {
    /// A server whose API key was left empty, as an unset variable of a compose file leaves it, and
    /// whose limits are on. The attacker calls from loopback, where a proxy could be.
    pub async fn new() -> Self {
        // In memory where that can be: nothing here is about the disk, and a run makes many commits.
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
        let server = Server::start_in(Arc::new(folder.unwrap()), |settings| {
            settings.rate_limits = true;
            settings.api_key = Some(String::new());
            settings.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
        });
        Self {
            server: server.await,
            now: 0,
            accounts: Vec::new(),
            sessions: Vec::new(),
            sign_ups: Vec::new(),
            links: Vec::new(),
            read: HashSet::new(),
            networks: 0,
        }
    }

    /// A call from the network of this person.
    pub fn call(&self, by: Person, method: Method, path: &str) -> RequestBuilder {
        let request = self.server.request(method, path);
        match by {
            Person::Ada => request.header("X-Forwarded-For", "203.0.113.1"),
            Person::Bob => request.header("X-Forwarded-For", "203.0.113.2"),
            Person::Eve => request,
        }
    }

    pub async fn post(&self, by: Person, path: &str, session: Option<usize>, body: Value) -> Reply {
        let mut request = self.call(by, Method::POST, path);
        if let Some(session) = session {
            request = request.header("Session", &self.sessions[session].token);
        }
        Reply::of(request.json(&body)).await
    }

    /// A call from a network that was never seen before.
    pub async fn post_from_elsewhere(&mut self, path: &str, body: Value) -> Reply {
        self.networks += 1;
        let request = self.server.request(Method::POST, path);
        let request = request.header("X-Forwarded-For", format!("198.51.100.{}", self.networks));
        Reply::of(request.json(&body)).await
    }

    /// The living account of an address.
    pub fn account_at(&self, email: &str) -> Option<&Account> {
        self.accounts.iter().find(|account| account.email == email)
    }

    /// One of the living sessions that this person can use, counted from the newest.
    pub fn session_of(&self, person: Person, nth: usize) -> Option<usize> {
        let usable = |session: &Session| {
            let has_it = session.holder == person || person == Person::Eve && session.is_stolen;
            session.is_alive && has_it
        };
        let usable: Vec<usize> = (0..self.sessions.len())
            .rev()
            .filter(|index| usable(&self.sessions[*index]))
            .collect();
        usable.get(nth % usable.len().max(1)).copied()
    }

    pub fn account_of(&mut self, session: usize) -> &mut Account {
        let id = &self.sessions[session].account;
        let found = self.accounts.iter_mut().find(|account| account.id == *id);
        found.expect("a session has an account")
    }

    /// Notes a session that somebody was given: only ever of an account whose mail they read.
    pub fn note_session(&mut self, holder: Person, token: String, account: &str) {
        let email = self.accounts.iter().find(|known| known.id == account);
        let email = email.expect("a session has an account").email;
        assert_eq!(
            reader_of(email),
            holder,
            "{} got a session of {email}",
            holder.name()
        );
        assert!(
            self.sessions.iter().all(|known| known.token != token),
            "a token was given twice"
        );
        self.sessions.push(Session {
            token,
            account: account.to_owned(),
            holder,
            is_stolen: false,
            is_alive: true,
            was_seen_ended: false,
            guesses: 0,
        });
    }

    pub fn end_sessions(&mut self, account: &str, except: Option<usize>) {
        for (index, session) in self.sessions.iter_mut().enumerate() {
            session.is_alive &= session.account != account || Some(index) == except;
        }
    }

    /// The account that an address has now ends every sign-up of it.
    pub fn end_sign_ups(&mut self, email: &str) {
        for sign_up in &mut self.sign_ups {
            sign_up.is_over |= sign_up.email == email;
        }
    }

    /// Takes up the mails that came since. A link of a change belongs to the account that just asked.
    pub async fn read_mail(&mut self, asked_by: Option<&str>) {
        let outbox = self.server.open("/outbox.json").await.body;
        for mail in outbox.as_array().unwrap().iter().rev() {
            if !self.read.insert(mail["id"].as_str().unwrap().to_owned()) {
                continue;
            }
            let url = mail["links"][0].as_str().and_then(|url| Url::parse(url).ok());
            let Some((url, key)) = url.and_then(|url| query(&url, "key").map(|key| (url, key))) else {
                continue;
            };
            let to = mail["to"].as_str().unwrap();
            let to = ADDRESSES.iter().find(|(email, _)| *email == to).unwrap().0;
            let action = query(&url, "action").unwrap();
            let newest = self
                .sign_ups
                .iter()
                .rposition(|sign_up| sign_up.email == to && !sign_up.is_over);
            self.links.push(Link {
                sign_up: newest.filter(|_| action == "email-confirm"),
                account: asked_by.filter(|_| action == "change-email").map(str::to_owned),
                url,
                key,
                action,
                to,
                mailed_at: self.now,
                is_used: false,
                wrong_passwords: 0,
            });
        }
    }
}
