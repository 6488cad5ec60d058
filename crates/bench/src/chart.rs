//! Bar charts as SVG: one for a figure of a table, readable on light and dark backgrounds.

use std::fmt::Write;

use crate::noise::NOT_MEASURABLE;
use crate::report::{Figure, Part, Table, rounded};

const WIDTH: f64 = 760.0;
const LABEL: f64 = 230.0;
const VALUE: f64 = 110.0;
const ROW: f64 = 26.0;
const HEAD: f64 = 52.0;

/// The colour of a bar, which suits both themes.
fn colour(part: Part) -> &'static str {
    match part {
        Part::Own => "#2f81f7",
        Part::Variant => "#79a8f7",
        Part::Peer => "#8b949e",
        Part::Floor => "#57ab5a",
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

/// One figure as bars; `None` if there is nothing to compare.
pub(crate) fn svg(table: &Table, figure: &Figure) -> Option<String> {
    let rows: Vec<_> =
        table.servers.iter().zip(&figure.values).filter_map(|(server, stat)| Some((server, stat.as_ref()?))).collect();
    let measurable = || rows.iter().filter(|(_, stat)| stat.measurable);
    if measurable().count() < 2 {
        return None;
    }
    let most = measurable().map(|(_, stat)| stat.max).fold(f64::MIN_POSITIVE, f64::max);
    let height = HEAD + ROW * rows.len() as f64 + 10.0;
    let better = if figure.more_is_better { "more is better" } else { "less is better" };
    let unit = if figure.unit.is_empty() { String::new() } else { format!(", {}", figure.unit) };
    let title = format!("{}: {}{unit}", table.case, figure.name);
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" \
         aria-label=\"{}\" font-family=\"system-ui, sans-serif\" font-size=\"13\">\n\
         <style>text {{ fill: #24292f }} @media (prefers-color-scheme: dark) {{ text {{ fill: #e6edf3 }} }}</style>\n\
         <text x=\"0\" y=\"18\" font-size=\"15\" font-weight=\"600\">{}</text>\n\
         <text x=\"0\" y=\"38\" opacity=\"0.7\">{better}; the line is the range</text>\n",
        escaped(&title),
        escaped(&title)
    );
    let scale = (WIDTH - LABEL - VALUE) / most;
    for (row, (server, stat)) in rows.iter().enumerate() {
        let y = HEAD + ROW * row as f64;
        if !stat.measurable {
            let _ = write!(
                text,
                "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>\n\
                 <text x=\"{LABEL}\" y=\"{:.1}\" opacity=\"0.7\">{NOT_MEASURABLE}</text>\n",
                LABEL - 8.0,
                y + ROW / 2.0 + 4.5,
                escaped(&server.name),
                y + ROW / 2.0 + 4.5
            );
            continue;
        }
        let (middle, length) = (y + ROW / 2.0, (stat.median * scale).max(1.0));
        let _ = write!(
            text,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>\n\
             <rect x=\"{LABEL}\" y=\"{:.1}\" width=\"{length:.1}\" height=\"{:.1}\" rx=\"2\" fill=\"{}\"/>\n\
             <path d=\"M{:.1} {middle:.1}H{:.1}\" stroke=\"currentColor\" stroke-opacity=\"0.6\"/>\n\
             <text x=\"{:.1}\" y=\"{:.1}\">{}</text>\n",
            LABEL - 8.0,
            middle + 4.5,
            escaped(&server.name),
            y + 3.0,
            ROW - 6.0,
            colour(server.part),
            LABEL + stat.min * scale,
            LABEL + stat.max * scale,
            LABEL + stat.max * scale + 8.0,
            middle + 4.5,
            rounded(stat.median)
        );
    }
    text.push_str("</svg>\n");
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::Stat;
    use crate::report::{Server, Value};

    #[test]
    fn bars_are_as_long_as_what_they_show() {
        let run = |name: &str, part, value| {
            (Server { name: name.to_owned(), part }, vec![vec![Value::less("CPU", "µs", value)]])
        };
        let table =
            Table::new("fanout", "a <room>", vec![run("Quintet", Part::Own, 5.0), run("Node", Part::Peer, 10.0)]);
        let text = svg(&table, &table.figures[0]).expect("a picture");
        assert!(text.contains("width=\"210.0\"") && text.contains("width=\"420.0\""), "{text}");
        assert!(text.contains("a &lt;room>"), "{text}");
        let mut noisy = table;
        let lost = (Server { name: "Python".to_owned(), part: Part::Peer }, 500.0);
        noisy.servers.push(lost.0);
        noisy.figures[0].values.push(Stat::of(&[(lost.1, lost.1)]));
        let text = svg(&noisy, &noisy.figures[0]).expect("a picture");
        assert!(text.contains("width=\"420.0\"") && text.contains(">not measurable</text>"), "{text}");
        let alone = Table::new("fanout", "a room", vec![run("Quintet", Part::Own, 5.0)]);
        assert_eq!(svg(&alone, &alone.figures[0]), None);
    }
}
