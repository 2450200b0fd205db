//! A sign of life on standard error while something takes long. Where that is no terminal, nothing is shown.

use crate::config::Config;
use crate::wiring::{self, AssembleError, Governance};
use indicatif::{ProgressBar, ProgressStyle};
use std::time::Duration;

/// How often the sign moves, in milliseconds.
const TICK_MS: u64 = 100;

/// What governs agents, with a sign of life: a plugin that nobody ran before is compiled here, and a large one takes long.
pub(super) fn govern(config: &Config) -> Result<Governance, AssembleError> {
    let _sign = Progress::start("making plugins ready; a new one is compiled, once");
    wiring::govern(config)
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
