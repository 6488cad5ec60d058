//! `cargo xtask dist`: the binary that is shipped, and what it is shipped in: an archive, a Debian package, a bill of
//! materials, and their checksums.
//!
//! What must stay true: two runs of one commit with one binary make the same archives, byte by byte.

mod check;
mod deb;
mod release;
mod sbom;
mod tree;

use std::path::{Path, PathBuf};

use self::release::{Release, name_of};
use crate::sh;

/// What is made, and of what.
#[derive(Debug, clap::Args)]
pub(crate) struct Choice {
    /// A binary that is packed instead of one that is built now.
    #[arg(long)]
    binary: Option<PathBuf>,
    /// Compress quickly rather than well, to try what is packed.
    #[arg(long)]
    quick: bool,
    /// The folder that everything is written to; target/dist/packages by default.
    #[arg(long)]
    to: Option<PathBuf>,
    /// Install the package and the archive into an empty Debian, start the server there, and remove it again. Needs root,
    /// debootstrap and a network.
    #[arg(long)]
    check: bool,
    /// The mirror that the empty Debian comes from; debootstrap's own by default.
    #[arg(long, requires = "check")]
    mirror: Option<String>,
}

pub(crate) fn run(choice: &Choice) -> Result<(), String> {
    let root = sh::root();
    let binary = match &choice.binary {
        Some(binary) => binary.clone(),
        None => {
            sh::run("cargo", &["build", "--locked", "--profile", "dist", "--package", "quintet", "--all-features"])?;
            root.join("target/dist/quintet")
        }
    };
    let to = choice.to.clone().unwrap_or_else(|| root.join("target/dist/packages"));
    if to.exists() {
        std::fs::remove_dir_all(&to).map_err(|error| format!("{}: {error}", to.display()))?;
    }
    std::fs::create_dir_all(&to).map_err(|error| format!("{}: {error}", to.display()))?;
    let committed_s = std::env::var("SOURCE_DATE_EPOCH").ok().or_else(committed).unwrap_or_else(|| "0".to_owned());
    let release = Release {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        arch: std::env::consts::ARCH,
        committed_s,
        level: if choice.quick { 1 } else { 9 },
        to: to.clone(),
    };
    let tree = tree::make(&release, &binary)?;
    let archive = archive(&release, &tree)?;
    let package = deb::make(&release, &tree)?;
    let bill = sbom::make(&release)?;
    std::fs::remove_dir_all(&tree).map_err(|error| format!("{}: {error}", tree.display()))?;
    let names = [&archive, &package, &bill].map(|file| name_of(file));
    let sums = sh::captured_in(&to, "sha256sum", &names)?;
    std::fs::write(to.join("SHA256SUMS"), sums).map_err(|error| format!("SHA256SUMS: {error}"))?;
    println!("{}: {}, SHA256SUMS", to.display(), names.join(", "));
    if choice.check {
        check::run(&release, &archive, &package, choice.mirror.as_deref())?;
    }
    Ok(())
}

/// The moment of the newest commit, if this is a checkout.
fn committed() -> Option<String> {
    sh::captured_in(&sh::root(), "git", &["log", "-1", "--format=%ct"]).ok().map(|text| text.trim().to_owned())
}

/// Packs the tree, as which it is installed below `/usr` and `/etc`, into an archive.
fn archive(release: &Release, tree: &Path) -> Result<PathBuf, String> {
    let file = release.to.join(format!("quintet-{}-{}-linux.tar.gz", release.version, release.arch));
    let (file_text, date) = (file.to_string_lossy(), format!("--mtime=@{}", release.committed_s));
    let inside = format!("--transform=s,^\\.,quintet-{},", release.version);
    let same = ["--sort=name", "--owner=0", "--group=0", "--numeric-owner", &date, "--format=gnu", &inside];
    // Compressed without the moment of this run.
    let compress = format!("--use-compress-program=gzip -n -{}", release.level);
    let how = [compress.as_str(), "--create", "--file", &file_text, "."];
    sh::run_in(tree, "tar", &[&same[..], &how].concat())?;
    Ok(file)
}
