//! What only a browser can do. Call it from handlers, effects and tasks, never while a component
//! is built, so that the same components can be rendered without a browser.

use std::cell::Cell;

use js_sys::Promise;
use leptos::prelude::*;
use leptos::task::{spawn_local, tick};
use leptos::wasm_bindgen::{JsCast, JsValue, closure::Closure};
use shared::ReturnTo;
use web_sys::{AddEventListenerOptions, FocusOptions, HtmlElement, HtmlInputElement};

use crate::{Posted, json, posted::OUTCOME_ID, words};

/// Makes a panic visible: in the console, and on the page.
pub fn report_panics() {
    std::panic::set_hook(Box::new(|info| {
        leptos::logging::error!("{info}");
        mark_broken();
    }));
}

/// Says on the page that the app is not there, by the class `broken` of the root element.
pub fn mark_broken() {
    if let Some(root) = document().document_element() {
        let _ = root.class_list().add_1("broken");
    }
}

/// The path of the page.
pub fn path() -> String {
    window().location().pathname().unwrap_or_default()
}

/// Says on the root element, by the class `running`, that the app has taken over.
pub fn mark_running() {
    if let Some(root) = document().document_element() {
        let _ = root.class_list().add_1("running");
    }
}

/// The element that the app mounts into, emptied of the page that the
/// server rendered.
///
/// # Panics
/// Without the element `app` of `index.html`.
pub fn cleared_shell() -> HtmlElement {
    let shell = document()
        .get_element_by_id("app")
        .expect("index.html has the element `app`");
    shell.set_text_content(None);
    shell.unchecked_into()
}

/// What the page starts with: what was typed into its forms so far, and the outcome that the
/// server left in it.
pub fn posted() -> Posted {
    let inputs = document().query_selector_all("#app input[name]").ok();
    let typed = inputs
        .iter()
        .flat_map(|inputs| (0..inputs.length()).filter_map(|at| inputs.get(at)))
        .map(JsCast::unchecked_into::<HtmlInputElement>)
        .map(|input| (input.name(), input.value()))
        .collect();
    let outcome = document()
        .get_element_by_id(OUTCOME_ID)
        .and_then(|element| json::decode(&element.text_content()?));
    Posted::new(typed, outcome)
}

/// Calls back when the person is not in the middle of composing a letter from several keys: what
/// is half composed would be lost with its input.
pub fn when_not_composing(callback: impl FnOnce() + 'static) {
    let composing = js_sys::Reflect::get(&window(), &COMPOSING.into()).is_ok_and(|is| is.is_truthy());
    if !composing {
        return callback();
    }
    once("compositionend", callback);
}

/// Calls back when the page has nothing else to do; never where the browser does not tell.
pub fn when_idle(callback: impl FnOnce() + 'static) {
    let callback = Closure::once_into_js(callback);
    let _ = window().request_idle_callback(callback.unchecked_ref());
}

/// Calls back when this happens somewhere on the page for the first time from now.
pub fn once(event: &str, callback: impl FnOnce() + 'static) {
    let callback = Closure::once_into_js(callback);
    let options = AddEventListenerOptions::new();
    options.set_once(true);
    let _ = document().add_event_listener_with_callback_and_add_event_listener_options(
        event,
        callback.unchecked_ref(),
        &options,
    );
}

/// Calls back when nothing is being clicked: at once, or after the click that is under way.
pub fn after_click(callback: impl FnOnce() + 'static) {
    if matches!(document().query_selector(":active"), Ok(Some(_))) {
        once("click", move || request_animation_frame(callback));
    } else {
        callback();
    }
}

/// The name under which the start script in `Trunk.toml` notes that a letter is being composed.
const COMPOSING: &str = "composing";

/// Who is signed in, as the start script in `Trunk.toml` asked while the app was on its way; once.
pub fn take_first_profile() -> Option<Promise> {
    let name = JsValue::from_str("firstProfile");
    let asked = js_sys::Reflect::get(&window(), &name).ok()?;
    let _ = js_sys::Reflect::delete_property(&window(), &name);
    asked.dyn_into().ok()
}

/// Whether the browser could not run a file that came: `frontend/splitter/` has the loader note it.
pub fn lacks_something() -> bool {
    js_sys::Reflect::get(&window(), &"lacks".into()).is_ok_and(|lacks| lacks.is_truthy())
}

/// Where a person is typing.
pub struct Focus {
    id: String,
    selection: Option<(u32, u32)>,
}

impl Focus {
    /// Where the person is now; `None` if that is no element with an id.
    pub fn now() -> Option<Self> {
        let element = document().active_element()?;
        let id = element.id();
        let input = element.dyn_into::<HtmlInputElement>().ok();
        let selection = input.and_then(|input| {
            // Addresses have no selection that a script could read.
            Some((
                input.selection_start().ok().flatten()?,
                input.selection_end().ok().flatten()?,
            ))
        });
        (!id.is_empty()).then_some(Self { id, selection })
    }

    /// Puts the person back there.
    pub fn restore(self) {
        let Some(element) = document().get_element_by_id(&self.id) else {
            return;
        };
        focus_in_place(element.unchecked_ref());
        if let (Some((start, end)), Ok(input)) = (self.selection, element.dyn_into::<HtmlInputElement>()) {
            spawn_local(async move {
                // The app writes an input's value after it has put the input on the page.
                tick().await;
                let _ = input.set_selection_range(start, end);
            });
        }
    }
}

