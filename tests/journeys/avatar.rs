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
