//! The copy itself: table by table, then what is no table, then the comparison.
//!
//! What must stay true: the target is complete only once everything has been compared and the rest is copied as well.

use super::seam::{CopyError, Copying, Facts, Place, Source, TargetCopy};
use super::tables::TABLES;
use crate::postgres::{PostgresSource, PostgresTargetCopy};
use crate::sqlite::{SqliteSource, SqliteTargetCopy};

/// Learns how far a copy has come.
pub trait CopyProgress {
    /// The copy of a table begins, which has a number of rows.
    fn begins(&mut self, table: &str, rows: u64);
    /// A number of further rows of the table were copied.
    fn copied(&mut self, rows: u64);
}

/// What was copied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// The number of tables.
    pub tables: usize,
    /// The number of rows of all tables.
    pub rows: u64,
    /// The newest position of the order, which clients' offsets refer to.
    pub position: u64,
    /// The number of characters U+0000 in texts, which PostgreSQL cannot store and which became U+FFFD.
    pub replaced: u64,
}

/// Copies all rows from one place to another, and then what `rest` copies, which gets the ids of all uploaded files.
/// Blocks the thread.
///
/// # Errors
/// [`CopyError`], whose text is a sentence for the operator. Once rows have been written, the target says that it is
/// incomplete: no server opens it, and another copy to it begins anew.
pub fn copy(
    from: &Place,
    to: &Place,
    progress: &mut dyn CopyProgress,
    rest: impl FnOnce(&[String]) -> Result<(), String>,
) -> Result<Copied, CopyError> {
    let said = from.to_string();
    let (mut source, mut target): (Box<dyn Source>, Box<dyn TargetCopy>) = match (from, to) {
        (Place::Folder(from), Place::Database(to)) => {
            (Box::new(SqliteSource::open(from)?), Box::new(PostgresTargetCopy::open(to, &said)?))
        }
        (Place::Database(from), Place::Folder(to)) => {
            (Box::new(PostgresSource::open(from)?), Box::new(SqliteTargetCopy::open(to, &said)?))
        }
        (Place::Folder(_), Place::Folder(_)) | (Place::Database(_), Place::Database(_)) => {
            return Err(CopyError::SameKind);
        }
    };
    let facts = source.facts()?;
    for (table, rows) in TABLES.iter().zip(&facts.rows) {
        progress.begins(table.sqlite, *rows);
        target.begin(table)?;
        source.read(table, &mut |rows| {
            let count = rows.len() as u64;
            target.write(rows)?;
            progress.copied(count);
            Ok(())
        })?;
        target.end()?;
    }
    let copied = target.settle(&facts, source.newest_at()?)?;
    compare(&facts, &copied)?;
    rest(&source.files()?).map_err(CopyError::Rest)?;
    let replaced = target.replaced();
    target.complete()?;
    let rows = facts.rows.iter().sum();
    Ok(Copied { tables: TABLES.len(), rows, position: facts.position.cast_unsigned(), replaced })
}

fn compare(original: &Facts, copied: &Facts) -> Copying<()> {
    let differs = |what: &str, original: &dyn std::fmt::Display, copied: &dyn std::fmt::Display| {
        let (original, copied) = (original.to_string(), copied.to_string());
        Err(CopyError::Differs { what: what.to_owned(), original, copied })
    };
    for ((table, original), copied) in TABLES.iter().zip(&original.rows).zip(&copied.rows) {
        if original != copied {
            return differs(&format!("the number of rows of {}", table.sqlite), original, copied);
        }
    }
    if original.position != copied.position {
        return differs("the newest position", &original.position, &copied.position);
    }
    if original.secrets != copied.secrets {
        return differs("the number of guests' secrets", &original.secrets, &copied.secrets);
    }
    if original.identity != copied.identity {
        return differs("the identity", &original.identity, &copied.identity);
    }
    Ok(())
}
