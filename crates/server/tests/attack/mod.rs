//! Attacks on the real binary, at a size that any machine can run, and their effect on other clients.
//!
//! `quintet-bench abuse` runs the same attacks at full size; docs/security.md has its figures.

mod bystander;
mod edge;
mod engine;
mod identity;
mod places;
mod reads;
mod writes;

use crate::support::Server;
use bystander::Bystander;

/// Checks the measurement itself: without an attack a bystander is served at once.
#[tokio::test]
async fn a_calm_server_serves_a_bystander() {
    let server = Server::start();
    let mut bystander = Bystander::of(&server).await;
    bystander.beside(async {}).await;
}
