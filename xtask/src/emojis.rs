//! The emojis of the web client, and their names: compact modules that `cargo xtask vendor` makes of an npm package.

use std::path::Path;

use serde_json::Value;

/// The package.
pub(crate) const PACKAGE: &str = "emojibase-data";

/// The languages of the web client, each with a module of names.
const LANGUAGES: [&str; 2] = ["en", "de"];

/// The newest version of Unicode's emojis that the fonts of most systems have.
const VERSION_MAX: f64 = 15.1;

/// The group of skin tones and hair, which are no emojis by themselves.
const COMPONENTS: u64 = 2;

/// An emoji in one language.
struct Emoji {
    order: u64,
    group: u64,
    text: String,
    name: String,
    words: Vec<String>,
}

fn parsed(value: &Value) -> Option<Emoji> {
    let group = value.get("group")?.as_u64().filter(|group| *group != COMPONENTS)?;
    value.get("version")?.as_f64().filter(|version| *version <= VERSION_MAX)?;
    let text = |name: &str| value.get(name)?.as_str().map(str::to_owned);
    let words = value.get("tags").and_then(Value::as_array).into_iter().flatten();
    Some(Emoji {
        order: value.get("order")?.as_u64()?,
        group,
        text: text("emoji")?,
        name: text("label")?,
        words: words.filter_map(|word| word.as_str().map(str::to_owned)).collect(),
    })
}

fn read(path: &Path) -> Result<Vec<Emoji>, String> {
    let wrong = |error: String| format!("{}: {error}", path.display());
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    let values: Vec<Value> = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    let mut found: Vec<Emoji> = values.iter().filter_map(parsed).collect();
    found.sort_by_key(|emoji| emoji.order);
    Ok(found)
}

/// Returns the modules as names of files and their texts: the emojis by group, and for each language a line for each
/// emoji in the same order, with its name and the words by which it is found.
pub(crate) fn modules(package: &Path) -> Result<Vec<(String, String)>, String> {
    let mut modules = Vec::new();
    let mut first: Vec<String> = Vec::new();
    for language in LANGUAGES {
        let emojis = read(&package.join(language).join("data.json"))?;
        let texts: Vec<String> = emojis.iter().map(|emoji| emoji.text.clone()).collect();
        if first.is_empty() {
            modules.push(("emojis.js".to_owned(), groups(&emojis)));
            first = texts;
        } else if first != texts {
            return Err(format!("the emojis of {language} differ from those of {}", LANGUAGES[0]));
        }
        let lines: Vec<String> =
            emojis.iter().map(|emoji| format!("{}:{}", emoji.name, emoji.words.join(","))).collect();
        let lines = lines.join("\n");
        if lines.contains(['`', '\\', '$']) {
            return Err(format!("a name of {language} would end the text that it stands in"));
        }
        modules.push((format!("emoji-names-{language}.js"), format!("export const names = `{lines}`;\n")));
    }
    Ok(modules)
}

/// The emojis of each group, a group on each line.
fn groups(emojis: &[Emoji]) -> String {
    let mut lines: Vec<(u64, Vec<&str>)> = Vec::new();
    for emoji in emojis {
        match lines.last_mut() {
            Some((group, those)) if *group == emoji.group => those.push(&emoji.text),
            Some(_) | None => lines.push((emoji.group, vec![&emoji.text])),
        }
    }
    let lines: Vec<String> = lines.iter().map(|(_, those)| those.join(" ")).collect();
    format!("export const groups = `{}`;\n", lines.join("\n"))
}
