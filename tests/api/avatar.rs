use std::io::Cursor;

use image::{
    DynamicImage, ExtendedColorType, ImageEncoder, ImageFormat, Rgb, RgbImage,
    codecs::{jpeg::JpegEncoder, png::PngEncoder, webp::WebPEncoder},
};
use moxcms::ColorProfile;
use reqwest::{Method, StatusCode};
use shared::{
    avatar::{Copies, MAX_BYTES, SIDE, SMALL_SIDE},
    profile::Response,
};
use sqlx::ConnectOptions as _;
use sqlx::sqlite::SqliteConnectOptions;
use support::{Client, Reply, TestApp, turned};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::PASSWORD;

const RED: Rgb<u8> = Rgb([220, 20, 20]);
const BLUE: Rgb<u8> = Rgb([20, 20, 220]);

/// Left half red, right half blue.
fn picture(width: u32, height: u32) -> DynamicImage {
    RgbImage::from_fn(width, height, |x, _| if x < width / 2 { RED } else { BLUE }).into()
}

fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

async fn signed_in(app: &TestApp) -> Client {
    let client = app.client();
    client.join("Ada", "ada@example.com", PASSWORD).await;
    client
}

async fn stored(client: &Client, url: &str) -> (StatusCode, Vec<u8>) {
    let response = client.http.get(url).send().await.unwrap();
    (response.status(), response.bytes().await.unwrap().to_vec())
}

/// What is answered for the picture, and for its small copy.
async fn both(client: &Client, address: &str) -> [StatusCode; 2] {
    let Copies { picture, small } = Copies::of(address);
    let small = small.expect("there is a small copy");
    [stored(client, picture).await.0, stored(client, small).await.0]
}

#[tokio::test]
async fn every_kind_of_picture_becomes_a_small_square() {
    let app = TestApp::spawn().await;
    let client = signed_in(&app).await;

    for format in [
        ImageFormat::Png,
        ImageFormat::Jpeg,
        ImageFormat::WebP,
        ImageFormat::Gif,
    ] {
        let reply = client
            .put_avatar(encoded(&picture(900, 600), format), "application/octet-stream")
            .await;
        assert_eq!(reply.status, StatusCode::OK, "{format:?} {reply:?}");
        let url = reply.json::<Response>().user.profile_picture.unwrap();
        let Copies { picture, small } = Copies::of(&url);
        for (url, side) in [(picture, SIDE), (small.unwrap(), SMALL_SIDE)] {
            let (status, webp) = stored(&client, url).await;
            assert_eq!(status, StatusCode::OK);
            let avatar = image::load_from_memory_with_format(&webp, ImageFormat::WebP).unwrap();
            assert_eq!((avatar.width(), avatar.height()), (side, side));
        }
    }
}

#[tokio::test]
async fn a_small_picture_is_not_blown_up() {
    let app = TestApp::spawn().await;
    let client = signed_in(&app).await;

    let reply = client
        .put_avatar(encoded(&picture(40, 30), ImageFormat::Png), "image/png")
        .await;

    let url = reply.json::<Response>().user.profile_picture.unwrap();
    assert_eq!(Copies::of(&url).small, None);
    let (_, webp) = stored(&client, &url).await;
    assert_eq!(image::load_from_memory(&webp).unwrap().width(), 30);
}

#[tokio::test]
async fn a_turned_photo_stands_upright_and_loses_its_metadata() {
    let app = TestApp::spawn().await;
    let client = signed_in(&app).await;

    let reply = client
        .put_avatar(
            turned(&encoded(&picture(600, 400), ImageFormat::Jpeg)),
            "image/jpeg",
        )
        .await;

    let (_, webp) = stored(&client, &reply.json::<Response>().user.profile_picture.unwrap()).await;
    let avatar = image::load_from_memory(&webp).unwrap().into_rgb8();
    let (top, bottom) = (avatar.get_pixel(128, 20), avatar.get_pixel(128, 236));
    assert!(top[0] > top[2] && bottom[2] > bottom[0], "{top:?} {bottom:?}");
    assert!(!webp.windows(6).any(|window| window == b"SECRET"));
}

