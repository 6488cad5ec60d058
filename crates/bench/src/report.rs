//! The results of a run: tables of figures, each with its spread, and the ratios between them.
//!
//! What must stay true: a table holds only figures that were measured in this run.

use serde::{Deserialize, Serialize};

/// A server in a table, and its role there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Server {
    pub(crate) name: String,
    pub(crate) part: Part,
}

/// The role of a server in a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Part {
    /// Quintet, which is what is measured.
    Own,
    /// A part of Quintet, or another way to run it.
    Variant,
    /// Another server that users could choose instead.
    Peer,
    /// The cost of the operating system alone.
    Floor,
}

/// The median of some runs, and their range.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Stat {
    pub(crate) median: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
}

impl Stat {
    /// The statistics of at least one value.
    pub(crate) fn of(values: &[f64]) -> Option<Self> {
        let mut sorted: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
        sorted.sort_unstable_by(f64::total_cmp);
        let (min, max) = (*sorted.first()?, *sorted.last()?);
        let middle = sorted.len() / 2;
        let median =
            if sorted.len() % 2 == 1 { sorted[middle] } else { f64::midpoint(sorted[middle - 1], sorted[middle]) };
        Some(Self { median, min, max })
    }
}

/// One figure of all servers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Figure {
    pub(crate) name: String,
    pub(crate) unit: String,
    /// Whether a greater value is better.
    pub(crate) more_is_better: bool,
    /// The values by server; `None` if it was not measured or has no meaning.
    pub(crate) values: Vec<Option<Stat>>,
}

/// One case of a scenario.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Table {
    pub(crate) scenario: String,
    /// The description of the case.
    pub(crate) case: String,
    pub(crate) servers: Vec<Server>,
    pub(crate) figures: Vec<Figure>,
}

/// One value of one run.
pub(crate) struct Value {
    pub(crate) name: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) more_is_better: bool,
    pub(crate) value: f64,
}

impl Value {
    /// A value of which less is better.
    pub(crate) fn less(name: &'static str, unit: &'static str, value: f64) -> Self {
        Self { name, unit, more_is_better: false, value }
    }

    /// A value of which more is better.
    pub(crate) fn more(name: &'static str, unit: &'static str, value: f64) -> Self {
        Self { name, unit, more_is_better: true, value }
    }
}

impl Table {
    /// Combines the values of all runs of all servers.
    pub(crate) fn new(scenario: &str, case: &str, runs: Vec<(Server, Vec<Vec<Value>>)>) -> Self {
        let mut figures: Vec<Figure> = Vec::new();
        for value in runs.iter().flat_map(|(_, runs)| runs.iter().flatten()) {
            if !figures.iter().any(|figure| figure.name == value.name) {
                let (name, unit) = (value.name.to_owned(), value.unit.to_owned());
                figures.push(Figure { name, unit, more_is_better: value.more_is_better, values: Vec::new() });
            }
        }
        for figure in &mut figures {
            for (_, runs) in &runs {
                let of_this = runs.iter().flatten().filter(|value| value.name == figure.name);
                figure.values.push(Stat::of(&of_this.map(|value| value.value).collect::<Vec<_>>()));
            }
        }
        let servers = runs.into_iter().map(|(server, _)| server).collect();
        Self { scenario: scenario.to_owned(), case: case.to_owned(), servers, figures }
    }

    fn of(&self, figure: &Figure, part: Part) -> impl Iterator<Item = f64> {
        let values = self.servers.iter().zip(&figure.values);
        values.filter(move |(server, _)| server.part == part).filter_map(|(_, stat)| stat.map(|stat| stat.median))
    }

    /// The ratio of our figure to the best peer's, if both exist.
    pub(crate) fn to_best_peer(&self, figure: &Figure) -> Option<f64> {
        let peers = self.of(figure, Part::Peer);
        let best = if figure.more_is_better { peers.reduce(f64::max) } else { peers.reduce(f64::min) }?;
        self.of(figure, Part::Own).next().map(|own| own / best).filter(|ratio| ratio.is_finite())
    }

    /// The ratio of our figure to the floor's, if both exist.
    pub(crate) fn to_floor(&self, figure: &Figure) -> Option<f64> {
        let floor = self.of(figure, Part::Floor).next()?;
        self.of(figure, Part::Own).next().map(|own| own / floor).filter(|ratio| ratio.is_finite())
    }

    /// The table as Markdown, with ratios if there is something to compare with.
    pub(crate) fn markdown(&self) -> String {
        let names: Vec<&str> = self.servers.iter().map(|server| server.name.as_str()).collect();
        let has = |part: Part| self.servers.iter().any(|server| server.part == part);
        let (peers, floor) = (has(Part::Peer), has(Part::Floor));
        let mut head = vec!["figure"];
        head.extend(names);
        head.extend(peers.then_some("vs. best peer"));
        head.extend(floor.then_some("vs. floor"));
        let mut text = format!("| {} |\n|{}\n", head.join(" | "), "---|".repeat(head.len()));
        let ratio = |ratio: Option<f64>| ratio.map_or("-".to_owned(), |ratio| format!("{}×", rounded(ratio)));
        for figure in &self.figures {
            let unit = if figure.unit.is_empty() { String::new() } else { format!(", {}", figure.unit) };
            let mut cells = vec![format!("{}{unit}", figure.name)];
            cells.extend(figure.values.iter().map(|stat| stat.as_ref().map_or("-".to_owned(), shown)));
            cells.extend(peers.then(|| ratio(self.to_best_peer(figure))));
            cells.extend(floor.then(|| ratio(self.to_floor(figure))));
            text += &format!("| {} |\n", cells.join(" | "));
        }
        text
    }
}

