//! Embeds the files under `web/` in the binary: each compressed and under a name with a hash of its content. Pages get
//! an import map from the names in the modules to these names, and a policy that allows no other scripts.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// The extensions of files that are served, and their media types.
const KINDS: [(&str, &str); 4] = [
    ("js", "text/javascript; charset=utf-8"),
    ("css", "text/css; charset=utf-8"),
    ("svg", "image/svg+xml"),
    ("png", "image/png"),
];
/// The pages, and the paths at which they are served.
const PAGES: [(&str, &str); 2] = [("index.html", "/"), ("playground.html", "/playground")];
/// The names by which modules import libraries, and the files of the libraries.
const LIBRARIES: [(&str, &str); 10] = [
    ("preact", "vendor/preact.js"),
    ("preact/hooks", "vendor/preact-hooks.js"),
    ("@preact/signals-core", "vendor/signals-core.js"),
    ("@preact/signals", "vendor/signals.js"),
    ("htm", "vendor/htm.js"),
    ("marked", "vendor/marked.js"),
    ("socket.io-client", "vendor/socket.io.esm.min.js"),
    ("emojis", "vendor/emojis.js"),
    ("emojis/en", "vendor/emoji-names-en.js"),
    ("emojis/de", "vendor/emoji-names-de.js"),
];
/// The paths at which official servers serve their client, and its files.
const CLIENTS: [(&str, &str); 3] = [
    ("/socket.io/socket.io.js", "vendor/socket.io.js"),
    ("/socket.io/socket.io.min.js", "vendor/socket.io.min.js"),
    ("/socket.io/socket.io.esm.min.js", "vendor/socket.io.esm.min.js"),
];
/// The path of the service worker, whose folder is what it may serve, and its file.
const WORKER: (&str, &str) = ("/service-worker.js", "js/worker.js");
/// The Content-Security-Policy of the service worker, which loads only what it keeps: the page and its files.
const WORKER_POLICY: &str = "default-src 'none'; connect-src 'self'";
/// The page for addresses at which there is nothing, without scripts. It is at no path of its own.
const LOST: &str = "lost.html";
/// The Content-Security-Policy of a page without scripts.
const LOST_POLICY: &str =
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";
/// The icon on home screens of iPhones, which ask for it at this path only when it is needed, and its file.
const TOUCH: (&str, &str) = ("/apple-touch-icon.png", "icons/quintet-touch.png");
/// What lets the page be installed as an app, in each language: its path, and its file.
const MANIFESTS: [(&str, &str); 2] =
    [("/app.webmanifest", "app.webmanifest"), ("/app.de.webmanifest", "app.de.webmanifest")];
/// The Content-Security-Policy of a page: it loads files of this server only, connects to it, and shows pictures that
/// the user chose but has not sent yet.
const POLICY: &str = "default-src 'none'; script-src 'self' SCRIPTS; style-src 'self'; img-src 'self' blob:; \
    connect-src 'self'; manifest-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

/// The quality of Brotli: the remaining steps to 11 take many times as long for little gain.
const QUALITY: i32 = 9;

struct Files {
    root: PathBuf,
    out: PathBuf,
    /// The files by their paths under `web/`: their bytes, and the paths at which they are served.
    assets: BTreeMap<String, (Vec<u8>, String)>,
    code: String,
    written: usize,
}

