//! What goes along with a write of which a trace is kept, so that what it causes belongs to the same trace.

/// Identifies a span and its trace, as W3C Trace Context does. Only spans that are recorded are named so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SpanContext {
    /// The id of the trace.
    pub trace: u128,
    /// The id of the span within its trace.
    pub span: u64,
}

/// A committed write of which a trace is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TracedWrite {
    /// The span of the write, which is the parent of what the write causes.
    pub span: SpanContext,
    /// The position before the first entry of the write.
    pub after: u64,
    /// The position of the newest entry of the write: `after`, if it has none.
    pub last: u64,
}

impl TracedWrite {
    /// Returns the write of an entry among those of a commit, which are in order, if a trace is kept of it.
    #[must_use]
    pub fn at(traced: &[Self], position: u64) -> Option<&Self> {
        let next = traced.partition_point(|write| write.last < position);
        traced.get(next).filter(|write| write.after < position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_finds_its_write() {
        let write = |span, after, last| TracedWrite { span: SpanContext { trace: 1, span }, after, last };
        let traced = [write(1, 3, 3), write(2, 3, 5), write(3, 7, 8)];
        let span_at = |position| TracedWrite::at(&traced, position).map(|write| write.span.span);
        let spans: Vec<Option<u64>> = (3..=9).map(span_at).collect();
        assert_eq!(spans, [None, Some(2), Some(2), None, None, Some(3), None]);
        assert_eq!(TracedWrite::at(&[], 1), None);
    }
}
