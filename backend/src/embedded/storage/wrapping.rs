//! [`Wrapping`]: how the official client packs a body into JSON in Node (PROTOCOL 5.5), undone
//! while it arrives.

use axum::body::Bytes;
use bytes::BytesMut;

/// The JSON around an upload.
#[derive(Debug)]
pub(super) enum Wrapping {
    /// None that is known: the body is taken as it is.
    None,
    /// `"text"`
    Text(Text),
    /// `{"type":"Buffer","data":[104,105]}`, or `{"0":104,"1":105}`
    List(List),
}

/// The body is not the JSON that its beginning promised.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Malformed;

type Result<T> = std::result::Result<T, Malformed>;

impl Wrapping {
    /// Tells the wrapping by the first bytes, and where its content begins.
    pub(super) fn of(head: &[u8]) -> (Self, usize) {
        const BUFFER: [&str; 8] = ["{", "\"type\"", ":", "\"Buffer\"", ",", "\"data\"", ":", "["];
        let (wrapping, content) = if let Some(content) = after(head, &["\""]) {
            (Self::Text(Text::default()), content)
        } else if let Some(content) = after(head, &BUFFER) {
            (Self::List(List::new(false)), content)
        } else if after(head, &["{", "\"0\""])
            .or_else(|| after(head, &["{", "}"]))
            .is_some()
        {
            (Self::List(List::new(true)), after(head, &["{"]).unwrap_or(head))
        } else {
            (Self::None, head)
        };
        (wrapping, head.len() - content.len())
    }

    /// The bytes inside a part of the body.
    pub(super) fn unwrap(&mut self, part: Bytes) -> Result<Bytes> {
        match self {
            Self::None => Ok(part),
            Self::Text(text) => text.unwrap(&part),
            Self::List(list) => list.unwrap(&part),
        }
    }

    /// Ends the body.
    pub(super) fn finish(&self) -> Result<()> {
        let is_complete = match self {
            Self::None => true,
            Self::Text(text) => text.state == TextState::Closed,
            Self::List(list) => list.state == ListState::Closed,
        };
        is_complete.then_some(()).ok_or(Malformed)
    }
}

/// What follows these tokens, white space around them aside.
fn after<'a>(mut text: &'a [u8], tokens: &[&str]) -> Option<&'a [u8]> {
    for token in tokens {
        text = text.trim_ascii_start().strip_prefix(token.as_bytes())?;
    }
    Some(text)
}

/// The inside of a JSON string.
#[derive(Debug, Default)]
pub(super) struct Text {
    state: TextState,
    /// The first half of a character that JSON writes in two.
    high: Option<u32>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum TextState {
    #[default]
    Plain,
    Escaped,
    /// Digits still to come, and those so far.
    Hex(u8, u32),
    Closed,
}

impl Text {
    fn unwrap(&mut self, part: &[u8]) -> Result<Bytes> {
        let mut out = BytesMut::with_capacity(part.len());
        for &byte in part {
            self.state = match (self.state, byte) {
                (TextState::Plain, b'\\') => TextState::Escaped,
                (TextState::Escaped, b'u') => TextState::Hex(4, 0),
                (TextState::Hex(left, code), digit) => {
                    let digit = char::from(digit).to_digit(16).ok_or(Malformed)?;
                    let code = code * 16 + digit;
                    if left > 1 {
                        TextState::Hex(left - 1, code)
                    } else {
                        self.put_unit(code, &mut out);
                        TextState::Plain
                    }
                }
                (TextState::Plain, b'"') => {
                    self.put_lonely(&mut out);
                    TextState::Closed
                }
                (TextState::Plain, byte) => {
                    self.put_lonely(&mut out);
                    out.extend_from_slice(&[byte]);
                    TextState::Plain
                }
                (TextState::Escaped, byte) => {
                    self.put_lonely(&mut out);
                    out.extend_from_slice(&[escaped(byte)?]);
                    TextState::Plain
                }
                (TextState::Closed, byte) if byte.is_ascii_whitespace() => TextState::Closed,
                (TextState::Closed, _) => return Err(Malformed),
            };
        }
        Ok(out.freeze())
    }

    /// Half a character that nothing completes.
    fn put_lonely(&mut self, out: &mut BytesMut) {
        if self.high.take().is_some() {
            put(char::REPLACEMENT_CHARACTER, out);
        }
    }

    /// A unit of UTF-16.
    fn put_unit(&mut self, unit: u32, out: &mut BytesMut) {
        if let Some(high) = self.high.take() {
            if (0xDC00..0xE000).contains(&unit) {
                let code = 0x1_0000 + ((high - 0xD800) << 10) + (unit - 0xDC00);
                return put(char::from_u32(code).unwrap_or_default(), out);
            }
            put(char::REPLACEMENT_CHARACTER, out);
        }
        if (0xD800..0xDC00).contains(&unit) {
            self.high = Some(unit);
        } else {
            put(char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER), out);
        }
    }
}

fn put(character: char, out: &mut BytesMut) {
    out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
}

fn escaped(byte: u8) -> Result<u8> {
    Ok(match byte {
        b'"' | b'\\' | b'/' => byte,
        b'b' => 8,
        b'f' => 12,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        _ => return Err(Malformed),
    })
}

/// The inside of a JSON array of bytes, or of an object of bytes whose names are their indices.
#[derive(Debug)]
pub(super) struct List {
    is_indexed: bool,
    state: ListState,
    /// The digits so far.
    number: Option<u64>,
    length: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ListState {
    /// Before a byte's name.
    Name,
    InName,
    AfterName,
    Byte,
    /// Behind the array; its object is still open.
    AfterArray,
    Closed,
}

impl List {
    fn new(is_indexed: bool) -> Self {
        Self {
            is_indexed,
            state: if is_indexed {
                ListState::Name
            } else {
                ListState::Byte
            },
            number: None,
            length: 0,
        }
    }