/// Whether the cookie hint says that somebody is signed in (see [`shared::SIGNED_IN_COOKIE`]).
pub fn signed_in_hint() -> bool {
    let cookies = document()
        .unchecked_into::<web_sys::HtmlDocument>()
        .cookie()
        .unwrap_or_default();
    cookies.split(';').any(|cookie| {
        cookie
            .trim_start()
            .split_once('=')
            .is_some_and(|(name, value)| name == shared::SIGNED_IN_COOKIE && value == "1")
    })
}

/// Moves the focus to the element with this id, after what is being rendered is there.
pub fn focus_soon(id: impl Into<String>) {
    let id = id.into();
    request_animation_frame(move || {
        if let Some(element) = document().get_element_by_id(&id) {
            let _ = element.unchecked_into::<HtmlElement>().focus();
        }
    });
}

/// The same for an input, all of whose text is then selected.
pub fn select_soon(id: &'static str) {
    request_animation_frame(move || {
        if let Some(element) = document().get_element_by_id(id) {
            let input: HtmlInputElement = element.unchecked_into();
            let _ = input.focus();
            input.select();
        }
    });
}

/// Moves the focus to the element with this id after what is being rendered is there, if what had
/// the focus is gone by then.
pub fn keep_focus(id: &'static str) {
    request_animation_frame(move || {
        let is_lost = document()
            .active_element()
            .is_none_or(|element| element.tag_name() == "BODY");
        if is_lost && let Some(element) = document().get_element_by_id(id) {
            focus_in_place(element.unchecked_ref());
        }
    });
}

/// Moves the focus without scrolling.
pub fn focus_in_place(element: &HtmlElement) {
    let options = FocusOptions::new();
    options.set_prevent_scroll(true);
    let _ = element.focus_with_options(&options);
}

/// Calls back, for as long as the page lives, whenever it is looked at again: its tab is shown,
/// or it comes back from the back/forward cache.
pub fn on_return(callback: impl Fn() + Clone + 'static) {
    let shown = callback.clone();
    window_event_listener_untyped("visibilitychange", move |_| {
        if document().visibility_state() == web_sys::VisibilityState::Visible {
            shown();
        }
    });
    window_event_listener_untyped("pageshow", move |event| {
        if event.unchecked_into::<web_sys::PageTransitionEvent>().persisted() {
            callback();
        }
    });
}

/// Where [`remember_return_to`] keeps the path: a mail link opens in a new tab.
const RETURN_TO: &str = "return_to";

/// Keeps where the visitor wanted to go until a mail link brings them back to this browser.
pub fn remember_return_to(return_to: &ReturnTo) {
    if let Ok(Some(storage)) = window().local_storage() {
        // A browser that keeps nothing leads to the usual page.
        let _ = storage.set_item(RETURN_TO, &words::kept_return_to(return_to, now_ms()));
    }
}

/// Where the visitor wanted to go, if that is not long ago; it is forgotten.
pub fn take_return_to() -> Option<ReturnTo> {
    let storage = window().local_storage().ok()??;
    let kept = storage.get_item(RETURN_TO).ok()??;
    let _ = storage.remove_item(RETURN_TO);
    words::read_return_to(&kept, now_ms())
}

/// Where [`keep_mailed`] keeps its text, for as long as the tab is open.
const MAILED: &str = "mailed";

/// Keeps which mail this tab waits for; `""` for none.
pub fn keep_mailed(mailed: &str) {
    if let Ok(Some(storage)) = window().session_storage() {
        // A browser that keeps nothing forgets it with a reload.
        let _ = storage.set_item(MAILED, mailed);
    }
}

/// Which mail this tab waits for.
pub fn kept_mailed() -> Option<String> {
    window().session_storage().ok()??.get_item(MAILED).ok()?
}

/// Now, in milliseconds since 1970.
pub fn now_ms() -> f64 {
    js_sys::Date::now()
}

thread_local! {
    /// By how many milliseconds the server's clock is ahead of this browser's.
    static SERVER_AHEAD_MS: Cell<f64> = const { Cell::new(0.0) };
}

/// Notes the server's time, as the header `Date` of an answer says it, to the second.
pub fn note_server_time(date: &str) {
    if let Some(server_ms) = moment_ms(date) {
        SERVER_AHEAD_MS.set(server_ms - now_ms());
    }
}

/// Now by the server's clock, whose times are shown: a browser's may be hours off.
pub fn server_now_ms() -> f64 {
    now_ms() + SERVER_AHEAD_MS.get()
}

/// A moment in milliseconds since 1970, in any form that dates are sent in; `None` if it is none.
pub fn moment_ms(moment: &str) -> Option<f64> {
    let ms = js_sys::Date::parse(moment);
    (!ms.is_nan()).then_some(ms)
}

/// An RFC 3339 moment as the person's own system writes it, with date and time.
pub fn local_time(moment: &str) -> String {
    js_sys::Date::new(&JsValue::from_str(moment))
        .to_locale_string("default", &JsValue::UNDEFINED)
        .into()
}
