//! `quintet copy`: moves an installation from SQLite to PostgreSQL or back, with its keys and files.
//!
//! What must stay true: the target is complete only once the keys and files are there as well; the source stays as it is.

mod files;
pub(crate) mod progress;

use std::path::PathBuf;

use quintet_store::{Copied, Place, PostgresTarget};
use tokio::runtime::Handle;

use self::files::{FilesCopied, Sides};
use self::progress::{Progress, grouped};
use crate::config::Config;
use crate::failure::Failure;
use crate::key_files;
use crate::shared_keys::{KeyStore, PUSH, RETIRED, TOKEN};

/// Copies an installation between two places of the command line, and says what it did.
///
/// # Errors
/// A sentence for the operator.
pub(crate) async fn run(config: Config, from: &str, to: &str) -> Result<(), Failure> {
    let (from, to) = (place(&config, "--from", from)?, place(&config, "--to", to)?);
    let handle = Handle::current();
    let work = move || copied(&config, &from, &to, &handle);
    let said = tokio::task::spawn_blocking(work).await.map_err(|error| format!("the copy failed: {error}"))??;
    println!("{said}");
    Ok(())
}

/// Parses a place of the command line.
fn place(config: &Config, option: &str, text: &str) -> Result<Place, Failure> {
    if let Some(folder) = text.strip_prefix("sqlite:") {
        if folder.is_empty() {
            return Err(format!("{option}: name the data folder, as in sqlite:quintet-data"));
        }
        return Ok(Place::Folder(PathBuf::from(folder)));
    }
    if !text.starts_with("postgres://") && !text.starts_with("postgresql://") {
        // Not repeated, because it may have a password.
        return Err(format!("{option} must be sqlite:DIR or postgres://USER@HOST/DATABASE"));
    }
    let target = PostgresTarget::parse(text, config.database.password.as_deref());
    target.map(|target| Place::Database(Box::new(target))).map_err(|error| format!("{option}: {error}"))
}

/// Copies, on a thread that may block. Returns what is said about it.
fn copied(config: &Config, from: &Place, to: &Place, handle: &Handle) -> Result<String, Failure> {
    let mut progress = Progress::start();
    let of_files = progress.clone();
    let mut files = FilesCopied::default();
    let rest = |ids: &[String]| {
        let sides = Sides::of(config, from, to)?;
        files = handle.block_on(sides.copy(ids, &of_files))?;
        copy_keys(config, from, to)
    };
    let done = quintet_store::copy(from, to, &mut progress, rest);
    progress.end();
    let Copied { tables, rows, position, replaced } = done.map_err(|error| error.to_string())?;
    let (rows, position) = (grouped(rows), grouped(position));
    let mut said = format!(
        "{tables} tables with {rows} rows are copied from {from} to {to}, up to position {position}, {files}. The source \
         stays as it is."
    );
    if replaced > 0 {
        said += &format!(
            "\n{} characters U+0000, which PostgreSQL cannot store, became U+FFFD in the copy.",
            grouped(replaced)
        );
    }
    Ok(said)
}

/// Copies the keys: files of a data folder, rows of a database of PostgreSQL.
fn copy_keys(config: &Config, from: &Place, to: &Place) -> Result<(), Failure> {
    match (from, to) {
        (Place::Folder(folder), Place::Database(target)) => {
            let keys = KeyStore::new(config, target);
            for (name, key) in [
                (TOKEN, key_files::in_folder(folder, key_files::TOKEN)?),
                (PUSH, key_files::in_folder(folder, key_files::PUSH)?),
                (RETIRED, key_files::retired_in_folder(folder)?),
            ] {
                key.map(|key| keys.kept(name, &key)).transpose()?;
            }
            Ok(())
        }
        (Place::Database(target), Place::Folder(folder)) => {
            let keys = KeyStore::new(config, target);
            for (name, file) in [(TOKEN, key_files::TOKEN), (PUSH, key_files::PUSH)] {
                if let Some(key) = keys.found(name)? {
                    key_files::keep_in_folder(folder, file, &key)?;
                }
            }
            keys.found(RETIRED)?.map_or(Ok(()), |key| key_files::keep_retired_in_folder(folder, &key))
        }
        // Refused before.
        (Place::Folder(_), Place::Folder(_)) | (Place::Database(_), Place::Database(_)) => Ok(()),
    }
}
