//! Takes the files under `web/` into the binary: each under a name with a hash of its content, compressed, with the
//! import map that leads from the names in the modules to those, and the policy that lets nothing else run.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Kinds of files that are served, and what they are.
const KINDS: [(&str, &str); 4] = [
    ("js", "text/javascript; charset=utf-8"),
    ("css", "text/css; charset=utf-8"),
    ("svg", "image/svg+xml"),
    ("webmanifest", "application/manifest+json"),
];
/// The pages, and where they are.
const PAGES: [(&str, &str); 2] = [("index.html", "/"), ("playground.html", "/playground")];
/// What a module calls a library, and the file that it is.
const LIBRARIES: [(&str, &str); 6] = [
    ("preact", "vendor/preact.js"),
    ("preact/hooks", "vendor/preact-hooks.js"),
    ("@preact/signals-core", "vendor/signals-core.js"),
    ("@preact/signals", "vendor/signals.js"),
    ("htm", "vendor/htm.js"),
    ("socket.io-client", "vendor/socket.io.esm.min.js"),
];
/// Where official servers have their client.
const CLIENTS: [(&str, &str); 3] = [
    ("/socket.io/socket.io.js", "vendor/socket.io.js"),
    ("/socket.io/socket.io.min.js", "vendor/socket.io.min.js"),
    ("/socket.io/socket.io.esm.min.js", "vendor/socket.io.esm.min.js"),
];
/// What a page may do: load what is here, talk to where it came from, show pictures that were chosen but not sent yet.
const POLICY: &str = "default-src 'none'; script-src 'self' SCRIPTS; style-src 'self'; img-src 'self' blob:; \
    connect-src 'self'; manifest-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

/// Brotli's effort: the last steps to 11 take many times as long for little.
const QUALITY: i32 = 9;

struct Files {
    root: PathBuf,
    out: PathBuf,
    /// By their path under `web/`: what they hold, and where they are served.
    assets: BTreeMap<String, (Vec<u8>, String)>,
    code: String,
    written: usize,
}

fn main() -> Outcome<()> {
    let root = Path::new(&std::env::var("CARGO_MANIFEST_DIR")?).join("../../web");
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    // Not `web/vendor` as a whole: where it was copied from comes and goes beside it.
    for watched in ["css", "js", "icons"].into_iter().chain(PAGES.map(|(page, _)| page)) {
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
        files.emit(at, "text/html; charset=utf-8", html.as_bytes(), "Caching::Asked", Some(&policy))?;
    }
    for (at, client) in CLIENTS {
        let (bytes, _) = files.assets.get(client).ok_or_else(|| format!("web/{client} is missing"))?.clone();
        files.emit(at, KINDS[0].1, &bytes, "Caching::Asked", None)?;
    }
    for (path, (bytes, at)) in files.assets.clone() {
        let library = LIBRARIES.iter().any(|(_, file)| *file == path);
        if path.starts_with("vendor/") && !library {
            continue;
        }
        files.emit(&at, kind_of(&path).ok_or("a kind of file that is not known")?, &bytes, "Caching::Forever", None)?;
    }
    files.code.push_str("];\n");
    std::fs::write(files.out.join("files.rs"), &files.code)?;
    Ok(())
}

fn kind_of(path: &str) -> Option<&'static str> {
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
    /// Notes every file of a folder that is served.
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
            if kind_of(&path).is_none() {
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

    /// A page: `asset:PATH` stands for where a file is served, `<!-- imports:PATH -->` for the import map of a module
    /// and for a hint to load at once what it will ask for. Gives its text and its policy.
    fn page(&self, name: &str) -> Outcome<(String, String)> {
        let mut html = std::fs::read_to_string(self.root.join(name))?;
        let (before, rest) = html.split_once("<!-- imports:").ok_or_else(|| format!("{name} imports nothing"))?;
        let (entry, after) = rest.split_once(" -->").ok_or("a comment that does not end")?;
        let mut needed = BTreeSet::new();
        self.needs(entry, &mut needed)?;
        let mut map: Vec<String> = Vec::new();
        let mut hints = String::new();
        for path in &needed {
            let at = self.served(path)?;
            let name = LIBRARIES.iter().find(|(_, file)| file == path).map(|(name, _)| (*name).to_owned());
            map.push(format!("\"{}\":\"{at}\"", name.unwrap_or_else(|| format!("/assets/{path}"))));
            let _ = write!(hints, "\n    <link rel=\"modulepreload\" href=\"{at}\">");
        }
        let map = format!("{{\"imports\":{{{}}}}}", map.join(","));
        let script = format!("'sha256-{}'", STANDARD.encode(Sha256::digest(&map)));
        html = format!("{before}<script type=\"importmap\">{map}</script>{hints}{after}");
        while let Some((before, rest)) = html.split_once("asset:") {
            let path = rest.split('"').next().unwrap_or_default();
            html = format!("{before}{}{}", self.served(path)?, &rest[path.len()..]);
        }
        Ok((html, POLICY.replace("SCRIPTS", &script)))
    }

    /// A module and all that it imports, at once or later.
    fn needs(&self, path: &str, needed: &mut BTreeSet<String>) -> Outcome<()> {
        if !needed.insert(path.to_owned()) {
            return Ok(());
        }
        let (bytes, _) = self.assets.get(path).ok_or_else(|| format!("web/{path} is missing"))?;
        let text = String::from_utf8_lossy(bytes);
        for named in imports(&text) {
            let library = LIBRARIES.iter().find(|(name, _)| *name == named).map(|(_, file)| (*file).to_owned());
            let file = library.or_else(|| joined(path, &named));
            let file = file.ok_or_else(|| format!("web/{path} imports {named}, which is nothing here"))?;
            self.needs(&file, needed)?;
        }
        Ok(())
    }

    /// Writes one file into the table, in each encoding that is smaller.
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

/// What a module's text imports: `from "…"`, `import "…"`, `import("…")`.
fn imports(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("from\"").chain(text.match_indices("from \"")) {
        found.extend(quoted(&text[at..]));
    }
    for (at, _) in text.match_indices("import(\"").chain(text.match_indices("import \"")) {
        found.extend(quoted(&text[at..]));
    }
    // Text in a comment that looks like an import names no file.
    found.retain(|name| name.starts_with('.') || LIBRARIES.iter().any(|(library, _)| library == name));
    found
}

fn quoted(text: &str) -> Option<String> {
    text.split('"').nth(1).map(str::to_owned)
}

/// The path that a relative name means in a module.
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
