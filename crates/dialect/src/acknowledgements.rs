//! What the acknowledgements of clients' events say, as documents and typed clients know it.
//!
//! What must stay true: one field of every acknowledgement tells success from refusal, and it is the same in all
//! acknowledgements of a dialect.

use crate::dialect::Dialect;
use crate::event_spec::EventSpec;
use crate::payload::{
    Field, Shape,
    Type::{Is, OneOf, Text},
    optional, required,
};
use crate::shared::{CODE, MESSAGE, RETRY_AFTER_MS};

const STATUS: Field = required("status", OneOf(&["ok"]));
const SUCCESS: Field = required("success", Is(true));
const OK: Field = required("ok", Is(true));

/// What every refusal says.
const REFUSAL: &[Field] = &[CODE, MESSAGE, RETRY_AFTER_MS];

const REFUSED_BY_STATUS: Shape = Shape {
    name: "Refused",
    about: "The acknowledgement of a refused event. `retryAfterMs` says when the same would be accepted.",
    parts: &[&[required("status", OneOf(&["error"]))], REFUSAL],
};

const REFUSED_BY_SUCCESS: Shape = Shape { parts: &[&[required("success", Is(false))], REFUSAL], ..REFUSED_BY_STATUS };

const REFUSED_BY_OK: Shape = Shape { parts: &[&[required("ok", Is(false))], REFUSAL], ..REFUSED_BY_STATUS };

/// In this dialect the document prescribes the message of some refusals, so that the reason stands in another field.
const REFUSED_WITH_DETAIL: Shape =
    Shape { parts: &[&[required("success", Is(false))], REFUSAL, &[optional("detail", Text)]], ..REFUSED_BY_STATUS };

/// Returns the fields of the acknowledgement of a client's event that was carried out.
#[must_use]
pub fn acknowledgement(dialect: Dialect, spec: &EventSpec) -> Vec<Field> {
    let done = match dialect {
        Dialect::Meetup => STATUS,
        Dialect::Messenger | Dialect::Conversations | Dialect::Chat => SUCCESS,
        Dialect::Rooms => OK,
    };
    // Some events say it in another way.
    let own = spec.acknowledged.iter().any(|field| field.name == done.name);
    (!own).then_some(done).into_iter().chain(spec.acknowledged.iter().copied()).collect()
}

/// Returns the shape of the acknowledgement of a refused event.
#[must_use]
pub fn refused(dialect: Dialect) -> &'static Shape {
    match dialect {
        Dialect::Meetup => &REFUSED_BY_STATUS,
        Dialect::Messenger | Dialect::Chat => &REFUSED_BY_SUCCESS,
        Dialect::Conversations => &REFUSED_WITH_DETAIL,
        Dialect::Rooms => &REFUSED_BY_OK,
    }
}
