//! As much of HTTP/2 (RFC 9113) as a bad client needs.

fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).expect("a short frame");
    let head = [0, 0, length, kind, flags, 0, 0, 0, stream];
    [&head[..], payload].concat()
}

/// The preface, and these settings.
pub fn start(settings: &[u8]) -> Vec<u8> {
    let preface = &b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..];
    [preface, &frame(4, 0, 0, settings)].concat()
}

/// `GET` on stream 1, in HPACK's static table and literals (RFC 7541).
pub fn get(path: &[u8]) -> Vec<u8> {
    let length = |text: &[u8]| u8::try_from(text.len()).expect("a short text");
    let authority = b"localhost";
    let fields = [
        &[0x82, 0x86, 0x44, length(path)][..],
        path,
        &[0x41, length(authority)],
        authority,
    ];
    frame(1, 5, 1, &fields.concat())
}
