//! A sign of life on standard error while something takes long, and a bar where it is known how much there is to do. Where that is no
//! terminal, nothing is shown.

use super::terminal::Terminal;
use crate::config::Config;
use crate::wiring::accepted_list::{self, OnRecord};
use crate::wiring::{self, AssembleError, Governance, mcp_lock};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::time::Duration;

/// How often the sign moves, in milliseconds.
const TICK_MS: u64 = 100;
/// Without an end that is known.
const SIGN: &str = "{spinner} {msg} ({elapsed})";
/// With one.
const BAR: &str = "{spinner} {msg} [{bar:24}] {pos} of {len} ({elapsed})";
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
        Self::at(ProgressDrawTarget::stderr(), None, words).that_moves()
    }

    /// A bar with these words, of something that has so many parts.
    pub(super) fn of(total: u64, words: impl Into<String>) -> Self {
        Self::at(ProgressDrawTarget::stderr(), Some(total), words).that_moves()
    }

    fn at(target: ProgressDrawTarget, total: Option<u64>, words: impl Into<String>) -> Self {
        let bar = ProgressBar::with_draw_target(total, target);
        let (template, otherwise) = if total.is_some() { (BAR, ProgressStyle::default_bar()) } else { (SIGN, ProgressStyle::default_spinner()) };
        bar.set_style(ProgressStyle::with_template(template).unwrap_or(otherwise));
        bar.set_message(words.into());
        Self { bar }
    }

    /// Moves it while nothing is told.
    fn that_moves(self) -> Self {
        self.bar.enable_steady_tick(Duration::from_millis(TICK_MS));
        self
    }

    /// So many parts are done, of so many by now.
    pub(super) fn told(&self, done: u64, all: u64) {
        self.bar.set_position(done);
        // Draws, and is last for that.
        self.bar.set_length(all);
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

#[cfg(test)]
mod tests {
    use super::*;
    use indicatif::TermLike;
    use std::io;
    use std::sync::{Arc, Mutex};

    /// A terminal that keeps what is written to it, line by line as it stood there.
    #[derive(Debug, Clone, Default)]
    struct Paper(Arc<Mutex<Vec<String>>>);

    impl Paper {
        fn has(&self, text: &str) -> bool {
            self.0.lock().expect("paper").iter().any(|line| line.contains(text))
        }
    }

    impl TermLike for Paper {
        fn width(&self) -> u16 {
            100
        }
        fn move_cursor_up(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_down(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_right(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_left(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn write_line(&self, text: &str) -> io::Result<()> {
            self.write_str(text)
        }
        fn write_str(&self, text: &str) -> io::Result<()> {
            self.0.lock().expect("paper").push(text.to_owned());
            Ok(())
        }
        fn clear_line(&self) -> io::Result<()> {
            Ok(())
        }
        fn flush(&self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_bar_shows_how_much_of_how_much_is_done() {
        let paper = Paper::default();
        let progress = Progress::at(ProgressDrawTarget::term_like(Box::new(paper.clone())), Some(8), "importing");
        progress.told(0, 8);
        assert!(paper.has("importing [") && paper.has("0 of 8"), "{paper:?}");
        let full = |paper: &Paper, letters: usize| paper.has(&"\u{2588}".repeat(letters));
        assert!(!full(&paper, 1), "{paper:?}");
        progress.told(4, 8);
        assert!(paper.has("4 of 8") && full(&paper, 12) && !full(&paper, 13), "{paper:?}");
        progress.told(6, 6);
        assert!(paper.has("6 of 6") && full(&paper, 24), "what there is to do is put right on the way: {paper:?}");
    }

    #[test]
    fn a_sign_without_an_end_has_no_bar() {
        let paper = Paper::default();
        let progress = Progress::at(ProgressDrawTarget::term_like(Box::new(paper.clone())), None, "reading");
        progress.say("reading on");
        assert!(paper.has("reading on (") && !paper.has("["), "{paper:?}");
    }
}
