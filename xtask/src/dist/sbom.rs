//! The bill of materials, in the format of CycloneDX: every crate that is compiled into the binary, and every package of npm
//! that the web client has, with versions, licences, checksums and who needs whom.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;

use cargo_metadata::{CargoOpt, DependencyKind, MetadataCommand, Package, PackageId};
use serde_json::{Value, json};

use super::release::Release;
use crate::sh;

/// Packages that the library of Socket.IO uses in Node.js alone, and that are not in its file for browsers.
const NOT_IN_BROWSERS: [&str; 2] = ["ws", "xmlhttprequest-ssl"];

/// Writes the bill.
pub(super) fn make(release: &Release) -> Result<PathBuf, String> {
    let target = sh::captured_in(&sh::root(), "rustc", &["-vV"])?;
    let target = target.lines().find_map(|line| line.strip_prefix("host: ")).ok_or("rustc names no host")?.to_owned();
    let metadata = MetadataCommand::new()
        .current_dir(sh::root())
        .features(CargoOpt::AllFeatures)
        .other_options(vec!["--locked".to_owned(), "--filter-platform".to_owned(), target])
        .exec()
        .map_err(|error| error.to_string())?;
    let packages: HashMap<&PackageId, &Package> =
        metadata.packages.iter().map(|package| (&package.id, package)).collect();
    let resolve = metadata.resolve.as_ref().ok_or("cargo has not resolved the dependencies")?;
    // What is compiled into the binary: neither what only builds it nor what only tests it.
    let needs: HashMap<&PackageId, Vec<&PackageId>> = resolve
        .nodes
        .iter()
        .map(|node| {
            let normal =
                node.deps.iter().filter(|dep| dep.dep_kinds.iter().any(|kind| kind.kind == DependencyKind::Normal));
            (&node.id, normal.map(|dep| &dep.pkg).collect())
        })
        .collect();
    let server = metadata.packages.iter().find(|package| package.name.as_str() == "quintet");
    let server = server.ok_or("there is no package `quintet`")?;
    let (mut reached, mut left) = (BTreeSet::new(), vec![&server.id]);
    while let Some(id) = left.pop() {
        if reached.insert(id) {
            left.extend(needs.get(id).into_iter().flatten());
        }
    }
    let checksums = checksums()?;
    let web = web()?;
    let (mut components, mut dependencies) = (Vec::new(), Vec::new());
    let mut of_server: Vec<String> = web.iter().map(|component| component["bom-ref"].to_string()).collect();
    for id in reached {
        let Some(package) = packages.get(id) else { continue };
        let mut names: Vec<String> =
            needs.get(id).into_iter().flatten().filter_map(|id| packages.get(id)).map(|p| purl(p)).collect();
        names.sort();
        names.dedup();
        if package.id == server.id {
            of_server = of_server.iter().map(|name| name.trim_matches('"').to_owned()).chain(names).collect();
            continue;
        }
        dependencies.push(json!({ "ref": purl(package), "dependsOn": names }));
        components.push(component(package, &checksums));
    }
    dependencies.push(json!({ "ref": purl(server), "dependsOn": of_server }));
    components.extend(web);
    components.sort_by_key(|component| component["bom-ref"].to_string());
    let bill = json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "component": {
                "bom-ref": purl(server),
                "type": "application",
                "name": "quintet",
                "version": release.version,
                "description": server.description,
                "purl": purl(server),
                "licenses": [{ "expression": server.license }],
            },
        },
        "components": components,
        "dependencies": dependencies,
    });
    let file = release.to.join(format!("quintet-{}.cdx.json", release.version));
    let text = serde_json::to_string_pretty(&bill).map_err(|error| error.to_string())?;
    std::fs::write(&file, text + "\n").map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(file)
}

/// The name of a package that all programs understand.
fn purl(package: &Package) -> String {
    format!("pkg:cargo/{}@{}", package.name, package.version)
}

fn component(package: &Package, checksums: &BTreeMap<(String, String), String>) -> Value {
    let mut component = json!({
        "bom-ref": purl(package),
        "type": "library",
        "name": package.name.as_str(),
        "version": package.version.to_string(),
        "purl": purl(package),
    });
    if let Some(license) = &package.license {
        // Older crates separate licences by a stroke, which means `OR`.
        component["licenses"] = json!([{ "expression": license.replace('/', " OR ").replace("  ", " ") }]);
    }
    if let Some(sum) = checksums.get(&(package.name.to_string(), package.version.to_string())) {
        component["hashes"] = json!([{ "alg": "SHA-256", "content": sum }]);
    }
    component
}

/// The checksums in Cargo.lock, by name and version.
fn checksums() -> Result<BTreeMap<(String, String), String>, String> {
    let lock =
        std::fs::read_to_string(sh::root().join("Cargo.lock")).map_err(|error| format!("Cargo.lock: {error}"))?;
    let entry = |block: &str| {
        let field = |name: &str| {
            let line = block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(" = \""))?;
            line.strip_suffix('"').map(str::to_owned)
        };
        Some(((field("name")?, field("version")?), field("checksum")?))
    };
    Ok(lock.split("[[package]]").filter_map(entry).collect())
}

/// The packages of npm that the web client has, as its list says.
fn web() -> Result<Vec<Value>, String> {
    let path = sh::root().join("web/vendor/package-lock.json");
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let lock: Value = serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
    let packages = lock["packages"].as_object().ok_or("the web client's lock file has no packages")?;
    let component = |(path, package): (&String, &Value)| {
        let name = path.rsplit_once("node_modules/")?.1;
        if NOT_IN_BROWSERS.contains(&name) {
            return None;
        }
        let version = package["version"].as_str()?;
        let purl = format!("pkg:npm/{}@{version}", name.replace('@', "%40"));
        let licence = package["license"].as_str();
        Some(json!({
            "bom-ref": purl, "type": "library", "name": name, "version": version, "purl": purl,
            "licenses": licence.map(|licence| json!([{ "expression": licence }])).unwrap_or_else(|| json!([])),
        }))
    };
    Ok(packages.iter().filter_map(component).collect())
}
