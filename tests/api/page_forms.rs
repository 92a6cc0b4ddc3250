//! The pages and their forms for a browser that sends them by itself.

use reqwest::StatusCode;
use support::{Client, Reply, TestApp};

use crate::PASSWORD;

const EMAIL: &str = "ada@example.com";

/// Takes a page's form: what it holds, and where it goes.
fn form_of(page: &Reply, button: &str) -> (String, Vec<(String, String)>) {
    let form = page
        .body
        .split("<form")
        .skip(1)
        .map(|form| form.split("</form>").next().unwrap())
        .find(|form| form.contains(button))
        .unwrap_or_else(|| panic!("no form with {button} in {}", page.body));
    let fields = form
        .split("<input")
        .skip(1)
        .map(|input| input.split('>').next().unwrap())
        .map(|input| (attribute(input, "name"), attribute(input, "value")))
        .collect();
    (attribute(form.split('>').next().unwrap(), "action"), fields)
}

fn attribute(tag: &str, name: &str) -> String {
    let value = tag
        .split_once(&format!("{name}=\""))
        .map_or("", |(_, value)| value);
    let value = value.split('"').next().unwrap_or_default();
    value
        .replace("&quot;", "\"")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

/// Fills a page's form in and sends it.
async fn send(client: &Client, page: &Reply, button: &str, typed: &[(&str, &str)]) -> Reply {
    let (action, mut fields) = form_of(page, button);
    for (name, value) in typed {
        let Some((_, held)) = fields.iter_mut().find(|(field, _)| field == name) else {
            panic!("no field {name}");
        };
        (*value).clone_into(held);
    }
    client.post_form(&action, &fields).await
}

#[tokio::test]
async fn signing_up_and_in_and_out_needs_no_scripts() {
    let app = TestApp::spawn().await;
    let client = app.client();

    let page = client.get("/sign-up").await;
    let typed = [("name", "Ada"), ("email", EMAIL), ("password", PASSWORD)];
    let mailed = send(&client, &page, "Sign up", &typed).await;
    assert_eq!(mailed.status, StatusCode::OK, "{mailed:?}");
    assert!(mailed.body.contains("Check your mail") && mailed.body.contains(EMAIL));
    assert!(mailed.body.contains("<title>Check your mail · Latchkey</title>"));

    let again = send(&client, &mailed, "Send it again", &[]).await;
    assert!(again.body.contains("Check your mail"), "{again:?}");

    let target = client.follow(client.last_mail_to(EMAIL).await.link()).await;
    let page = client.get(target.as_str()).await;
    let opened = send(&client, &page, "Continue", &[]).await;
    assert_eq!(
        (opened.status, opened.header("location")),
        (StatusCode::SEE_OTHER, Some("/profile"))
    );

    let shell = client.get("/profile").await;
    assert!(shell.body.contains("url=/profile?plain"), "{shell:?}");
    let profile = client.get("/profile?plain").await;
    assert!(profile.body.contains("Hello, Ada") && profile.body.contains(EMAIL));
    assert!(!profile.body.contains("<script") && !profile.body.contains("preload"));
    let renamed = send(&client, &profile, "Save", &[("name", "Ada King")]).await;
    assert_eq!(renamed.header("location"), Some("/profile?plain"));
    let profile = client.get("/profile?plain").await;
    assert!(profile.body.contains("Hello, Ada King"));
    let refused = send(&client, &profile, "Save", &[("name", " ")]).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(refused.body.contains("Enter your name."), "{refused:?}");

    let out = send(&client, &profile, "Sign out", &[]).await;
    assert_eq!(out.header("location"), Some("/sign-in"));
    assert_eq!(client.profile().await.status, StatusCode::UNAUTHORIZED);

    // A browser that was never here before.
    let client = app.client();
    let page = client.get("/sign-in?return_to=/security").await;
    let back = send(
        &client,
        &page,
        "Sign in",
        &[("email", EMAIL), ("password", PASSWORD)],
    )
    .await;
    // This browser sent no cookie at all: whether it keeps any is seen on the way.
    let on_the_way = back.header("location").unwrap();
    assert_eq!(on_the_way, "/sign-in?cookies=1&return_to=%2Fsecurity");
    let back = client.get(on_the_way).await;
    assert_eq!(
        (back.status, back.header("location")),
        (StatusCode::SEE_OTHER, Some("/security"))
    );
    assert_eq!(client.profile().await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_forgotten_password_is_replaced_without_scripts() {
    let app = TestApp::spawn().await;
    app.client().join("Ada", EMAIL, PASSWORD).await;
    let client = app.client();

    let page = client.get("/forgot-password").await;
    let mailed = send(&client, &page, "Send the link", &[("email", EMAIL)]).await;
    assert!(mailed.body.contains("Check your mail"), "{mailed:?}");
    let target = client.follow(client.last_mail_to(EMAIL).await.link()).await;
    let page = client.get(target.as_str()).await;
    let choose = send(&client, &page, "Choose a new password", &[]).await;
    assert!(
        choose.body.contains(EMAIL),
        "the page names the account: {choose:?}"
    );

    let common = send(
        &client,
        &choose,
        "Save the new password",
        &[("password", "password1")],
    )
    .await;
    assert_eq!(common.status, StatusCode::BAD_REQUEST);
    let done = send(
        &client,
        &common,
        "Save the new password",
        &[("password", "another horse battery")],
    )
    .await;
    assert!(done.body.contains("Your password is changed"), "{done:?}");

    assert_eq!(
        client.sign_in(EMAIL, "another horse battery").await.status,
        StatusCode::OK
    );
    let dead = send(
        &client,
        &choose,
        "Save the new password",
        &[("password", "a third horse battery")],
    )
    .await;
    assert!(dead.body.contains("This link no longer works"), "{dead:?}");
}

#[tokio::test]
async fn a_magic_link_signs_in_without_scripts() {
    let app = TestApp::spawn().await;
    app.client().join("Ada", EMAIL, PASSWORD).await;
    let client = app.client();

    let page = client.get("/magic-link").await;
    send(&client, &page, "Send the link", &[("email", EMAIL)]).await;
    let target = client.follow(client.last_mail_to(EMAIL).await.link()).await;
    let page = client.get(target.as_str()).await;
    assert_eq!(
        client.profile().await.status,
        StatusCode::UNAUTHORIZED,
        "looking is not redeeming"
    );
    send(&client, &page, "Continue", &[]).await;

    assert_eq!(client.profile().await.status, StatusCode::OK);
    let used = app.client();
    let dead = send(&used, &page, "Continue", &[]).await;
    assert!(dead.body.contains("This link no longer works"), "{dead:?}");
}

#[tokio::test]
async fn a_refused_form_comes_back_with_what_was_typed_but_no_password() {
    let app = TestApp::spawn().await;
    app.client().join("Ada", EMAIL, PASSWORD).await;
    let client = app.client();

    let page = client.get("/sign-in").await;
    let typed = [("email", EMAIL), ("password", "not the password")];
    let wrong = send(&client, &page, "Sign in", &typed).await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    assert!(
        wrong.body.contains("<title>Error: Sign in · Latchkey</title>"),
        "{wrong:?}"
    );
    assert!(wrong.body.contains("role=\"alert\""));
    assert!(!wrong.body.contains("not the password"));
    let (_, fields) = form_of(&wrong, "Sign in");
    assert_eq!(fields[0], ("email".to_owned(), EMAIL.to_owned()));

    let page = client.get("/sign-up").await;
    let script = "\"><script>alert(1)</script>";
    let typed = [("name", script), ("email", "nobody"), ("password", "short")];
    let refused = send(&client, &page, "Sign up", &typed).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(
        refused.body.contains("Please correct these fields"),
        "{refused:?}"
    );
    assert!(!refused.body.contains("<script>alert"), "{refused:?}");
    let (_, fields) = form_of(&refused, "Sign up");
    assert_eq!(
        (fields[0].1.as_str(), fields[1].1.as_str(), fields[2].1.as_str()),
        (script, "nobody", "")
    );
}

#[tokio::test]
async fn another_site_cannot_send_our_forms() {
    let app = TestApp::spawn().await;
    app.client().join("Ada", EMAIL, PASSWORD).await;

    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("origin", "https://evil.example"),
    ] {
        let sent = app
            .program()
            .post(app.url("/sign-in"))
            .header("content-type", "application/x-www-form-urlencoded")
            .header(name, value)
            .body(format!("email={EMAIL}&password=correct+horse+battery"));
        let reply = Reply::of(sent).await;

        assert_eq!(reply.status, StatusCode::FORBIDDEN, "{name}");
        assert!(reply.set_cookies().is_empty(), "{reply:?}");
        assert_eq!(reply.header("content-type"), Some("text/html; charset=utf-8"));
    }
}

#[tokio::test]
async fn what_is_no_form_is_refused_with_a_page() {
    let app = TestApp::spawn().await;

    for (media_type, body, status) in [
        ("application/json", "{}".to_owned(), 415),
        ("multipart/form-data; boundary=x", "--x--".to_owned(), 415),
        (
            "application/x-www-form-urlencoded",
            format!("email={}", "x".repeat(20_000)),
            413,
        ),
        ("application/x-www-form-urlencoded", "%ff=%00&&&=".to_owned(), 400),
        ("application/x-www-form-urlencoded", String::new(), 400),
    ] {
        let sent = app
            .request(reqwest::Method::POST, "/sign-in")
            .header("content-type", media_type)
            .body(body);
        let reply = Reply::of(sent).await;
        assert_eq!(reply.status.as_u16(), status, "{media_type}");
        assert!(reply.body.contains("<title>Error: Sign in"), "{reply:?}");
    }
}

#[tokio::test]
async fn a_redirect_after_a_form_stays_on_our_site() {
    let app = TestApp::spawn().await;
    app.client().join("Ada", EMAIL, PASSWORD).await;
    let client = app.client();
    client.plant_cookie("of_another=1; Path=/");

    for return_to in [
        "//evil.example",
        "https://evil.example",
        "%2F%5Cevil.example",
        "javascript:alert(1)",
    ] {
        let fields = [
            ("email".to_owned(), EMAIL.to_owned()),
            ("password".to_owned(), PASSWORD.to_owned()),
        ];
        let reply = client
            .post_form(&format!("/sign-in?return_to={return_to}"), &fields)
            .await;
        assert_eq!(reply.header("location"), Some("/profile"), "{return_to}");
    }
}

#[tokio::test]
async fn a_browser_that_keeps_no_cookies_is_told_so_after_its_form() {
    let app = TestApp::spawn().await;
    app.client().join("Ada", EMAIL, PASSWORD).await;
    let fields = [
        ("email".to_owned(), EMAIL.to_owned()),
        ("password".to_owned(), PASSWORD.to_owned()),
    ];
    let sent = app
        .client()
        .post_form("/sign-in?return_to=/security", &fields)
        .await;

    let page = app.client().get(sent.header("location").unwrap()).await;

    assert!(
        page.body
            .contains("This browser does not keep cookies for this site"),
        "{page:?}"
    );
    for query in ["cookies=1", "cookies=1&return_to=//evil.example"] {
        let page = app.client().get(&format!("/sign-in?{query}")).await;
        assert_eq!((page.status, page.header("location")), (StatusCode::OK, None));
    }
}

#[tokio::test]
async fn tries_are_counted_for_forms_too() {
    let app = TestApp::spawn_with(|settings| settings.rate_limits = true).await;
    let client = app.client();
    let fields = [("email".to_owned(), EMAIL.to_owned())];

    let mut last = None;
    for _ in 0..40 {
        last = Some(client.post_form("/magic-link", &fields).await);
    }

    let last = last.unwrap();
    assert_eq!(last.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(last.body.contains("Too many tries."), "{last:?}");
}

#[tokio::test]
async fn a_page_holds_its_words_and_its_title_when_it_arrives() {
    let app = TestApp::spawn().await;
    let client = app.client();
    for (path, title, words) in [
        ("/", "Welcome", "The front door to your app."),
        ("/sign-in", "Sign in", "Forgot your password?"),
        ("/sign-up", "Sign up", "At least 8 characters"),
        ("/verify-email", "Verify your address", "Send the link"),
        ("/magic-link", "Sign in with a link", "Send the link"),
        ("/forgot-password", "Forgot your password?", "Send the link"),
        ("/auth-redirect", "Open your link", "opened from a mail"),
        ("/reset-password", "Choose a new password", "opened from a mail"),
    ] {
        let page = client.get(path).await;
        assert!(
            page.body.contains(&format!("<title>{title} · Latchkey</title>")),
            "{path}"
        );
        assert!(page.body.contains(words), "{path}: {}", page.body);
    }
    let missing = client.get("/nowhere").await;
    assert!(missing.body.contains("There is no page here"));

    let away = client.get("/security?tab=1").await;
    assert_eq!(
        (away.status, away.header("location")),
        (
            StatusCode::SEE_OTHER,
            Some("/sign-in?return_to=/security%3Ftab%3D1")
        )
    );
    let way_in = client.get(away.header("location").unwrap()).await;
    assert!(
        way_in.body.contains("/sign-up?return_to=/security%3Ftab%3D1"),
        "{way_in:?}"
    );
}

#[tokio::test]
async fn who_seems_signed_in_gets_the_page_that_waits_for_the_answer() {
    let app = TestApp::spawn().await;
    let client = app.client();
    let signed_out = client.get("/").await;
    client.join("Ada", EMAIL, PASSWORD).await;

    let signed_in = client.get("/").await;

    assert!(signed_in.body.contains("Go to your profile") && !signed_out.body.contains("Go to your profile"));
    assert!(signed_in.header("vary").unwrap().contains("Cookie"));
    assert_ne!(signed_in.header("etag"), signed_out.header("etag"));
    let profile = client.get("/profile").await;
    assert!(profile.body.contains("skeleton") && !profile.body.contains("Ada"));
}

#[tokio::test]
async fn an_ended_session_leads_from_the_plain_profile_to_the_way_in() {
    let app = TestApp::spawn().await;
    let client = app.client();
    client.plant_cookie("session_token=gone; Path=/");
    client.plant_cookie("signed_in=1; Path=/");

    let reply = client.get("/profile?plain").await;

    assert_eq!(reply.header("location"), Some("/sign-in?return_to=/profile"));
    assert_eq!(client.cookie("signed_in"), None, "{reply:?}");
}
