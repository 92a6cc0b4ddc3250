//! [`Report`]: figures with their budgets, as a table and as JSON.

use serde_json::{Value, json};
use support::target_dir;

/// What was measured so far, in the order of the table.
#[derive(Default)]
pub(crate) struct Report {
    figures: Vec<Figure>,
}

struct Figure {
    what: String,
    value: f64,
    unit: &'static str,
    /// The most that is allowed.
    budget: Option<f64>,
}

impl Report {
    pub(crate) fn add(
        &mut self,
        what: impl Into<String>,
        value: f64,
        unit: &'static str,
        budget: Option<f64>,
    ) {
        self.figures.push(Figure {
            what: what.into(),
            value,
            unit,
            budget,
        });
    }

    /// Prints a line for each figure.
    pub(crate) fn print(&self) {
        println!("{:<44} {:>12} {:<6} {:>10}", "what", "measured", "", "budget");
        for figure in &self.figures {
            let budget = figure.budget.map_or(String::new(), |budget| budget.to_string());
            let verdict = if figure.is_over() { "OVER" } else { "" };
            println!(
                "{:<44} {:>12} {:<6} {budget:>10} {verdict}",
                figure.what,
                rounded(figure.value),
                figure.unit
            );
        }
    }

    /// Writes `target/bench/report.json`.
    pub(crate) fn write(&self) {
        let folder = target_dir().join("bench");
        let path = folder.join("report.json");
        let figures: Vec<Value> = self.figures.iter().map(Figure::to_json).collect();
        let text = format!("{:#}\n", json!({ "figures": figures }));
        std::fs::create_dir_all(folder)
            .and_then(|()| std::fs::write(&path, text))
            .expect("the target folder can be written");
        println!("\n{}", path.display());
    }
}

impl Figure {
    fn is_over(&self) -> bool {
        self.budget.is_some_and(|budget| self.value > budget)
    }

    fn to_json(&self) -> Value {
        json!({
            "what": self.what,
            "value": self.value,
            "unit": self.unit,
            "budget": self.budget,
            "over": self.is_over(),
        })
    }
}

/// Three digits that matter.
fn rounded(value: f64) -> String {
    match value {
        value if value >= 100.0 => format!("{value:.0}"),
        value if value >= 1.0 => format!("{value:.1}"),
        value => format!("{value:.3}"),
    }
}
