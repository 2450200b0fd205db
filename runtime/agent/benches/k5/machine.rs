//! What the machine says: CPU of this process, of PostgreSQL, and memory.

use futures_util::StreamExt as _;
use std::future::Future;
pub(crate) use steward_store::testing::postgres_cpu_us;

/// CPU time of this process, all threads, in microseconds.
pub(crate) fn cpu_us() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    time.tv_sec as f64 * 1e6 + time.tv_nsec as f64 / 1e3
}

/// CPU microseconds of this process per call, over `runs` calls of which so many are under way at a time.
pub(crate) async fn cpu_us_per<F: Future<Output = ()>>(runs: u32, side_by_side: usize, call: impl Fn() -> F) -> f64 {
    let before = cpu_us();
    futures_util::stream::iter(0..runs).for_each_concurrent(side_by_side, |_| call()).await;
    (cpu_us() - before) / f64::from(runs)
}

/// Keeps this process on one core, where there is more than one. Where the kernel puts two processes that talk to each other moves the cost
/// of a small request by two fifths: on one core it needs no interrupt to wake the other.
pub(crate) fn stay_on(core: usize) {
    if std::thread::available_parallelism().is_ok_and(|cores| cores.get() > 1) {
        let mut set = rustix::thread::CpuSet::new();
        set.set(core);
        let _ = rustix::thread::sched_setaffinity(None, &set);
    }
}

/// Lets this process run on every core again.
pub(crate) fn go_anywhere() {
    let mut set = rustix::thread::CpuSet::new();
    (0..rustix::thread::CpuSet::MAX_CPU).for_each(|core| set.set(core));
    let _ = rustix::thread::sched_setaffinity(None, &set);
}

/// Resident memory of this process, in KiB.
pub(crate) fn rss_kib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().find_map(|line| line.strip_prefix("VmRSS:")).and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0.0)
}
