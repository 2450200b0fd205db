//! A sign of life on standard error while something takes long. Where that is no terminal, nothing is shown.

use indicatif::{ProgressBar, ProgressStyle};
use std::time::Duration;

/// How often the sign moves, in milliseconds.
const TICK_MS: u64 = 100;

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
