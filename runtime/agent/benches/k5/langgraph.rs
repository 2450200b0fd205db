//! Runs of LangGraph with its PostgreSQL checkpointer, against the same model and the same server: what ours are compared with.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/peers/langgraph");

/// A process of it.
pub(crate) struct LangGraph {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl LangGraph {
    /// None where it is not installed: the comparison is left out and says so.
    pub(crate) fn start(model_url: &str, side_by_side: usize) -> Option<Self> {
        let python = Path::new(FOLDER).join(".venv/bin/python");
        if !python.exists() {
            println!("LangGraph is not installed (scripts/need langgraph): the comparison is left out");
            return None;
        }
        let database = std::env::var("STEWARD_TEST_DATABASE_URL").expect("there is one where rates are measured");
        let mut child = Command::new(python)
            // It says at each start that its function will move.
            .args(["-W", "ignore"])
            .arg(Path::new(FOLDER).join("runs.py"))
            .args([&database, model_url, &side_by_side.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python");
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().expect("output"));
        let mut other = Self { child, input, output };
        assert_eq!(other.line(), "ready", "LangGraph starts");
        let warm = side_by_side.try_into().expect("a small number");
        other.runs_a_second(warm);
        Some(other)
    }

    /// Does so many runs, and gives its rate.
    pub(crate) fn runs_a_second(&mut self, runs: u32) -> f64 {
        writeln!(self.input.as_mut().expect("open until the end"), "{runs}").expect("it listens");
        self.line().parse().expect("a rate")
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).expect("it answers");
        line.trim().to_owned()
    }
}

impl Drop for LangGraph {
    fn drop(&mut self) {
        // The end of its input is the end of its work: it takes its database along.
        drop(self.input.take());
        let _ = self.child.wait();
    }
}
