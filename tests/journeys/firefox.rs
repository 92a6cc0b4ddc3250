//! A story in Firefox, with the protection on that some of its kin have from the start: what is read
//! from a canvas is noise.

use shared::profile;
use support::{Firefox, TestBinary, photo};
use tokio::runtime::Runtime;

use crate::{EMAIL, NAME, PASSWORD};

const PROTECTED: &str = r#"user_pref("privacy.resistFingerprinting", true);"#;

#[test]
fn a_picture_survives_a_browser_whose_canvas_gives_noise() {
    let runtime = Runtime::new().unwrap();
    runtime.block_on(async {
        let app = TestBinary::start(&[("CONFIRM_EMAIL", "false")]).await;
        let client = app.client();
        client.join(NAME, EMAIL, PASSWORD).await;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("photo.jpg");
        let photo = photo();
        std::fs::write(&file, &photo).unwrap();

        let mut firefox = Firefox::open(PROTECTED).await;
        firefox.goto(&format!("{}/sign-in", app.public_url)).await;
        firefox
            .wait_until("document.documentElement.classList.contains('running')")
            .await;
        firefox.send_keys("#email", EMAIL).await;
        firefox.send_keys("#password", PASSWORD).await;
        firefox.click("main form .button").await;
        firefox.see("This device").await;
        firefox.choose_file("#avatar-file", &file).await;
        firefox.see("Your picture is changed.").await;

        let user = client.profile().await.json::<profile::Response>().user;
        let stored = client.http.get(user.profile_picture.unwrap()).send().await;
        let stored = stored.unwrap().bytes().await.unwrap();
        let stored = image::load_from_memory(&stored).unwrap();
        let small = image::load_from_memory(&photo)
            .unwrap()
            .crop_imm(200, 0, 1200, 1200)
            .resize_exact(
                stored.width(),
                stored.height(),
                image::imageops::FilterType::Lanczos3,
            );
        let difference = difference(&small.into_rgb8(), &stored.into_rgb8());
        assert!(difference < 12.0, "{difference}");
    });
}

/// By how much the colours of two pictures differ, on average, of 255.
fn difference(one: &image::RgbImage, other: &image::RgbImage) -> f64 {
    let parts = one.as_raw().iter().zip(other.as_raw());
    let sum: u32 = parts.map(|(one, other)| u32::from(one.abs_diff(*other))).sum();
    f64::from(sum) / f64::from(one.width() * one.height() * 3)
}
