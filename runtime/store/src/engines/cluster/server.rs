//! The server process: started from a thread that lives as long as it does, told to end with its parent.

use super::account::Account;
use super::binaries::Binaries;
use super::error::ClusterError;
use super::files::Layout;
use rustix::process::{Pid, Signal, kill_process};
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tokio::sync::{oneshot, watch};

/// After how long a slow start is mentioned, in seconds.
const MENTION_SECONDS: u64 = 5;

/// A server we started.
#[derive(Debug)]
pub(super) struct Server {
    pid: u32,
    ended: watch::Receiver<Option<String>>,
}

impl Server {
    pub(super) fn pid(&self) -> u32 {
        self.pid
    }

    /// How it ended, if it has.
    fn end(&self) -> Option<String> {
        self.ended.borrow().clone()
    }

    /// Waits for its end.
    pub(super) async fn ended(&self) -> String {
        let mut ended = self.ended.clone();
        // The thread that waits for the process reports before it goes, so the channel never closes empty.
        ended.wait_for(Option::is_some).await.ok().and_then(|how| how.clone()).unwrap_or_else(|| "gone".to_owned())
    }

    fn signal(&self, signal: Signal) {
        if self.end().is_none()
            && let Some(pid) = i32::try_from(self.pid).ok().and_then(Pid::from_raw)
        {
            let _ = kill_process(pid, signal);
        }
    }

    /// Fast, then at once. Whether it is gone.
    pub(super) async fn stop(&self, fast_ms: u64, immediate_ms: u64) -> bool {
        for (signal, patience_ms) in [(Signal::INT, fast_ms), (Signal::QUIT, immediate_ms)] {
            self.signal(signal);
            if tokio::time::timeout(Duration::from_millis(patience_ms), self.ended()).await.is_ok() {
                return true;
            }
        }
        false
    }
}

impl Drop for Server {
    /// One that is no longer wanted is told to stop; only [`Server::stop`] waits for it.
    fn drop(&mut self) {
        self.signal(Signal::INT);
    }
}

/// Starts `postgres` and waits until it accepts connections.
pub(super) async fn start(layout: &Layout, binaries: &Binaries, account: &Account, socket_dir: &Path, seconds_max: u64) -> Result<Server, ClusterError> {
    remove_stale_lock(layout)?;
    let log_from = layout.log_start();
    let log_file = layout.log();
    let log = OpenOptions::new().append(true).create(true).mode(0o600).open(&log_file).map_err(ClusterError::io("open", &log_file))?;
    let program = binaries.program("postgres");
    let mut command = account.command(&program);
    command.arg("-D").arg(layout.pg());
    for setting in [
        "listen_addresses=",
        "unix_socket_permissions=0700",
        "logging_collector=off",
        "log_destination=stderr",
        "log_line_prefix=%m [%p] ",
        "log_timezone=UTC",
        "timezone=UTC",
        // Our statements are short; compiling them would only cost.
        "jit=off",
        // What each connection does is asked of `pg_stat_activity`; naming the process after it would cost with every statement.
        "update_process_title=off",
    ] {
        command.arg("-c").arg(setting);
    }
    command.arg("-c").arg(format!("port={}", super::files::PORT));
    command.arg("-c").arg(format!("unix_socket_directories={}", quoted(socket_dir)));
    command.stdout(Stdio::null()).stderr(log);
    let server = spawn(command).await.map_err(ClusterError::io("run", program))?;
    let began = Instant::now();
    let mut mentioned = false;
    loop {
        if let Some(how) = server.end() {
            return Err(ClusterError::from_tail("postgres", how, layout.log_tail(log_from), layout.data_dir().to_owned()));
        }
        if layout.postmaster().is_some_and(|running| running.pid == server.pid && running.is_ready()) {
            return Ok(server);
        }
        let seconds = began.elapsed().as_secs();
        if seconds >= seconds_max {
            server.stop(0, super::IMMEDIATE_STOP_MS_MAX).await;
            return Err(ClusterError::Slow { seconds, tail: layout.log_tail(log_from) });
        }
        if seconds >= MENTION_SECONDS && !mentioned {
            mentioned = true;
            tracing::info!("PostgreSQL is still starting; after a crash it repairs itself first");
        }
        super::pause().await;
    }
}

/// PostgreSQL removes the lock file of a dead server itself, but refuses when its process number is used again by another
/// program of the same user. We know that such a program is no PostgreSQL.
fn remove_stale_lock(layout: &Layout) -> Result<(), ClusterError> {
    match layout.postmaster() {
        Some(old) if !old.is_alive() => {
            tracing::warn!(postgres.pid = old.pid, "the last PostgreSQL here did not end cleanly; it repairs itself now");
            let file = layout.pid_file();
            std::fs::remove_file(&file).map_err(ClusterError::io("remove", file))
        }
        Some(_) | None => Ok(()),
    }
}

/// A list setting: commas separate and quotes protect.
fn quoted(dir: &Path) -> String {
    format!("\"{}\"", dir.display().to_string().replace('"', "\"\""))
}

/// Runs a command from a thread of its own that waits for its end: the system signals a process when the *thread* that
/// started it ends, and threads of the async runtime come and go.
async fn spawn(mut command: Command) -> std::io::Result<Server> {
    die_with_parent(&mut command);
    let (started, has_started) = oneshot::channel();
    let (report, ended) = watch::channel(None);
    std::thread::Builder::new().name("steward-postgres".to_owned()).spawn(move || match command.spawn() {
        Ok(mut child) => {
            if started.send(Ok(child.id())).is_err() {
                // Nobody waits for it any more: the start was given up.
                let _ = child.kill();
            }
            let how = child.wait().map_or_else(|err| err.to_string(), |status| status.to_string());
            report.send_replace(Some(how));
        }
        Err(err) => {
            let _ = started.send(Err(err));
        }
    })?;
    let pid = has_started.await.map_err(std::io::Error::other)??;
    Ok(Server { pid, ended })
}

/// Has the system send a fast-shutdown signal to the command when we die, however we die.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "std has no other way to run a system call between fork and exec; both calls are async-signal-safe")]
pub(super) fn die_with_parent(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    let us = rustix::process::getpid();
    let hook = move || {
        rustix::process::set_parent_process_death_signal(Some(Signal::INT))?;
        // We may have died before the call above.
        if rustix::process::getppid() == Some(us) { Ok(()) } else { Err(std::io::Error::from(std::io::ErrorKind::NotFound)) }
    };
    // SAFETY: the closure makes two system calls, allocates nothing and takes no lock.
    unsafe {
        command.pre_exec(hook);
    }
}

/// Elsewhere a server that outlives us is found and taken over by the next start.
#[cfg(not(target_os = "linux"))]
pub(super) fn die_with_parent(_command: &mut Command) {}
