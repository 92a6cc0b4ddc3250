//! `PUT /api/avatar` through `XMLHttpRequest`, which unlike `fetch` tells how much is sent.

use leptos::wasm_bindgen::{JsCast, JsValue, closure::Closure};
use shared::avatar;
use web_sys::{Blob, FormData, ProgressEvent, XmlHttpRequest};

use crate::{
    Error,
    api::{decode, refusal},
    json,
};

/// How long an upload may take, in milliseconds: 8 MiB at 0.5 Mbit/s.
const TIMEOUT_MS: u32 = 150_000;

/// An upload under way.
#[derive(Clone, Debug)]
pub struct Upload(XmlHttpRequest);

impl Upload {
    /// Stops it. Nothing more is heard of it.
    pub fn cancel(&self) {
        self.0.set_onloadend(None);
        let _ = self.0.abort();
    }
}

/// Sends a picture, under the name of the file it was made of. `on_progress` hears the percentage sent, 0 to 100; `on_end` hears the user
/// with the new picture, or why there is none.
///
/// # Errors
/// [`Error::Network`] if the browser refuses to send at all.
pub fn avatar_upload(
    picture: &Blob,
    file_name: &str,
    on_progress: impl Fn(u32) + 'static,
    on_end: impl FnOnce(Result<avatar::Response, Error>) + 'static,
) -> Result<Upload, Error> {
    start(picture, file_name, Box::new(on_progress), Box::new(on_end)).map_err(|_| Error::Network)
}

fn start(
    picture: &Blob,
    file_name: &str,
    on_progress: Box<dyn Fn(u32)>,
    on_end: Box<dyn FnOnce(Result<avatar::Response, Error>)>,
) -> Result<Upload, JsValue> {
    let request = XmlHttpRequest::new()?;
    request.open("PUT", avatar::PATH)?;
    request.set_timeout(TIMEOUT_MS);

    let progress = Closure::<dyn Fn(ProgressEvent)>::new(move |event: ProgressEvent| {
        if event.total() > 0.0 {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a share of what is positive"
            )]
            on_progress((event.loaded() / event.total() * 100.0) as u32);
        }
    });
    request
        .upload()?
        .set_onprogress(Some(progress.into_js_value().unchecked_ref()));

    let answered = request.clone();
    let end = Closure::once_into_js(move || on_end(answer(&answered)));
    request.set_onloadend(Some(end.unchecked_ref()));

    let form = FormData::new()?;
    form.append_with_blob_and_filename(avatar::PART, picture, file_name)?;
    request.send_with_opt_form_data(Some(&form))?;
    Ok(Upload(request))
}

fn answer(request: &XmlHttpRequest) -> Result<avatar::Response, Error> {
    let status = request.status().unwrap_or_default();
    let body = request.response_text().ok().flatten().unwrap_or_default();
    match status {
        0 => Err(Error::Network),
        200..300 => decode(&body),
        _ => {
            let retry_after = request.get_response_header("retry-after").ok().flatten();
            Err(refusal(status, retry_after.as_deref(), json::decode(&body)))
        }
    }
}
