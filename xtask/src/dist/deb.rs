//! The Debian package: the files of a release with who maintains them, what they need, and the scripts of `packaging/debian`.

use std::fs;
use std::path::{Path, PathBuf};

use super::release::Release;
use crate::sh;

/// The scripts that Debian runs around an installation and a removal.
const SCRIPTS: [&str; 3] = ["postinst", "prerm", "postrm"];

/// The first characters of the names by which a binary asks for versions of the C library.
const GLIBC: &[u8] = b"GLIBC_2.";

/// Makes the package of a tree, to which it adds what Debian wants to know.
pub(super) fn make(release: &Release, tree: &Path) -> Result<PathBuf, String> {
    let failed = |path: &Path, error: std::io::Error| format!("{}: {error}", path.display());
    let arch = match release.arch {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => return Err(format!("Debian's name of the architecture {other} is not known here")),
    };
    let control = tree.join("DEBIAN");
    fs::create_dir(&control).map_err(|error| failed(&control, error))?;
    let binary = tree.join("usr/bin/quintet");
    let needed = c_library(&fs::read(&binary).map_err(|error| failed(&binary, error))?);
    let kilobytes = sh::captured_in(tree, "du", &["-sk", "--exclude=DEBIAN", "."])?;
    let kilobytes = kilobytes.split_whitespace().next().unwrap_or_default();
    let version = &release.version;
    let text = format!(
        "Package: quintet\nVersion: {version}-1\nArchitecture: {arch}\nSection: net\nPriority: optional\n\
         Maintainer: The Quintet developers <quintet@example.org>\nInstalled-Size: {kilobytes}\n\
         Depends: adduser, libc6 (>= 2.{needed}), libgcc-s1\nRecommends: ca-certificates\n\
         Suggests: postgresql, redis-server, prometheus\n\
         Description: self-hosted real-time chat server\n \
         Quintet speaks five Socket.IO vocabularies, unchanged, from one binary, with a database,\n \
         a web chat and the documentation of its API in it.\n"
    );
    for (name, text) in [("control", text), ("conffiles", "/etc/quintet/quintet.toml\n".to_owned())] {
        fs::write(control.join(name), text).map_err(|error| failed(&control.join(name), error))?;
    }
    for name in SCRIPTS {
        let from = sh::root().join("packaging/debian").join(name);
        fs::copy(&from, control.join(name)).map_err(|error| failed(&from, error))?;
    }
    // The sums by which `dpkg --verify` finds what was changed.
    let sums = sh::captured_in(tree, "sh", &["-c", "find usr etc -type f | LC_ALL=C sort | xargs -d '\\n' md5sum"])?;
    fs::write(control.join("md5sums"), sums).map_err(|error| failed(&control.join("md5sums"), error))?;
    let file = release.to.join(format!("quintet_{version}-1_{arch}.deb"));
    let (tree_text, file_text) = (tree.to_string_lossy(), file.to_string_lossy());
    let date = format!("SOURCE_DATE_EPOCH={}", release.committed_s);
    let level = format!("-z{}", release.level);
    let make = ["dpkg-deb", "--root-owner-group", "-Zgzip", &level, "--build", &tree_text, &file_text];
    sh::run("env", &[&[date.as_str()][..], &make].concat())?;
    fs::remove_dir_all(&control).map_err(|error| failed(&control, error))?;
    Ok(file)
}

/// Returns the version of the C library that a binary needs: the number behind `2.`.
fn c_library(binary: &[u8]) -> u32 {
    let after = binary.windows(GLIBC.len()).enumerate().filter(|(_, window)| *window == GLIBC);
    let versions = after.map(|(at, _)| {
        let digits = binary[at + GLIBC.len()..].iter().take_while(|byte| byte.is_ascii_digit());
        digits.take(4).fold(0, |version, digit| version * 10 + u32::from(digit - b'0'))
    });
    versions.max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_newest_version_counts() {
        assert_eq!(super::c_library(b"\0GLIBC_2.2.5\0GLIBC_2.34\0GLIBC_2.4\0GLIBC_PRIVATE\0"), 34);
    }
}
