//! What a migration has done, for the operator.

use refinery::Report;

/// The versions between which a database was brought, and what was applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migrated {
    /// The version of the schema before; 0 for a database that had none.
    pub from: i64,
    /// The version of the schema now.
    pub to: i64,
    /// The names of the migrations that were applied, in order, such as `2_recovery`.
    pub applied: Vec<String>,
}

impl Migrated {
    /// What a report of migrations says about a database of a version.
    pub(crate) fn of(from: i64, report: &Report) -> Self {
        let applied = report.applied_migrations();
        let to = applied.iter().map(|one| i64::from(one.version())).max().unwrap_or(from);
        let applied = applied.iter().map(|one| format!("{}_{}", one.version(), one.name())).collect();
        Self { from, to: to.max(from), applied }
    }
}
