//! What the unit tests share.

use crate::problem::RulesError;
use crate::rules::{RuleFile, Rules};
use steward_core::ToolSpec;

/// One file of rules.
pub(crate) fn file(name: &str, text: &str) -> RuleFile {
    RuleFile { name: name.to_owned(), text: text.to_owned() }
}

/// Loads one text as the only file.
pub(crate) fn load(text: &str, tools: &[ToolSpec]) -> Result<Rules, RulesError> {
    Rules::load(&[file("test.cedar", text)], tools)
}

/// Loads one text with the sample catalogue; it has to load.
pub(crate) fn rules(text: &str) -> Rules {
    load(text, &crate::sample::tools().expect("sample tools")).unwrap_or_else(|err| panic!("{err}\n{text}"))
}
