//! Looking up what names stand for: so many at once and no more. A look takes a thread until it comes back, and nobody can stop it: who asks
//! may be gone long before, and passwords are checked on such threads too.

use super::Refusal;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

/// Names that are looked up at once.
const LOOKS_MAX: usize = 32;
/// Of them, those of one plugin: another's names are found while one waits for its own.
const LOOKS_OF_ONE_MAX: usize = 8;
/// How long one may take, with the wait for its turn, in milliseconds.
const LOOK_MS: u64 = 3_000;

/// The threads that names are looked up on.
#[derive(Debug)]
pub(super) struct Lookups {
    all: Arc<Semaphore>,
    /// By plugin. There are as many as were ever loaded.
    of_one: Mutex<BTreeMap<String, Arc<Semaphore>>>,
}

impl Default for Lookups {
    fn default() -> Self {
        Self { all: Arc::new(Semaphore::new(LOOKS_MAX)), of_one: Mutex::default() }
    }
}

impl Lookups {
    /// What `look` brings, on a thread where it may take its time. Its place is free again when it has come back, and not before, whether or not
    /// somebody still waits for what it brings.
    ///
    /// # Errors
    /// Unreachable where it takes too long, with the wait for a place.
    pub(super) async fn find<T: Send + 'static>(&self, plugin: &str, host: &str, look: impl FnOnce() -> T + Send + 'static) -> Result<T, Refusal> {
        self.find_within(Duration::from_millis(LOOK_MS), plugin, host, look).await
    }

    async fn find_within<T: Send + 'static>(
        &self,
        longest: Duration,
        plugin: &str,
        host: &str,
        look: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        let (all, of_one) = (Arc::clone(&self.all), self.of_one(plugin));
        let looking = async move {
            let places = (of_one.acquire_owned().await.ok()?, all.acquire_owned().await.ok()?);
            let looked = spawn_blocking(move || {
                let found = look();
                drop(places);
                found
            });
            looked.await.ok()
        };
        let late = || Refusal::Unreachable(format!("the address of `{host}` was not found in time; try again later, and ask fewer hosts at once"));
        timeout(longest, looking).await.ok().flatten().ok_or_else(late)
    }

    fn of_one(&self, plugin: &str) -> Arc<Semaphore> {
        let mut known = self.of_one.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(known.entry(plugin.to_owned()).or_insert_with(|| Arc::new(Semaphore::new(LOOKS_OF_ONE_MAX))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    /// Time enough on any machine, and none.
    const LONG: Duration = Duration::from_secs(60);
    const SHORT: Duration = Duration::from_millis(1);

    /// Begins a look that comes back when its end of the line is dropped, and gives up waiting for it at once.
    async fn stuck(lookups: &Lookups, plugin: &str) -> mpsc::Sender<()> {
        let (release, held) = mpsc::channel::<()>();
        let (begin, begun) = tokio::sync::oneshot::channel();
        let look = move || {
            let _ = begin.send(());
            let _ = held.recv();
        };
        tokio::select! {
            _ = lookups.find_within(LONG, plugin, "slow.example", look) => panic!("it came back"),
            _ = begun => release,
        }
    }

    #[tokio::test]
    async fn a_look_has_its_place_until_it_comes_back_whoever_waits_for_it() {
        let lookups = Lookups::default();
        let mut stuck_ones = Vec::new();
        for _ in 0..LOOKS_OF_ONE_MAX {
            stuck_ones.push(stuck(&lookups, "a").await);
        }
        let refused = lookups.find_within(SHORT, "a", "fast.example", || 1).await.expect_err("no place");
        assert!(matches!(&refused, Refusal::Unreachable(why) if why.contains("`fast.example` was not found in time")), "{refused:?}");
        // Another plugin's names are found meanwhile.
        assert_eq!(lookups.find_within(LONG, "b", "fast.example", || 2).await, Ok(2));
        // One that comes back makes room for one.
        stuck_ones.pop();
        assert_eq!(lookups.find_within(LONG, "a", "fast.example", || 3).await, Ok(3));
    }

    #[tokio::test]
    async fn all_plugins_together_take_so_many_threads_and_no_more() {
        let lookups = Lookups::default();
        let mut stuck_ones = Vec::new();
        for at in 0..LOOKS_MAX {
            stuck_ones.push(stuck(&lookups, &format!("plugin_{}", at / LOOKS_OF_ONE_MAX)).await);
        }
        assert!(lookups.find_within(SHORT, "another", "fast.example", || 1).await.is_err());
        stuck_ones.pop();
        assert_eq!(lookups.find_within(LONG, "another", "fast.example", || 2).await, Ok(2));
    }

    #[tokio::test]
    async fn a_look_that_fails_gives_its_place_back() {
        let lookups = Lookups::default();
        for _ in 0..2 * LOOKS_OF_ONE_MAX {
            assert!(lookups.find_within(LONG, "a", "odd.example", || -> u8 { panic!("on its thread") }).await.is_err());
        }
        assert_eq!(lookups.find_within(LONG, "a", "fast.example", || 1).await, Ok(1));
    }
}
