//! A span: one step of a request or a message, with its times.
//!
//! What must stay true: a span has ids, names of closed lists, sizes and numbers, and nothing that a person has written.

use std::borrow::Cow;
use std::time::SystemTime;

use quintet_domain::SpanContext;

/// What kind of step a span is, as OpenTelemetry has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpanKind {
    /// A step within the server.
    Internal,
    /// A request of a client.
    Server,
    /// Something sent to a client that did not ask for it.
    Producer,
    /// Something that another node has told.
    Consumer,
}

/// The value of an attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SpanValue {
    /// A name of a closed list, or an id.
    Text(Cow<'static, str>),
    /// A number or a size.
    Number(i64),
}

impl From<&'static str> for SpanValue {
    fn from(text: &'static str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for SpanValue {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl From<u64> for SpanValue {
    fn from(number: u64) -> Self {
        Self::Number(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

/// A step that has ended, or is about to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// The ids of the span.
    pub context: SpanContext,
    /// The id of the span that caused it; `None` for the first of a trace.
    pub parent: Option<u64>,
    /// A span of another trace that has to do with it.
    pub link: Option<SpanContext>,
    /// The name of the step.
    pub name: Cow<'static, str>,
    /// The kind of step.
    pub kind: SpanKind,
    /// When the step began.
    pub began: SystemTime,
    /// When the step ended.
    pub ended: SystemTime,
    /// What else is known of the step.
    pub attributes: Vec<(&'static str, SpanValue)>,
    /// Why the step failed, as one of few codes; `None` if it did not.
    pub error: Option<Cow<'static, str>>,
}

impl Span {
    /// A span that begins and ends now. Its maker sets what else it knows.
    #[must_use]
    pub fn new(context: SpanContext, parent: Option<u64>, name: impl Into<Cow<'static, str>>, kind: SpanKind) -> Self {
        let now = SystemTime::now();
        Self {
            context,
            parent,
            link: None,
            name: name.into(),
            kind,
            began: now,
            ended: now,
            attributes: Vec::new(),
            error: None,
        }
    }

    /// A span that another one has caused, within the server.
    #[must_use]
    pub fn within(parent: SpanContext, name: impl Into<Cow<'static, str>>) -> Self {
        Self::new(child_of(parent), Some(parent.span), name, SpanKind::Internal)
    }

    /// Sets the times of the span. One that would end before it began ends at once.
    #[must_use]
    pub fn from_to(self, began: SystemTime, ended: SystemTime) -> Self {
        Self { began, ended: ended.max(began), ..self }
    }

    /// Adds an attribute.
    pub fn set(&mut self, name: &'static str, value: impl Into<SpanValue>) {
        self.attributes.push((name, value.into()));
    }
}

/// Returns the ids for a new span that another one has caused.
#[must_use]
pub fn child_of(parent: SpanContext) -> SpanContext {
    SpanContext { trace: parent.trace, span: new_span_id() }
}

/// A random id, which is never 0: the lower half of a random UUID has bits that are always set.
pub(crate) fn new_span_id() -> u64 {
    uuid::Uuid::new_v4().as_u64_pair().1
}
