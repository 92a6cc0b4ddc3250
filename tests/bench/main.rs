//! `make bench`: sizes, start, memory and speed of the release binary, each beside its budget.
//!
//! It prints a table and writes the same figures to `target/bench/report.json`. Times move with
//! the machine: compare them within one run, and trust bytes and CPU per request most.

mod load;
mod process;
mod report;
mod sizes;
mod start;

use support::TestBinary;

use report::Report;

#[tokio::main]
async fn main() {
    let mut report = Report::default();
    let mut app = TestBinary::start(&[("RATE_LIMITS", "off"), ("CONFIRM_EMAIL", "false")]).await;

    sizes::measure(&app, &mut report).await;
    start::measure(&mut app, &mut report).await;
    load::measure(&app, &mut report).await;

    report.print();
    report.write();
}
