//! The results of a run: tables of figures, each with its spread, and the ratios between them.
//!
//! What must stay true: a table holds only figures that were measured in this run, and says which of them are noise.

use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::noise::{self, NOT_MEASURABLE, Ratio, Stat};

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

/// One figure of all servers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Figure {
    pub(crate) name: String,
    pub(crate) unit: String,
    /// Whether a greater value is better.
    pub(crate) more_is_better: bool,
    /// The values by server; `None` if it was not measured or has no meaning.
    pub(crate) values: Vec<Option<Stat>>,
    /// The ratio of our figure to the best peer's, if both were measured.
    #[serde(default)]
    pub(crate) to_best_peer: Option<Ratio>,
    /// The ratio of our figure to the floor's, if both were measured.
    #[serde(default)]
    pub(crate) to_floor: Option<Ratio>,
}

impl Figure {
    fn compare(&mut self, servers: &[Server]) {
        let of = |part: Part| {
            let values = servers.iter().zip(&self.values).filter(move |(server, _)| server.part == part);
            values.filter_map(|(_, stat)| *stat).filter(|stat| stat.measurable)
        };
        let better = |one: Stat, other: Stat| {
            let first = if self.more_is_better { one.median >= other.median } else { one.median <= other.median };
            if first { one } else { other }
        };
        let own = of(Part::Own).next();
        let to = |other: Option<Stat>| Ratio::of(&own?, &other?);
        let (to_best_peer, to_floor) = (to(of(Part::Peer).reduce(better)), to(of(Part::Floor).next()));
        (self.to_best_peer, self.to_floor) = (to_best_peer, to_floor);
    }
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
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Value {
    pub(crate) name: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) more_is_better: bool,
    pub(crate) value: f64,
    /// The uncertainty of the measurement, in the same unit; 0 where it is negligible.
    pub(crate) noise: f64,
}

impl Value {
    /// A value of which less is better.
    pub(crate) fn less(name: &'static str, unit: &'static str, value: f64) -> Self {
        Self { name, unit, more_is_better: false, value, noise: 0.0 }
    }

    /// A value of which more is better.
    pub(crate) fn more(name: &'static str, unit: &'static str, value: f64) -> Self {
        Self { name, unit, more_is_better: true, value, noise: 0.0 }
    }

    /// The same value, measured with an uncertainty.
    pub(crate) fn within(self, noise: f64) -> Self {
        Self { noise, ..self }
    }
}

impl Table {
    /// Combines the values of all runs of all servers.
    pub(crate) fn new(scenario: &str, case: &str, runs: Vec<(Server, Vec<Vec<Value>>)>) -> Self {
        let mut figures: Vec<Figure> = Vec::new();
        for value in runs.iter().flat_map(|(_, runs)| runs.iter().flatten()) {
            if !figures.iter().any(|figure| figure.name == value.name) {
                let (name, unit) = (value.name.to_owned(), value.unit.to_owned());
                let (more_is_better, values) = (value.more_is_better, Vec::new());
                figures.push(Figure { name, unit, more_is_better, values, to_best_peer: None, to_floor: None });
            }
        }
        for figure in &mut figures {
            for (_, runs) in &runs {
                let of_this = runs.iter().flatten().filter(|value| value.name == figure.name);
                figure.values.push(Stat::of(&of_this.map(|value| (value.value, value.noise)).collect::<Vec<_>>()));
            }
        }
        let servers: Vec<Server> = runs.into_iter().map(|(server, _)| server).collect();
        figures.iter_mut().for_each(|figure| figure.compare(&servers));
        Self { scenario: scenario.to_owned(), case: case.to_owned(), servers, figures }
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
        for figure in &self.figures {
            let unit = if figure.unit.is_empty() { String::new() } else { format!(", {}", figure.unit) };
            let mut cells = vec![format!("{}{unit}", figure.name)];
            cells.extend(figure.values.iter().map(|stat| stat.as_ref().map_or("-".to_owned(), shown)));
            cells.extend(peers.then(|| shown_ratio(figure.to_best_peer)));
            cells.extend(floor.then(|| shown_ratio(figure.to_floor)));
            text += &format!("| {} |\n", cells.join(" | "));
        }
        for note in self.notes(peers, floor) {
            text += &format!("\n{note}\n");
        }
        text
    }

