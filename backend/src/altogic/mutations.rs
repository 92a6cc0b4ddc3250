//! Good replies, spoiled in five thousand ways: each is read or refused, and none is a panic
//! (SECURITY-BAR T-84).

use serde_json::{Value, json};

use super::fuzzed::read;
use crate::session_cookie::SessionToken;

const ROUNDS: usize = 5_000;

/// A generator with a fixed seed (Marsaglia's xorshift), so that a failure comes again.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % end.max(1) as u64).unwrap()
    }
}

fn good_replies() -> Vec<Value> {
    let agent = json!({
        "family": "Chrome", "major": "99", "minor": "0", "patch": "4844",
        "device": { "family": "Other", "major": "0", "minor": "0", "patch": "0" },
        "os": { "family": "Mac OS X", "major": "10", "minor": "15", "patch": "7" },
    });
    let session = json!({
        "userId": "6235e0eb25de47092f4d5300", "token": "eyJhbGciOiJIUzI1NiJ9.e30.c2ln",
        "creationDtm": "2022-03-16T19:36:27.739Z", "accessGroupKeys": [], "userAgent": agent,
        "ip": "192.0.2.1", "lastSeenAt": "2022-03-16T19:36:27.739Z",
    });
    let user = json!({
        "_id": "6235e0eb25de47092f4d5300", "provider": "altogic", "email": "ada@example.com",
        "name": "Ada \u{1f525}", "profilePicture": "https://x.io/a.png", "emailVerified": true,
        "signUpAt": "2022-03-16T19:36:27.739Z", "lastLoginAt": "2022-03-16T19:36:27.739Z",
    });
    let refusal = json!({ "origin": "client_error", "code": "validation_error", "message": "m", "details": { "param": "email" } });
    vec![
        json!({ "user": user, "session": session }),
        user,
        json!([session, session]),
        json!({ "email": "ada@example.com", "action": "magic-link" }),
        json!({ "newEmail": "new@example.com" }),
        json!({ "_id": "1", "publicPath": "https://x.io/_storage/1/2/3", "size": 5 }),
        json!({ "errors": [refusal, refusal] }),
        Value::Null,
    ]
}

/// Puts something else in the place of one value, anywhere in the tree.
fn spoil_value(value: &mut Value, dice: &mut Dice) {
    let inner: Vec<&mut Value> = match value {
        Value::Object(fields) => fields.values_mut().collect(),
        Value::Array(items) => items.iter_mut().collect(),
        _ => Vec::new(),
    };
    let chosen = dice.below(inner.len() + 1);
    if let Some(inner) = inner.into_iter().nth(chosen) {
        return spoil_value(inner, dice);
    }
    let others = [
        Value::Null,
        json!(true),
        json!(-1),
        json!(1e300),
        json!(""),
        json!("\u{0}\u{202e}\r\n;,\\\""),
        json!("x".repeat(5_000)),
        json!([]),
        json!({}),
        json!([[[[]]]]),
        json!({ "errors": null }),
    ];
    *value = others[dice.below(others.len())].clone();
}

fn spoil_bytes(bytes: &mut Vec<u8>, dice: &mut Dice) {
    let at = dice.below(bytes.len());
    match dice.below(5) {
        0 => bytes.truncate(at),
        1 => bytes.insert(at, b"\"{}[]:,\\\x00\xff<"[dice.below(11)]),
        2 if !bytes.is_empty() => bytes[at] = bytes[at].wrapping_add(1),
        3 if !bytes.is_empty() => drop(bytes.remove(at)),
        _ => bytes.extend_from_within(..at),
    }
}

#[test]
fn no_reply_is_a_panic() {
    let mut dice = Dice(0x1a_7c_4b_e7);
    let own = SessionToken::new("own".to_owned()).unwrap();
    let good = good_replies();
    assert!(
        good[..6]
            .iter()
            .all(|reply| read(reply.to_string().as_bytes(), &own) > 0)
    );

    let (mut well, mut badly) = (0, 0);
    for round in 0..ROUNDS {
        let mut value = good[round % good.len()].clone();
        for _ in 0..dice.below(3) {
            spoil_value(&mut value, &mut dice);
        }
        let mut bytes = value.to_string().into_bytes();
        for _ in 0..dice.below(3) {
            spoil_bytes(&mut bytes, &mut dice);
        }
        match read(&bytes, &own) {
            0 => badly += 1,
            _ => well += 1,
        }
    }

    // Neither all good nor all bad, or it would have tried nothing.
    assert!(well > ROUNDS / 20 && badly > ROUNDS / 20, "{well} {badly}");
}
