//! The futures that stores return.

use std::pin::Pin;

use crate::StoreError;

/// A boxed future, so that a store can be a trait object.
pub type Future<'a, T> = Pin<Box<dyn std::future::Future<Output = T> + Send + 'a>>;

/// The future of a read's result.
pub type ReadResult<'a, T> = Future<'a, Result<T, StoreError>>;
