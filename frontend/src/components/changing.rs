//! [`changing`]: what a page shows only now and then.

use leptos::prelude::*;

/// A part that is shown anew whenever a signal in it changes. Leptos writes code for each type of
/// closure, 1 kB and more: these are of one type.
pub fn changing(
    view: impl Fn() -> Option<AnyView> + Send + 'static,
) -> Box<dyn Fn() -> Option<AnyView> + Send> {
    Box::new(view)
}
