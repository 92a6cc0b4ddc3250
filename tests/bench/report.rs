//! [`Report`]: figures with the bar and the goal of each, as a table and as JSON.

use serde_json::{Value, json};
use support::target_dir;

/// What was measured so far, in the order of the table.
#[derive(Default)]
pub(crate) struct Report {
    figures: Vec<Figure>,
}

/// One measured value. Less is better, unless [`Figure::at_least`] says otherwise.
pub(crate) struct Figure {
    what: String,
    value: f64,
    unit: &'static str,
    bar: Option<f64>,
    goal: Option<f64>,
    more_is_better: bool,
    beside: Option<f64>,
}

/// A value without a bar.
pub(crate) fn figure(what: impl Into<String>, value: f64, unit: &'static str) -> Figure {
    Figure {
        what: what.into(),
        value,
        unit,
        bar: None,
        goal: None,
        more_is_better: false,
        beside: None,
    }
}

impl Figure {
    /// The most that is allowed, and the most that is aimed at.
    pub(crate) fn at_most(self, bar: f64, goal: f64) -> Self {
        Self {
            bar: Some(bar),
            goal: Some(goal),
            ..self
        }
    }

    /// The least that is allowed, and the least that is aimed at.
    pub(crate) fn at_least(self, bar: f64, goal: f64) -> Self {
        Self {
            more_is_better: true,
            ..self.at_most(bar, goal)
        }
    }

    /// What the other application needs in the same run; bar and goal are shares of it. Without
    /// one they are shares of `usual`, which was measured elsewhere.
    pub(crate) fn beside(self, other: Option<f64>, usual: f64, bar: f64, goal: f64) -> Self {
        let base = other.unwrap_or(usual);
        Self {
            beside: other,
            ..self.at_most(base * bar, base * goal)
        }
    }

    fn reaches(&self, mark: Option<f64>) -> Option<bool> {
        let better = |mark: f64| {
            if self.more_is_better {
                self.value >= mark
            } else {
                self.value <= mark
            }
        };
        mark.map(better)
    }

    fn verdict(&self) -> &'static str {
        match (self.reaches(self.bar), self.reaches(self.goal)) {
            (None, _) => "",
            (Some(false), _) => "NOT MET",
            (Some(true), Some(true)) => "goal",
            (Some(true), _) => "met",
        }
    }

    fn to_json(&self) -> Value {
        json!({
            "what": self.what,
            "value": self.value,
            "unit": self.unit,
            "bar": self.bar,
            "goal": self.goal,
            "met": self.reaches(self.bar),
            "beside": self.beside,
        })
    }
}

impl Report {
    /// Adds a line, and prints it, because the next one may take minutes.
    pub(crate) fn add(&mut self, figure: Figure) {
        if self.figures.is_empty() {
            print_line("what", "measured", "", "beside", "bar", "goal", "");
        }
        let text = |value: Option<f64>| value.map_or(String::new(), rounded);
        print_line(
            &figure.what,
            &rounded(figure.value),
            figure.unit,
            &text(figure.beside),
            &text(figure.bar),
            &text(figure.goal),
            figure.verdict(),
        );
        self.figures.push(figure);
    }

    /// Adds a line whose value may be missing.
    pub(crate) fn add_if(&mut self, value: Option<f64>, figure: impl FnOnce(f64) -> Figure) {
        if let Some(value) = value {
            self.add(figure(value));
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

fn print_line(what: &str, value: &str, unit: &str, beside: &str, bar: &str, goal: &str, verdict: &str) {
    println!("{what:<52} {value:>9} {unit:<4} {beside:>9} {bar:>9} {goal:>9}  {verdict}");
}

/// Three digits that matter.
fn rounded(value: f64) -> String {
    match value {
        value if value >= 100.0 => format!("{value:.0}"),
        value if value >= 1.0 => format!("{value:.1}"),
        0.0 => "0".to_owned(),
        value => format!("{value:.3}"),
    }
}
