//! All versions of all prompts, and where their labels point.

use crate::error::PromptError;
use crate::file::{FileKind, LabelMove, Prompt, kind_of, read_labels, read_prompt};
use crate::reference::{Reference, Selector};
use std::collections::{BTreeMap, BTreeSet};

/// Every known prompt. Loaded whole or not at all: one bad file refuses the set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Registry {
    prompts: BTreeMap<(String, u32), Prompt>,
    labels: BTreeMap<String, Vec<LabelMove>>,
}

impl Registry {
    /// Reads files given as path below the prompts folder and text.
    pub fn load<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, PromptError> {
        let mut all = Self::default();
        for (path, text) in files {
            match kind_of(path)? {
                FileKind::Labels(name) => {
                    all.labels.insert(name.to_owned(), read_labels(path, name, text)?);
                }
                FileKind::Version(name, version) => {
                    let prompt = read_prompt(path, name, version, text)?;
                    if all.prompts.insert((name.to_owned(), version), prompt).is_some() {
                        return Err(PromptError::Twice { name: name.to_owned(), version });
                    }
                }
            }
        }
        for (name, moves) in &all.labels {
            if let Some(lost) = moves.iter().find(|one| all.get(name, one.version).is_none()) {
                return Err(PromptError::Dangling { name: name.clone(), label: lost.label.clone(), version: lost.version });
            }
        }
        Ok(all)
    }

    /// One version of a prompt, if it is there.
    pub fn get(&self, name: &str, version: u32) -> Option<&Prompt> {
        self.prompts.get(&(name.to_owned(), version))
    }

    /// The prompt a reference such as `assistant@production` or `assistant@3` leads to now.
    pub fn resolve(&self, reference: &str) -> Result<&Prompt, PromptError> {
        let reference: Reference = reference.parse()?;
        let version = match &reference.selector {
            Selector::Version(version) => Some(*version),
            Selector::Label(label) => self.labels(&reference.name).get(label.as_str()).copied(),
        };
        match version.and_then(|version| self.get(&reference.name, version)) {
            Some(prompt) => Ok(prompt),
            None => Err(PromptError::Missing { known: self.known(&reference.name), reference }),
        }
    }

    /// All versions, by name and number.
    pub fn list(&self) -> impl Iterator<Item = &Prompt> {
        self.prompts.values()
    }

    /// Where the labels of a prompt point now.
    pub fn labels(&self, name: &str) -> BTreeMap<&str, u32> {
        self.history(name).iter().map(|one| (one.label.as_str(), one.version)).collect()
    }

    /// Every move of a prompt's labels, oldest first.
    pub fn history(&self, name: &str) -> &[LabelMove] {
        self.labels.get(name).map_or(&[], Vec::as_slice)
    }

    /// What there is instead, for the message.
    fn known(&self, name: &str) -> String {
        let versions: Vec<String> = self.list().filter(|prompt| prompt.name == name).map(|prompt| prompt.version.to_string()).collect();
        if versions.is_empty() {
            let names: BTreeSet<&str> = self.list().map(|prompt| prompt.name.as_str()).collect();
            return format!("prompts are: {}", names.into_iter().collect::<Vec<_>>().join(", "));
        }
        let labels: Vec<&str> = self.labels(name).into_keys().collect();
        format!("`{name}` has versions {} and labels {}", versions.join(", "), if labels.is_empty() { "none".to_owned() } else { labels.join(", ") })
    }
}

#[cfg(test)]
mod tests;