    /// The sentences under the table.
    fn notes(&self, peers: bool, floor: bool) -> Vec<String> {
        let stats = self.figures.iter().flat_map(|figure| figure.values.iter().flatten());
        let to_peer = self.figures.iter().filter_map(|figure| figure.to_best_peer.filter(|_| peers));
        let to_floor = self.figures.iter().filter_map(|figure| figure.to_floor.filter(|_| floor));
        noise::notes(stats, to_peer.chain(to_floor))
    }
}

/// A ratio, with a sign before it if the two figures cannot be told apart.
fn shown_ratio(ratio: Option<Ratio>) -> String {
    let Some(Ratio { value, distinct }) = ratio else { return "-".to_owned() };
    format!("{}{}×", if distinct { "" } else { "≈ " }, rounded(value))
}

/// The median, and the range if it is not negligible.
fn shown(stat: &Stat) -> String {
    if !stat.measurable {
        return NOT_MEASURABLE.to_owned();
    }
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
    /// Reads a report. The ratios are worked out again, because files of earlier versions have none.
    pub(crate) fn read(file: &Path) -> io::Result<Self> {
        let mut report: Self = serde_json::from_str(&std::fs::read_to_string(file)?)?;
        for table in &mut report.tables {
            let servers = &table.servers;
            table.figures.iter_mut().for_each(|figure| figure.compare(servers));
        }
        Ok(report)
    }

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
        assert_eq!(figure.values[0].map(|stat| (stat.median, stat.min, stat.max, stat.runs)), Some((3.0, 2.0, 4.0, 3)));
        assert_eq!(figure.to_best_peer, Some(Ratio { value: 0.1, distinct: true }));
        assert_eq!(figure.to_floor, Some(Ratio { value: 1.5, distinct: false }), "one run was as fast as the floor");
        let text = table.markdown();
        assert!(
            text.contains("| CPU, µs | **3.00** (2.00 to 4.00) | 30.0 | 60.0 | 2.00 | 0.10× | ≈ 1.50× |"),
            "{text}"
        );
        assert!(text.contains("\n≈: the ranges") && text.contains("\nOne run of each"), "{text}");
    }

    #[test]
    fn noise_is_not_a_number_in_tables_and_is_marked_in_json() {
        let value = |value: f64| vec![Value::less("memory per connection", "bytes", value).within(40.0)];
        let runs = vec![
            (server("quintet", Part::Own), vec![value(0.0), value(80.0)]),
            (server("node", Part::Peer), vec![value(13_000.0), value(13_100.0)]),
        ];
        let table = Table::new("idle", "few connections", runs);
        let text = table.markdown();
        assert!(text.contains("| not measurable | **13,050** (13,000 to 13,100) | - |"), "{text}");
        assert!(text.contains("\n*not measurable*: less than 3 times"), "{text}");
        let json = serde_json::to_value(&table).expect("JSON");
        let (values, ratio) = (&json["figures"][0]["values"], &json["figures"][0]["to_best_peer"]);
        assert_eq!((&values[0]["measurable"], &values[0]["noise"]), (&false.into(), &40.0.into()));
        assert_eq!((&values[1]["measurable"], ratio), (&true.into(), &serde_json::Value::Null));
    }

    #[test]
    fn files_of_earlier_versions_are_read() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let figure = |name: &str, own: f64| {
            let stat = |value: f64| serde_json::json!({ "median": value, "min": value, "max": value });
            let values = [stat(own), stat(4.0)];
            serde_json::json!({ "name": name, "unit": "", "more_is_better": false, "values": values })
        };
        let servers = [server("quintet", Part::Own), server("node", Part::Peer)];
        let table = serde_json::json!({
            "scenario": "send", "case": "", "servers": servers, "figures": [figure("CPU", 2.0)],
        });
        let report = serde_json::json!({
            "date": "", "machine": "", "versions": [], "quick": false, "tables": [table],
        });
        std::fs::write(file.path(), report.to_string()).expect("written");
        let report = Report::read(file.path()).expect("a report");
        let table = &report.tables[0];
        assert_eq!(table.figures[0].to_best_peer, Some(Ratio { value: 0.5, distinct: true }));
        assert!(!table.markdown().contains("One run"), "how many runs there were is not known");
    }

    #[test]
    fn what_was_not_measured_is_not_there() {
        let runs = vec![(server("quintet", Part::Own), vec![vec![Value::more("sends", "/s", f64::NAN)]])];
        let table = Table::new("send", "", runs);
        assert_eq!(table.figures[0].values, [None]);
        assert_eq!(table.figures[0].to_best_peer, None);
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