/// The median, and the range if it is not negligible.
fn shown(stat: &Stat) -> String {
    let (median, min, max) = (rounded(stat.median), rounded(stat.min), rounded(stat.max));
    if min == max { median } else { format!("**{median}** ({min} to {max})") }
}

/// A number with three significant digits.
pub(crate) fn rounded(value: f64) -> String {
    match value.abs() {
        size if size >= 1_000.0 => {
            let digits = format!("{value:.0}");
            let start = digits.len() % 3;
            let groups = digits.as_bytes()[start..].chunks(3).map(String::from_utf8_lossy);
            let first = (start > 0).then(|| digits[..start].into());
            first.into_iter().chain(groups).collect::<Vec<_>>().join(",")
        }
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        0.0 => "0".to_owned(),
        _ => format!("{value:.2}"),
    }
}

/// A whole run: its date, its machine, and all tables.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Report {
    /// The day on which it began, in UTC.
    pub(crate) date: String,
    pub(crate) machine: String,
    pub(crate) versions: Vec<(String, String)>,
    /// Whether it was the quick run.
    pub(crate) quick: bool,
    /// A note for the reader about the circumstances.
    #[serde(default)]
    pub(crate) note: Option<String>,
    pub(crate) tables: Vec<Table>,
}

impl Report {
    /// This report with the figures of a later one in place of the same earlier ones.
    pub(crate) fn renewed(mut self, later: Self) -> Self {
        for table in later.tables {
            match self.tables.iter_mut().find(|old| old.scenario == table.scenario && old.case == table.case) {
                Some(old) => *old = table,
                None => self.tables.push(table),
            }
        }
        Self { tables: self.tables, ..later }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(name: &str, part: Part) -> Server {
        Server { name: name.to_owned(), part }
    }

    #[test]
    fn medians_and_ratios() {
        let less = |value| vec![Value::less("CPU", "µs", value)];
        let runs = vec![
            (server("quintet", Part::Own), vec![less(4.0), less(2.0), less(3.0)]),
            (server("node", Part::Peer), vec![less(30.0)]),
            (server("python", Part::Peer), vec![less(60.0)]),
            (server("floor", Part::Floor), vec![less(2.0)]),
        ];
        let table = Table::new("fanout", "a room", runs);
        let figure = &table.figures[0];
        assert_eq!(figure.values[0], Some(Stat { median: 3.0, min: 2.0, max: 4.0 }));
        assert_eq!((table.to_best_peer(figure), table.to_floor(figure)), (Some(0.1), Some(1.5)));
        let text = table.markdown();
        assert!(text.contains("| CPU, µs | **3.00** (2.00 to 4.00) | 30.0 | 60.0 | 2.00 | 0.10× | 1.50× |"), "{text}");
    }

    #[test]
    fn what_was_not_measured_is_not_there() {
        let runs = vec![(server("quintet", Part::Own), vec![vec![Value::more("sends", "/s", f64::NAN)]])];
        let table = Table::new("send", "", runs);
        assert_eq!(table.figures[0].values, [None]);
        assert_eq!(table.to_best_peer(&table.figures[0]), None);
    }

    #[test]
    fn what_is_measured_again_takes_the_place_of_what_was() {
        let report = |date: &str, tables: &[(&str, f64)]| Report {
            date: date.to_owned(),
            machine: String::new(),
            versions: Vec::new(),
            quick: false,
            note: None,
            tables: tables
                .iter()
                .map(|(case, value)| {
                    let runs = vec![(server("quintet", Part::Own), vec![vec![Value::less("CPU", "µs", *value)]])];
                    Table::new("fanout", case, runs)
                })
                .collect(),
        };
        let renewed = report("then", &[("a", 1.0), ("b", 2.0)]).renewed(report("now", &[("b", 3.0), ("c", 4.0)]));
        let medians: Vec<_> = renewed
            .tables
            .iter()
            .map(|table| (table.case.as_str(), table.figures[0].values[0].map(|stat| stat.median)))
            .collect();
        assert_eq!(renewed.date, "now");
        assert_eq!(medians, [("a", Some(1.0)), ("b", Some(3.0)), ("c", Some(4.0))]);
    }

    #[test]
    fn numbers_are_short() {
        for (value, text) in
            [(1234567.8, "1,234,568"), (999.6, "1000"), (123.4, "123"), (12.34, "12.3"), (0.456, "0.46")]
        {
            assert_eq!(rounded(value), text);
        }
    }
}
