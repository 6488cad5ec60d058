//! The page of a run: what was measured, on which machine, and how it compares, with a chart for each table.

use std::io;
use std::path::Path;

use crate::chart;
use crate::report::Report;
use crate::scenarios::Scenario;

/// The figures that get a chart, one for each scenario.
const PICTURED: [&str; 8] = [
    "memory per connection",
    "CPU per delivery",
    "sends a second",
    "last client up to date",
    "CPU per connect and disconnect",
    "page p99",
    "acknowledgement p99",
    "CPU per event",
];

fn file_name(scenario: &str, case: &str) -> String {
    let words = case.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    format!("{scenario}-{}.svg", words.collect::<Vec<_>>().join("-").to_lowercase())
}

/// Writes the page and its charts into a folder.
pub(crate) fn write(report: &Report, folder: &Path) -> io::Result<()> {
    let pictures = folder.join("benchmarks");
    if pictures.exists() {
        std::fs::remove_dir_all(&pictures)?;
    }
    std::fs::create_dir_all(&pictures)?;
    let mut page = String::from(
        "# Benchmarks\n\n`cargo xtask bench` generates this page. Each table was measured in one run, one server after \
         the other, several times, with the server on one core and the load on the other. The machines are shared: \
         ratios are reliable, while absolute figures depend on the day. Bold figures are medians, followed by the \
         range; a figure or ratio that is no better than noise is marked, and the lines under its table say how. \
         [performance.md](performance.md) explains where the time goes, and which goals are missed.\n\n",
    );
    page += &format!(
        "- {}, {}\n- {}\n",
        report.date,
        if report.quick { "the quick run" } else { "the full run" },
        report.machine
    );
    for (name, version) in &report.versions {
        page += &format!("- {name} {version}\n");
    }
    if let Some(note) = &report.note {
        page += &format!("\n{note}\n");
    }
    for scenario in Scenario::ALL {
        let tables: Vec<_> = report.tables.iter().filter(|table| table.scenario == scenario.name()).collect();
        if tables.is_empty() {
            continue;
        }
        page += &format!("\n## {}\n\n{}\n", scenario.name(), scenario.about());
        for table in tables {
            page += &format!("\n### {}\n\n{}", table.case, table.markdown());
            let pictured = table.figures.iter().find(|figure| PICTURED.contains(&figure.name.as_str()));
            if let Some(picture) = pictured.and_then(|figure| chart::svg(table, figure)) {
                let name = file_name(&table.scenario, &table.case);
                std::fs::write(pictures.join(&name), picture)?;
                page += &format!("\n![{}, {}](benchmarks/{name})\n", table.scenario, table.case);
            }
        }
    }
    std::fs::write(folder.join("benchmarks.md"), page)
}
