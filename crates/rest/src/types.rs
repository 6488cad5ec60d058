//! The types of each dialect's events, for programs of others: TypeScript and JSON Schema.
//!
//! What must stay true: the texts depend on nothing but the version of the server, so that they are made once and need no
//! token.

use std::sync::{Arc, LazyLock};

use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header;
use quintet_dialect::Dialect;
use quintet_dialect::types::{json_schema, typescript};
use quintet_domain::{Code, Refusal};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};

use crate::caching;
use crate::error::Answer;
use crate::extract::{Anonymous, Path};

/// A file of types.
struct TypesFile {
    name: String,
    media_type: &'static str,
    text: Bytes,
    tag: Arc<str>,
}

impl TypesFile {
    fn new(name: String, media_type: &'static str, text: String) -> Self {
        Self { name, media_type, tag: caching::tag_of(text.as_bytes()).into(), text: text.into() }
    }
}

/// The files of all dialects, made when the first of them is asked for.
static FILES: LazyLock<Vec<TypesFile>> = LazyLock::new(|| {
    let files = Dialect::ALL.into_iter().flat_map(|dialect| {
        let [types, schema] = names(dialect);
        [
            TypesFile::new(types, "text/plain; charset=utf-8", typescript(dialect)),
            TypesFile::new(schema, "application/schema+json", json_schema(dialect)),
        ]
    });
    files.collect()
});

/// The names of the files of a dialect.
fn names(dialect: Dialect) -> [String; 2] {
    ["d.ts", "schema.json"].map(|ending| format!("{}.{ending}", dialect.as_str()))
}

/// The schema of a file's name.
fn known_names() -> RefOr<Schema> {
    let names: Vec<String> = Dialect::ALL.into_iter().flat_map(names).collect();
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names)).into()
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct TypesPath {
    /// The dialect, and `.d.ts` or `.schema.json`.
    #[param(schema_with = known_names, required = true)]
    file: String,
}

/// Returns the types of a dialect's events: as TypeScript for socket.io-client, or as a JSON Schema (draft 2020-12).
#[utoipa::path(
    get, path = "/types/{file}", tag = "operations", operation_id = "getTypes", security(()),
    params(TypesPath),
    responses((status = 200, description = "The types", content(
        (String = "text/plain"), (serde_json::Value = "application/schema+json")
    )))
)]
pub(crate) async fn get(_: Anonymous, Path(TypesPath { file: name }): Path<TypesPath>) -> Answer<Response> {
    let Some(file) = FILES.iter().find(|file| file.name == name) else {
        let dialects = Dialect::ALL.map(Dialect::as_str).join(", ");
        let what =
            format!("There are no types `{name}`: ask for NAME.d.ts or NAME.schema.json, with NAME one of {dialects}.");
        return Err(Refusal::new(Code::NotFound, what).into());
    };
    let headers =
        [(header::CONTENT_TYPE, file.media_type), (header::CACHE_CONTROL, "no-cache"), (header::ETAG, &*file.tag)];
    Ok((headers, file.text.clone()).into_response())
}
