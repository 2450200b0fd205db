//! The real binary, run as a person would run it, each time in a directory of its own with nothing of this environment.

#![expect(clippy::panic, clippy::indexing_slicing, reason = "a test that finds something else than it should ends there")]

mod accepted_list;
mod adding_a_tool;
mod asked;
mod canary;
mod chat;
mod config;
mod doctor;
mod eval;
mod first_steps;
mod full;
mod help;
mod interfaces;
mod kit;
mod life;
mod logins;
mod origins;
mod plugins;
mod policy;
mod records;
mod replay;
mod start;
mod upgrade;

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};
use steward_store::testing::TestDatabase;

/// How long a server may take to start or to stop.
const PATIENCE: Duration = Duration::from_secs(60);

/// A directory with an installation.
pub(crate) struct Home {
    dir: PathBuf,
    variables: Vec<(String, String)>,
}

/// What came of a command.
#[derive(Debug)]
pub(crate) struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Home {
    /// An empty one, in the system's place for such, which PostgreSQL's user can reach.
    pub(crate) fn empty(name: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let dir = std::env::temp_dir().join(format!("stw-cli-{}-{}-{name}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed)));
        fs::create_dir_all(&dir).expect("scratch directory");
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o755)).expect("scratch permissions");
        Self { dir, variables: Vec::new() }
    }

    /// One with this configuration.
    pub(crate) fn with_config(name: &str, toml: &str) -> Self {
        let home = Self::empty(name);
        home.write("steward.toml", toml);
        home
    }

    /// One on a database of the test server, started once.
    pub(crate) async fn made(name: &str, toml: &str) -> Self {
        let database = TestDatabase::make().await;
        let home = Self::with_config(name, toml).set("STEWARD_DATABASE__URL", &database.superuser_url);
        home.up(&[]).stop();
        home
    }

    pub(crate) fn set(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.dir.join(path)
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let file = self.path(path);
        fs::create_dir_all(file.parent().expect("parent")).expect("directory");
        fs::write(file, text).expect("file");
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_steward"));
        command.args(arguments).current_dir(&self.dir).env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").stdin(Stdio::null());
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        ended(self.command(arguments))
    }

    /// Runs a command at a terminal, where this is typed and Ctrl-D behind it. What is shown there has what was typed, too.
    pub(crate) fn typed(&self, arguments: &[&str], input: &[u8]) -> Ran {
        let output = given(self.at_terminal(arguments), input);
        // The terminal shows what was typed as it was typed, which need not be text.
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Ran { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
    }

    /// A command at a terminal, which has what its standard input is given typed.
    pub(crate) fn at_terminal(&self, arguments: &[&str]) -> Command {
        let command = self.command(&[]);
        let line = format!("'{}' {}", command.get_program().display(), arguments.join(" "));
        let mut terminal = Command::new("script");
        terminal.args(["-qec", &line, "/dev/null"]).current_dir(&self.dir).env_clear();
        terminal.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        terminal
    }

    /// Runs a command that must fail with code 1 in at most two lines, one of which says this.
    pub(crate) fn refused(&self, arguments: &[&str], expect: &[&str]) {
        let ran = self.run(arguments);
        assert_eq!(ran.code, 1, "{arguments:?}: {ran:?}");
        // What is logged meanwhile is not what is said.
        let said: Vec<&str> = ran.err.lines().filter(|line| !line.starts_with('{')).collect();
        assert!((1..=2).contains(&said.len()) && said.iter().all(|line| line.starts_with("steward: ")), "{arguments:?}: {ran:?}");
        for part in expect {
            assert!(ran.err.contains(part), "{arguments:?} should say `{part}`: {ran:?}");
        }
    }

    /// Runs a command that must succeed, and gives its output.
    pub(crate) fn succeeds(&self, arguments: &[&str]) -> String {
        let ran = self.run(arguments);
        assert_eq!(ran.code, 0, "{arguments:?}: {ran:?}");
        ran.out
    }

    /// The same, read as JSON.
    pub(crate) fn json(&self, arguments: &[&str]) -> serde_json::Value {
        let out = self.succeeds(arguments);
        serde_json::from_str(&out).unwrap_or_else(|err| panic!("{arguments:?}: {err}: {out}"))
    }

    /// Starts everything and waits until it is ready.
    pub(crate) fn up(&self, arguments: &[&str]) -> Up {
        let port = free_port();
        let listen = format!("127.0.0.1:{port}");
        let mut all = vec!["up", "--listen", &listen];
        all.extend(arguments);
        let log = self.path("up.log");
        let mut command = self.command(&all);
        command.stdout(Stdio::piped()).stderr(File::create(&log).expect("log"));
        let mut child = command.spawn().expect("start");
        let lines = lines_of(child.stdout.take().expect("output"));
        let mut up = Up { child, lines, log, port, said: String::new() };
        up.wait_for("check-up");
        up
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.dir);
    }
}

