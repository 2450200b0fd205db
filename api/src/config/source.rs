//! Where values come from: command line over environment over file. Everything becomes dotted keys with an origin.

use super::environment::Environment;
use super::error::ConfigError;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use toml::de::{DeTable, DeValue};

/// What every overriding variable starts with.
const PREFIX: &str = "STEWARD_";
/// Variables of that form which are no keys.
const NOT_KEYS: [&str; 11] = [
    "STEWARD_CONFIG",
    "STEWARD_AUDIT_KEY",
    "STEWARD_DATA_KEY",
    "STEWARD_DATA_KEY_FORMER",
    "STEWARD_ENVELOPE_KEY",
    "STEWARD_PUSH_KEY",
    "STEWARD_REGISTRY_PASSWORD",
    "STEWARD_REGISTRY_TOKEN",
    "STEWARD_REGISTRY_USER",
    "STEWARD_TEST_DATABASE_URL",
    "STEWARD_TOKEN",
];
/// What Kubernetes sets in every container for a service that is called `steward`.
const KUBERNETES: [&str; 2] = ["STEWARD_SERVICE_", "STEWARD_PORT"];
/// How deep tables may be nested.
const DEPTH_MAX: usize = 8;

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nobody set it.
    Default,
    /// A line of the file.
    File {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
    },
    /// An environment variable.
    Environment(String),
    /// A flag of the command line.
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line } => write!(f, "{}:{line}", path.display()),
            Self::Environment(name) => f.write_str(name),
            Self::Flag(name) => f.write_str(name),
        }
    }
}

/// A value before anybody knows what it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Raw {
    /// A string of the file.
    Text(String),
    /// A number of the file, as written.
    Number(String),
    /// A boolean of the file.
    Flag(bool),
    /// A list of strings of the file.
    List(Vec<String>),
    /// From the environment or the command line, where everything is text.
    Untyped(String),
    /// An empty table: it names something without saying more.
    Table,
    /// Something no key takes.
    Other(&'static str),
}

impl fmt::Display for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) | Self::Number(text) | Self::Untyped(text) => f.write_str(text),
            Self::Flag(flag) => write!(f, "{flag}"),
            Self::List(items) => f.write_str(&items.join(", ")),
            Self::Table => f.write_str("a table"),
            Self::Other(kind) => f.write_str(kind),
        }
    }
}

/// All values by dotted key.
#[derive(Debug, Default)]
pub(super) struct Sources {
    pub(super) file: Option<PathBuf>,
    pub(super) values: BTreeMap<String, (Raw, Origin)>,
    pub(super) problems: Vec<String>,
}

/// What the command line says about the configuration.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// The file to read.
    pub file: Option<PathBuf>,
    /// Key, value and the flag that set it.
    pub values: Vec<(&'static str, String, &'static str)>,
}

impl Sources {
    /// Reads the file that is named, or `steward.toml` of the working directory if it is there, and lays the rest over it.
    pub(super) fn gather(environment: &Environment, overrides: &Overrides) -> Result<Self, ConfigError> {
        let mut all = Self::default();
        if let Some(path) = find_file(environment, overrides)? {
            let text = std::fs::read_to_string(&path).map_err(|source| ConfigError::Unreadable { path: path.clone(), source })?;
            all.add_file(&path, &text)?;
            all.file = Some(path);
        }
        all.add_environment(environment);
        for (key, value, flag) in &overrides.values {
            all.values.insert((*key).to_owned(), (Raw::Untyped(value.clone()), Origin::Flag(flag)));
        }
        Ok(all)
    }

    fn add_file(&mut self, path: &Path, text: &str) -> Result<(), ConfigError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let table = DeTable::parse(text).map_err(|err| ConfigError::Syntax {
            path: path.to_owned(),
            line: line_of(text, err.span().map_or(0, |span| span.start)),
            message: err.message().lines().next().unwrap_or_default().to_owned(),
        })?;
        self.add_table(path, text, "", table.get_ref(), 0);
        Ok(())
    }

    fn add_table(&mut self, path: &Path, text: &str, prefix: &str, table: &DeTable<'_>, depth: usize) {
        for (name, value) in table {
            let origin = Origin::File { path: path.to_owned(), line: line_of(text, name.span().start) };
            let name = name.get_ref();
            if name.is_empty()
                || !name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-' || (name.starts_with('/') && matches!(byte, b'/' | b'*' | b'~')))
            {
                self.problems.push(format!("`{prefix}{name}` ({origin}) is no name; names have letters, digits, `_` and `-` only, or are JSON pointers"));
                continue;
            }
            let key = format!("{prefix}{name}");
            match value.get_ref() {
                DeValue::Table(inner) if !inner.is_empty() && depth < DEPTH_MAX => self.add_table(path, text, &format!("{key}."), inner, depth + 1),
                DeValue::Array(items) if items.iter().any(|item| item.get_ref().is_table()) => {
                    for (index, item) in items.iter().enumerate() {
                        match item.get_ref() {
                            DeValue::Table(inner) if depth < DEPTH_MAX => self.add_table(path, text, &format!("{key}.{index}."), inner, depth + 1),
                            other => drop(self.values.insert(format!("{key}.{index}"), (raw(other), origin.clone()))),
                        }
                    }
                }
                other => drop(self.values.insert(key, (raw(other), origin))),
            }
        }
    }

    fn add_environment(&mut self, environment: &Environment) {
        for (name, value) in environment.starting_with(PREFIX) {
            if NOT_KEYS.contains(&name) || KUBERNETES.iter().any(|prefix| name.starts_with(prefix)) {
                continue;
            }
            let key = name.trim_start_matches(PREFIX).to_ascii_lowercase().replace("__", ".");
            self.values.insert(key, (Raw::Untyped(value.to_owned()), Origin::Environment(name.to_owned())));
        }
    }
}

fn find_file(environment: &Environment, overrides: &Overrides) -> Result<Option<PathBuf>, ConfigError> {
    let named = overrides.file.clone().map(|path| (path, "`--config`"));
    let named = named.or_else(|| environment.raw("STEWARD_CONFIG").map(|path| (PathBuf::from(path), "`STEWARD_CONFIG`")));
    match named {
        Some((path, by)) => {
            let path = environment.working_dir().join(path);
            if path.is_file() { Ok(Some(path)) } else { Err(ConfigError::NoFile { path, by }) }
        }
        None => Ok(Some(environment.working_dir().join("steward.toml")).filter(|path| path.is_file())),
    }
}

fn raw(value: &DeValue<'_>) -> Raw {
    match value {
        DeValue::String(text) => Raw::Text(text.clone().into_owned()),
        // Hexadecimal and its kin are for masks; no key is one.
        DeValue::Integer(number) if number.radix() == 10 => Raw::Number(number.as_str().replace('_', "")),
        DeValue::Integer(_) => Raw::Other("a number that is not decimal"),
        DeValue::Float(number) => Raw::Number(number.as_str().replace('_', "")),
        DeValue::Boolean(flag) => Raw::Flag(*flag),
        DeValue::Datetime(_) => Raw::Other("a date"),
        DeValue::Array(items) => {
            let texts: Option<Vec<String>> = items.iter().map(|item| item.get_ref().as_str().map(str::to_owned)).collect();
            texts.map_or(Raw::Other("a list of something else than strings"), Raw::List)
        }
        DeValue::Table(_) => Raw::Table,
    }
}

fn line_of(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}