    fn unwrap(&mut self, part: &[u8]) -> Result<Bytes> {
        use ListState::{AfterArray, AfterName, Byte, Closed, InName, Name};
        // Two characters at the least stand for a byte.
        let mut out = BytesMut::with_capacity(part.len() / 2 + 1);
        let (next, end) = if self.is_indexed {
            (Name, b'}')
        } else {
            (Byte, b']')
        };
        for &byte in part {
            self.state = match (self.state, byte) {
                (InName | Byte, b'0'..=b'9') => {
                    let digits = self.number.unwrap_or(0).saturating_mul(10);
                    self.number = Some(digits.saturating_add(u64::from(byte - b'0')));
                    self.state
                }
                (Name, b'"') => InName,
                (InName, b'"') if self.number.take() == Some(self.length) => AfterName,
                (AfterName, b':') => Byte,
                (Byte, b',') => {
                    self.put(&mut out)?;
                    next
                }
                (Byte | Name, byte) if byte == end && (self.number.is_some() || self.length == 0) => {
                    if self.number.is_some() {
                        self.put(&mut out)?;
                    }
                    if self.is_indexed { Closed } else { AfterArray }
                }
                (AfterArray, b'}') => Closed,
                (state, byte) if byte.is_ascii_whitespace() && self.number.is_none() => state,
                _ => return Err(Malformed),
            };
        }
        Ok(out.freeze())
    }

    fn put(&mut self, out: &mut BytesMut) -> Result<()> {
        let number = self.number.take().ok_or(Malformed)?;
        out.extend_from_slice(&[u8::try_from(number).map_err(|_| Malformed)?]);
        self.length += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a body in parts of this size says; `None` where it is malformed.
    fn unwrapped(body: &str, size: usize) -> Option<Vec<u8>> {
        let (mut wrapping, content) = Wrapping::of(body.as_bytes());
        let mut out = Vec::new();
        for part in body.as_bytes()[content..].chunks(size) {
            out.extend(wrapping.unwrap(Bytes::copy_from_slice(part)).ok()?);
        }
        wrapping.finish().ok()?;
        Some(out)
    }

    #[test]
    fn what_the_official_client_wraps_is_unwrapped_however_it_is_cut() {
        for (body, bytes) in [
            (r#""hello""#, "hello"),
            (r#""""#, ""),
            (r#""a\"\\\/\b\f\n\r\tz""#, "a\"\\/\u{8}\u{c}\n\r\tz"),
            (r#""h\u00f6llo ö \ud83d\ude00 \u0000""#, "höllo ö 😀 \0"),
            (
                r#""\ud83d \ude00 \ud83d\u0041 \ud83d\n \ud83d""#,
                "\u{fffd} \u{fffd} \u{fffd}A \u{fffd}\n \u{fffd}",
            ),
            (r#"{"type":"Buffer","data":[104,105]}"#, "hi"),
            (r#" { "type" : "Buffer" , "data" : [ 104, 105] } "#, "hi"),
            (r#"{"type":"Buffer","data":[]}"#, ""),
            (r#"{"0":104,"1":105}"#, "hi"),
            ("{}", ""),
            (r#"{"a":1}"#, r#"{"a":1}"#),
            ("[1,2]", "[1,2]"),
            ("not json", "not json"),
            ("", ""),
        ] {
            for size in 1..8 {
                assert_eq!(unwrapped(body, size).as_deref(), Some(bytes.as_bytes()), "{body}");
            }
        }
    }

    #[test]
    fn what_breaks_its_promise_is_malformed() {
        for body in [
            r#""open"#,
            r#""a" b"#,
            r#""\x""#,
            r#""\u12g4""#,
            r#"{"type":"Buffer","data":[104,105]"#,
            r#"{"type":"Buffer","data":[104,105"#,
            r#"{"type":"Buffer","data":[1,]}"#,
            r#"{"type":"Buffer","data":[,1]}"#,
            r#"{"type":"Buffer","data":[1 2]}"#,
            r#"{"type":"Buffer","data":[256]}"#,
            r#"{"type":"Buffer","data":[99999999999999999999999]}"#,
            r#"{"type":"Buffer","data":[-1]}"#,
            r#"{"type":"Buffer","data":[1],"more":2}"#,
            r#"{"0":104,"2":105}"#,
            r#"{"0":104,"1":256}"#,
            r#"{"0":104,"a":1}"#,
            r#"{"0":104,}"#,
            r#"{"0":104}}"#,
        ] {
            assert_eq!(unwrapped(body, 3), None, "{body}");
        }
    }

    #[test]
    fn every_byte_survives() {
        let bytes: Vec<u8> = (0..=255).cycle().take(1000).collect();
        let list = serde_json::json!(bytes).to_string();
        let buffer = format!(r#"{{"type":"Buffer","data":{list}}}"#);
        let indexed: Vec<String> = bytes
            .iter()
            .enumerate()
            .map(|(n, b)| format!("\"{n}\":{b}"))
            .collect();
        let indexed = format!("{{{}}}", indexed.join(","));
        let text: String = (0..0x300).filter_map(char::from_u32).collect();
        let string = serde_json::json!(text).to_string();

        for size in [1, 7, 64, 9999] {
            assert_eq!(unwrapped(&buffer, size).as_ref(), Some(&bytes));
            assert_eq!(unwrapped(&indexed, size).as_ref(), Some(&bytes));
            assert_eq!(unwrapped(&string, size).as_deref(), Some(text.as_bytes()));
        }
    }
}
