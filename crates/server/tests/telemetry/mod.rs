//! What an operator learns of requests and messages on their way: ids in the log, and traces.

mod ids;
