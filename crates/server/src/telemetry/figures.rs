//! The metrics in the form of OTLP, read from their text in OpenMetrics: whatever is counted is sent, under the same names.
//!
//! What must stay true: a line that is not understood is left out, and the others are sent.

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value;
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Gauge, Histogram, HistogramDataPoint, Metric, NumberDataPoint, ResourceMetrics,
    ScopeMetrics, Sum,
};
use opentelemetry_proto::tonic::resource::v1::Resource;

use super::spans::{scope, text};

/// Since when values are counted, and when they were read, in nanoseconds since 1970.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    pub(super) since: u64,
    pub(super) now: u64,
}

/// Writes metrics as one request. `open_metrics` is their text in OpenMetrics.
pub(super) fn request(resource: &Resource, open_metrics: &str, times: Times) -> ExportMetricsServiceRequest {
    let metrics = read(open_metrics, times);
    let of_scope = ScopeMetrics { scope: Some(scope()), metrics, ..ScopeMetrics::default() };
    let resource = Some(resource.clone());
    let of_resource = ResourceMetrics { resource, scope_metrics: vec![of_scope], ..ResourceMetrics::default() };
    ExportMetricsServiceRequest { resource_metrics: vec![of_resource] }
}

/// The labels of a sample, in their order.
type Labels = Vec<(String, String)>;

/// One line of values.
struct Sample<'t> {
    name: &'t str,
    labels: Labels,
    value: f64,
    /// The value, if it is written as a whole number.
    whole: Option<i64>,
}

/// The metric whose lines are being read.
struct Family<'t> {
    name: &'t str,
    kind: &'t str,
    help: &'t str,
    unit: &'t str,
    samples: Vec<Sample<'t>>,
}

fn read(open_metrics: &str, times: Times) -> Vec<Metric> {
    let mut families: Vec<Family<'_>> = Vec::new();
    for line in open_metrics.lines() {
        if let Some(about) = line.strip_prefix("# ") {
            let mut words = about.splitn(3, ' ');
            let (Some(what), Some(name)) = (words.next(), words.next()) else { continue };
            let rest = words.next().unwrap_or_default();
            if families.last().is_none_or(|family| family.name != name) {
                families.push(Family { name, kind: "unknown", help: "", unit: "", samples: Vec::new() });
            }
            let Some(family) = families.last_mut() else { continue };
            match what {
                "HELP" => family.help = rest,
                "TYPE" => family.kind = rest,
                "UNIT" => family.unit = rest,
                _ => {}
            }
        } else if let Some((sample, family)) = sample(line).zip(families.last_mut()) {
            family.samples.push(sample);
        }
    }
    families.into_iter().filter_map(|family| metric(family, times)).collect()
}

fn metric(family: Family<'_>, times: Times) -> Option<Metric> {
    let Family { name, kind, help, unit, samples } = family;
    if samples.is_empty() {
        return None;
    }
    let aggregation_temporality = AggregationTemporality::Cumulative.into();
    let data = match kind {
        "counter" => {
            let data_points = samples.into_iter().map(|sample| number(sample, times)).collect();
            Data::Sum(Sum { data_points, aggregation_temporality, is_monotonic: true })
        }
        "histogram" => {
            Data::Histogram(Histogram { data_points: buckets(name, samples, times), aggregation_temporality })
        }
        _ => {
            let data_points = samples.into_iter().map(|sample| number(sample, Times { since: 0, ..times })).collect();
            Data::Gauge(Gauge { data_points })
        }
    };
    let (name, description, unit) = (name.to_owned(), help.to_owned(), unit.to_owned());
    Some(Metric { name, description, unit, data: Some(data), ..Metric::default() })
}

fn attributes(labels: &Labels) -> Vec<KeyValue> {
    labels.iter().map(|(name, value)| text(name, value)).collect()
}

fn number(sample: Sample<'_>, times: Times) -> NumberDataPoint {
    NumberDataPoint {
        attributes: attributes(&sample.labels),
        start_time_unix_nano: times.since,
        time_unix_nano: times.now,
        value: Some(sample.whole.map_or(Value::AsDouble(sample.value), Value::AsInt)),
        ..NumberDataPoint::default()
    }
}

