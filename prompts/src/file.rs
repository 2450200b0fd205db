//! Reading one prompt file or one label file. Whatever is not exactly as it should be is refused with the file's name.

use crate::error::PromptError;
use crate::reference::{is_name, version};
use crate::render::placeholders;
use serde::Deserialize;
use std::collections::BTreeSet;
use steward_core::Digest;

/// The longest prompt file, in bytes.
pub const PROMPT_BYTES_MAX: usize = 64 * 1024;
/// The most lines of a prompt file.
pub const PROMPT_LINES_MAX: usize = 2_000;

/// One version of a prompt. It never changes once it is released.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    /// Its name.
    pub name: String,
    /// Its version, from 1.
    pub version: u32,
    /// One sentence for people.
    pub description: String,
    /// The variables a rendering must give, no more and no fewer.
    pub variables: BTreeSet<String>,
    /// The text after the front matter, with placeholders.
    pub text: String,
    /// SHA-256 of the whole file, front matter included.
    pub digest: Digest,
}

impl Prompt {
    /// `name@version`, as runs are pinned to.
    pub fn reference(&self) -> String {
        format!("{}@{}", self.name, self.version)
    }
}

/// One move of a label.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LabelMove {
    /// The label.
    pub label: String,
    /// Where it points from then on.
    pub version: u32,
    /// The day.
    pub on: toml::value::Datetime,
    /// Why, in a sentence.
    pub why: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FrontMatter {
    name: String,
    version: u32,
    description: String,
    variables: BTreeSet<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LabelFile {
    #[serde(rename = "move")]
    moves: Vec<LabelMove>,
}

/// What a path below the prompts folder is.
pub(crate) enum FileKind<'a> {
    /// A version of a prompt.
    Version(&'a str, u32),
    /// The labels of a prompt.
    Labels(&'a str),
}

/// Tells what a path is by its form.
pub(crate) fn kind_of(path: &str) -> Result<FileKind<'_>, PromptError> {
    let refused = || PromptError::Path { path: path.to_owned() };
    let (name, file) = path.split_once('/').ok_or_else(refused)?;
    if !is_name(name) {
        return Err(refused());
    }
    if file == "labels.toml" {
        return Ok(FileKind::Labels(name));
    }
    let number = file.strip_prefix('v').and_then(|rest| rest.strip_suffix(".md")).and_then(version).ok_or_else(refused)?;
    Ok(FileKind::Version(name, number))
}

/// Reads one version.
pub(crate) fn read_prompt(path: &str, name: &str, number: u32, file: &str) -> Result<Prompt, PromptError> {
    let path = || path.to_owned();
    if file.len() > PROMPT_BYTES_MAX {
        return Err(PromptError::TooLong { path: path(), most: PROMPT_BYTES_MAX, unit: "bytes" });
    }
    if file.lines().count() > PROMPT_LINES_MAX {
        return Err(PromptError::TooLong { path: path(), most: PROMPT_LINES_MAX, unit: "lines" });
    }
    let (front, text) = file.strip_prefix("+++\n").and_then(|rest| rest.split_once("\n+++\n")).ok_or_else(|| PromptError::FrontMatter { path: path() })?;
    let front: FrontMatter = toml::from_str(front).map_err(|source| PromptError::Toml { path: path(), source: Box::new(source) })?;
    if front.name != name || front.version != number {
        return Err(PromptError::Mismatch { path: path(), found: format!("{}@{}", front.name, front.version) });
    }
    let text = text.trim();
    if text.is_empty() {
        return Err(PromptError::Empty { path: path() });
    }
    let used = placeholders(text).map_err(|placeholder| PromptError::Placeholder { path: path(), placeholder })?;
    if let Some(variable) = used.difference(&front.variables).next() {
        return Err(PromptError::Undeclared { path: path(), variable: variable.clone() });
    }
    if let Some(variable) = front.variables.difference(&used).next() {
        return Err(PromptError::Unused { path: path(), variable: variable.clone() });
    }
    Ok(Prompt {
        name: front.name,
        version: front.version,
        description: front.description,
        variables: front.variables,
        text: text.to_owned(),
        digest: Digest::of(file.as_bytes()),
    })
}

/// Reads the label moves of one prompt.
pub(crate) fn read_labels(path: &str, name: &str, file: &str) -> Result<Vec<LabelMove>, PromptError> {
    let read: LabelFile = toml::from_str(file).map_err(|source| PromptError::Toml { path: path.to_owned(), source: Box::new(source) })?;
    match read.moves.iter().find(|one| !is_name(&one.label)) {
        Some(bad) => Err(PromptError::BadLabel { name: name.to_owned(), label: bad.label.chars().take(80).collect() }),
        None => Ok(read.moves),
    }
}
