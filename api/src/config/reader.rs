//! Reading keys by name. Every key that is asked for is a known one; what is left at the end is unknown.

use super::error::ConfigError;
use super::source::{Origin, Raw, Sources};
use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

/// How alike two keys must be for one to be offered for the other, from 0 to 1.
pub(super) const ALIKE_MIN: f64 = 0.75;

/// One effective value, as `steward doctor` shows it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Setting {
    /// The dotted key.
    pub key: String,
    /// The value; secrets are left out.
    pub value: String,
    /// Where it comes from.
    pub origin: String,
}

/// Reads values, collects what is wrong, and remembers what was asked for.
#[derive(Debug)]
pub(super) struct Reader {
    sources: Sources,
    asked: BTreeSet<String>,
    settings: Vec<Setting>,
    problems: Vec<String>,
    working_dir: PathBuf,
}

impl Reader {
    pub(super) fn new(mut sources: Sources, working_dir: &Path) -> Self {
        let problems = std::mem::take(&mut sources.problems);
        Self { sources, asked: BTreeSet::new(), settings: Vec::new(), problems, working_dir: working_dir.to_owned() }
    }

    /// Names of the tables directly under `section`, for example of the models.
    pub(super) fn names_under(&self, section: &str, besides: &[&str]) -> BTreeSet<String> {
        let names = self.sources.values.keys().filter_map(|key| key.strip_prefix(section)?.strip_prefix('.'));
        names.map(|rest| rest.split('.').next().unwrap_or(rest).to_owned()).filter(|name| !besides.contains(&name.as_str())).collect()
    }

    /// The tables of a list of tables, `name.0` and so on; that there is such a list is known.
    pub(super) fn tables(&mut self, name: &str) -> Vec<String> {
        self.know(name);
        self.names_under(name, &[]).iter().map(|index| format!("{name}.{index}")).collect()
    }

    /// Where a key's value comes from.
    pub(super) fn origin(&self, key: &str) -> Origin {
        self.sources.values.get(key).map_or(Origin::Default, |(_, origin)| origin.clone())
    }

    /// A key nobody reads further, such as the header of an empty table.
    pub(super) fn know(&mut self, key: &str) {
        self.asked.insert(key.to_owned());
    }

    /// Adds a problem with a key: its place and value are put before `advice`.
    pub(super) fn refuse(&mut self, key: &str, advice: &str) {
        let place = match self.sources.values.get(key) {
            Some((value, origin)) => format!("`{key}` is `{}` ({origin})", shown(value)),
            None => format!("`{key}` is not set"),
        };
        self.problems.push(format!("{place}: {advice}"));
    }

    fn take(&mut self, key: &str) -> Option<Raw> {
        self.asked.insert(key.to_owned());
        self.sources.values.get(key).map(|(value, _)| value.clone())
    }

    fn show(&mut self, key: &str, value: impl Into<String>) {
        let origin = self.origin(key).to_string();
        self.settings.push(Setting { key: key.to_owned(), value: value.into(), origin });
    }

    /// A text, or the default.
    pub(super) fn text(&mut self, key: &str, default: &str) -> String {
        let value = self.text_or_none(key).unwrap_or_else(|| default.to_owned());
        self.show(key, value.clone());
        value
    }

    /// A text that may be a secret: shown only as `mask` makes it.
    pub(super) fn secret(&mut self, key: &str, mask: impl FnOnce(&str) -> String) -> String {
        let value = self.text_or_none(key).unwrap_or_default();
        let shown = if value.is_empty() { String::new() } else { mask(&value) };
        self.show(key, shown);
        value
    }

    fn text_or_none(&mut self, key: &str) -> Option<String> {
        match self.take(key)? {
            Raw::Text(text) | Raw::Untyped(text) => Some(text),
            Raw::Number(_) | Raw::Flag(_) | Raw::List(_) | Raw::Table | Raw::Other(_) => {
                self.refuse(key, "write a text in quotes");
                None
            }
        }
    }

    /// A text that `parse` understands, or the default, which it must understand too.
    pub(super) fn parsed<T>(&mut self, key: &str, default: &str, advice: &str, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
        let text = self.text(key, default);
        let value = parse(&text);
        if value.is_none() {
            self.refuse(key, advice);
        }
        value
    }

    /// Yes or no, or the default.
    pub(super) fn flag(&mut self, key: &str, default: bool) -> bool {
        let value = match self.take(key) {
            None => Some(default),
            Some(Raw::Flag(flag)) => Some(flag),
            Some(Raw::Untyped(text)) => text.parse().ok(),
            Some(Raw::Text(_) | Raw::Number(_) | Raw::List(_) | Raw::Table | Raw::Other(_)) => None,
        };
        if value.is_none() {
            self.refuse(key, "write true or false");
        }
        self.show(key, value.unwrap_or(default).to_string());
        value.unwrap_or(default)
    }

    /// A whole number within bounds, or the default.
    pub(super) fn number(&mut self, key: &str, default: u64, bounds: RangeInclusive<u64>) -> u64 {
        let value = match self.take(key) {
            None => default,
            Some(Raw::Number(text) | Raw::Untyped(text)) if text.parse::<u64>().is_ok_and(|number| bounds.contains(&number)) => text.parse().unwrap_or(default),
            Some(_) => {
                self.refuse(key, &format!("write a whole number from {} to {}", bounds.start(), bounds.end()));
                default
            }
        };
        self.show(key, value.to_string());
        value
    }

