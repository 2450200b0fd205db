//! Time for whoever waits by WASI. It begins at 0 and stands still while the plugin computes or asks; where it waits and nothing else is
//! ready, it moves to the first moment that is waited for, at once. So nobody learns how long anything took, and nobody sleeps.

use super::lock;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use wasmtime_wasi_io::async_trait;
use wasmtime_wasi_io::poll::Pollable;

/// The time of one call, in nanoseconds.
#[derive(Debug, Default)]
pub(crate) struct Clock(Mutex<Moments>);

#[derive(Debug, Default)]
struct Moments {
    now: u64,
    /// Moments that are waited for, and by how many.
    waited: BTreeMap<u64, u32>,
    /// Whether it moved since somebody began to wait: it moves once for those who wait together.
    moved: bool,
}

impl Clock {
    /// What it shows.
    pub(crate) fn now(&self) -> u64 {
        lock(&self.0).now
    }

    fn begin(&self, at: u64) {
        let mut moments = lock(&self.0);
        *moments.waited.entry(at).or_default() += 1;
        moments.moved = false;
    }

    fn end(&self, at: u64) {
        let mut moments = lock(&self.0);
        if let Some(many) = moments.waited.get_mut(&at) {
            *many -= 1;
            if *many == 0 {
                moments.waited.remove(&at);
            }
        }
    }

    /// Whether this moment has come, when nothing else has.
    fn comes(&self, at: u64) -> bool {
        let mut moments = lock(&self.0);
        let is_first = moments.waited.keys().next() == Some(&at);
        if at > moments.now && is_first && !moments.moved {
            (moments.now, moments.moved) = (at, true);
        }
        at <= moments.now
    }
}

/// Somebody who waits for a moment.
#[derive(Debug)]
pub(crate) struct Timer {
    pub(crate) clock: Arc<Clock>,
    pub(crate) at: u64,
}

/// Ends the wait, also of a future that is dropped.
struct Waiting<'a>(&'a Timer);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.clock.end(self.0.at);
    }
}

#[async_trait]
impl Pollable for Timer {
    async fn ready(&mut self) {
        if self.at <= self.clock.now() {
            return;
        }
        self.clock.begin(self.at);
        let waiting = Waiting(self);
        loop {
            // Whoever is asked beside it and is ready, says so before it is asked again.
            tokio::task::yield_now().await;
            if waiting.0.clock.comes(waiting.0.at) {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    fn timer(clock: &Arc<Clock>, at: u64) -> Timer {
        Timer { clock: Arc::clone(clock), at }
    }

    #[tokio::test]
    async fn time_moves_to_what_is_waited_for_and_takes_none() {
        let (begun, clock) = (Instant::now(), Arc::new(Clock::default()));
        let hour = 3_600_000_000_000;
        timer(&clock, hour).ready().await;
        assert_eq!(clock.now(), hour);
        // What has been is there at once, and moves nothing.
        timer(&clock, 5).ready().await;
        assert_eq!(clock.now(), hour);
        assert!(begun.elapsed() < Duration::from_secs(60));
        assert!(lock(&clock.0).waited.is_empty());
    }

    #[tokio::test]
    async fn of_several_moments_the_first_comes_first() {
        let clock = Arc::new(Clock::default());
        for (late, soon) in [(30, 20), (90, 60)] {
            let (mut late, mut soon) = (timer(&clock, late), timer(&clock, soon));
            let first = tokio::select! {
                biased;
                () = late.ready() => late.at,
                () = soon.ready() => soon.at,
            };
            assert_eq!((first, clock.now()), (soon.at, soon.at));
            assert!(lock(&clock.0).waited.is_empty(), "who waits no more holds up nobody");
        }
    }
}
