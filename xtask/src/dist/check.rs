//! Tries what was made: an empty Debian, in which the package is installed, the server runs as its unit starts it, and
//! everything is removed again; and the archive, unpacked beside it.

use std::path::Path;

use super::release::{Release, name_of};
use crate::{sh, test};

/// What is done in the empty Debian: `$1` is the package, `$2` the archive, `$3` the version.
const SCRIPT: &str = include_str!("check.sh");

/// Installs the package and the archive into an empty Debian, and plays the script there.
pub(super) fn run(release: &Release, archive: &Path, package: &Path, mirror: Option<&str>) -> Result<(), String> {
    if !sh::has("debootstrap") {
        test::install_packages(&["debootstrap"])?;
    }
    let root = release.to.join("root");
    let root_text = root.to_string_lossy().into_owned();
    let args = ["--variant=minbase", "--include=ca-certificates", "bookworm", &root_text];
    sh::run("debootstrap", &[&args[..], mirror.as_slice()].concat())?;
    for file in [archive, package] {
        std::fs::copy(file, root.join(name_of(file))).map_err(|error| format!("{}: {error}", file.display()))?;
    }
    std::fs::write(root.join("check.sh"), SCRIPT).map_err(|error| format!("check.sh: {error}"))?;
    let (package, archive) = (format!("/{}", name_of(package)), format!("/{}", name_of(archive)));
    let played = sh::run("chroot", &[&root_text, "sh", "-eu", "/check.sh", &package, &archive, &release.version]);
    std::fs::remove_dir_all(&root).map_err(|error| format!("{root_text}: {error}"))?;
    played
}
