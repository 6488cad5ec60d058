//! No user reads or changes what the permission table does not allow: random states and commands, beside a model that
//! consults only the table.

#![allow(clippy::unwrap_used, clippy::cloned_ref_to_slice_refs, reason = "a panic is how a test fails")]

mod audit;
mod blocks;
mod contact;
mod groups;
mod lists;
mod model;
mod moderation;
mod pairs;
mod reports;
mod requests;
mod roles;
mod run;
mod send;

use crate::support::{Factory, block_on, postgres_store, quick_stores};
use model::{Brought, CONVERSATIONS, SERVICE, Step, USERS, step};
use proptest::prelude::*;
use run::Run;

fn decides_as_the_table(factory: Factory, steps: &[(usize, usize, Step)]) {
    block_on(async {
        let mut run = Run::start(factory).await;
        for (user, at, step) in steps.iter().cloned() {
            run.take(user, at, step).await;
        }
        // What is deleted is there for nobody, not even for those who have an owner's rights everywhere.
        for at in 0..CONVERSATIONS {
            for user in 0..USERS {
                run.take(user, at, Step::Look(0)).await;
            }
            run.take(SERVICE, at, Step::DeleteConversation).await;
            for user in [0, SERVICE] {
                for step in [
                    Step::SendMessage(Brought::default()),
                    Step::Edit(0),
                    Step::React(0, true),
                    Step::Pin(0, true),
                    Step::Receive(0),
                    Step::Look(0),
                    Step::DeleteMessage(0),
                ] {
                    run.take(user, at, step).await;
                }
            }
        }
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn the_store_decides_as_the_table_does(
        steps in proptest::collection::vec((0..USERS, 0..CONVERSATIONS, step()), 1..80)
    ) {
        for (name, factory) in quick_stores() {
            eprintln!("{name}");
            decides_as_the_table(factory, &steps);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, max_shrink_iters: 64, ..ProptestConfig::default() })]

    #[test]
    fn postgres_decides_as_the_table_does(
        steps in proptest::collection::vec((0..USERS, 0..CONVERSATIONS, step()), 1..80)
    ) {
        decides_as_the_table(postgres_store(), &steps);
    }
}
