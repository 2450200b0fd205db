//! The environment, read once. Nothing else in the program looks at it, so a test can say what it is.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

/// The variables, the working directory and the place for temporary files of this process.
#[derive(Clone, Default)]
pub struct Environment {
    variables: BTreeMap<OsString, OsString>,
    working_dir: PathBuf,
    temporary_dir: PathBuf,
}

impl Environment {
    /// What the process was started with.
    pub fn of_process() -> Self {
        Self { variables: std::env::vars_os().collect(), working_dir: std::env::current_dir().unwrap_or_default(), temporary_dir: std::env::temp_dir() }
    }

    /// A made-up environment, for tests.
    pub fn of<'a>(variables: impl IntoIterator<Item = (&'a str, &'a str)>, working_dir: impl Into<PathBuf>) -> Self {
        let variables = variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        Self { variables, working_dir: working_dir.into(), temporary_dir: PathBuf::new() }
    }

    /// A variable that is set, not empty and readable text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.raw(name)?.to_str()
    }

    /// A variable that is set and not empty.
    pub fn raw(&self, name: &str) -> Option<&OsStr> {
        self.variables.get(OsStr::new(name)).map(OsString::as_os_str).filter(|value| !value.is_empty())
    }

    /// All variables whose names start so, with readable names and values.
    pub(super) fn starting_with(&self, prefix: &str) -> impl Iterator<Item = (&str, &str)> {
        self.variables.iter().filter_map(|(name, value)| Some((name.to_str()?, value.to_str()?))).filter(move |(name, _)| name.starts_with(prefix))
    }

    /// Where relative paths start.
    pub fn working_dir(&self) -> &std::path::Path {
        &self.working_dir
    }

    /// Where this person's programs keep what can be made again (XDG Base Directory Specification), and there what this one does.
    pub fn cache_dir(&self) -> Option<PathBuf> {
        let absolute = |path: PathBuf| Some(path).filter(|path| path.is_absolute());
        let own = self.raw("XDG_CACHE_HOME").map(PathBuf::from).and_then(absolute);
        let of_home = || self.raw("HOME").map(|home| PathBuf::from(home).join(".cache")).and_then(absolute);
        Some(own.or_else(of_home)?.join("steward"))
    }

    /// Where short-lived directories may be made, best first.
    pub fn runtime_dirs(&self) -> Vec<PathBuf> {
        self.raw("XDG_RUNTIME_DIR").map(PathBuf::from).into_iter().chain(Some(self.temporary_dir.clone())).filter(|dir| dir.is_absolute()).collect()
    }
}

/// Names only: values may be secrets.
impl std::fmt::Debug for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.variables.keys()).finish()
    }
}
