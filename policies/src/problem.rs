//! What is wrong with a set of rules, said so that the writer can mend it: file, line, what, and what to do.

use cedar_policy::ParseErrors;
use miette::Diagnostic;
use serde::Serialize;
use std::fmt;
use steward_core::{HasKind, Kind};

/// One thing wrong in one place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Problem {
    /// The file, as it was named to us.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong, and what to do about it.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.message)
    }
}

/// Why a set of rules was not loaded. The rules in force stay in force.
#[derive(Debug, thiserror::Error)]
pub enum RulesError {
    /// Some rules are broken; every problem found is listed.
    #[error("{}", lines(.0))]
    Broken(Vec<Problem>),
    /// There is no rule at all.
    #[error(
        "there is no rule in {files} file(s); what no rule allows is denied, so every call would be blocked: put the shipped rules back, or write at least one `permit`"
    )]
    Empty {
        /// How many files were read.
        files: usize,
    },
    /// There are more rules, or longer files, than one decision may carry.
    #[error("{what} is {given}, at most {max} are allowed; split or remove some")]
    TooMuch {
        /// What there is too much of.
        what: String,
        /// How much.
        given: usize,
        /// How much is allowed.
        max: usize,
    },
    /// A tool cannot be governed under its name.
    #[error("tool `{name}` {message}")]
    Tool {
        /// The tool's name.
        name: String,
        /// What is wrong with it.
        message: String,
    },
    /// The generated schema is not valid.
    #[error("the schema made from the tools is not valid: {0}")]
    Schema(String),
}

impl HasKind for RulesError {
    fn kind(&self) -> Kind {
        match self {
            Self::Broken(_) | Self::Empty { .. } | Self::Tool { .. } => Kind::Invalid,
            Self::TooMuch { .. } => Kind::Limit,
            Self::Schema(_) => Kind::Bug,
        }
    }
}

fn lines(problems: &[Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// The line of a byte offset, from 1.
pub(crate) fn line_of(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}

/// Where a Cedar message points, as a byte offset.
fn offset_of(found: &(impl Diagnostic + ?Sized)) -> Option<usize> {
    found.labels()?.map(|label| label.offset()).next()
}

/// What a Cedar message says, with the text at its place and its advice.
fn words(found: &(impl Diagnostic + ?Sized)) -> String {
    let mut text = found.to_string();
    if let Some(label) = found.labels().and_then(|mut labels| labels.find_map(|label| label.label().map(str::to_owned))) {
        text = format!("{text}; {label}");
    }
    if let Some(help) = found.help() {
        text = format!("{text}; {help}");
    }
    text.replace('\n', " ")
}

/// The problems of a text that Cedar could not read.
pub(crate) fn from_parse(file: &str, text: &str, errors: &ParseErrors) -> Vec<Problem> {
    let to_problem = |error: &cedar_policy::ParseError| Problem {
        file: file.to_owned(),
        line: offset_of(error).map_or(1, |offset| line_of(text, offset)),
        message: format!("syntax: {}", words(error)),
    };
    errors.iter().map(to_problem).collect()
}

/// The problem Cedar's validator found in a rule that starts at `rule_line`, with our own advice where Cedar cannot know.
pub(crate) fn from_validation(file: &str, text: &str, rule: &str, rule_line: usize, found: &(impl Diagnostic + ?Sized), advice: Option<&str>) -> Problem {
    // Cedar repeats the rule's id in front; it stands in our own words already.
    let said = words(found);
    let said = said.strip_prefix(&format!("for policy `{rule}`, ")).unwrap_or(&said);
    let advice = advice.map(|advice| format!("; {advice}")).unwrap_or_default();
    Problem {
        file: file.to_owned(),
        line: offset_of(found).map_or(rule_line, |offset| line_of(text, offset)),
        message: format!("rule `{rule}`: {said}{advice}"),
    }
}

/// What to do about a validation error, where it follows from how our schema is made.
pub(crate) fn advice_on(error: &cedar_policy::ValidationError) -> Option<&'static str> {
    match error {
        cedar_policy::ValidationError::UnsafeAttributeAccess(_) => {
            Some("a rule about several tools, or a whole class, reads only what all of them have; ask with `has` first, or name the tool")
        }
        cedar_policy::ValidationError::UnrecognizedActionId(_) => {
            Some("actions are the installed tools and the effect classes; install the plugin, or mend the name")
        }
        _ => None,
    }
}
