//! `postmaster.pid`: who runs the cluster, and how far it is. What `pg_ctl` itself looks at.

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A server as its lock file describes it. The process may be long gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Postmaster {
    pub(super) pid: u32,
    pub(super) socket_dir: PathBuf,
    status: String,
}

impl Postmaster {
    /// Reads the lock file; none when there is none or it is not complete yet.
    pub(super) fn read(file: &Path) -> Option<Self> {
        parse(&std::fs::read_to_string(file).ok()?)
    }

    /// Whether it accepts connections.
    pub(super) fn is_ready(&self) -> bool {
        self.status == "ready"
    }

    /// Whether it is shutting down.
    pub(super) fn is_stopping(&self) -> bool {
        self.status == "stopping"
    }

    /// Whether the process still runs and is a PostgreSQL: numbers are used again, after a reboot soon.
    pub(super) fn is_alive(&self) -> bool {
        let Some(pid) = self.raw() else { return false };
        match test_kill_process(pid) {
            Ok(()) | Err(rustix::io::Errno::PERM) => looks_like_postgres(self.pid),
            Err(_) => false,
        }
    }

    fn raw(&self) -> Option<Pid> {
        i32::try_from(self.pid).ok().and_then(Pid::from_raw)
    }

    /// Ends a server that is not our child: fast, then at once. Whether it is gone.
    pub(super) async fn stop(&self, fast_ms: u64, immediate_ms: u64) -> bool {
        let Some(pid) = self.raw() else { return true };
        for (signal, patience_ms) in [(Signal::INT, fast_ms), (Signal::QUIT, immediate_ms)] {
            let began = Instant::now();
            if self.is_alive() {
                let _ = kill_process(pid, signal);
            }
            while began.elapsed() < Duration::from_millis(patience_ms) {
                if !self.is_alive() {
                    return true;
                }
                super::pause().await;
            }
        }
        !self.is_alive()
    }
}

/// Lines: process, data directory, start time, port, socket directory, address, shared memory, status.
fn parse(text: &str) -> Option<Postmaster> {
    let mut lines = text.lines();
    let pid = lines.next()?.trim().parse().ok()?;
    let socket_dir = PathBuf::from(lines.nth(3).unwrap_or_default());
    let status = lines.nth(2).unwrap_or_default().trim().to_owned();
    Some(Postmaster { pid, socket_dir, status })
}

#[cfg(target_os = "linux")]
fn looks_like_postgres(pid: u32) -> bool {
    let Ok(stat) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else { return false };
    // `pid (name) state …`: the name may hold anything, so the last bracket counts. A zombie no longer runs.
    let Some((head, rest)) = stat.rsplit_once(')') else { return false };
    let name = head.split_once('(').map_or("", |(_, name)| name);
    let zombie = rest.trim_start().starts_with(['Z', 'X']);
    !zombie && (name == "postgres" || name == "postmaster")
}

#[cfg(not(target_os = "linux"))]
fn looks_like_postgres(_pid: u32) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_written_lock_files_are_not_ready() {
        let check = |text: &str, expect: Option<(u32, &str, bool, bool)>| {
            let found = parse(text);
            assert_eq!(found.as_ref().map(|p| (p.pid, p.socket_dir.to_str().unwrap_or_default(), p.is_ready(), p.is_stopping())), expect, "{text}");
        };
        check("", None);
        check("abc\n", None);
        check("4242\n", Some((4242, "", false, false)));
        check("4242\n/d/pg\n1700000000\n5432\n/d/run\n\n", Some((4242, "/d/run", false, false)));
        check("4242\n/d/pg\n1700000000\n5432\n/d/run\n\n  1 2\nstarting\n", Some((4242, "/d/run", false, false)));
        check("4242\n/d/pg\n1700000000\n5432\n/d/run\n\n  1 2\nready   \n", Some((4242, "/d/run", true, false)));
        check("4242\n/d/pg\n1700000000\n5432\n/d/run\n\n  1 2\nstopping\n", Some((4242, "/d/run", false, true)));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_reused_process_number_is_not_alive() {
        let ours = Postmaster { pid: std::process::id(), socket_dir: PathBuf::new(), status: "ready".to_owned() };
        assert!(!ours.is_alive(), "this test is no PostgreSQL");
    }
}
