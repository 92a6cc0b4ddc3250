//! [`Report`]: figures with the bar and the goal of each, as a table and as JSON.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};
use support::target_dir;

/// What was measured so far, in the order of the table.
pub(crate) struct Report {
    figures: Vec<Figure>,
    /// The other applications of this run; each has a column.
    others: Vec<String>,
}

/// One measured value. Less is better, unless [`Figure::at_least`] says otherwise.
pub(crate) struct Figure {
    what: String,
    value: f64,
    unit: &'static str,
    bar: Option<f64>,
    goal: Option<f64>,
    more_is_better: bool,
    /// What the other applications need in the same run, by their names.
    beside: Vec<(String, f64)>,
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
        beside: Vec::new(),
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

    /// What this other application needs in the same run.
    pub(crate) fn beside(mut self, name: &str, value: Option<f64>) -> Self {
        self.beside.extend(value.map(|value| (name.to_owned(), value)));
        self
    }

    /// At most this share of what the application needs: of [`Figure::beside`], else of `usual`, which
    /// was measured elsewhere. The lowest bar counts.
    pub(crate) fn bar(self, name: &str, usual: f64, share: f64) -> Self {
        let bar = share * self.needed_by(name, usual);
        Self {
            bar: Some(self.bar.map_or(bar, |other| other.min(bar))),
            ..self
        }
    }

    /// The same for the goal.
    pub(crate) fn goal(self, name: &str, usual: f64, share: f64) -> Self {
        let goal = share * self.needed_by(name, usual);
        Self {
            goal: Some(self.goal.map_or(goal, |other| other.min(goal))),
            ..self
        }
    }

    fn needed_by(&self, name: &str, usual: f64) -> f64 {
        self.value_beside(name).unwrap_or(usual)
    }

    fn value_beside(&self, name: &str) -> Option<f64> {
        let found = self.beside.iter().find(|(other, _)| other == name);
        found.map(|(_, value)| *value)
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
        let beside = self
            .beside
            .iter()
            .map(|(name, value)| (name.clone(), json!(value)));
        json!({
            "what": self.what,
            "value": self.value,
            "unit": self.unit,
            "bar": self.bar,
            "goal": self.goal,
            "met": self.reaches(self.bar),
            "beside": beside.collect::<Map<_, _>>(),
        })
    }
}

impl Report {
    /// Empty; `others` are the applications that are measured beside ours.
    pub(crate) fn new(others: Vec<String>) -> Self {
        Self {
            figures: Vec::new(),
            others,
        }
    }

    /// Adds a line, and prints it, because the next one may take minutes.
    pub(crate) fn add(&mut self, figure: Figure) {
        if self.figures.is_empty() {
            print_line("what", "measured", "", &self.others, ["bar", "goal"], "");
        }
        let text = |value: Option<f64>| value.map_or(String::new(), rounded);
        let beside: Vec<String> = self
            .others
            .iter()
            .map(|name| text(figure.value_beside(name)))
            .collect();
        print_line(
            &figure.what,
            &rounded(figure.value),
            figure.unit,
            &beside,
            [&text(figure.bar), &text(figure.goal)],
            figure.verdict(),
        );
        self.figures.push(figure);
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

fn print_line(what: &str, value: &str, unit: &str, beside: &[String], marks: [&str; 2], verdict: &str) {
    let mut line = format!("{what:<52} {value:>9} {unit:<4}");
    for one in beside {
        let _ = write!(line, " {one:>9}");
    }
    let [bar, goal] = marks;
    println!("{line} {bar:>9} {goal:>9}  {verdict}");
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