    /// A whole number within bounds, if there is one.
    pub(super) fn number_or_none(&mut self, key: &str, bounds: RangeInclusive<u64>) -> Option<u64> {
        if !self.sources.values.contains_key(key) {
            self.know(key);
            return None;
        }
        Some(self.number(key, *bounds.start(), bounds))
    }

    /// A decimal number as `parse` understands it, or the default.
    pub(super) fn decimal<T>(&mut self, key: &str, default: &str, advice: &str, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
        let text = match self.take(key) {
            None => default.to_owned(),
            Some(Raw::Number(text) | Raw::Untyped(text)) => text,
            Some(Raw::Text(_) | Raw::Flag(_) | Raw::List(_) | Raw::Table | Raw::Other(_)) => {
                self.refuse(key, advice);
                return None;
            }
        };
        self.show(key, text.clone());
        let value = parse(&text);
        if value.is_none() {
            self.refuse(key, advice);
        }
        value
    }

    /// A list of texts, or the default. In the environment it is separated by commas.
    pub(super) fn list(&mut self, key: &str, default: &[&str]) -> Vec<String> {
        let value = match self.take(key) {
            None => default.iter().map(|item| (*item).to_owned()).collect(),
            Some(Raw::List(items)) => items,
            Some(Raw::Untyped(text)) => text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect(),
            Some(Raw::Text(_) | Raw::Number(_) | Raw::Flag(_) | Raw::Table | Raw::Other(_)) => {
                self.refuse(key, "write a list of texts, for example [\"crm.*\"]");
                Vec::new()
            }
        };
        self.show(key, value.join(", "));
        value
    }

    /// A path. In a file it starts at the file's directory, elsewhere at the working directory.
    pub(super) fn path(&mut self, key: &str, default: &str) -> PathBuf {
        let text = self.text_or_none(key).unwrap_or_else(|| default.to_owned());
        let start = match self.origin(key) {
            Origin::File { path, .. } => path.parent().map_or_else(|| self.working_dir.clone(), Path::to_owned),
            Origin::Default | Origin::Environment(_) | Origin::Flag(_) => self.working_dir.clone(),
        };
        let path = start.join(&text);
        let path = std::path::absolute(&path).unwrap_or(path);
        self.show(key, path.display().to_string());
        if text.is_empty() {
            self.refuse(key, "write a path");
        }
        path
    }

    /// A path that may be left empty.
    pub(super) fn path_or_none(&mut self, key: &str) -> Option<PathBuf> {
        match self.sources.values.get(key) {
            Some((Raw::Text(text) | Raw::Untyped(text), _)) if !text.is_empty() => Some(self.path(key, "")),
            Some(_) | None => {
                self.text(key, "");
                None
            }
        }
    }

    /// A text that this version only takes empty.
    pub(super) fn not_yet(&mut self, key: &str, instead: &str) {
        let value = self.text(key, "");
        if !value.is_empty() {
            self.refuse(key, &format!("this is not available in this version; leave it empty, and {instead}"));
        }
    }

    /// Whether keys of this table were asked for: one that is empty says nothing, and is none the less right.
    fn is_section(&self, key: &str) -> bool {
        let below = format!("{key}.");
        self.asked.range(below.clone()..).next().is_some_and(|known| known.starts_with(&below))
    }

    /// Names every key that nobody asked for, and gives the effective values or all that is wrong.
    pub(super) fn finish(mut self) -> Result<Vec<Setting>, ConfigError> {
        for (key, (value, origin)) in &self.sources.values {
            if self.asked.contains(key) || (*value == Raw::Table && self.is_section(key)) {
                continue;
            }
            let nearest = self.asked.iter().map(|known| (strsim::jaro_winkler(known, key), known)).max_by(|a, b| a.0.total_cmp(&b.0));
            let hint = match nearest {
                Some((alike, known)) if alike >= ALIKE_MIN => format!("did you mean `{}`?", spelled(known, origin)),
                Some(_) | None => "see `steward doctor` for all keys".to_owned(),
            };
            let what = match origin {
                Origin::Environment(name) => format!("`{name}` sets no known key"),
                Origin::Default | Origin::File { .. } | Origin::Flag(_) => format!("there is no key `{key}` ({origin})"),
            };
            self.problems.push(format!("{what}; {hint}"));
        }
        if self.problems.is_empty() { Ok(self.settings) } else { Err(ConfigError::Wrong(self.problems)) }
    }
}

/// A key as it is written where the wrong one stands.
fn spelled(key: &str, origin: &Origin) -> String {
    match origin {
        Origin::Environment(_) => format!("STEWARD_{}", key.replace('.', "__").to_ascii_uppercase()),
        Origin::Default | Origin::File { .. } | Origin::Flag(_) => key.to_owned(),
    }
}

/// A wrong value in a message: cut, and without a password if it is a URL.
fn shown(value: &Raw) -> String {
    super::mask_url(&value.to_string()).chars().take(120).collect()
}
