//! Looking up what names stand for: each name once at a time for all who ask for it, and so many at once and no more. A look takes a thread
//! until it comes back, and nobody can stop it: who asks may be gone long before, and passwords are checked on such threads too.
//!
//! What was found counts for a moment longer, for whoever asks the same again: whether an address may be dialled is not decided here, and is
//! asked each time.

use super::Refusal;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

/// The looks that are under way, by plugin, host and port.
type Names<T> = BTreeMap<(String, String, u16), Arc<Name<T>>>;

/// Names that are looked up at once.
const LOOKS_MAX: usize = 32;
/// Of them, those of one plugin: another's names are found while one waits for its own.
const LOOKS_OF_ONE_MAX: usize = 8;
/// How long one may take, with the wait for its turn, in milliseconds. Resolvers wait five seconds as a rule before they ask again, or ask
/// the next server: one lost packet is no reason to give up. It is less than a request may take.
const LOOK_MS: u64 = 8_000;
/// Names, and askers, that are kept in mind while nobody asks for them: an address that somebody gave names whatever host it likes.
const KEPT_MAX: usize = 1024;
/// What is left of a call behind it, in milliseconds: a plugin that hears that a name is not found may ask another, or explain it.
const AFTER_MS: u64 = 1_000;

/// How long a look may take for whoever has so much time left: they hear of it while there is time to do something about it.
pub(super) fn longest(left: Option<Duration>) -> Duration {
    let most = Duration::from_millis(LOOK_MS);
    left.map_or(most, |left| left.saturating_sub(Duration::from_millis(AFTER_MS)).max(left / 2).min(most))
}

/// The threads that names are looked up on, and what is found there.
#[derive(Debug)]
pub(super) struct Lookups<T> {
    /// How long what a look brought counts, from when it began.
    kept: Duration,
    all: Arc<Semaphore>,
    /// By plugin, or by whom else a name is asked for.
    of_one: Mutex<BTreeMap<String, Arc<Semaphore>>>,
    /// By plugin, host and port.
    names: Mutex<Names<T>>,
}

/// A name that somebody asked for. One look for it is under way at a time, whoever and how many wait for what it brings, and whoever is gone.
#[derive(Debug)]
struct Name<T> {
    /// Of all who ask, one at a time sees whether a look is under way, or waits for the place of a new one.
    turn: Semaphore,
    /// What the last look brings, and when it began; none before that.
    begun: Mutex<Option<Begun<T>>>,
}

type Begun<T> = (Instant, watch::Receiver<Brought<T>>);
/// What a look brought, if it came back; none within where the name stands for nothing.
type Brought<T> = Option<Option<T>>;

impl<T> Default for Name<T> {
    fn default() -> Self {
        Self { turn: Semaphore::new(1), begun: Mutex::default() }
    }
}

impl<T> Lookups<T> {
    /// None of them begun. What one brings counts for so long; no time at all: for those who waited for it.
    pub(super) fn keeping(kept: Duration) -> Self {
        Self { kept, all: Arc::new(Semaphore::new(LOOKS_MAX)), of_one: Mutex::default(), names: Mutex::default() }
    }
}

impl<T: Clone + Send + Sync + 'static> Lookups<T> {
    /// What `look` brings, on a thread where it may take its time, or what the look for the same name brings that is under way. Its place is free
    /// again when it has come back, and not before, whether or not somebody still waits for what it brings.
    ///
    /// # Errors
    /// Unreachable where it takes longer than `longest`, with the wait for a place.
    pub(super) async fn find(
        &self,
        longest: Duration,
        plugin: &str,
        host: &str,
        port: u16,
        look: impl FnOnce() -> Option<T> + Send + 'static,
    ) -> Result<Option<T>, Refusal> {
        let name = self.name(plugin, host, port);
        if let Some(found) = name.kept(self.kept) {
            return Ok(Some(found));
        }
        let of_one = self.of_one(plugin);
        let looking = async {
            let mut found = {
                let _turn = name.turn.acquire().await.ok()?;
                match name.under_way() {
                    Some(found) => found,
                    None => {
                        let places = (of_one.acquire_owned().await.ok()?, Arc::clone(&self.all).acquire_owned().await.ok()?);
                        name.begin(places, look)
                    }
                }
            };
            found.wait_for(Option::is_some).await.ok().and_then(|found| found.clone())
        };
        let late = || Refusal::Unreachable(format!("the address of `{host}` was not found in time; try again later, and ask fewer hosts at once"));
        timeout(longest, looking).await.ok().flatten().ok_or_else(late)
    }

    /// Whoever asks for this name again has it looked up: what was found does not answer.
    pub(super) fn forget(&self, plugin: &str, host: &str, port: u16) {
        self.name(plugin, host, port).forget();
    }

    fn of_one(&self, plugin: &str) -> Arc<Semaphore> {
        let mut known = self.of_one.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= KEPT_MAX {
            // Whoever waits for a place, or has one, holds them.
            known.retain(|_, places| Arc::strong_count(places) > 1);
        }
        Arc::clone(known.entry(plugin.to_owned()).or_insert_with(|| Arc::new(Semaphore::new(LOOKS_OF_ONE_MAX))))
    }

    fn name(&self, plugin: &str, host: &str, port: u16) -> Arc<Name<T>> {
        let mut known = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= KEPT_MAX {
            known.retain(|_, name| Arc::strong_count(name) > 1 || name.under_way().is_some());
        }
        Arc::clone(known.entry((plugin.to_owned(), host.to_owned(), port)).or_default())
    }
}

