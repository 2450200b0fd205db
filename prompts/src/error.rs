//! Why a set of prompt files cannot be loaded, or a prompt cannot be found.

use crate::reference::{Reference, ReferenceError};
use steward_core::{HasKind, Kind};

/// What is wrong with a prompt file, a label file, or a request for a prompt.
#[derive(Debug, thiserror::Error)]
pub enum PromptError {
    /// The path says nothing about a prompt.
    #[error("`{path}` is neither a prompt nor its labels; prompts are `<name>/v<number>.md`, labels are `<name>/labels.toml`")]
    Path {
        /// The path.
        path: String,
    },
    /// There is no front matter.
    #[error("`{path}` has no front matter; begin it with a line `+++`, then TOML, then another line `+++`")]
    FrontMatter {
        /// The path.
        path: String,
    },
    /// The TOML part cannot be read.
    #[error("`{path}` cannot be read")]
    Toml {
        /// The path.
        path: String,
        /// What the parser says.
        #[source]
        source: Box<toml::de::Error>,
    },
    /// Front matter and path disagree.
    #[error("`{path}` says it is `{found}`; move it, or correct its front matter")]
    Mismatch {
        /// The path.
        path: String,
        /// What its front matter names.
        found: String,
    },
    /// Too long to be a prompt.
    #[error("`{path}` is too long; a prompt has at most {most} {unit}")]
    TooLong {
        /// The path.
        path: String,
        /// The bound.
        most: usize,
        /// Bytes or lines.
        unit: &'static str,
    },
    /// Nothing after the front matter.
    #[error("`{path}` has no text after its front matter")]
    Empty {
        /// The path.
        path: String,
    },
    /// A placeholder is not closed or names nothing.
    #[error("`{path}` has a placeholder `{placeholder}` that is no name in double braces; write `{{{{name}}}}`")]
    Placeholder {
        /// The path.
        path: String,
        /// Its beginning.
        placeholder: String,
    },
    /// A placeholder without a declaration.
    #[error("`{path}` uses `{variable}`, which its front matter does not list; add it to `variables`")]
    Undeclared {
        /// The path.
        path: String,
        /// The variable.
        variable: String,
    },
    /// A declaration without a placeholder.
    #[error("`{path}` lists `{variable}` and does not use it; take it out of `variables`")]
    Unused {
        /// The path.
        path: String,
        /// The variable.
        variable: String,
    },
    /// Two files for one version.
    #[error("version {version} of prompt `{name}` is there twice; keep one file")]
    Twice {
        /// The prompt.
        name: String,
        /// The version.
        version: u32,
    },
    /// A label is moved to a version that does not exist.
    #[error("label `{label}` of prompt `{name}` points to version {version}, which does not exist")]
    Dangling {
        /// The prompt.
        name: String,
        /// The label.
        label: String,
        /// Where it points.
        version: u32,
    },
    /// A label that could be taken for a version, or is no plain word.
    #[error("`{label}` cannot be a label of prompt `{name}`; a label is lower-case letters, digits and hyphens, and begins with a letter")]
    BadLabel {
        /// The prompt.
        name: String,
        /// The label.
        label: String,
    },
    /// No such prompt, version or label.
    #[error("there is no prompt `{reference}`; {known}")]
    Missing {
        /// What was asked for.
        reference: Reference,
        /// What there is.
        known: String,
    },
    /// The request is no reference.
    #[error(transparent)]
    Reference(#[from] ReferenceError),
}

impl HasKind for PromptError {
    fn kind(&self) -> Kind {
        match self {
            Self::Missing { .. } => Kind::Missing,
            Self::Path { .. }
            | Self::FrontMatter { .. }
            | Self::Toml { .. }
            | Self::Mismatch { .. }
            | Self::TooLong { .. }
            | Self::Empty { .. }
            | Self::Placeholder { .. }
            | Self::Undeclared { .. }
            | Self::Unused { .. }
            | Self::Twice { .. }
            | Self::Dangling { .. }
            | Self::BadLabel { .. }
            | Self::Reference(_) => Kind::Invalid,
        }
    }
}
