//! `cargo xtask vendor`: renews the web client's libraries from npm, at the versions of its lock file.

use std::fmt::Write as _;
use std::path::Path;

use crate::{emojis, sh};

/// A package, the file that is taken from it, and the file's name here.
const FILES: [(&str, &str, &str); 9] = [
    ("preact", "dist/preact.mjs", "preact.js"),
    ("preact", "hooks/dist/hooks.mjs", "preact-hooks.js"),
    ("@preact/signals-core", "dist/signals-core.mjs", "signals-core.js"),
    ("@preact/signals", "dist/signals.mjs", "signals.js"),
    ("htm", "dist/htm.mjs", "htm.js"),
    ("marked", "lib/marked.esm.js", "marked.js"),
    ("socket.io-client", "dist/socket.io.js", "socket.io.js"),
    ("socket.io-client", "dist/socket.io.min.js", "socket.io.min.js"),
    ("socket.io-client", "dist/socket.io.esm.min.js", "socket.io.esm.min.js"),
];

fn read(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

/// The version and the licence of a package in its folder.
fn about(folder: &Path, package: &str) -> Result<(String, String), String> {
    let about = read(&folder.join("package.json"))?;
    let field = |name: &str| {
        let (_, rest) = about.split_once(&format!("\"{name}\": \""))?;
        rest.split('"').next().map(str::to_owned)
    };
    let version = field("version").ok_or_else(|| format!("{package} has no version"))?;
    let licence = field("license").ok_or_else(|| format!("{package} has no licence"))?;
    Ok((version, licence))
}

/// Writes the files; with `check`, only verifies that they are equal to npm's.
pub(crate) fn run(check: bool) -> Result<(), String> {
    let folder = sh::root().join("web/vendor");
    sh::npm_ci(&folder, &["--ignore-scripts"])?;
    let mut list = "# What the web client is made of\n\n\
        Copied from npm by `cargo xtask vendor`, at the versions of `web/vendor/package-lock.json`, without the links to \
        their source maps. Not to be edited here.\n\n| file | package | version | licence |\n|---|---|---|---|\n"
        .to_owned();
    let mut licences = String::new();
    let mut last = "";
    let mut files = Vec::new();
    for (package, path, name) in FILES {
        let from = folder.join("node_modules").join(package);
        let (version, licence) = about(&from, package)?;
        let text: String = read(&from.join(path))?
            .lines()
            .filter(|line| !line.starts_with("//# sourceMappingURL="))
            .fold(String::new(), |text, line| text + line + "\n");
        let _ = writeln!(list, "| `{name}` | {package} | {version} | {licence} |");
        if package != last {
            let _ = writeln!(licences, "{package} {version}\n\n{}\n", read(&from.join("LICENSE"))?.trim());
            last = package;
        }
        files.push((folder.join(name), text));
    }
    let from = folder.join("node_modules").join(emojis::PACKAGE);
    let (version, licence) = about(&from, emojis::PACKAGE)?;
    for (name, text) in emojis::modules(&from)? {
        let _ = writeln!(list, "| `{name}`, made of its data | {} | {version} | {licence} |", emojis::PACKAGE);
        files.push((folder.join(name), text));
    }
    let _ = writeln!(licences, "{} {version}\n\n{}\n", emojis::PACKAGE, read(&from.join("LICENSE"))?.trim());
    files.push((folder.join("README.md"), list));
    files.push((folder.join("LICENSES.txt"), licences));
    for (path, text) in files {
        if !check {
            std::fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
        } else if read(&path)? != text {
            return Err(format!("{} is not what npm has: `cargo xtask vendor` renews it", path.display()));
        }
    }
    Ok(())
}
