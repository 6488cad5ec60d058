//! What an operator learns of requests and messages on their way: ids in the log, and traces.

#[cfg(feature = "otlp")]
mod collector;
mod ids;
#[cfg(feature = "otlp")]
mod outages;
#[cfg(feature = "otlp")]
mod traces;
