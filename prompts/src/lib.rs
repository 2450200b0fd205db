//! Prompts as versioned files: a registry of texts, labels that point to versions, strict rendering, and differences.
//!
//! Pure: files come in as paths with texts, the shipped ones are part of the program. Nothing here reads a disk, a
//! clock or the network, and nothing changes a released version; `prompts/released.lock` and a test see to that.

mod difference;
mod error;
mod file;
mod reference;
mod registry;
mod render;
mod shipped;

pub use difference::{Line, difference};
pub use error::PromptError;
pub use file::{LabelMove, PROMPT_BYTES_MAX, PROMPT_LINES_MAX, Prompt};
pub use reference::{Reference, ReferenceError, Selector};
pub use registry::Registry;
pub use render::{RenderError, VALUE_BYTES_MAX, Variables};
pub use shipped::{SHIPPED, shipped};
