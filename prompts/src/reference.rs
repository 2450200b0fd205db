//! How a prompt is named from outside: `assistant@3` for a version, `assistant@production` for a label.

use std::{fmt, str::FromStr};
use steward_core::{HasKind, Kind};

/// The longest name of a prompt or label, in bytes.
const NAME_BYTES_MAX: usize = 60;

/// A version number or a label.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Selector {
    /// Exactly this version.
    Version(u32),
    /// Whatever this label points to.
    Label(String),
}

/// A prompt by name, and which of its versions.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference {
    /// The prompt's name.
    pub name: String,
    /// Which version.
    pub selector: Selector,
}

/// A text that names no prompt.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` names no prompt; write `<name>@<label>` or `<name>@<version>`, for example `assistant@production` or `assistant@3`")]
pub struct ReferenceError(String);

impl HasKind for ReferenceError {
    fn kind(&self) -> Kind {
        Kind::Invalid
    }
}

/// Whether a text can be a prompt's name or a label: lower-case letters, digits and hyphens, a letter first.
pub(crate) fn is_name(text: &str) -> bool {
    text.len() <= NAME_BYTES_MAX
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// A version as it is written: no sign, no leading zero, not zero.
pub(crate) fn version(text: &str) -> Option<u32> {
    let number = text.parse().ok()?;
    (number > 0 && text == format!("{number}")).then_some(number)
}

impl FromStr for Reference {
    type Err = ReferenceError;
    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        let refused = || ReferenceError(text.chars().take(80).collect());
        let (name, selector) = text.split_once('@').ok_or_else(refused)?;
        let selector = match version(selector) {
            Some(version) => Selector::Version(version),
            None if is_name(selector) => Selector::Label(selector.to_owned()),
            None => return Err(refused()),
        };
        if is_name(name) { Ok(Self { name: name.to_owned(), selector }) } else { Err(refused()) }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.selector {
            Selector::Version(version) => write!(f, "{}@{version}", self.name),
            Selector::Label(label) => write!(f, "{}@{label}", self.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_no_prompt_is_refused() {
        let long = format!("{}@1", "a".repeat(61));
        for text in [
            "",
            "assistant",
            "@1",
            "assistant@",
            "assistant@0",
            "assistant@01",
            "assistant@+1",
            "assistant@-1",
            "Assistant@1",
            "a b@1",
            "a@b@c",
            "a@4294967296",
            "../a@1",
            &long,
        ] {
            let error = text.parse::<Reference>().expect_err(text);
            assert!(error.to_string().contains("assistant@production"), "{error}");
        }
    }

    #[test]
    fn what_names_a_prompt_is_read_and_shown_alike() {
        for (text, selector) in [
            ("assistant@3", Selector::Version(3)),
            ("assistant@production", Selector::Label("production".to_owned())),
            ("a-2@canary-1", Selector::Label("canary-1".to_owned())),
        ] {
            let reference: Reference = text.parse().unwrap();
            assert_eq!((reference.to_string().as_str(), &reference.selector), (text, &selector));
        }
    }
}