impl<T: Clone + Send + Sync + 'static> Name<T> {
    /// What was found less than so long ago; none where nothing was.
    fn kept(&self, kept: Duration) -> Option<T> {
        let begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, found) = begun.as_ref().filter(|(at, _)| at.elapsed() < kept)?;
        found.borrow().clone().flatten()
    }

    /// What was found counts no longer; a look that is under way goes on.
    fn forget(&self) {
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        begun.take_if(|(_, found)| found.borrow().is_some());
    }

    /// What the look brings that has not come back, if there is one. One that failed on its thread has come back.
    fn under_way(&self) -> Option<watch::Receiver<Brought<T>>> {
        let begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        begun.as_ref().map(|(_, found)| found).filter(|found| found.borrow().is_none() && found.has_changed().is_ok()).cloned()
    }

    fn begin(&self, places: (OwnedSemaphorePermit, OwnedSemaphorePermit), look: impl FnOnce() -> Option<T> + Send + 'static) -> watch::Receiver<Brought<T>> {
        let (bring, found) = watch::channel(None);
        *self.begun.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), found.clone()));
        spawn_blocking(move || {
            let brought = look();
            drop(places);
            // That nobody waits for it any more is as good.
            let _ = bring.send(Some(brought));
        });
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    /// Time enough on any machine, and none.
    const LONG: Duration = Duration::from_secs(60);
    const SHORT: Duration = Duration::from_millis(1);

    /// Begins a look that comes back with 0 when its end of the line is dropped, and gives up waiting for it at once.
    async fn stuck(lookups: &Lookups<u8>, plugin: &str, host: &str) -> mpsc::Sender<()> {
        let (release, held) = mpsc::channel::<()>();
        let (begin, begun) = tokio::sync::oneshot::channel();
        let look = move || {
            let _ = begin.send(());
            let _ = held.recv();
            Some(0)
        };
        tokio::select! {
            _ = lookups.find(LONG, plugin, host, 443, look) => panic!("it came back"),
            _ = begun => release,
        }
    }

    #[tokio::test]
    async fn a_look_has_its_place_until_it_comes_back_whoever_waits_for_it() {
        let lookups = Lookups::keeping(Duration::ZERO);
        let mut stuck_ones = Vec::new();
        for at in 0..LOOKS_OF_ONE_MAX {
            stuck_ones.push(stuck(&lookups, "a", &format!("slow{at}.example")).await);
        }
        let refused = lookups.find(SHORT, "a", "fast.example", 443, || Some(1)).await.expect_err("no place");
        assert!(matches!(&refused, Refusal::Unreachable(why) if why.contains("`fast.example` was not found in time")), "{refused:?}");
        // Another plugin's names are found meanwhile.
        assert_eq!(lookups.find(LONG, "b", "fast.example", 443, || Some(2)).await, Ok(Some(2)));
        // One that comes back makes room for one.
        stuck_ones.pop();
        assert_eq!(lookups.find(LONG, "a", "fast.example", 443, || Some(3)).await, Ok(Some(3)));
    }

    #[tokio::test]
    async fn one_look_serves_all_who_ask_for_a_name_and_who_is_gone_keeps_nobody_out() {
        let lookups = Lookups::keeping(Duration::ZERO);
        let release = stuck(&lookups, "a", "slow.example").await;
        // Looks that would not come back before the end of this test, were they begun.
        let mut lines = Vec::new();
        for _ in 0..2 * LOOKS_OF_ONE_MAX {
            let (line, held) = mpsc::channel::<()>();
            lines.push(line);
            let gone = lookups.find(SHORT, "a", "slow.example", 443, move || held.recv().map_or(Some(9), |()| Some(9))).await;
            assert!(gone.is_err(), "{gone:?}");
        }
        assert_eq!(lookups.find(LONG, "a", "fast.example", 443, || Some(1)).await, Ok(Some(1)));
        // Another port, or another plugin, asks for something else.
        assert_eq!(lookups.find(LONG, "a", "slow.example", 80, || Some(2)).await, Ok(Some(2)));
        assert_eq!(lookups.find(LONG, "b", "slow.example", 443, || Some(3)).await, Ok(Some(3)));
        // Whoever waits is told what the look brings that is under way, and who comes later has a new one.
        let waiting = async || lookups.find(LONG, "a", "slow.example", 443, || Some(9)).await;
        let come_back = async {
            tokio::task::yield_now().await;
            drop(release);
        };
        let (one, other, ()) = tokio::join!(waiting(), waiting(), come_back);
        assert_eq!((one, other), (Ok(Some(0)), Ok(Some(0))));
        assert_eq!(lookups.find(LONG, "a", "slow.example", 443, || Some(4)).await, Ok(Some(4)));
        drop(lines);
    }

    #[tokio::test]
    async fn names_and_askers_that_nobody_asks_for_any_more_are_forgotten_and_no_look_is() {
        let lookups = Lookups::keeping(Duration::ZERO);
        let release = stuck(&lookups, "a", "slow.example").await;
        for at in 0..2 * KEPT_MAX {
            assert_eq!(lookups.find(LONG, &format!("asker {at}"), &format!("{at}.example"), 443, || Some(1)).await, Ok(Some(1)));
        }
        let kept = (lookups.names.lock().expect("names").len(), lookups.of_one.lock().expect("askers").len());
        assert!(kept.0 <= KEPT_MAX && kept.1 <= KEPT_MAX, "{kept:?}");
        // The one under way is waited for, and none is begun beside it.
        let waiting = async || lookups.find(LONG, "a", "slow.example", 443, || Some(9)).await;
        let come_back = async {
            tokio::task::yield_now().await;
            drop(release);
        };
        let (found, ()) = tokio::join!(waiting(), come_back);
        assert_eq!(found, Ok(Some(0)));
    }

    #[tokio::test]
    async fn what_was_found_counts_for_a_moment_and_what_was_not_for_none() {
        let find = async |lookups: &Lookups<u8>, plugin: &str, host: &str, look: Option<u8>| lookups.find(LONG, plugin, host, 443, move || look).await;
        let lookups = Lookups::keeping(LONG);
        assert_eq!(find(&lookups, "a", "new.example", None).await, Ok(None));
        assert_eq!(find(&lookups, "a", "new.example", Some(1)).await, Ok(Some(1)), "nothing was found, so it is looked up again");
        assert_eq!(find(&lookups, "a", "new.example", Some(2)).await, Ok(Some(1)));
        // Another's, or another name, is looked up for itself.
        assert_eq!(find(&lookups, "b", "new.example", Some(3)).await, Ok(Some(3)));
        assert_eq!(find(&lookups, "a", "other.example", Some(4)).await, Ok(Some(4)));
        lookups.forget("a", "new.example", 443);
        assert_eq!(find(&lookups, "a", "new.example", Some(5)).await, Ok(Some(5)));
        // From when it began, and not from when it came back.
        let lookups = Lookups::keeping(SHORT);
        let late = || {
            let began = Instant::now();
            while began.elapsed() < SHORT {
                std::hint::spin_loop();
            }
            Some(6)
        };
        assert_eq!(lookups.find(LONG, "a", "late.example", 443, late).await, Ok(Some(6)));
        assert_eq!(find(&lookups, "a", "late.example", Some(7)).await, Ok(Some(7)));
    }

    #[test]
    fn a_look_may_outlast_one_try_of_a_resolver_and_no_request() {
        const { assert!(LOOK_MS > 5_000 + 1_000 && LOOK_MS < crate::egress::REQUEST_MS) }
    }

    #[test]
    fn a_look_leaves_time_to_hear_of_it() {
        for (left_ms, longest_ms) in [(60_000, 8_000), (9_000, 8_000), (5_000, 4_000), (2_000, 1_000), (1_000, 500), (10, 5), (0, 0)] {
            assert_eq!(longest(Some(Duration::from_millis(left_ms))), Duration::from_millis(longest_ms), "{left_ms}");
        }
        assert_eq!(longest(None), Duration::from_millis(LOOK_MS));
    }

    #[tokio::test]
    async fn all_plugins_together_take_so_many_threads_and_no_more() {
        let lookups = Lookups::keeping(Duration::ZERO);
        let mut stuck_ones = Vec::new();
        for at in 0..LOOKS_MAX {
            stuck_ones.push(stuck(&lookups, &format!("plugin_{}", at / LOOKS_OF_ONE_MAX), &format!("slow{at}.example")).await);
        }
        assert!(lookups.find(SHORT, "another", "fast.example", 443, || Some(1)).await.is_err());
        stuck_ones.pop();
        assert_eq!(lookups.find(LONG, "another", "fast.example", 443, || Some(2)).await, Ok(Some(2)));
    }

    #[tokio::test]
    async fn a_look_that_fails_gives_its_place_back() {
        let lookups = Lookups::keeping(Duration::ZERO);
        for _ in 0..2 * LOOKS_OF_ONE_MAX {
            assert!(lookups.find(LONG, "a", "odd.example", 443, || -> Option<u8> { panic!("on its thread") }).await.is_err());
        }
        assert_eq!(lookups.find(LONG, "a", "odd.example", 443, || Some(1)).await, Ok(Some(1)));
    }
}
