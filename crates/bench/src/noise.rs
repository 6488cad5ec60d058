//! Which figures, and which ratios of two figures, are better than noise.
//!
//! What lives here: the one rule for each, and the words by which tables, charts and JSON show the result.
//! What must stay true: a figure that the measurement could not resolve is nowhere shown as a number, and a ratio whose
//! two figures cannot be told apart is nowhere shown as a difference.

use serde::{Deserialize, Serialize};

/// The least multiple of its own uncertainty that a figure must be to count as measured.
pub(crate) const FACTOR: f64 = 3.0;

/// The text in place of a figure that is lost in noise.
pub(crate) const NOT_MEASURABLE: &str = "not measurable";

/// The median of some runs, their range, and how uncertain each is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Stat {
    pub(crate) median: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
    /// The largest uncertainty of a single run, in the unit of the figure; 0 where it is negligible.
    #[serde(default)]
    pub(crate) noise: f64,
    /// The number of runs; 0 in the files of earlier versions.
    #[serde(default)]
    pub(crate) runs: usize,
    /// Whether the median is larger than the noise of a run by [`FACTOR`].
    #[serde(default = "yes")]
    pub(crate) measurable: bool,
}

/// Files of earlier versions hold only figures that counted as measured.
fn yes() -> bool {
    true
}

impl Stat {
    /// The statistics of some runs, given as values with the uncertainty of each; `None` if no value is finite.
    pub(crate) fn of(values: &[(f64, f64)]) -> Option<Self> {
        let finite = values.iter().filter(|(value, _)| value.is_finite());
        let noise = finite.clone().map(|(_, noise)| *noise).fold(0.0, f64::max);
        let mut sorted: Vec<f64> = finite.map(|(value, _)| *value).collect();
        sorted.sort_unstable_by(f64::total_cmp);
        let (min, max) = (*sorted.first()?, *sorted.last()?);
        let middle = sorted.len() / 2;
        let median =
            if sorted.len() % 2 == 1 { sorted[middle] } else { f64::midpoint(sorted[middle - 1], sorted[middle]) };
        // With several runs, a difference of two readings that is sometimes negative is noise as well.
        let measurable = median.abs() >= FACTOR * noise && (noise == 0.0 || min > 0.0);
        Some(Self { median, min, max, noise, runs: sorted.len(), measurable })
    }

    /// Whether the ranges of two figures, with the uncertainty of each, have values in common.
    fn overlaps(&self, other: &Self) -> bool {
        self.min - self.noise <= other.max + other.noise && other.min - other.noise <= self.max + self.noise
    }
}

/// The ratio of two figures.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Ratio {
    pub(crate) value: f64,
    /// Whether the ranges of the two figures are disjoint. If they are not, the two cannot be told apart.
    pub(crate) distinct: bool,
}

impl Ratio {
    /// The ratio of two figures, if both were measurable and are above or below zero alike.
    pub(crate) fn of(own: &Stat, other: &Stat) -> Option<Self> {
        let value = own.median / other.median;
        let known = own.measurable && other.measurable && value.is_finite() && value >= 0.0;
        known.then(|| Self { value, distinct: !own.overlaps(other) })
    }
}

/// The sentences under a table that explain what it shows in place of numbers, or why its numbers say little.
pub(crate) fn notes<'s>(stats: impl Iterator<Item = &'s Stat>, ratios: impl Iterator<Item = Ratio>) -> Vec<String> {
    let (mut lost, mut single) = (false, false);
    for stat in stats {
        lost |= !stat.measurable;
        single |= stat.runs == 1;
    }
    let mut notes = Vec::new();
    if lost {
        notes.push(format!(
            "*{NOT_MEASURABLE}*: less than {FACTOR} times the uncertainty of the measurement (what two readings of a \
             process at rest differ by, or the kernel's clock tick)."
        ));
    }
    if { ratios }.any(|ratio| !ratio.distinct) {
        notes.push("≈: the ranges of the two overlap, so they cannot be told apart.".to_owned());
    }
    if single {
        notes.push("One run of each server: how much the figures vary is not known.".to_owned());
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stat(values: &[f64], noise: f64) -> Stat {
        Stat::of(&values.iter().map(|value| (*value, noise)).collect::<Vec<_>>()).expect("values")
    }

    #[test]
    fn a_figure_must_be_larger_than_what_the_measurement_varies_by() {
        assert!(stat(&[2_000.0], 500.0).measurable);
        assert!(!stat(&[1_000.0], 500.0).measurable);
        assert!(!stat(&[0.0], 8.0).measurable, "nothing was added, as far as can be seen");
        assert!(stat(&[0.0], 0.0).measurable, "zero is a figure where zero can be measured");
        assert!(!stat(&[-40.0, 2_000.0, 2_000.0], 500.0).measurable, "one run saw less memory than before");
        assert!(stat(&[2_000.0, 2_100.0], 500.0).measurable);
        assert_eq!(Stat::of(&[(f64::NAN, 1.0)]), None);
    }

    #[test]
    fn a_ratio_is_distinct_where_the_ranges_are_apart() {
        let ratio = |own: &Stat, other: &Stat| Ratio::of(own, other).map(|ratio| ratio.distinct);
        let own = stat(&[10.0, 11.0, 12.0], 0.0);
        assert_eq!(ratio(&own, &stat(&[13.0, 14.0, 15.0], 0.0)), Some(true));
        assert_eq!(ratio(&own, &stat(&[12.0, 14.0, 15.0], 0.0)), Some(false));
        assert_eq!(ratio(&stat(&[10.0, 20.0], 0.0), &stat(&[12.0], 0.0)), Some(false), "one is within the other");
        assert_eq!(ratio(&own, &stat(&[13.0], 1.0)), Some(false), "the uncertainty of a run counts");
        assert_eq!(ratio(&own, &stat(&[5.0], 10.0)), None, "what is not measurable has no ratio");
        assert_eq!(ratio(&own, &stat(&[0.0], 0.0)), None);
        assert_eq!(ratio(&own, &stat(&[-1.0], 0.0)), None, "a difference may be negative, a multiple may not");
    }

    #[test]
    fn notes_explain_what_a_table_shows() {
        let (good, lost, single) = (stat(&[10.0, 11.0], 0.1), stat(&[1.0, 1.0], 9.0), stat(&[1.0], 0.0));
        let ratio = |distinct| Ratio { value: 1.0, distinct };
        let notes = |stats: &[Stat], ratios: &[Ratio]| super::notes(stats.iter(), ratios.iter().copied());
        assert_eq!(notes(&[good], &[ratio(true)]), Vec::<String>::new());
        assert!(notes(&[good, lost], &[])[0].contains("*not measurable*"));
        assert!(notes(&[good], &[ratio(true), ratio(false)])[0].starts_with('≈'));
        assert!(notes(&[single], &[])[0].starts_with("One run"));
    }
}
