//! [`Sessions`]: the browsers in which the user is signed in.

use std::time::Duration;

use leptos::{prelude::*, task::spawn_local};
use shared::{Session, SessionId};

use super::{
    ConfirmDialog, Drawing, ErrorMessage, Icon, SessionsCard, SessionsSkeleton, sessions_card::TITLE,
};
use crate::{CurrentUser, Error, News, Submission, api, browser, words};

/// How often "5 minutes ago" is told anew.
const CLOCK: Duration = Duration::from_secs(30);
const OPENER: &str = "end-others";

/// The list, newest first; ends another session with one click, and all others after a question.
#[component]
pub fn Sessions() -> impl IntoView {
    let current_user = expect_context::<CurrentUser>();
    let news = expect_context::<News>();
    let loaded = RwSignal::new(None::<Result<Vec<Session>, Error>>);
    let ending = RwSignal::new(Vec::<SessionId>::new());
    let failure = RwSignal::new(None::<Error>);
    let now_ms = RwSignal::new(0.0);

    let load = move || {
        loaded.set(None);
        spawn_local(async move {
            let answer = current_user.call(api::sessions).await;
            now_ms.set(browser::server_now_ms());
            loaded.set(Some(answer.map(|response| response.sessions)));
        });
    };
    Effect::new(move |_| {
        load();
        let tick = move || now_ms.set(browser::server_now_ms());
        if let Ok(clock) = set_interval_with_handle(tick, CLOCK) {
            on_cleanup(move || clock.clear());
        }
    });

    let end = move |session: Session| {
        let name = name_of(&session);
        failure.set(None);
        ending.update(|ending| ending.push(session.id.clone()));
        browser::focus_soon(TITLE);
        spawn_local(async move {
            match current_user.call(|| api::end_session(&session.id)).await {
                Ok(()) => news.tell(format!("{name} is signed out.")),
                Err(error) if error.has_code("not_found") => news.tell(format!("{name} is signed out.")),
                Err(error) => {
                    ending.update(|ending| ending.retain(|id| *id != session.id));
                    failure.set(Some(error));
                }
            }
        });
    };
    let forget_others = move |()| {
        loaded.update(|loaded| {
            if let Some(Ok(sessions)) = loaded {
                sessions.retain(|session| session.current);
            }
        });
        browser::focus_soon(TITLE);
    };
    let rows = move || match loaded.get() {
        Some(Ok(sessions)) => {
            let left: Vec<_> = sessions
                .into_iter()
                .filter(|session| ending.with(|ending| !ending.contains(&session.id)))
                .collect();
            let others = left.iter().any(|session| !session.current);
            let rows: Vec<_> = left
                .into_iter()
                .map(|session| view! { <Row session now_ms on_end=Callback::new(end) /> })
                .collect();
            view! {
                <ul class="sessions">{rows}</ul>
                {others.then(|| view! { <EndOthers on_end=Callback::new(forget_others) /> })}
            }
            .into_any()
        }
        Some(Err(error)) => view! {
            <ErrorMessage error=Signal::stored(Some(error)) on_retry=Callback::new(move |()| load()) />
        }
        .into_any(),
        None => view! { <SessionsSkeleton /> }.into_any(),
    };

    view! {
        <SessionsCard>
            <ErrorMessage error=failure />
            {rows}
        </SessionsCard>
    }
}

/// Ends all sessions but this one.
#[component]
fn EndOthers(on_end: Callback<()>) -> impl IntoView {
    let current_user = expect_context::<CurrentUser>();
    let news = expect_context::<News>();
    let form = Submission::new(&[]);
    let open = RwSignal::new(false);
    let ask = move |_| {
        form.clear();
        open.set(true);
    };
    let end = Callback::new(move |()| {
        form.send(async move {
            current_user.call(api::end_other_sessions).await?;
            news.tell("All other devices are signed out.");
            // The list may be gone by now; while it is there, this button and its question leave it.
            on_end.try_run(());
            Ok(())
        });
    });
    view! {
        <button type="button" class="button quiet" id=OPENER on:click=ask>
            "Sign out all other devices"
        </button>
        <ConfirmDialog
            open
            opener=OPENER
            title="Sign out all other devices?"
            act="Sign them out"
            form
            on_act=end
        >
            <p>"Everyone who uses your account elsewhere must sign in again. This device stays signed in."</p>
        </ConfirmDialog>
    }
}

#[component]
fn Row(session: Session, now_ms: RwSignal<f64>, on_end: Callback<Session>) -> impl IntoView {
    let name = name_of(&session);
    let phone = session.device.is_some() || matches!(session.os.as_deref(), Some("iOS" | "Android"));
    let drawing = if phone { Drawing::Phone } else { Drawing::Computer };
    let label = format!("Sign out {name}");
    let ip = session.ip.clone().map(|ip| view! { <span>{ip}</span> });
    let seen = session.last_seen_at.clone().map(|moment| {
        view! {
            <span>
                "Last seen " <Moment moment now_ms />
            </span>
        }
    });
    let created = session.created_at.clone();
    let side = if session.current {
        view! { <span class="badge">"This device"</span> }.into_any()
    } else {
        view! {
            <button
                type="button"
                class="button quiet"
                aria-label=label
                on:click=move |_| on_end.run(session.clone())
            >
                "Sign out"
            </button>
        }
        .into_any()
    };

    view! {
        <li>
            <Icon drawing />
            <div>
                <strong>{name}</strong>
                <p class="muted facts">
                    <span>
                        "Signed in " <Moment moment=created now_ms />
                    </span>
                    {seen}
                    {ip}
                </p>
            </div>
            {side}
        </li>
    }
}

/// A moment in words, with the exact time on hover.
#[component]
fn Moment(moment: String, now_ms: RwSignal<f64>) -> impl IntoView {
    let then_ms = browser::moment_ms(&moment);
    let words = move || match then_ms {
        Some(then_ms) => {
            #[expect(clippy::cast_possible_truncation, reason = "the cast saturates")]
            let seconds = ((now_ms.get() - then_ms) / 1000.0) as i64;
            words::ago(seconds)
        }
        None => "at an unknown time".to_owned(),
    };
    view! {
        <time title=browser::local_time(&moment) datetime=moment>
            {words}
        </time>
    }
}

fn name_of(session: &Session) -> String {
    words::session(
        session.browser.as_deref(),
        session.os.as_deref(),
        session.device.as_deref(),
    )
}
