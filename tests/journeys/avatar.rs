//! What becomes of a picture between the file picker and the server.

use std::path::PathBuf;

use image::{ImageFormat, Rgb, RgbImage};
use serde_json::{Value, json};
use shared::{
    avatar::{SIDE, SMALL_SIDE},
    profile,
};
use support::{Browser, Client, picture, story, turned};

use crate::{EMAIL, NAME, PASSWORD, sign_in};

const ENV: [(&str, &str); 1] = [("CONFIRM_EMAIL", "false")];

/// Notes what is really sent.
const SPY: &str = "
    globalThis.sent = [];
    const send = XMLHttpRequest.prototype.send;
    XMLHttpRequest.prototype.send = function (form) {
      const file = form.get('file');
      sent.push({ size: file.size, type: file.type });
      return send.call(this, form);
    };";

const DOWNLOADS: &str =
    "performance.getEntriesByType('resource').filter((entry) => entry.name.includes('/_storage/')).length";

const ALL_SHOWN_FROM_MEMORY: &str = "(() => {
    const pictures = [...document.querySelectorAll('.avatar img')];
    return pictures.length === 2 && pictures.every((img) => img.src.startsWith('blob:') && img.naturalWidth);
})()";

/// A photo of several megabytes, taken with the camera turned: upright, its upper half is red and
/// its lower half blue.
fn camera_photo() -> Vec<u8> {
    let mut seed = 1_u32;
    let pixels = RgbImage::from_fn(2400, 1800, |x, _| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let grain = u8::try_from(seed >> 25).unwrap_or_default();
        if x < 1200 {
            Rgb([120 + grain, grain / 2, grain / 2])
        } else {
            Rgb([grain / 2, grain / 2, 120 + grain])
        }
    });
    let mut jpeg = Vec::new();
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut jpeg, 95)
        .encode_image(&pixels)
        .unwrap();
    turned(&jpeg)
}

struct Files(tempfile::TempDir);

impl Files {
    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }
}

async fn signed_in(browser: &Browser, client: &Client) -> Files {
    client.join(NAME, EMAIL, PASSWORD).await;
    sign_in(browser, EMAIL, PASSWORD).await;
    browser.see("Add a picture").await;
    Files(tempfile::tempdir().unwrap())
}

async fn value(browser: &Browser, expression: &str) -> Value {
    browser.script(&format!("return {expression}"), json!([])).await
}

#[test]
fn a_large_photo_travels_small_and_upright_and_is_not_downloaded() {
    story("large_photo", &ENV, async |stage| {
        let browser = stage.open_browser().await;
        browser.before_load(SPY).await;
        let client = stage.client();
        let files = signed_in(&browser, &client).await;
        let photo = camera_photo();
        assert!(photo.len() > 2_000_000, "{}", photo.len());

        browser
            .choose_file("Add a picture", &files.write("photo.jpg", &photo))
            .await;
        browser.see("Your picture is changed.").await;

        let sent = value(&browser, "sent").await;
        assert_eq!(sent.as_array().unwrap().len(), 1);
        assert!(sent[0]["size"].as_u64().unwrap() < 100_000, "{sent}");
        assert_eq!(sent[0]["type"], "image/webp");
        browser.wait_until(ALL_SHOWN_FROM_MEMORY).await;
        browser.click("Password, address and security").await;
        browser.arrive("/security").await;
        browser.back().await;
        browser.see("Change picture").await;
        browser.wait_until(ALL_SHOWN_FROM_MEMORY).await;
        assert_eq!(value(&browser, DOWNLOADS).await, 0);

        let user = client.profile().await.json::<profile::Response>().user;
        let stored = client
            .http
            .get(user.profile_picture.unwrap())
            .send()
            .await
            .unwrap();
        let stored = image::load_from_memory(&stored.bytes().await.unwrap())
            .unwrap()
            .into_rgb8();
        assert_eq!(stored.dimensions(), (SIDE, SIDE));
        let (top, bottom) = (stored.get_pixel(128, 40), stored.get_pixel(128, 216));
        assert!(top[0] > top[2] && bottom[2] > bottom[0], "{top:?} {bottom:?}");

        // The header and the page show one file, and on this screen the small one.
        browser.reload().await;
        browser.wait_until(&format!("{DOWNLOADS} === 1")).await;
        let width = format!("[...document.images].every((image) => image.naturalWidth === {SMALL_SIDE})");
        browser.wait_until(&width).await;
    });
}

#[test]
fn a_browser_that_cannot_make_pictures_small_sends_the_original_and_can_stop() {
    story("original_photo", &ENV, async |stage| {
        let browser = stage.open_browser().await;
        browser.before_load(SPY).await;
        browser.before_load("delete globalThis.createImageBitmap").await;
        let client = stage.client();
        let files = signed_in(&browser, &client).await;
        let photo = camera_photo();
        let path = files.write("photo.jpg", &photo);

        browser.slow_down().await;
        browser.choose_file("Add a picture", &path).await;
        browser.see("Uploading…").await;
        browser.click("Cancel").await;
        browser.see("Upload cancelled.").await;
        browser.speed_up().await;
        let user = client.profile().await.json::<profile::Response>().user;
        assert_eq!(user.profile_picture, None);

        browser.choose_file("Add a picture", &path).await;
        browser.see("Your picture is changed.").await;
        assert_eq!(value(&browser, "sent.at(-1).size").await, photo.len());
    });
}

