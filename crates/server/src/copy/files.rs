//! The files of an installation that is copied.
//!
//! What must stay true: files that both places have in common, in a bucket or in one folder, are not touched.

use std::fmt;
use std::path::{Path, PathBuf};

use quintet_files::{Files, FilesError};
use quintet_store::Place;

use super::progress::{Progress, grouped};
use crate::compose;
use crate::config::Config;
use crate::failure::Failure;

/// What became of the files.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct FilesCopied {
    copied: u64,
    /// Files that the database knows and that the source does not have.
    missing: u64,
    /// Whether the files stay where they are.
    stay: bool,
}

impl fmt::Display for FilesCopied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.stay {
            return f.write_str("and the files stay where they are");
        }
        write!(f, "with {} files", grouped(self.copied))?;
        match self.missing {
            0 => Ok(()),
            missing => write!(f, "; {} more are not there, and were not before", grouped(missing)),
        }
    }
}

/// Where the files are, and where they are to be.
pub(super) struct Sides {
    /// `None` if they stay where they are.
    both: Option<(Files, Files)>,
    /// Whether a file that is not in the source may be in the target already.
    to_bucket: bool,
}

impl Sides {
    /// Finds the files of two places. Those of a database of PostgreSQL are in the bucket or the data folder of the
    /// configuration, and those of a data folder are in it, unless there is a bucket.
    pub(super) fn of(config: &Config, from: &Place, to: &Place) -> Result<Self, Failure> {
        let (from, to) = (folder(config, from), folder(config, to));
        let said = |error: FilesError| format!("the files cannot be copied: {error}");
        let to_bucket = config.files.bucket.is_some();
        if !from.is_dir() || (!to_bucket && is_one(&from, &to)) {
            return Ok(Self { both: None, to_bucket });
        }
        let target = match compose::bucket(config) {
            Some(bucket) => bucket.map_err(said)?,
            None => Files::in_folder(&to).map_err(said)?,
        };
        Ok(Self { both: Some((Files::in_folder(&from).map_err(said)?, target)), to_bucket })
    }

    /// Copies files by their ids.
    pub(super) async fn copy(&self, ids: &[String], progress: &Progress) -> Result<FilesCopied, Failure> {
        let Some((from, to)) = &self.both else { return Ok(FilesCopied { stay: true, ..FilesCopied::default() }) };
        let mut done = FilesCopied::default();
        progress.begin("files", ids.len() as u64);
        for id in ids {
            match copy_one(from, to, id).await {
                Ok(()) => done.copied += 1,
                // What is not in the folder of the source is in the bucket already.
                Err(FilesError::NotFound) if self.to_bucket => {}
                Err(FilesError::NotFound) => done.missing += 1,
                Err(error) => return Err(format!("the file {id} cannot be copied: {error}")),
            }
            progress.advance(1);
        }
        Ok(done)
    }
}

async fn copy_one(from: &Files, to: &Files, id: &str) -> Result<(), FilesError> {
    let bytes = from.get(id, None).await?;
    to.put(id, bytes, u64::MAX).await.map(|_| ())
}

/// The folder for the files of a place.
fn folder(config: &Config, place: &Place) -> PathBuf {
    let data = match place {
        Place::Folder(folder) => folder,
        Place::Database(_) => &config.server.data,
    };
    data.join(compose::FILES)
}

/// Whether two paths name one folder.
fn is_one(a: &Path, b: &Path) -> bool {
    matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}
