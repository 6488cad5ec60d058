//! The scenarios of nodes, in the order of the page.

use std::rc::Rc;

use super::services::Services;
use super::{bloat, delivery, recovery, send};
use crate::scenarios::Case;

/// A scenario, with a paragraph for the reader of the page.
pub(super) struct Scenario {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    /// Returns the cases, of the short run or of the full one.
    pub(super) cases: fn(bool, &Rc<Services>) -> Vec<Case>,
}

pub(super) const ALL: [Scenario; 6] = [
    Scenario { name: "durable sends", about: send::ABOUT, cases: send::cases },
    Scenario { name: "two nodes", about: send::ABOUT_TWO, cases: send::two_nodes },
    Scenario { name: "deliveries", about: delivery::ABOUT, cases: delivery::cases },
    Scenario { name: "remote deliveries", about: delivery::ABOUT_REMOTE, cases: delivery::remote },
    Scenario { name: "recoveries", about: recovery::ABOUT, cases: recovery::cases },
    Scenario { name: "an open transaction", about: bloat::ABOUT, cases: bloat::cases },
];
