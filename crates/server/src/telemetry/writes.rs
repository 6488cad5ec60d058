//! The spans of writes, made from what the store says of a group after its commit.

use std::time::SystemTime;

use quintet_store::{Group, WriteTrace};
use quintet_telemetry::{Span, SpanKind, Tracer};

/// Records the spans of a group's writes: from the queue to the end of the commit, which they share.
pub(crate) fn record(tracer: &Tracer, group: &Group) {
    if group.traces.is_empty() {
        return;
    }
    let ended = SystemTime::now();
    let taken = ended.checked_sub(group.took).unwrap_or(ended);
    let failed = (!group.committed).then_some("ERR_INTERNAL");
    for WriteTrace { parent, write, name, queued_at, refused } in &group.traces {
        // A write may have joined a group that had begun.
        let begun = taken.max(*queued_at);
        let mut span = Span::new(write.span, Some(parent.span), format!("write {name}"), SpanKind::Internal);
        span.error = refused.map(|code| code.as_str()).or(failed).map(Into::into);
        tracer.record(span.from_to(*queued_at, ended));
        tracer.record(Span::within(write.span, "queue").from_to(*queued_at, begun));
        let mut commit = Span::within(write.span, "commit").from_to(begun, ended);
        commit.set("quintet.group.writes", group.writes as u64);
        commit.set("quintet.position", write.last);
        commit.error = failed.map(Into::into);
        tracer.record(commit);
    }
}