/// The lines of a histogram, a point for each set of labels.
fn buckets(name: &str, samples: Vec<Sample<'_>>, times: Times) -> Vec<HistogramDataPoint> {
    let mut points: BTreeMap<Labels, HistogramDataPoint> = BTreeMap::new();
    // OpenMetrics counts in each bucket what is in the ones before as well.
    let mut below: BTreeMap<Labels, u64> = BTreeMap::new();
    for Sample { name: of, mut labels, value, whole } in samples {
        let bound = labels.iter().position(|(label, _)| label == "le").map(|at| labels.remove(at).1);
        let count = whole.and_then(|count| u64::try_from(count).ok()).unwrap_or_default();
        let point = points.entry(labels.clone()).or_insert_with(|| HistogramDataPoint {
            attributes: attributes(&labels),
            start_time_unix_nano: times.since,
            time_unix_nano: times.now,
            ..HistogramDataPoint::default()
        });
        match (of.strip_prefix(name), bound) {
            (Some("_sum"), None) => point.sum = Some(value),
            (Some("_count"), None) => point.count = count,
            (Some("_bucket"), Some(bound)) => {
                let below = below.entry(labels).or_default();
                point.bucket_counts.push(count.saturating_sub(*below));
                *below = count;
                // The last bucket has no bound.
                point.explicit_bounds.extend(bound.parse::<f64>().ok().filter(|bound| bound.is_finite()));
            }
            _ => {}
        }
    }
    points.into_values().collect()
}

/// Reads a line of values: `name{label="value",…} value`.
fn sample(line: &str) -> Option<Sample<'_>> {
    let name_ends = line.find(['{', ' '])?;
    let (name, rest) = line.split_at(name_ends);
    let (labels, rest) = match rest.strip_prefix('{') {
        Some(rest) => labels(rest)?,
        None => (Vec::new(), rest),
    };
    let written = rest.trim_start().split(' ').next()?;
    Some(Sample { name, labels, value: written.parse().ok()?, whole: written.parse().ok() })
}

/// Reads labels up to the closing brace. Returns them, and what follows.
fn labels(mut rest: &str) -> Option<(Labels, &str)> {
    let mut labels = Vec::new();
    loop {
        rest = rest.strip_prefix(',').unwrap_or(rest);
        if let Some(rest) = rest.strip_prefix('}') {
            return Some((labels, rest));
        }
        let (name, quoted) = rest.split_once("=\"")?;
        let mut value = String::new();
        let mut letters = quoted.char_indices();
        rest = loop {
            match letters.next()? {
                (end, '"') => break quoted.get(end + 1..)?,
                (_, '\\') => value.push(match letters.next()?.1 {
                    'n' => '\n',
                    other => other,
                }),
                (_, letter) => value.push(letter),
            }
        };
        labels.push((name.to_owned(), value));
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a panic is how a test fails")]
mod tests {
    use super::*;

    const TEXT: &str = "# HELP q_events Events.\n# TYPE q_events counter\nq_events_total{dialect=\"chat\"} 3\n\
        q_events_total{dialect=\"a\\\"b\\\\c, d}\"} 4\n# HELP q_load Load.\n# TYPE q_load gauge\nq_load 0.5\n\
        # HELP q_empty Nothing.\n# TYPE q_empty gauge\nnot a line\n# HELP q_seconds Time.\n# TYPE q_seconds histogram\n\
        # UNIT q_seconds seconds\nq_seconds_sum 1.5\nq_seconds_count 6\nq_seconds_bucket{le=\"0.1\"} 2\n\
        q_seconds_bucket{le=\"1.0\"} 5\nq_seconds_bucket{le=\"+Inf\"} 6\n# EOF\n";

    #[test]
    fn every_kind_of_metric_is_read_from_its_text() {
        let metrics = read(TEXT, Times { since: 1, now: 2 });
        let names: Vec<&str> = metrics.iter().map(|metric| metric.name.as_str()).collect();
        assert_eq!(names, ["q_events", "q_load", "q_seconds"]);
        let Some(Data::Sum(sum)) = &metrics[0].data else { panic!("{:?}", metrics[0]) };
        assert!(sum.is_monotonic);
        let counts: Vec<_> = sum.data_points.iter().map(|point| point.value.unwrap()).collect();
        assert_eq!(counts, [Value::AsInt(3), Value::AsInt(4)]);
        assert_eq!(sum.data_points[1].attributes, [text("dialect", "a\"b\\c, d}")]);
        assert_eq!((sum.data_points[0].start_time_unix_nano, sum.data_points[0].time_unix_nano), (1, 2));
        let Some(Data::Gauge(gauge)) = &metrics[1].data else { panic!("{:?}", metrics[1]) };
        assert_eq!(gauge.data_points[0].value, Some(Value::AsDouble(0.5)));
        let Some(Data::Histogram(histogram)) = &metrics[2].data else { panic!("{:?}", metrics[2]) };
        let point = &histogram.data_points[0];
        assert_eq!((point.count, point.sum), (6, Some(1.5)));
        assert_eq!((&point.bucket_counts[..], &point.explicit_bounds[..]), (&[2, 3, 1][..], &[0.1, 1.0][..]));
        assert_eq!((metrics[2].description.as_str(), metrics[2].unit.as_str()), ("Time.", "seconds"));
    }
}
