//! What may be asked at all, before anything is queued. The table in the domain decides the rest, inside the write.

use quintet_domain::{Command, Refusal, Target};
use quintet_store::Actor;

/// Refuses what no state of the store could make allowed.
pub(crate) fn may_ask(actor: &Actor, command: &Command) -> Result<(), Refusal> {
    if !actor.guest {
        return Ok(());
    }
    match command {
        Command::Send(text) => match text.target {
            Target::Direct(_) => Err(Refusal::unauthenticated("direct messages need an account")),
            Target::Conversation(_) => Ok(()),
        },
        Command::Typing { target: Target::Direct(_), .. } => {
            Err(Refusal::unauthenticated("direct messages need an account"))
        }
        Command::Edit { .. }
        | Command::Delete { .. }
        | Command::Read { .. }
        | Command::Typing { .. }
        | Command::Join { .. }
        | Command::Leave { .. }
        | Command::Listen { .. }
        | Command::Mute { .. }
        | Command::Upload { .. }
        | Command::CreateRoom { .. }
        | Command::Authenticate { .. }
        | Command::Identify => Ok(()),
    }
}