#[tokio::test]
async fn a_new_picture_takes_the_place_of_the_old_one() {
    let app = TestApp::spawn().await;
    let client = signed_in(&app).await;
    let put = async || {
        let reply = client
            .put_avatar(encoded(&picture(128, 128), ImageFormat::Png), "image/png")
            .await;
        reply.json::<Response>().user.profile_picture.unwrap()
    };

    let old = put().await;
    let new = put().await;

    assert_ne!(old, new);
    for (address, status) in [(&old, StatusCode::NOT_FOUND), (&new, StatusCode::OK)] {
        assert_eq!(both(&client, address).await, [status; 2]);
    }
    assert_eq!(
        client.profile().await.json::<Response>().user.profile_picture,
        Some(new)
    );
}

#[tokio::test]
async fn a_picture_can_be_taken_away() {
    let app = TestApp::spawn().await;
    let client = signed_in(&app).await;
    let reply = client
        .put_avatar(encoded(&picture(128, 128), ImageFormat::Png), "image/png")
        .await;
    let url = reply.json::<Response>().user.profile_picture.unwrap();

    let reply = client.delete_avatar().await;

    assert_eq!(reply.json::<Response>().user.profile_picture, None);
    assert_eq!(both(&client, &url).await, [StatusCode::NOT_FOUND; 2]);
    assert_eq!(client.delete_avatar().await.status, StatusCode::OK);
}

#[tokio::test]
async fn what_is_no_picture_is_refused_in_plain_words() {
    let app = TestApp::spawn().await;
    let client = signed_in(&app).await;
    let png = encoded(&picture(64, 64), ImageFormat::Png);
    let files: [&[u8]; 8] = [
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"%PDF-1.7 and so on and so on",
        b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
        b"BM a bitmap would begin like this",
        b"",
        b"GIF89a",
        b"\x89PNG\r\n\x1a\n not really a picture",
        &png[..png.len() / 2],
    ];

    for file in files {
        let reply = client.put_avatar(file, "image/png").await;
        assert_eq!(
            reply.refusal(),
            (415, "unsupported_media_type".to_owned()),
            "{file:?}"
        );
    }
    assert_eq!(
        client.profile().await.json::<Response>().user.profile_picture,
        None
    );
}

#[tokio::test]
async fn a_file_over_eight_mebibytes_is_refused() {
    let app = TestApp::spawn().await;
    let client = signed_in(&app).await;
    let mut large = encoded(&picture(64, 64), ImageFormat::Png);
    large.resize(MAX_BYTES + 1, 0);

    let reply = client.put_avatar(large, "image/png").await;

    assert_eq!(reply.refusal(), (413, "body_too_large".to_owned()));
}

#[tokio::test]
async fn a_small_file_with_endless_pixels_is_refused() {
    let app = TestApp::spawn().await;
    let client = signed_in(&app).await;
    // The head of a PNG of 60,000 by 60,000 pixels, with its right checksum.
    let mut bomb = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\xea\x60\0\0\xea\x60\x08\x06\0\0\0".to_vec();
    let checksum = crc32(&bomb[12..]);
    bomb.extend(checksum.to_be_bytes());
    bomb.extend(b"\0\0\0\0IDAT\x35\xaf\x06\x1e");

    let reply = client.put_avatar(bomb, "image/png").await;

    assert_eq!(reply.refusal(), (413, "body_too_large".to_owned()));
}

/// The checksum of PNG chunks (RFC 2083, 15).
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 {
                (crc >> 1) ^ 0xedb8_8320
            } else {
                crc >> 1
            }
        })
    })
}

