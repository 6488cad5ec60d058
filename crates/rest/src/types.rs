//! The types of each dialect's events, for programs of others, in all forms that the catalogue is written in.
//!
//! What must stay true: the texts depend on nothing but the version of the server, so that they are made once and need no
//! token.

use std::sync::{Arc, LazyLock};

use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header;
use quintet_dialect::Dialect;
use quintet_dialect::types::Form;
use quintet_domain::{Code, Refusal};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

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
    let files = forms().map(|(dialect, form)| {
        let media_type = match form {
            Form::TypeScript => "text/plain; charset=utf-8",
            Form::JsonSchema => "application/schema+json",
            Form::AsyncApi => "application/vnd.aai.asyncapi+json;version=3.1.0",
            Form::Python => "text/x-python; charset=utf-8",
        };
        TypesFile::new(name(dialect, form), media_type, form.text(dialect))
    });
    files.collect()
});

/// All forms of all dialects.
fn forms() -> impl Iterator<Item = (Dialect, Form)> {
    Dialect::ALL.into_iter().flat_map(|dialect| Form::ALL.map(|form| (dialect, form)))
}

/// The name of the file of a dialect in a form.
fn name(dialect: Dialect, form: Form) -> String {
    format!("{}.{}", dialect.as_str(), form.ending())
}

/// The name of a file of types: the dialect, and the ending of a form.
struct FileName;

impl PartialSchema for FileName {
    fn schema() -> RefOr<Schema> {
        let names: Vec<String> = forms().map(|(dialect, form)| name(dialect, form)).collect();
        ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names)).into()
    }
}

impl ToSchema for FileName {}

/// Returns the types of a dialect's events.
///
/// `NAME.d.ts` is TypeScript for socket.io-client, `NAME.schema.json` a JSON Schema (draft 2020-12), `NAME.asyncapi.json` an
/// AsyncAPI 3 document, and `NAME.py` Python for python-socketio.
#[utoipa::path(
    get, path = "/types/{file}", tag = "operations", operation_id = "getTypes", security(()),
    params(("file" = inline(FileName), Path, description = "The dialect and the form, such as `chat.d.ts`")),
    responses((status = 200, description = "The types", content(
        (String = "text/plain"), (String = "text/x-python"), (serde_json::Value = "application/schema+json"),
        (serde_json::Value = "application/vnd.aai.asyncapi+json")
    )))
)]
pub(crate) async fn get(_: Anonymous, Path(name): Path<String>) -> Answer<Response> {
    let Some(file) = FILES.iter().find(|file| file.name == name) else {
        let dialects = Dialect::ALL.map(Dialect::as_str).join(", ");
        let endings = Form::ALL.map(|form| format!("NAME.{}", form.ending())).join(", ");
        let what = format!("There are no types `{name}`: ask for one of {endings}, with NAME one of {dialects}.");
        return Err(Refusal::new(Code::NotFound, what).into());
    };
    let headers =
        [(header::CONTENT_TYPE, file.media_type), (header::CACHE_CONTROL, "no-cache"), (header::ETAG, &*file.tag)];
    Ok((headers, file.text.clone()).into_response())
}
