//! The table `[telemetry]`: where traces and metrics are sent by OTLP, and of how much a trace is kept.

use http::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};

use super::fault::Fault;

/// Whether this build can send telemetry.
const EXPORTS: bool = cfg!(feature = "otlp");

/// The part of all traces that is kept, if the settings do not say.
const SAMPLE_RATIO_DEFAULT: f64 = 0.1;
/// The seconds between two times at which the metrics are sent, if the settings do not say.
const METRICS_SECONDS_DEFAULT: u64 = 60;

/// The table `[telemetry]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Telemetry {
    /// The address of a collector, without `/v1/traces`; `None` if nothing is sent.
    pub(crate) otlp_endpoint: Option<String>,
    /// Headers of each request to the collector: `name=value`, separated by commas, values percent-encoded.
    #[serde(skip_serializing)]
    pub(crate) headers: Option<String>,
    /// The part of all traces that is kept, from 0 to 1.
    pub(crate) sample_ratio: f64,
    /// The name of this service in the collector.
    pub(crate) service_name: String,
    /// The seconds between two times at which the metrics are sent; 0 if they are not.
    pub(crate) metrics_seconds: u64,
}

impl Default for Telemetry {
    fn default() -> Self {
        Self {
            otlp_endpoint: None,
            headers: None,
            sample_ratio: SAMPLE_RATIO_DEFAULT,
            service_name: "quintet".to_owned(),
            metrics_seconds: METRICS_SECONDS_DEFAULT,
        }
    }
}

impl Telemetry {
    pub(super) fn check(&self) -> Result<(), Fault> {
        let fault = |keys, what: &str| Err(Fault::of("telemetry", keys, what));
        if !(0.0..=1.0).contains(&self.sample_ratio) {
            return fault(&["sample_ratio"], "sample_ratio must be from 0 to 1");
        }
        if self.service_name.trim().is_empty() {
            return fault(&["service_name"], "service_name is empty");
        }
        if self.metrics_seconds > 86_400 {
            return fault(&["metrics_seconds"], "metrics_seconds must be at most 86400; 0 sends no metrics");
        }
        if let Err(what) = self.header_map() {
            return fault(&["headers"], &what);
        }
        let Some(endpoint) = &self.otlp_endpoint else {
            if self.headers.is_some() {
                return fault(&["headers"], "headers are for a collector, and otlp_endpoint names none");
            }
            return Ok(());
        };
        if !EXPORTS {
            let what = "otlp_endpoint: this build sends no telemetry; build it with `--features otlp`";
            return fault(&["otlp_endpoint"], what);
        }
        let url = endpoint.parse::<http::Uri>().ok().filter(|url| url.host().is_some());
        let is_http = url.as_ref().and_then(http::Uri::scheme_str).is_some_and(|it| matches!(it, "http" | "https"));
        if !is_http || endpoint.contains(['?', '#', '@']) {
            let what = format!(
                "otlp_endpoint: `{endpoint}` is not the address of a collector, like `http://127.0.0.1:4318`; secrets go \
                 into headers"
            );
            return fault(&["otlp_endpoint"], &what);
        }
        Ok(())
    }

    /// Returns the headers of each request to the collector.
    ///
    /// # Errors
    /// A sentence, which contains no value of a header.
    pub(crate) fn header_map(&self) -> Result<HeaderMap, String> {
        let mut map = HeaderMap::new();
        let written = self.headers.as_deref().unwrap_or_default();
        for (number, pair) in written.split(',').map(str::trim).filter(|pair| !pair.is_empty()).enumerate() {
            let bad = || format!("headers: the header number {} is not written as `name=value`", number + 1);
            let (name, value) = pair.split_once('=').ok_or_else(bad)?;
            let name: HeaderName = name.trim().parse().map_err(|_| bad())?;
            let value: Vec<u8> = percent_decode_str(value.trim()).collect();
            let mut value = HeaderValue::from_bytes(&value).map_err(|_| bad())?;
            value.set_sensitive(true);
            map.append(name, value);
        }
        Ok(map)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_as_opentelemetry_has_them_in_the_environment() {
        let telemetry =
            |headers: &str| Telemetry { headers: Some(headers.to_owned()), ..Telemetry::default() }.header_map();
        let map = telemetry("authorization=Bearer%20abc%3D, x-tenant=7").expect("headers");
        assert!(map["authorization"] == "Bearer abc=" && map["x-tenant"] == "7", "{map:?}");
        assert_eq!(telemetry("").expect("none").len(), 0);
        for bad in ["secret", "a b=secret", "a=secret%0A"] {
            let why = telemetry(&format!("good=1,{bad}")).expect_err(bad);
            assert!(why.contains("number 2") && !why.contains("secret"), "{why}");
        }
    }
}