/// Runs a prepared command to its end.
pub(crate) fn ended(mut command: Command) -> Ran {
    let output = command.output().expect("run");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    Ran { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
}

fn given(mut command: Command, input: &[u8]) -> Output {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("start");
    child.stdin.take().expect("input").write_all(input).expect("feed");
    child.wait_with_output().expect("end")
}

/// Runs a command with something on its standard input.
pub(crate) fn fed(command: Command, input: &str) -> Ran {
    let output = given(command, input.as_bytes());
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    Ran { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
}

/// A running `steward up`. Killed when dropped.
pub(crate) struct Up {
    child: Child,
    lines: Receiver<String>,
    log: PathBuf,
    pub port: u16,
    pub said: String,
}

impl Up {
    /// Waits for a line with this.
    fn wait_for(&mut self, wanted: &str) {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            match self.lines.recv_timeout(Duration::from_millis(100)) {
                Ok(line) => {
                    self.said.push_str(&line);
                    self.said.push('\n');
                    if line.contains(wanted) {
                        return;
                    }
                }
                Err(mpsc::RecvTimeoutError::Timeout) => {}
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
            }
        }
        panic!("`steward up` did not say `{wanted}`, but: {}\n{}", self.said, self.log());
    }

    /// Waits until the log has a line with all of this.
    pub(crate) fn wait_for_log(&self, wanted: &[&str]) {
        until(&format!("the log to say {wanted:?}"), || self.log().lines().any(|line| wanted.iter().all(|part| line.contains(part))));
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    pub(crate) fn pid(&self) -> i32 {
        i32::try_from(self.child.id()).expect("pid")
    }

    /// Asks it to stop, and waits until it has.
    pub(crate) fn stop(self) -> ExitStatus {
        self.stop_by(rustix::process::Signal::TERM)
    }

    /// The same with this signal.
    pub(crate) fn stop_by(mut self, how: rustix::process::Signal) -> ExitStatus {
        signal(self.pid(), how);
        self.wait()
    }

    pub(crate) fn wait(&mut self) -> ExitStatus {
        let began = Instant::now();
        let mut status = None;
        until("`steward up` to end", || {
            status = self.child.try_wait().expect("status");
            status.is_some() || began.elapsed() > PATIENCE
        });
        status.unwrap_or_else(|| panic!("it does not end: {}", self.log()))
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a signal.
pub(crate) fn signal(pid: i32, signal: rustix::process::Signal) {
    rustix::process::kill_process(rustix::process::Pid::from_raw(pid).expect("pid"), signal).expect("signal");
}

/// Waits until something is so, but not for ever. What is waited for is another process's doing, so it can only be looked at again.
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let (began, (_kept, never)) = (Instant::now(), mpsc::channel::<()>());
    while !is_so() {
        assert!(began.elapsed() < PATIENCE, "waited in vain for {what}");
        let _ = never.recv_timeout(Duration::from_millis(20));
    }
}

/// A port that was free a moment ago.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr()).expect("port").port()
}

/// A listener that would be a proxy, the variables by which programs are led to it, and how often somebody came.
pub(crate) fn proxy() -> ([(&'static str, String); 3], Arc<AtomicU32>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("port");
    let at = format!("http://{}", listener.local_addr().expect("address"));
    let heard = Arc::<AtomicU32>::default();
    let counted = Arc::clone(&heard);
    std::thread::spawn(move || {
        for _hung_up in listener.incoming().map_while(Result::ok) {
            counted.fetch_add(1, Ordering::SeqCst);
        }
    });
    (["http_proxy", "https_proxy", "all_proxy"].map(|name| (name, at.clone())), heard)
}

fn lines_of(from: impl std::io::Read + Send + 'static) -> Receiver<String> {
    let (send, lines) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            if send.send(line).is_err() {
                break;
            }
        }
    });
    lines
}

/// Compares a text with a kept file; `UPDATE=1` writes it anew.
pub(crate) fn check_golden(file: &str, got: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/cli").join(file);
    if std::env::var_os("UPDATE").is_some_and(|value| value == "1") {
        fs::write(&path, got).expect("write");
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == got, "`{}` is not what it says now; look at the difference after `UPDATE=1`:\n{got}", path.display());
}
