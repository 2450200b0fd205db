//! The prompts that come with the program. A new file is added to the list here; a test compares the list with the folder.

use crate::error::PromptError;
use crate::registry::Registry;

macro_rules! files {
    ($($path:literal),* $(,)?) => { &[$(($path, include_str!(concat!("../", $path)))),*] };
}

/// Path below the prompts folder, and text, of every shipped file.
pub const SHIPPED: &[(&str, &str)] = files!["assistant/labels.toml", "assistant/v1.md", "assistant/v2.md"];

/// The registry of the shipped files.
pub fn shipped() -> Result<Registry, PromptError> {
    Registry::load(SHIPPED.iter().copied())
}

#[cfg(test)]
mod tests;
