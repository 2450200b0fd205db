//! What the machine says: CPU of this process, of PostgreSQL, and memory.

use std::future::Future;

/// CPU time of this process, all threads, in microseconds.
pub(crate) fn cpu_us() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    time.tv_sec as f64 * 1e6 + time.tv_nsec as f64 / 1e3
}

/// CPU microseconds of this process per call, over `runs` calls one after the other.
pub(crate) async fn cpu_us_per<F: Future<Output = ()>>(runs: u32, mut call: impl FnMut() -> F) -> f64 {
    let before = cpu_us();
    for _ in 0..runs {
        call().await;
    }
    (cpu_us() - before) / f64::from(runs)
}

/// CPU time of every PostgreSQL process of this machine, in microseconds, at the kernel's tick of 10 ms.
pub(crate) fn postgres_cpu_us() -> f64 {
    let mut ticks = 0_u64;
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Ok(stat) = std::fs::read_to_string(entry.path().join("stat")) else { continue };
        let Some((head, tail)) = stat.rsplit_once(')') else { continue };
        if head.ends_with("(postgres") {
            let fields: Vec<&str> = tail.split_whitespace().collect();
            ticks += [11, 12].iter().filter_map(|at| fields.get(*at)?.parse::<u64>().ok()).sum::<u64>();
        }
    }
    ticks as f64 * 10_000.0
}

/// Resident memory of this process, in KiB.
pub(crate) fn rss_kib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().find_map(|line| line.strip_prefix("VmRSS:")).and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0.0)
}
