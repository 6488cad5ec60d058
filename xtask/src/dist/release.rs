//! What is known of a release, and how its files are named.

use std::path::{Path, PathBuf};

/// What is known of a release.
pub(super) struct Release {
    pub(super) version: String,
    /// The architecture, as Rust and archives name it.
    pub(super) arch: &'static str,
    /// The moment of the commit, in seconds since 1970, as which all files are dated.
    pub(super) committed_s: String,
    /// How much archives are compressed, from 1 to 9.
    pub(super) level: u8,
    /// The folder that everything is written to.
    pub(super) to: PathBuf,
}

/// The name of a file, without its folder.
pub(super) fn name_of(file: &Path) -> String {
    file.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