#[test]
fn a_damaged_file_is_named_and_another_one_can_be_picked() {
    story("damaged_photo", &ENV, async |stage| {
        let browser = stage.open_browser().await;
        browser.before_load(SPY).await;
        let client = stage.client();
        let files = signed_in(&browser, &client).await;

        let damaged = files.write("damaged.png", b"\x89PNG\r\n\x1a\n not really a picture");
        browser.choose_file("Add a picture", &damaged).await;
        browser.see("This picture cannot be read").await;
        assert_eq!(value(&browser, "sent.length").await, 0);

        let sound = files.write("sound.png", &picture(400, 300, ImageFormat::Png));
        browser.choose_file("Add a picture", &sound).await;
        browser.see("Your picture is changed.").await;
        browser.see_no("This picture cannot be read").await;
    });
}

#[test]
fn a_picture_is_known_by_its_content_whatever_the_system_calls_it() {
    story("odd_types", &ENV, async |stage| {
        let browser = stage.open_browser().await;
        browser.before_load(SPY).await;
        let client = stage.client();
        let files = signed_in(&browser, &client).await;
        let sound = files.write("photo", &picture(400, 300, ImageFormat::Jpeg));
        let text = files.write("text.png", b"this is no picture at all");

        for called in ["image/jpg", "", "application/octet-stream"] {
            let type_of = format!(
                "Object.defineProperty(File.prototype, 'type', {{ configurable: true, get: () => '{called}' }})"
            );
            browser.script(&type_of, json!([])).await;
            browser.choose_file("", &sound).await;
            browser.see("Your picture is changed.").await;
            browser.click("Remove picture").await;
            browser.see("Your picture is removed.").await;
        }
        browser
            .script(
                "Object.defineProperty(File.prototype, 'type', { get: () => 'image/png' })",
                json!([]),
            )
            .await;
        browser.choose_file("", &text).await;
        browser
            .see("This file is not a picture that can be used here.")
            .await;
    });
}

/// What a browser does that does not want to be recognised: what is read is not what was drawn.
const NOISE: &str = "
    const noisy = (pixels) => { for (let i = 0; i < pixels.length; i++) pixels[i] = Math.random() * 256; };
    const read = CanvasRenderingContext2D.prototype.getImageData;
    CanvasRenderingContext2D.prototype.getImageData = function (...square) {
        const image = read.apply(this, square);
        noisy(image.data);
        return image;
    };
    const encode = HTMLCanvasElement.prototype.toBlob;
    HTMLCanvasElement.prototype.toBlob = function (...how) {
        const context = this.getContext('2d');
        const image = read.call(context, 0, 0, this.width, this.height);
        noisy(image.data);
        context.putImageData(image, 0, 0);
        return encode.apply(this, how);
    };";

#[test]
fn a_canvas_that_gives_noise_is_not_used() {
    story("noisy_canvas", &ENV, async |stage| {
        let browser = stage.open_browser().await;
        browser.before_load(SPY).await;
        browser.before_load(NOISE).await;
        let client = stage.client();
        let files = signed_in(&browser, &client).await;
        let photo = camera_photo();

        browser
            .choose_file("Add a picture", &files.write("photo.jpg", &photo))
            .await;
        browser.see("Your picture is changed.").await;

        assert_eq!(value(&browser, "sent.at(-1).size").await, photo.len());
    });
}

/// Notes where the focus is with each step, and what is read out.
const LISTEN: &str = "
    globalThis.lost = 0;
    globalThis.heard = [];
    const look = () => {
        if (document.activeElement === document.body && ++lost > 2) globalThis.stayedLost = true;
        if (document.activeElement !== document.body) lost = 0;
        const said = document.querySelector('.avatar-editor [role=status]')?.innerText;
        if (said && heard.at(-1) !== said) heard.push(said);
        requestAnimationFrame(look);
    };
    look();";

#[test]
fn the_focus_and_the_progress_of_an_upload_are_never_lost() {
    story("upload_focus", &ENV, async |stage| {
        let browser = stage.open_browser().await;
        browser.before_load("delete globalThis.createImageBitmap").await;
        let client = stage.client();
        let files = signed_in(&browser, &client).await;
        let path = files.write("photo.jpg", &camera_photo());
        let focused = "document.activeElement.id";

        browser
            .script("document.getElementById('avatar-file').focus()", json!([]))
            .await;
        browser.script(LISTEN, json!([])).await;
        browser.slow_down().await;
        browser.choose_file("Add a picture", &path).await;
        browser.see("Uploading…").await;
        browser
            .wait_until(&format!("{focused} === 'avatar-cancel'"))
            .await;
        browser
            .wait_until("heard.some((said) => /^Uploading the picture, \\d+ %.$/.test(said))")
            .await;
        browser.press(support::Key::Enter).await;
        browser.see("Upload cancelled.").await;
        browser.wait_until(&format!("{focused} === 'avatar-file'")).await;

        browser.speed_up().await;
        browser.choose_file("Add a picture", &path).await;
        browser.see("Your picture is changed.").await;
        browser.wait_until(&format!("{focused} === 'avatar-file'")).await;
        let damaged = files.write("damaged.png", b"\x89PNG\r\n\x1a\n not really a picture");
        browser.choose_file("Change picture", &damaged).await;
        // The browser decodes nothing here, so the server says it.
        browser.allow_text("415");
        browser
            .wait_until("document.querySelector('.avatar-editor .alert')")
            .await;
        browser.wait_until(&format!("{focused} === 'avatar-file'")).await;
        assert_eq!(value(&browser, "!!globalThis.stayedLost").await, json!(false));
        let heard = value(&browser, "heard").await;
        assert!(heard.as_array().unwrap().len() < 16, "{heard}");
    });
}
