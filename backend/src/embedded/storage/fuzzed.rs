//! What has to hold for any body that claims to be wrapped in JSON.

use axum::body::Bytes;

use super::wrapping::Wrapping;

/// How the network cut a body makes no difference, it gets no longer, and a JSON string is read as
/// everybody reads it. The first byte of `data` is the size of the pieces, the rest the body.
///
/// # Panics
/// Where that does not hold.
pub fn wrapping(data: &[u8]) {
    let Some((size, body)) = data.split_first() else {
        return;
    };
    let whole = unwrapped(body, body.len().max(1));
    assert_eq!(whole, unwrapped(body, usize::from(*size).max(1)));
    if let Some(inside) = &whole {
        assert!(inside.len() <= body.len());
    }
    if let Ok(text) = serde_json::from_slice::<String>(body) {
        assert_eq!(whole.as_deref(), Some(text.as_bytes()));
    }
}

fn unwrapped(body: &[u8], size: usize) -> Option<Vec<u8>> {
    let (mut wrapping, content) = Wrapping::of(body);
    let mut inside = Vec::new();
    for piece in body[content..].chunks(size) {
        inside.extend(wrapping.unwrap(Bytes::copy_from_slice(piece)).ok()?);
    }
    wrapping.finish().ok()?;
    Some(inside)
}
