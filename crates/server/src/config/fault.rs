//! Errors in settings that parse, but whose values are not allowed.
//!
//! What must stay true: an error names the setting, where its value came from, and the value, unless it is a secret.

use std::collections::BTreeMap;

use toml::{Table, Value};

use crate::failure::Failure;

/// The environment variables that set something, by the setting's table and key.
pub(super) type Variables = BTreeMap<(&'static str, &'static str), String>;

/// Where the settings were read.
pub(super) struct Sources {
    /// The name of the configuration file.
    pub(super) file: String,
    /// The tables of the file.
    pub(super) in_file: Table,
    /// The environment variables that were used.
    pub(super) variables: Variables,
}

impl Sources {
    /// Removes a setting that an option of the command line replaces.
    pub(super) fn replace(&mut self, table: &'static str, key: &'static str) {
        self.variables.remove(&(table, key));
        if let Some(table) = self.in_file.get_mut(table).and_then(Value::as_table_mut) {
            table.remove(key);
        }
    }
}

/// An error in the settings of one table.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Fault {
    table: &'static str,
    keys: &'static [&'static str],
    /// What is wrong, as the rest of a sentence that starts with the table.
    what: String,
}

impl Fault {
    pub(super) fn of(table: &'static str, keys: &'static [&'static str], what: impl Into<String>) -> Self {
        Self { table, keys, what: what.into() }
    }

    /// Returns the error as a sentence, without where the setting came from.
    pub(super) fn into_sentence(self) -> String {
        format!("[{}] {}", self.table, self.what)
    }

    /// Returns the error as a sentence, which names the environment variables or the file that the settings came from,
    /// and their values. `shown` has the values of all settings but secrets.
    pub(super) fn describe(&self, shown: &Table, sources: &Sources) -> Failure {
        format!("{}[{}] {}{}", self.origin(sources), self.table, self.what, self.values(shown))
    }

    /// Returns the beginning of the sentence; empty if the settings are options of the command line, or defaults.
    fn origin(&self, Sources { file, in_file, variables }: &Sources) -> String {
        let variable = |key: &&'static str| variables.get(&(self.table, *key)).map(String::as_str);
        let named: Vec<&str> = self.keys.iter().filter_map(variable).collect();
        let of_file = in_file.get(self.table).and_then(Value::as_table);
        match named[..] {
            [] if of_file.is_some_and(|table| self.keys.iter().any(|key| table.contains_key(*key))) => {
                format!("{file}: ")
            }
            [] => String::new(),
            [one] => format!("the environment variable {one}: "),
            _ => format!("the environment variables {}: ", named.join(", ")),
        }
    }

    /// Returns the values that the sentence does not name yet, in brackets.
    fn values(&self, shown: &Table) -> String {
        let of_table = shown.get(self.table).and_then(Value::as_table);
        // The sentence names the entry of a list of tables.
        let is_plain = |value: &&Value| match value {
            Value::Table(_) => false,
            Value::Array(items) => !items.is_empty() && !items.iter().any(Value::is_table),
            _ => true,
        };
        let value = |key: &&'static str| of_table?.get(*key).filter(is_plain).map(|value| (*key, value.to_string()));
        let values: Vec<(&str, String)> = self.keys.iter().filter_map(value).collect();
        let unnamed = values.iter().filter(|(_, value)| !self.what.contains(&format!("`{}`", value.trim_matches('"'))));
        let unnamed: Vec<String> = unnamed.map(|(key, value)| format!("{key} is {value}")).collect();
        if unnamed.is_empty() { String::new() } else { format!(" ({})", unnamed.join(", ")) }
    }
}
