//! The lines that somebody types. Nobody can take a read of standard input back, so one whose reader stopped waiting is kept for the next.

use crate::cli::error::CliError;
use crate::cli::typed::forget_typed;
use std::io;
use std::sync::{Mutex, PoisonError};
use tokio::task::{JoinHandle, spawn_blocking};

/// A line that is being read: none at the end of the input.
type Reading = JoinHandle<io::Result<Option<String>>>;

/// Where lines come from.
#[derive(Debug, Default)]
pub(super) struct Keyboard {
    left: Mutex<Option<Reading>>,
}

/// Somebody waiting for a line, who leaves the read behind when they go.
struct Waiting<'a> {
    keyboard: &'a Keyboard,
    reading: Option<Reading>,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        *self.keyboard.left.lock().unwrap_or_else(PoisonError::into_inner) = self.reading.take();
    }
}

impl Keyboard {
    /// A line; none at the end of the input, or when the person leaves with Ctrl-C. One that is no text is [`CliError::NotText`].
    pub(super) async fn line(&self) -> Result<Option<String>, CliError> {
        self.line_by(|| {
            let mut line = String::new();
            io::stdin().read_line(&mut line).map(|bytes| (bytes > 0).then_some(line))
        })
        .await
    }

    /// Throws away what was typed before now and answers nothing: whole lines that nobody read, and the beginning of one. True where a read was
    /// left by somebody who went, whose line may have been begun before and may be on its way already: then the next line binds nobody.
    pub(super) fn forget(&self) -> Result<bool, CliError> {
        forget_typed()?;
        Ok(self.is_left())
    }

    /// Whether a read that somebody left still waits.
    fn is_left(&self) -> bool {
        self.left.lock().unwrap_or_else(PoisonError::into_inner).as_ref().is_some_and(|reading| !reading.is_finished())
    }

    async fn line_by(&self, read: impl FnOnce() -> io::Result<Option<String>> + Send + 'static) -> Result<Option<String>, CliError> {
        let left = self.left.lock().unwrap_or_else(PoisonError::into_inner).take();
        // What was typed already was typed for whoever waited then: it answers nothing that is asked now.
        let reading = left.filter(|reading| !reading.is_finished()).unwrap_or_else(|| spawn_blocking(read));
        let mut waiting = Waiting { keyboard: self, reading: Some(reading) };
        let Some(reading) = waiting.reading.as_mut() else { return Ok(None) };
        let read = tokio::select! {
            read = reading => read,
            _ = tokio::signal::ctrl_c() => return Ok(None),
        };
        waiting.reading = None;
        match read.map_err(io::Error::other)? {
            Err(err) if err.kind() == io::ErrorKind::InvalidData => Err(CliError::NotText),
            read => Ok(read?),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::time::Duration;
    use tokio::time::timeout;

    /// A terminal: who types, and a read of it as often as it is wanted.
    fn terminal() -> (Sender<&'static str>, impl Fn() -> io::Result<Option<String>> + Clone + Send + 'static) {
        let (types, typed): (_, Receiver<&'static str>) = channel();
        let typed = Arc::new(Mutex::new(typed));
        (types, move || Ok(typed.lock().unwrap_or_else(PoisonError::into_inner).recv().ok().map(str::to_owned)))
    }

    /// Somebody who waits for a line and goes before there is one.
    async fn goes(keyboard: &Keyboard, read: impl FnOnce() -> io::Result<Option<String>> + Send + 'static) {
        let gone = timeout(Duration::ZERO, keyboard.line_by(read)).await;
        assert!(gone.is_err(), "nobody typed");
    }

    #[tokio::test]
    async fn a_line_goes_to_whoever_waits_when_it_is_typed() {
        let (keyboard, (types, read)) = (Keyboard::default(), terminal());
        goes(&keyboard, read.clone()).await;
        goes(&keyboard, read.clone()).await;
        let line = async { timeout(Duration::from_secs(20), keyboard.line_by(read.clone())).await.expect("it is given to the one who waits") };
        let (line, ()) = tokio::join!(line, async { types.send("hello").expect("typed") });
        assert_eq!(line.expect("a line").as_deref(), Some("hello"));
    }

    #[tokio::test]
    async fn a_line_that_was_typed_for_something_else_answers_nothing() {
        let (keyboard, (types, read)) = (Keyboard::default(), terminal());
        goes(&keyboard, read.clone()).await;
        types.send("yes").expect("typed");
        let is_read = || keyboard.left.lock().expect("lock").as_ref().is_none_or(JoinHandle::is_finished);
        while !is_read() {
            tokio::task::yield_now().await;
        }
        types.send("no").expect("typed");
        assert_eq!(keyboard.line_by(read).await.expect("a line").as_deref(), Some("no"));
    }

    #[tokio::test]
    async fn a_line_of_a_read_that_was_left_is_known_for_one() {
        let (keyboard, (types, read)) = (Keyboard::default(), terminal());
        assert!(!keyboard.is_left(), "nobody has read yet");
        goes(&keyboard, read.clone()).await;
        assert!(keyboard.is_left(), "what is typed now may have been begun for whoever went");
        let line = async { keyboard.line_by(read.clone()).await };
        let (line, ()) = tokio::join!(line, async { types.send("y").expect("typed") });
        assert_eq!(line.expect("a line").as_deref(), Some("y"));
        assert!(!keyboard.is_left(), "the next line is of whoever asks next");
        // One that came after whoever waited had gone is dropped, and leaves nothing.
        goes(&keyboard, read).await;
        types.send("y").expect("typed");
        while keyboard.is_left() {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn the_end_of_the_input_and_what_is_no_text_are_told_apart() {
        let keyboard = Keyboard::default();
        assert!(keyboard.line_by(|| Ok(None)).await.expect("the end").is_none());
        let garbled = keyboard.line_by(|| Err(io::ErrorKind::InvalidData.into())).await;
        assert!(matches!(garbled, Err(CliError::NotText)), "{garbled:?}");
        let gone = keyboard.line_by(|| Err(io::ErrorKind::BrokenPipe.into())).await;
        assert!(matches!(gone, Err(CliError::Output(_))), "{gone:?}");
    }
}
