//! The tests of the server, each part a file: the real binary, and clients of its HTTP API and its sockets. They are one
//! program, because each program would be linked with all of the server. `cut_off` is one of its own, as nothing runs beside it.

mod access;
mod attack;
mod bad_input;
#[cfg(feature = "s3")]
mod bucket;
mod cluster;
mod cluster_presence;
mod common_events;
mod compat;
mod control;
mod copy;
mod credentials;
mod custom_data;
#[allow(dead_code, clippy::unwrap_used, reason = "the tests of the store use the rest")]
#[path = "../../store/tests/support/postgres.rs"]
mod database;
mod deliveries;
mod durability;
mod edge;
mod files;
mod guests;
mod hiding;
mod hop;
mod identity;
mod import;
mod jobs;
mod life;
mod limits;
mod links;
mod metrics;
mod old_clients;
mod passwords;
mod pictures;
mod plain;
mod postgres;
mod postgres_tls;
mod presence;
mod pressure;
mod push;
mod quotas;
mod reactions;
mod reading;
mod recovery;
mod refusals;
mod regression;
mod rest;
#[path = "support/road.rs"]
mod road;
mod search;
mod services;
mod settings;
mod shared_files;
mod shared_keys;
mod shared_rates;
mod stories;
mod support;
mod system_calls;
mod telemetry;
mod wild;
