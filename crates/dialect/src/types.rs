//! Types of all that a dialect sends and reads, for programs of others, made from the catalogue.
//!
//! What must stay true: a client that sends what the types allow is never told that a field is missing or has another
//! type, and everything that the server sends fits them. The types name the forms and names of the documents, and leave out the
//! others that are read.

mod async_api;
mod json_schema;
mod names;
mod parts;
mod python;
mod schemas;
mod typescript;

use crate::dialect::Dialect;

/// A form in which the types of a dialect are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// TypeScript for socket.io-client.
    TypeScript,
    /// A JSON Schema (draft 2020-12).
    JsonSchema,
    /// An AsyncAPI 3 document.
    AsyncApi,
    /// Python for python-socketio.
    Python,
}

impl Form {
    /// Every form in which types are written.
    pub const ALL: [Self; 4] = [Self::TypeScript, Self::JsonSchema, Self::AsyncApi, Self::Python];

    /// Returns the ending of files in this form, without the dot before it.
    #[must_use]
    pub fn ending(self) -> &'static str {
        match self {
            Self::TypeScript => "d.ts",
            Self::JsonSchema => "schema.json",
            Self::AsyncApi => "asyncapi.json",
            Self::Python => "py",
        }
    }

    /// Returns the types of a dialect in this form.
    #[must_use]
    pub fn text(self, dialect: Dialect) -> String {
        match self {
            Self::TypeScript => typescript::typescript(dialect),
            Self::JsonSchema => json_schema::json_schema(dialect),
            Self::AsyncApi => async_api::async_api(dialect),
            Self::Python => python::python(dialect),
        }
    }
}