#[tokio::test]
async fn a_form_without_a_picture_and_a_body_that_is_no_form_are_refused() {
    let app = TestApp::spawn().await;
    let client = signed_in(&app).await;
    let put = || client.request(Method::PUT, shared::avatar::PATH);

    let other = reqwest::multipart::Form::new().text("name", "x");
    let other = Reply::of(put().multipart(other)).await;
    let json = Reply::of(put().json(&serde_json::json!({}))).await;

    assert_eq!(other.refusal(), (400, "invalid_request_body".to_owned()));
    assert_eq!(json.refusal(), (415, "unsupported_media_type".to_owned()));
}

#[tokio::test]
async fn a_public_picture_cannot_become_a_page() {
    let app = TestApp::spawn().await;
    let client = signed_in(&app).await;
    let reply = client
        .put_avatar(encoded(&picture(64, 64), ImageFormat::Png), "text/html")
        .await;
    let url = reply.json::<Response>().user.profile_picture.unwrap();

    let reply = Reply::of(client.http.get(&url)).await;

    assert_eq!(reply.header("content-type"), Some("image/webp"));
    assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
    assert!(
        reply
            .header("content-security-policy")
            .unwrap()
            .contains("sandbox")
    );
    assert!(reply.header("cache-control").unwrap().contains("immutable"));
}

/// How many files there are, on the disk and in the database.
async fn files(app: &TestApp) -> (usize, i64) {
    let on_disk = std::fs::read_dir(app.data_dir().join("files")).unwrap().count();
    let database = SqliteConnectOptions::new().filename(app.data_dir().join("latchkey.db"));
    let rows = sqlx::query_scalar("SELECT count(*) FROM files");
    let rows = rows
        .fetch_one(&mut database.connect().await.unwrap())
        .await
        .unwrap();
    (on_disk, rows)
}

/// SECURITY-BAR T-65.
#[tokio::test]
async fn many_pictures_at_once_leave_the_last_one_and_nothing_else() {
    let app = TestApp::spawn().await;
    let client = signed_in(&app).await;
    let picture = encoded(&picture(128, 128), ImageFormat::Png);

    let uploads: Vec<_> = (0..12)
        .map(|_| {
            let (client, picture) = (client.clone(), picture.clone());
            tokio::spawn(async move { client.put_avatar(picture, "image/png").await })
        })
        .collect();
    for upload in uploads {
        assert_eq!(upload.await.unwrap().status, StatusCode::OK);
    }

    assert_eq!(files(&app).await, (2, 2));
    let shown = client.profile().await.json::<Response>().user.profile_picture;
    assert_eq!(both(&client, &shown.unwrap()).await, [StatusCode::OK; 2]);
}

#[tokio::test]
async fn uploads_whose_sender_leaves_leave_nothing_behind() {
    let app = TestApp::spawn().await;
    let client = signed_in(&app).await;
    let picture = encoded(&picture(128, 128), ImageFormat::Png);

    for wait in 1..30 {
        let upload = client.put_avatar(picture.clone(), "image/png");
        // Whether it is done by then does not matter.
        drop(tokio::time::timeout(std::time::Duration::from_millis(wait), upload).await);
    }
    client.put_avatar(picture, "image/png").await;

    let found = support::eventually(async || (files(&app).await == (2, 2)).then_some(())).await;
    assert!(found.is_some(), "{:?}", files(&app).await);
}

#[tokio::test]
async fn a_picture_beyond_the_quota_is_refused_in_plain_words() {
    let app = TestApp::spawn_with(|settings| settings.files_per_user_mb = 1).await;
    let client = signed_in(&app).await;
    let (altogic, key) = app.altogic();
    let fill = app.program().post(format!(
        "{altogic}_api/rest/v1/storage/bucket/upload-object?bucket=root&fileName=large"
    ));
    let fill = fill
        .header("X-Client-Key", key)
        .header("Session", client.cookie("session_token").unwrap())
        .header("content-type", "image/png")
        .body(vec![0; 1024 * 1024 - 4096]);
    assert_eq!(fill.send().await.unwrap().status(), StatusCode::OK);

    let reply = client
        .put_avatar(encoded(&picture(128, 128), ImageFormat::Png), "image/png")
        .await;

    assert_eq!(reply.refusal(), (413, "quota_exceeded".to_owned()));
    assert!(reply.body.contains("Delete some"), "{reply:?}");
    assert_eq!(files(&app).await, (1, 1));
}

