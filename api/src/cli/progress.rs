//! A sign of life on standard error while something takes long. Where that is no terminal, nothing is shown.

use super::terminal::Terminal;
use crate::config::Config;
use crate::wiring::accepted_list::{self, OnRecord};
use crate::wiring::{self, AssembleError, Governance, mcp_lock};
use indicatif::{ProgressBar, ProgressStyle};
use std::time::Duration;

/// How often the sign moves, in milliseconds.
const TICK_MS: u64 = 100;
/// What is said while plugins are loaded.
const MAKING_READY: &str = "making plugins ready; a new one is compiled, once";

/// Something that loads plugins, with the same sign.
pub(super) fn ready<T>(load: impl FnOnce() -> T) -> T {
    let _sign = Progress::start(MAKING_READY);
    load()
}

/// Whether what governs agents can be loaded, with a sign of life.
pub(super) fn check(config: &Config) -> Result<(), AssembleError> {
    ready(|| wiring::check(config))
}

/// What governs agents, with a sign of life: a plugin that nobody ran before is compiled here, and a large one takes long.
pub(super) fn govern(config: &Config, on_record: OnRecord) -> Result<Governance, AssembleError> {
    ready(|| wiring::govern(config, on_record))
}

/// The same for a command that drives no run.
pub(super) async fn govern_at(terminal: &Terminal) -> Result<Governance, AssembleError> {
    let on_record = accepted_list::look(&terminal.store, terminal.office.key.as_ref(), &mcp_lock(&terminal.config)).await?;
    govern(&terminal.config, on_record)
}

/// Shown until it is dropped.
pub(super) struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// A sign with these words.
    pub(super) fn start(words: impl Into<String>) -> Self {
        let bar = ProgressBar::new_spinner()
            .with_style(ProgressStyle::with_template("{spinner} {msg} ({elapsed})").unwrap_or_else(|_| ProgressStyle::default_spinner()));
        bar.set_message(words.into());
        bar.enable_steady_tick(Duration::from_millis(TICK_MS));
        Self { bar }
    }

    /// Other words from now on.
    pub(super) fn say(&self, words: impl Into<String>) {
        self.bar.set_message(words.into());
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
