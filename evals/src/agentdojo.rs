//! Suites in the format `secbench.agentdojo/1` with `secbench.annotations/1`: tools, tasks, attacks and recorded outputs as data.
//!
//! Reads and fills in; judges nothing, and knows no suite.

mod annotations;
mod suite;
mod tools;

pub use annotations::{Annotations, Note};
pub use suite::{Call, InjectionTask, Pair, Suite, UserTask};
pub use tools::toolbox;

use crate::error::EvalError;
use serde::de::DeserializeOwned;
use std::path::{Path, PathBuf};

/// The format of a suite.
pub const SUITE_FORMAT: &str = "secbench.agentdojo/1";
/// The format of the annotations.
pub const ANNOTATIONS_FORMAT: &str = "secbench.annotations/1";

/// All suites of a folder that its annotations speak of, by name.
pub fn load(dir: &Path) -> Result<Vec<Suite>, EvalError> {
    let path = dir.join("annotations.json");
    if !path.is_file() {
        return Err(EvalError::Nothing(dir.to_owned()));
    }
    let annotations: Annotations = read(path, ANNOTATIONS_FORMAT)?;
    let mut suites = Vec::new();
    for (name, notes) in &annotations.suites {
        let path = dir.join(format!("{name}.json"));
        if path.is_file() {
            let mut suite: Suite = read(path.clone(), SUITE_FORMAT)?;
            suite.prepare(notes.clone(), annotations.ref_types.clone()).map_err(|reason| EvalError::Format { path, format: SUITE_FORMAT, reason })?;
            suites.push(suite);
        }
    }
    if suites.is_empty() { Err(EvalError::Nothing(dir.to_owned())) } else { Ok(suites) }
}

/// A file with a `format`, which is looked at first: a file of another kind is told as such.
fn read<T: DeserializeOwned>(path: PathBuf, format: &'static str) -> Result<T, EvalError> {
    let bytes = std::fs::read(&path).map_err(|source| EvalError::File { path: path.clone(), source })?;
    let wrong = |reason: String| EvalError::Format { path: path.clone(), format, reason };
    let value: serde_json::Value = serde_json::from_slice(&bytes).map_err(|err| wrong(format!("it is no JSON: {err}")))?;
    match value.get("format").and_then(serde_json::Value::as_str) {
        Some(found) if found == format => {}
        Some(found) => return Err(wrong(format!("its `format` is `{found}`"))),
        None => return Err(wrong("it has no `format`".to_owned())),
    }
    serde_path_to_error::deserialize(value).map_err(|err| wrong(format!("at `{}`: {}", err.path(), err.inner())))
}