/// A picture of one colour, with this profile.
fn of_colour(colour: [u8; 3], profile: Vec<u8>, mut encoder: impl ImageEncoder) {
    encoder.set_icc_profile(profile).unwrap();
    let pixels = RgbImage::from_pixel(64, 64, Rgb(colour));
    encoder
        .write_image(&pixels, 64, 64, ExtendedColorType::Rgb8)
        .unwrap();
}

#[tokio::test]
async fn a_display_p3_picture_keeps_its_colours() {
    let app = TestApp::spawn().await;
    let client = signed_in(&app).await;
    let profile = || ColorProfile::new_display_p3().encode().unwrap();
    let mut files = [Vec::new(), Vec::new(), Vec::new()];
    let [png, jpeg, webp] = &mut files;
    // What sRGB calls 200, 30, 30.
    let red = [185, 50, 41];
    of_colour(red, profile(), PngEncoder::new(png));
    of_colour(red, profile(), JpegEncoder::new_with_quality(jpeg, 100));
    of_colour(red, profile(), WebPEncoder::new_lossless(webp));

    for file in files {
        let reply = client.put_avatar(file, "image/png").await;
        let address = reply.json::<Response>().user.profile_picture.unwrap();
        let (_, webp) = stored(&client, &address).await;
        let avatar = image::load_from_memory(&webp).unwrap().into_rgb8();
        let Rgb([red, green, blue]) = *avatar.get_pixel(32, 32);
        assert!(
            red.abs_diff(200) < 8 && green.abs_diff(30) < 8 && blue.abs_diff(30) < 8,
            "{red} {green} {blue}"
        );
    }
}

#[tokio::test]
async fn a_long_narrow_picture_is_refused_for_its_side() {
    let app = TestApp::spawn().await;
    let client = signed_in(&app).await;

    for format in [
        ImageFormat::Png,
        ImageFormat::Jpeg,
        ImageFormat::WebP,
        ImageFormat::Gif,
    ] {
        let long = encoded(&picture(12_001, 8), format);
        let error = client.put_avatar(long, "image/png").await.error();

        assert_eq!(error.status, 413, "{format:?}");
        assert!(error.items[0].message.contains("side"), "{format:?} {error:?}");
    }
}

/// T-61: a client that asks before it sends hears at once that it need not.
#[tokio::test]
async fn an_upload_without_a_living_session_is_refused_before_it_is_read() {
    let app = TestApp::spawn().await;
    let address = app.url("/").socket_addrs(|| None).unwrap();
    let origin = app.url("/").origin().ascii_serialization();

    for cookie in [
        "",
        "cookie: session_token=0123456789abcdefghijklmnopqrstuvwxyz\r\n",
    ] {
        let mut stream = tokio::net::TcpStream::connect(&address[..]).await.unwrap();
        let head = format!(
            "PUT {} HTTP/1.1\r\nhost: a\r\norigin: {origin}\r\n{cookie}expect: 100-continue\r\n\
             content-type: multipart/form-data; boundary=x\r\ncontent-length: 5000000\r\n\r\n",
            shared::avatar::PATH
        );
        stream.write_all(head.as_bytes()).await.unwrap();

        let mut said = [0; 12];
        stream.read_exact(&mut said).await.unwrap();
        assert_eq!(&said, b"HTTP/1.1 401");
    }
}

#[tokio::test]
async fn uploads_of_one_user_at_once_wait_for_each_other() {
    let app = TestApp::spawn().await;
    let client = signed_in(&app).await;
    let png = encoded(&picture(128, 128), ImageFormat::Png);
    let put = || client.put_avatar(png.clone(), "image/png");

    let (one, two, three) = tokio::join!(put(), put(), put());

    for reply in [one, two, three] {
        assert_eq!(reply.status, StatusCode::OK, "{reply:?}");
    }
}