fn main() -> Outcome<()> {
    let root = Path::new(&std::env::var("CARGO_MANIFEST_DIR")?).join("../../web");
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    // `web/vendor` is not watched as a whole, because the packages that it is copied from come and go in it.
    for watched in ["css", "js", "icons"].into_iter().chain(PAGES.map(|(page, _)| page)).chain([LOST]) {
        println!("cargo::rerun-if-changed={}", root.join(watched).display());
    }
    for (_, watched) in MANIFESTS {
        println!("cargo::rerun-if-changed={}", root.join(watched).display());
    }
    println!("cargo::rerun-if-changed=build.rs");
    let mut files = Files { root, out, assets: BTreeMap::new(), code: String::new(), written: 0 };
    for folder in ["css", "js", "vendor", "icons"] {
        files.gather(Path::new(folder))?;
    }
    files.code.push_str("static FILES: &[File] = &[\n");
    for (page, at) in PAGES {
        let (html, policy) = files.page(page)?;
        files.emit(at, "text/html; charset=utf-8", html.as_bytes(), "Caching::Revalidated", Some(&policy))?;
    }
    let lost = files.with_assets(std::fs::read_to_string(files.root.join(LOST))?)?;
    files.emit(LOST, "text/html; charset=utf-8", lost.as_bytes(), "Caching::Revalidated", Some(LOST_POLICY))?;
    for (at, manifest) in MANIFESTS {
        let text = files.with_assets(std::fs::read_to_string(files.root.join(manifest))?)?;
        files.emit(at, "application/manifest+json", text.as_bytes(), "Caching::Revalidated", None)?;
    }
    let (touch, _) = files.assets.get(TOUCH.1).ok_or_else(|| format!("web/{} is missing", TOUCH.1))?.clone();
    files.emit(TOUCH.0, "image/png", &touch, "Caching::Revalidated", None)?;
    for (at, client) in CLIENTS {
        let (bytes, _) = files.assets.get(client).ok_or_else(|| format!("web/{client} is missing"))?.clone();
        files.emit(at, KINDS[0].1, &bytes, "Caching::Revalidated", None)?;
    }
    let (worker, _) = files.assets.remove(WORKER.1).ok_or_else(|| format!("web/{} is missing", WORKER.1))?;
    files.emit(WORKER.0, KINDS[0].1, &worker, "Caching::Revalidated", Some(WORKER_POLICY))?;
    for (path, (bytes, at)) in files.assets.clone() {
        let library = LIBRARIES.iter().any(|(_, file)| *file == path);
        if path.starts_with("vendor/") && !library {
            continue;
        }
        files.emit(&at, mime_of(&path).ok_or("a file with an unknown extension")?, &bytes, "Caching::Forever", None)?;
    }
    files.code.push_str("];\n");
    std::fs::write(files.out.join("files.rs"), &files.code)?;
    Ok(())
}

fn mime_of(path: &str) -> Option<&'static str> {
    let (_, extension) = path.rsplit_once('.')?;
    KINDS.iter().find(|(kind, _)| *kind == extension).map(|(_, mime)| *mime)
}

fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().take(6).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

