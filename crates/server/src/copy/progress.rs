//! How far a copy or an import has come: a bar on a terminal, and a line for each table elsewhere.
//!
//! What must stay true: all of it goes to standard error, so that the output is only what was done.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};
use quintet_store::CopyProgress;

/// Shows how far the work has come. Clones show the same.
#[derive(Clone)]
pub(crate) struct Progress {
    /// `None` where standard error is no terminal.
    bar: Option<ProgressBar>,
}

impl Progress {
    pub(crate) fn start() -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(0);
            if let Ok(style) = ProgressStyle::with_template("{msg:18} {bar:30} {pos}/{len} {elapsed}") {
                bar.set_style(style);
            }
            bar
        });
        Self { bar }
    }

    /// Something begins that consists of a number of parts.
    pub(crate) fn begin(&self, what: &str, count: u64) {
        match &self.bar {
            Some(bar) => {
                bar.set_message(what.to_owned());
                bar.set_position(0);
                bar.set_length(count);
            }
            None => eprintln!("{what}: {}", grouped(count)),
        }
    }

    /// A number of further parts are done.
    pub(crate) fn advance(&self, count: u64) {
        if let Some(bar) = &self.bar {
            bar.inc(count);
        }
    }

    /// Nothing more is shown.
    pub(crate) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl CopyProgress for Progress {
    fn begins(&mut self, table: &str, rows: u64) {
        self.begin(table, rows);
    }

    fn copied(&mut self, rows: u64) {
        self.advance(rows);
    }
}

/// A number with a comma before each three digits.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }
}
