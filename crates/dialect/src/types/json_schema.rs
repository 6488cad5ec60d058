//! A dialect as a JSON Schema (draft 2020-12): a definition for each shape, and the payloads of all events.

use serde_json::{Map, Value, json};

use super::parts::{CLIENT_EVENTS, SERVER_EVENTS, Sender, specs};
use super::schemas::Schemas;
use crate::dialect::Dialect;

/// The name of the schemas of acknowledgements.
const ACKNOWLEDGEMENTS: &str = "Acknowledgements";

/// Returns the JSON Schema of a dialect. The payload of each event is at `#/$defs/ServerToClientEvents/properties/NAME` or
/// `#/$defs/ClientToServerEvents/properties/NAME`, and the acknowledgement of what clients send at
/// `#/$defs/Acknowledgements/properties/NAME`.
pub(super) fn json_schema(dialect: Dialect) -> String {
    let schemas = Schemas { root: "#/$defs/" };
    let mut definitions = schemas.definitions(dialect);
    let payloads = |sender| specs(dialect, sender).map(move |spec| (spec.name, schemas.payload(sender, spec.payload)));
    let answers = specs(dialect, Sender::Client).map(|spec| (spec.name, schemas.acknowledgement(dialect, spec)));
    definitions.insert(SERVER_EVENTS.to_owned(), by_name("What the server sends", payloads(Sender::Server)));
    definitions.insert(CLIENT_EVENTS.to_owned(), by_name("What clients send", payloads(Sender::Client)));
    definitions.insert(ACKNOWLEDGEMENTS.to_owned(), by_name("How what clients send is answered", answers));
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": format!("The events of the dialect `{}` of Quintet", dialect.as_str()),
        "$defs": definitions,
    });
    format!("{schema:#}\n")
}

/// Schemas by the names of events.
fn by_name(about: &str, schemas: impl Iterator<Item = (&'static str, Value)>) -> Value {
    let schemas: Map<String, Value> = schemas.map(|(name, schema)| (name.to_owned(), schema)).collect();
    json!({ "description": format!("{about}, by the name of the event."), "type": "object", "properties": schemas })
}
