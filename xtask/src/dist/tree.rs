//! The files of a release, where they are installed.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::release::{Release, name_of};
use crate::sh;

/// A file of the checkout, where it is installed, and its mode.
const FILES: [(&str, &str, u32); 9] = [
    ("packaging/quintet.toml", "etc/quintet/quintet.toml", 0o640),
    ("packaging/systemd/quintet.service", "usr/lib/systemd/system/quintet.service", 0o644),
    ("LICENSE-MIT", "usr/share/doc/quintet/LICENSE-MIT", 0o644),
    ("LICENSE-APACHE", "usr/share/doc/quintet/LICENSE-APACHE", 0o644),
    ("web/vendor/LICENSES.txt", "usr/share/doc/quintet/LICENSES-web.txt", 0o644),
    ("README.md", "usr/share/doc/quintet/README.md", 0o644),
    ("CHANGELOG.md", "usr/share/doc/quintet/CHANGELOG.md", 0o644),
    ("packaging/prometheus/alerts.yml", "usr/share/doc/quintet/examples/alerts.yml", 0o644),
    ("packaging/grafana/quintet.json", "usr/share/doc/quintet/examples/grafana.json", 0o644),
];

/// The shells that completions are made for, and the files that they look for.
const COMPLETIONS: [(&str, &str); 3] = [
    ("bash", "usr/share/bash-completion/completions/quintet"),
    ("fish", "usr/share/fish/vendor_completions.d/quintet.fish"),
    ("zsh", "usr/share/zsh/vendor-completions/_quintet"),
];

/// Puts all files where they are installed, below a folder of its own, and returns it.
pub(super) fn make(release: &Release, binary: &Path) -> Result<PathBuf, String> {
    let (root, tree) = (sh::root(), release.to.join("tree"));
    let failed = |path: &Path, error: std::io::Error| format!("{}: {error}", path.display());
    let place = |inside: &str| -> Result<PathBuf, String> {
        let path = tree.join(inside);
        let folder = path.parent().unwrap_or(&tree);
        fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
        Ok(path)
    };
    let put = |from: &Path, inside: &str, mode: u32| -> Result<(), String> {
        let path = place(inside)?;
        fs::copy(from, &path).map_err(|error| failed(from, error))?;
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).map_err(|error| failed(&path, error))
    };
    put(binary, "usr/bin/quintet", 0o755)?;
    for (from, inside, mode) in FILES {
        put(&root.join(from), inside, mode)?;
    }
    for entry in fs::read_dir(root.join("docs")).map_err(|error| failed(&root.join("docs"), error))? {
        let path = entry.map_err(|error| error.to_string())?.path();
        if path.extension().is_some_and(|extension| extension == "md") {
            put(&path, &format!("usr/share/doc/quintet/docs/{}", name_of(&path)), 0o644)?;
        }
    }
    let program = binary.to_string_lossy();
    let manual = place("usr/share/man/man1/quintet.1")?.parent().unwrap_or(&tree).to_path_buf();
    sh::run(&program, &["man", &manual.to_string_lossy()])?;
    for (shell, inside) in COMPLETIONS {
        let script = sh::captured_in(&tree, &program, &["completions", shell])?;
        let path = place(inside)?;
        fs::write(&path, script).map_err(|error| failed(&path, error))?;
    }
    sh::run_in(&manual, "sh", &["-c", "gzip -9 -n -- *.1"])?;
    // Whatever the umask was.
    sh::run_in(&tree, "chmod", &["-R", "go-w,a+rX", "."])?;
    let settings = tree.join("etc/quintet/quintet.toml");
    fs::set_permissions(&settings, fs::Permissions::from_mode(0o640)).map_err(|error| failed(&settings, error))?;
    Ok(tree)
}