impl Files {
    /// Adds every file of a folder that is served, and of the folders in it.
    fn gather(&mut self, folder: &Path) -> Outcome<()> {
        for entry in std::fs::read_dir(self.root.join(folder))? {
            let entry = entry?;
            let path = folder.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                if entry.file_name() != "node_modules" {
                    self.gather(&path)?;
                }
                continue;
            }
            let path = path.to_string_lossy().replace('\\', "/");
            if mime_of(&path).is_none() {
                continue;
            }
            if path.starts_with("vendor/") {
                println!("cargo::rerun-if-changed={}", entry.path().display());
            }
            let bytes = std::fs::read(entry.path())?;
            let (stem, extension) = path.rsplit_once('.').unwrap_or((&path, ""));
            let at = format!("/assets/{stem}.{}.{extension}", hash(&bytes));
            self.assets.insert(path, (bytes, at));
        }
        Ok(())
    }

    fn served(&self, path: &str) -> Outcome<&str> {
        self.assets.get(path).map(|(_, at)| at.as_str()).ok_or_else(|| format!("web/{path} is missing").into())
    }

    /// Replaces each `asset:PATH` in a text by the path at which the file is served.
    fn with_assets(&self, mut text: String) -> Outcome<String> {
        while let Some((before, rest)) = text.split_once("asset:") {
            let path = rest.split('"').next().unwrap_or_default();
            text = format!("{before}{}{}", self.served(path)?, &rest[path.len()..]);
        }
        Ok(text)
    }

    /// Makes a page, in which `asset:PATH` stands for the path at which a file is served, and `<!-- imports:PATH -->`
    /// for the import map of a module and hints to preload the modules that it imports. The map has also the modules that
    /// are imported only by `import("…")`, without hints: the browser loads them when they are needed. Returns the text
    /// and the policy of the page.
    fn page(&self, name: &str) -> Outcome<(String, String)> {
        let mut html = std::fs::read_to_string(self.root.join(name))?;
        let (before, rest) = html.split_once("<!-- imports:").ok_or_else(|| format!("{name} imports nothing"))?;
        let (entry, after) = rest.split_once(" -->").ok_or("a comment that does not end")?;
        let (first, all) = self.needs(entry)?;
        let mut map: Vec<String> = Vec::new();
        let mut hints = String::new();
        for path in &all {
            let at = self.served(path)?;
            let name = LIBRARIES.iter().find(|(_, file)| file == path).map(|(name, _)| (*name).to_owned());
            map.push(format!("\"{}\":\"{at}\"", name.unwrap_or_else(|| format!("/assets/{path}"))));
            if first.contains(path) {
                let _ = write!(hints, "\n    <link rel=\"modulepreload\" href=\"{at}\">");
            }
        }
        let map = format!("{{\"imports\":{{{}}}}}", map.join(","));
        let script = format!("'sha256-{}'", STANDARD.encode(Sha256::digest(&map)));
        html = format!("{before}<script type=\"importmap\">{map}</script>{hints}{after}");
        Ok((self.with_assets(html)?, POLICY.replace("SCRIPTS", &script)))
    }

    /// Returns the modules that run before a module does, including itself, and these with all that are imported later.
    fn needs(&self, entry: &str) -> Outcome<(BTreeSet<String>, BTreeSet<String>)> {
        let (mut first, mut all) = (BTreeSet::new(), BTreeSet::new());
        let mut left = vec![(entry.to_owned(), true)];
        while let Some((path, is_first)) = left.pop() {
            // A module that was only imported later so far may turn out to be imported at once as well.
            if !(all.insert(path.clone()) | (is_first && first.insert(path.clone()))) {
                continue;
            }
            let (bytes, _) = self.assets.get(&path).ok_or_else(|| format!("web/{path} is missing"))?;
            for (named, is_static) in imports(&String::from_utf8_lossy(bytes)) {
                let library = LIBRARIES.iter().find(|(name, _)| *name == named).map(|(_, file)| (*file).to_owned());
                let file = library.or_else(|| joined(&path, &named));
                let file = file.ok_or_else(|| format!("web/{path} imports {named}, which does not exist"))?;
                left.push((file, is_first && is_static));
            }
        }
        Ok((first, all))
    }

    /// Adds one file to the generated table, in each encoding that is smaller.
    fn emit(&mut self, at: &str, mime: &str, bytes: &[u8], caching: &str, policy: Option<&str>) -> Outcome<()> {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        gzip.write_all(bytes)?;
        let gzip = gzip.finish()?;
        let mut brotli = Vec::new();
        let params = brotli::enc::BrotliEncoderParams { quality: QUALITY, ..Default::default() };
        brotli::BrotliCompress(&mut &*bytes, &mut brotli, &params)?;
        let plain = self.keep(bytes)?;
        let gzip = if gzip.len() < bytes.len() { format!("Some({})", self.keep(&gzip)?) } else { "None".to_owned() };
        let brotli =
            if brotli.len() < bytes.len() { format!("Some({})", self.keep(&brotli)?) } else { "None".to_owned() };
        let tag = hash(bytes);
        writeln!(
            self.code,
            "    File {{ path: {at:?}, mime: {mime:?}, tag: \"W/\\\"{tag}\\\"\", caching: {caching}, \
             policy: {policy:?}, plain: {plain}, gzip: {gzip}, brotli: {brotli} }},"
        )?;
        Ok(())
    }

    fn keep(&mut self, bytes: &[u8]) -> Outcome<String> {
        let name = format!("file-{}", self.written);
        self.written += 1;
        std::fs::write(self.out.join(&name), bytes)?;
        Ok(format!("include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{name}\"))"))
    }
}

/// Returns the names that a module imports, each with whether it does so at once, by `from "…"` or `import "…"`, or only
/// by `import("…")`.
fn imports(text: &str) -> Vec<(String, bool)> {
    let mut found = Vec::new();
    for (start, is_static) in [("from\"", true), ("from \"", true), ("import \"", true), ("import(\"", false)] {
        let named = text.match_indices(start).filter_map(|(at, _)| quoted(&text[at..]));
        found.extend(named.map(|name| (name, is_static)));
    }
    // A comment that looks like an import names no file of ours.
    found.retain(|(name, _)| name.starts_with('.') || LIBRARIES.iter().any(|(library, _)| library == name));
    found
}

fn quoted(text: &str) -> Option<String> {
    text.split('"').nth(1).map(str::to_owned)
}

/// Resolves a relative name in a module to a path.
fn joined(module: &str, name: &str) -> Option<String> {
    let mut parts: Vec<&str> = module.split('/').collect();
    parts.pop();
    for part in name.split('/') {
        match part {
            "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    name.starts_with('.').then(|| parts.join("/"))
}
