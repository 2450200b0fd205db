//! A third-party program, in Python or for Node.js, and what it says, a line of JSON at a time.

use serde_json::Value;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

/// Where the programs are.
pub(crate) const PEERS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/peers");
/// How long one may take to start or to say something, in seconds.
const PATIENCE_SECONDS: u64 = 60;

/// A program under way. It ends when this is dropped.
pub(crate) struct Peer {
    /// What it said first.
    pub(crate) about: Value,
    lines: Lines<BufReader<ChildStdout>>,
    _child: Child,
    _stdin: ChildStdin,
}

impl Peer {
    /// Starts a script of `tests/peers`.
    pub(crate) async fn start(script: &str, arguments: &[&str]) -> Self {
        let is_python = script.ends_with(".py");
        let needs = Path::new(PEERS).join(if is_python { ".venv/bin/python" } else { "node_modules" });
        assert!(needs.exists(), "{} is missing: run `make peers`", needs.display());
        let mut command = if is_python { Command::new(needs) } else { Command::new("node") };
        command.arg(Path::new(PEERS).join(script)).args(arguments).current_dir(PEERS).env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin");
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true).stderr(Stdio::null()).spawn().expect("it starts: run `make peers`");
        let stdin = child.stdin.take().expect("piped");
        let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let mut peer = Self { about: Value::Null, lines, _child: child, _stdin: stdin };
        peer.about = peer.next().await;
        peer
    }

    /// The next thing it took.
    pub(crate) async fn next(&mut self) -> Value {
        let line = timeout(Duration::from_secs(PATIENCE_SECONDS), self.lines.next_line()).await.expect("in time").expect("a line");
        serde_json::from_str(&line.expect("it goes on")).expect("JSON")
    }

    pub(crate) fn port(&self) -> u16 {
        self.about["port"].as_u64().and_then(|port| port.try_into().ok()).expect("a port")
    }
}
