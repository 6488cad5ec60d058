//! The events by which clients report messages, in every dialect: each has its own name, and the same fields.
//!
//! What must stay true: no client is told of a report.

use quintet_domain::{Refusal, WriteCommand, report_reason};

use crate::client_fields::{MESSAGE, REASON};
use crate::event_spec::{Decoded, EventSpec, Origin::Quintet, from_client};
use crate::fields::Fields;
use crate::payload::Payload::Object;

/// The event by which a client reports a message.
pub(crate) const fn report(name: &'static str) -> EventSpec {
    from_client(name, Quintet, Object(&[MESSAGE, REASON]), asked)
}

fn asked(fields: &Fields<'_>) -> Result<Decoded, Refusal> {
    let reason = report_reason(fields.text("reason"))?;
    Ok(Decoded::new(WriteCommand::Report { message: fields.message("messageId"), reason }))
}
