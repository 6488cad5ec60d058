//! What the task at work is at work for: a request, or an event of a connection.
//!
//! It stands beside the task, as the current span of OpenTelemetry does, so that no function on the way has to hand it
//! on. Tasks that are spawned have it only by [`in_current_scope`].

use std::future::Future;

use quintet_domain::{ConnectionId, SpanContext};

use crate::RequestId;

/// What a task is at work for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// The request over HTTP.
    pub request: Option<RequestId>,
    /// The connection of a client.
    pub connection: Option<ConnectionId>,
    /// The span that what the task does belongs to, if a trace is kept.
    pub span: Option<SpanContext>,
}

tokio::task_local! {
    static SCOPE: Scope;
}

/// Runs a future for something.
pub fn scoped<F: Future>(scope: Scope, future: F) -> impl Future<Output = F::Output> {
    SCOPE.scope(scope, future)
}

/// Runs a future, in a task of its own perhaps, for what the present task is at work for.
pub fn in_current_scope<F: Future>(future: F) -> impl Future<Output = F::Output> {
    scoped(current(Scope::clone), future)
}

/// Reads something of what the present task is at work for: the default, outside [`scoped`].
pub fn current<T: Default>(read: impl FnOnce(&Scope) -> T) -> T {
    SCOPE.try_with(read).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_task_knows_what_it_is_at_work_for_and_hands_it_on() {
        let connection = |scope: &Scope| scope.connection;
        assert_eq!(current(connection), None);
        let scope = Scope { connection: Some(ConnectionId(7)), ..Scope::default() };
        let within = scoped(scope, async {
            let alone = tokio::spawn(async move { current(connection) });
            let joined = tokio::spawn(in_current_scope(async move { current(connection) }));
            (current(connection), alone.await.expect("ended"), joined.await.expect("ended"))
        });
        assert_eq!(within.await, (Some(ConnectionId(7)), None, Some(ConnectionId(7))));
        assert_eq!(current(connection), None);
    }
}
