//! [`Outcome`]: the figures of one part, and the requirements that it missed.

use std::time::Duration;

/// What one part has found out so far.
#[derive(Default)]
pub(crate) struct Outcome {
    figures: Vec<String>,
    missed: Vec<String>,
}

impl Outcome {
    /// Adds a figure to the part's line.
    pub(crate) fn add(&mut self, figure: impl Into<String>) {
        self.figures.push(figure.into());
    }

    /// Notes a requirement as missed unless it is met.
    pub(crate) fn require(&mut self, is_met: bool, requirement: impl Into<String>) {
        if !is_met {
            self.missed.push(requirement.into());
        }
    }

    /// Prints the line; `false` when a requirement was missed.
    pub(crate) fn print(&self, part: &str, took: Duration) -> bool {
        let is_met = self.missed.is_empty();
        let verdict = if is_met { "met" } else { "NOT MET" };
        println!(
            "{part:<9} {verdict:<7} {:>4} s  {}",
            took.as_secs(),
            self.figures.join("; ")
        );
        for requirement in &self.missed {
            println!("          missed: {requirement}");
        }
        is_met
    }
}

/// Seconds with two digits after the point.
pub(crate) fn seconds(duration: Duration) -> String {
    format!("{:.2} s", duration.as_secs_f64())
}
