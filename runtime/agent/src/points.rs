//! Points at which the crash test kills the process. Without the `testing` feature there are none: the product cannot be told to die.

#[cfg(feature = "testing")]
use std::sync::atomic::{AtomicI64, Ordering};

#[cfg(feature = "testing")]
static LEFT: AtomicI64 = AtomicI64::new(-1);

/// Kills this process with SIGKILL when the `nth` point from now is passed; 1 is the next one.
#[cfg(feature = "testing")]
pub fn crash_at(nth: i64) {
    LEFT.store(nth, Ordering::SeqCst);
}

/// How many points are left before the crash, for a course that ended before it: -1 when none was asked for.
#[cfg(feature = "testing")]
pub fn points_left() -> i64 {
    LEFT.load(Ordering::SeqCst)
}

#[cfg(feature = "testing")]
pub(crate) fn point() {
    if LEFT.load(Ordering::SeqCst) > 0 && LEFT.fetch_sub(1, Ordering::SeqCst) == 1 {
        let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
        // A signal to oneself is delivered before the call returns; should it not be, the process stops here all the same.
        std::process::abort();
    }
}

#[cfg(not(feature = "testing"))]
pub(crate) const fn point() {}
