//! Docs of fields and variants that are too short to say anything.
//!
//! What must stay true: the check reads the source as text, so that it needs no compiler and runs on code that does not
//! build.

/// Minimum number of words in the doc of a field or variant.
const WORDS_MIN: usize = 3;

/// One entry for each doc of a field or variant that is too short.
pub(crate) fn short(path: &str, text: &str) -> Vec<String> {
    let mut entries = Vec::new();
    let mut doc = String::new();
    let mut depth = 0_i32;
    for line in text.lines().map(str::trim) {
        if let Some(more) = line.strip_prefix("///") {
            doc.push_str(more);
            doc.push(' ');
            continue;
        }
        // Attributes may stand between a doc and its item, over several lines.
        if line.starts_with("#[") || depth > 0 {
            depth += brackets(line);
            continue;
        }
        if !doc.is_empty()
            && let Some(name) = field_or_variant(line)
            && doc.split_whitespace().count() < WORDS_MIN
        {
            entries.push(format!("short doc: {path}: {name}: {}", doc.trim()));
        }
        doc.clear();
    }
    entries
}

/// The number of square brackets that a line opens, less those that it closes.
fn brackets(line: &str) -> i32 {
    line.chars().map(|c| i32::from(c == '[') - i32::from(c == ']')).sum()
}

/// The name of the field or variant that a line declares.
fn field_or_variant(line: &str) -> Option<&str> {
    let after_pub = match line.strip_prefix("pub") {
        Some(rest) if rest.starts_with('(') => rest.split_once(')').map_or(line, |(_, rest)| rest.trim_start()),
        Some(rest) if rest.starts_with(' ') => rest.trim_start(),
        Some(_) | None => line,
    };
    let end = after_pub.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(after_pub.len());
    let (name, rest) = after_pub.split_at(end);
    let first = name.chars().next()?;
    let is_field = rest.starts_with(':') && !rest.starts_with("::");
    let is_variant = first.is_uppercase() && (rest.is_empty() || rest.starts_with([',', '(', ' ']));
    (is_field || is_variant).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn only_short_docs_of_fields_and_variants_are_found() {
        let text = "/// Two words.\nstruct Any {\n    /// Who.\n    pub(crate) user: User,\n    /// The user who asks.\n    pub by: User,\n}\n\
            enum Kind {\n    /// Where\n    /// it.\n    #[default]\n    Here,\n    /// Which.\n    #[serde(\n        rename = \"x\"\n    )]\n    \
            There(u8),\n}\n/// Runs.\npub fn run() {}\n/// A limit.\nconst MAX: u8 = 1;\n";
        assert_eq!(
            short("a.rs", text),
            ["short doc: a.rs: user: Who.", "short doc: a.rs: Here: Where  it.", "short doc: a.rs: There: Which."]
        );
    }
}
