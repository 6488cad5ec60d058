//! The commands that are never allowed, whatever the store holds.
//!
//! What must stay true: the permission table of the domain decides everything else, inside the write.

use quintet_domain::{Actor, LocalCommand, Reading, Refusal, Target, WriteCommand};

fn needs_account() -> Refusal {
    Refusal::unauthenticated("direct messages need an account")
}

/// Checks a command that becomes a write, as far as that does not depend on the store.
pub(crate) fn may_write(actor: &Actor, command: &WriteCommand) -> Result<(), Refusal> {
    match command {
        WriteCommand::Send(text) => match text.target {
            Target::Direct(_) if actor.guest => Err(needs_account()),
            Target::Direct(_) | Target::Conversation(_) => Ok(()),
        },
        WriteCommand::Read(Reading::Everything(Target::Direct(_)))
        | WriteCommand::Deliver(Reading::Everything(Target::Direct(_)))
            if actor.guest =>
        {
            Err(needs_account())
        }
        WriteCommand::Configure { target: Target::Direct(_), .. } if actor.guest => Err(needs_account()),
        WriteCommand::Block { .. } if actor.guest => Err(Refusal::unauthenticated("blocking needs an account")),
        WriteCommand::Configure { .. }
        | WriteCommand::Block { .. }
        | WriteCommand::Report { .. }
        | WriteCommand::Edit { .. }
        | WriteCommand::Delete { .. }
        | WriteCommand::React { .. }
        | WriteCommand::Pin { .. }
        | WriteCommand::Read(_)
        | WriteCommand::Deliver(_)
        | WriteCommand::Join { .. }
        | WriteCommand::Leave { .. }
        | WriteCommand::CreateRoom { .. } => Ok(()),
    }
}

/// Checks a command about the connection itself, as far as that does not depend on the store.
pub(crate) fn may_ask(actor: &Actor, command: &LocalCommand) -> Result<(), Refusal> {
    match command {
        LocalCommand::Typing { target: Target::Direct(_), .. } if actor.guest => Err(needs_account()),
        LocalCommand::Typing { .. }
        | LocalCommand::Listen { .. }
        | LocalCommand::Mute { .. }
        | LocalCommand::Identify => Ok(()),
    }
}
