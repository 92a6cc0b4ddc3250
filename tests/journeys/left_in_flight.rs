//! A page is left while an answer is on its way: whatever it says, the app goes on, and the visitor
//! stays where they went.

use std::path::Path;

use serde_json::json;
use support::{Browser, Client, picture, story};

use crate::{EMAIL, NAME, PASSWORD, sign_in};

/// Holds back the answers of our API, and uploads, while `holding`.
const HOLD: &str = r"
    globalThis.held = [];
    globalThis.holding = false;
    const turn = (path) => holding ? new Promise((go) => held.push({ path, go })) : null;
    const ask = fetch;
    globalThis.fetch = async (what, how) => {
        const { pathname } = new URL(what.url ?? what, location);
        const answer = await ask(what, how);
        if (pathname.startsWith('/api/')) await turn(pathname);
        return answer;
    };
    const send = XMLHttpRequest.prototype.send;
    XMLHttpRequest.prototype.send = async function (...body) {
        await turn('/api/avatar');
        send.apply(this, body);
    };
    globalThis.release = () => {
        holding = false;
        for (const { go } of held.splice(0)) go();
    };
";

/// What happens on a page before it is left.
enum Act<'a> {
    Click(&'a str),
    Fill(&'a str, &'a str),
    Pick(&'a Path),
    /// From now on answers are held back.
    Hold,
}

use Act::{Click, Fill, Hold, Pick};

/// Opens a page and does these things there, then [departs](depart).
async fn leave(browser: &Browser, page: &str, acts: &[Act<'_>], path: &str) {
    eprintln!("{page}: {path}");
    browser.goto(page).await;
    if ["/profile", "/security"].contains(&page) {
        browser.see("This device").await;
    }
    for act in acts {
        match act {
            Click(name) => browser.click(name).await,
            Fill(label, text) => browser.fill(label, text).await,
            Pick(file) => browser.choose_file("Add a picture", file).await,
            Hold => drop(browser.script("holding = true", json!([])).await),
        }
    }
    depart(browser, path).await;
}

/// Comes to a page that asks for something by itself, then [departs](depart).
async fn pass_through(browser: &Browser, page: &str, path: &str) {
    eprintln!("{page}: {path} by itself");
    let follow = "
        holding = true;
        const link = document.createElement('a');
        link.href = arguments[0];
        document.querySelector('main').append(link);
        link.click()";
    browser.goto("/").await;
    browser.script(follow, json!([page])).await;
    depart(browser, path).await;
}

/// Leaves the page while the answer from `path` is held back, lets it come, and asserts that the
/// app lives, and that nothing has moved the visitor.
async fn depart(browser: &Browser, path: &str) {
    browser
        .wait_until(&format!("held.some((one) => one.path.startsWith('{path}'))"))
        .await;
    // By script: an open question keeps the mouse from the link.
    let home = "document.querySelector('.brand').click()";
    browser.script(home, json!([])).await;
    browser.see("The front door to your app.").await;
    browser.arrive("/").await;

    browser.script("release()", json!([])).await;
    browser.draw().await;

    let state = "return [
        document.documentElement.classList.contains('broken'),
        location.pathname,
        document.activeElement.matches('h1, body'),
    ]";
    assert_eq!(
        browser.script(state, json!([])).await,
        json!([false, "/", true]),
        "{path}"
    );
}

#[test]
fn a_visitors_page_can_be_left_while_any_answer_is_on_its_way() {
    story("visitor_left_early", &[], async |stage| {
        let client = stage.client();
        client.join(NAME, EMAIL, PASSWORD).await;
        client.sign_up(NAME, "waiting@example.com", PASSWORD).await;
        let browser = stage.open_browser().await;
        browser.before_load(HOLD).await;
        for path in ["sign-in", "auth-redirect", "reset-password", "sign-up"] {
            for status in [400, 401, 403] {
                browser.allow(status, &format!("/api/{path}"));
            }
        }
        let email = Fill("Email address", EMAIL);
        let typed = |password| [Fill("Email address", EMAIL), Fill("Password", password)];
        let [_, wrong] = typed("not the password");

        leave(
            &browser,
            "/sign-in",
            &[email, wrong, Hold, Click("Sign in")],
            "/api/sign-in",
        )
        .await;
        let taken = [
            Fill("Name", NAME),
            Fill("Email address", "new@example.com"),
            Fill("Password", PASSWORD),
            Hold,
            Click("Sign up"),
        ];
        leave(&browser, "/sign-up", &taken, "/api/sign-up").await;
        let common = [
            Fill("Name", NAME),
            Fill("Email address", "newer@example.com"),
            Fill("Password", "password1"),
            Hold,
            Click("Sign up"),
        ];
        leave(&browser, "/sign-up", &common, "/api/sign-up").await;
        for (page, path) in [
            ("/magic-link", "/api/magic-link"),
            ("/verify-email", "/api/verify-email"),
            ("/forgot-password", "/api/reset-password"),
        ] {
            // Not the address of the links below: a browser that asked for a link needs no click.
            let acts = [
                Fill("Email address", "other@example.com"),
                Hold,
                Click("Send the link"),
            ];
            leave(&browser, page, &acts, path).await;
        }
        leave_links(&browser, &client).await;
    });
}

/// The pages at the end of mail links.
async fn leave_links(browser: &Browser, client: &Client) {
    client.send_reset(EMAIL).await;
    let reset = client.last_mail_to(EMAIL).await;
    let acts = [
        Fill("New password", "password1"),
        Hold,
        Click("Save the new password"),
    ];
    leave(browser, reset.link(), &acts, "/api/reset-password").await;

    let dead = "/auth-redirect?access_token=never-was&action=magic-link";
    pass_through(browser, dead, "/api/auth-redirect").await;

    client.magic_link(EMAIL).await;
    let link = client.last_mail_to(EMAIL).await;
    leave(
        browser,
        link.link(),
        &[Hold, Click("Continue as")],
        "/api/auth-redirect",
    )
    .await;
    browser.see("Go to your profile").await;
}

#[test]
fn a_page_of_somebody_signed_in_can_be_left_while_any_answer_is_on_its_way() {
    story(
        "member_left_early",
        &[("CONFIRM_EMAIL", "false")],
        async |stage| {
            let client = stage.client();
            client.join(NAME, EMAIL, PASSWORD).await;
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("picture.png");
            std::fs::write(&file, picture(40, 40, image::ImageFormat::Png)).unwrap();
            let browser = stage.open_browser().await;
            for path in ["change-password", "change-email", "profile"] {
                browser.allow(401, &format!("/api/{path}"));
            }
            sign_in(&browser, EMAIL, PASSWORD).await;
            browser.see("This device").await;
            browser.before_load(HOLD).await;

            for (page, path) in [
                ("/profile", "/api/sessions"),
                ("/security", "/api/sessions"),
                ("/security", "/api/change-email"),
            ] {
                pass_through(&browser, page, path).await;
            }
            let rename = [
                Click("Change name"),
                Fill("Name", "Ada King"),
                Hold,
                Click("Save"),
            ];
            leave(&browser, "/profile", &rename, "/api/profile").await;
            browser.see("Your name is changed.").await;
            leave(&browser, "/profile", &[Hold, Pick(&file)], "/api/avatar").await;
            browser.see("Your picture is changed.").await;
            leave(
                &browser,
                "/profile",
                &[Hold, Click("Remove picture")],
                "/api/avatar",
            )
            .await;
            leave_security(&browser, &client).await;
            // This browser's session must be there for the rest, and ends with it.
            leave(&browser, "/profile", &[Hold, Click("Sign out")], "/api/sign-out").await;
            browser.see("You are signed out.").await;
        },
    );
}

async fn leave_security(browser: &Browser, client: &Client) {
    for password in ["not the password", PASSWORD] {
        let acts = [
            Fill("Current password", password),
            Fill("New password", PASSWORD),
            Hold,
            Click("Change password"),
        ];
        leave(browser, "/security", &acts, "/api/change-password").await;
    }
    client.sign_in(EMAIL, PASSWORD).await;
    let one = [Hold, Click("Sign out Firefox")];
    leave(browser, "/security", &one, "/api/sessions").await;
    client.sign_in(EMAIL, PASSWORD).await;
    let all = [Click("Sign out all other devices"), Hold, Click("Sign them out")];
    leave(browser, "/security", &all, "/api/sessions").await;
    let address = [
        Click("Change address"),
        Fill("New email address", "new@example.com"),
        Fill("Password", "not the password"),
        Hold,
        Click("Change address"),
    ];
    leave(browser, "/security", &address, "/api/change-email").await;
    let end = [
        Click("Delete my account"),
        Fill("The address of the account", EMAIL),
        Fill("Password", "not the password"),
        Hold,
        Click("Delete my account"),
    ];
    leave(browser, "/security", &end, "/api/profile").await;
}
