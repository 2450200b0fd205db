//! A third-party program that takes messages, in Python, and what it took.

use serde_json::Value;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

/// Where the programs are.
pub(super) const PEERS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/peers");
/// How long one may take to start or to tell, in seconds.
const PATIENCE_SECONDS: u64 = 60;

/// A program under way. It ends when this is dropped.
pub(super) struct Peer {
    /// What it said first.
    pub(super) about: Value,
    lines: Lines<BufReader<ChildStdout>>,
    _child: Child,
    _stdin: ChildStdin,
}

impl Peer {
    pub(super) async fn start(script: &str, arguments: &[&str]) -> Self {
        let python = Path::new(PEERS).join(".venv/bin/python");
        assert!(python.exists(), "{} is missing: run `make peers`", python.display());
        let mut command = Command::new(python);
        command.arg(Path::new(PEERS).join(script)).args(arguments).current_dir(PEERS).env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true).spawn().expect("Python");
        let stdin = child.stdin.take().expect("piped");
        let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let mut peer = Self { about: Value::Null, lines, _child: child, _stdin: stdin };
        peer.about = peer.next().await;
        peer
    }

    /// The next thing it took.
    pub(super) async fn next(&mut self) -> Value {
        let line = timeout(Duration::from_secs(PATIENCE_SECONDS), self.lines.next_line()).await.expect("in time").expect("a line");
        serde_json::from_str(&line.expect("it goes on")).expect("JSON")
    }

    pub(super) fn port(&self) -> u16 {
        self.about["port"].as_u64().and_then(|port| port.try_into().ok()).expect("a port")
    }
}
