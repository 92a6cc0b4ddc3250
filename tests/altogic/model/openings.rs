//! How a run begins.

use proptest::prelude::*;
use proptest::sample::select;

use super::steps::Step;
use super::world::Person;

/// Mostly something to fight for.
pub fn any() -> impl Strategy<Value = Vec<Step>> {
    let sign_up = |by, address| Step::SignUp {
        by,
        address,
        password: 0,
    };
    let confirm = |by| Step::UseLinkAsMeant { by, nth: 0, way: 1 };
    let ask = |address| Step::AskForMail {
        by: Person::Eve,
        address,
        path: "send-reset",
    };
    let (ada, bob, eve) = (Person::Ada, Person::Bob, Person::Eve);
    let openings = vec![
        vec![],
        // The same address twice, the stranger last or first. For the owner it is 0 as well.
        vec![sign_up(ada, 0), sign_up(eve, 0)],
        vec![sign_up(eve, 0), sign_up(ada, 0)],
        // The owner opens the stranger's link, in an app that has only Altogic's own call.
        vec![
            sign_up(ada, 0),
            sign_up(eve, 0),
            Step::UseLinkAsMeant {
                by: ada,
                nth: 0,
                way: 0,
            },
        ],
        // Everybody has an account.
        vec![
            sign_up(ada, 0),
            confirm(ada),
            sign_up(bob, 0),
            confirm(bob),
            sign_up(eve, 3),
            confirm(eve),
        ],
        // A mail that was not asked for lies on top.
        vec![sign_up(ada, 0), confirm(ada), ask(0)],
        // A waiting sign-up, and a stranger's account that wants the same address.
        vec![
            sign_up(eve, 3),
            confirm(eve),
            sign_up(ada, 0),
            Step::ChangeEmail {
                by: eve,
                session: 0,
                password: 0,
                address: 0,
            },
        ],
    ];
    select(openings)
}
