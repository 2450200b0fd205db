//! What a script starts beside itself ends with it.

use crate::tree::root;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Stdio};

#[test]
fn what_runs_apart_ends_with_all_that_it_started() {
    // What is two processes below says so if it lives on, and holds the pipe for as long.
    let mut apart = Command::new(root().join("scripts/apart"))
        .args(["bash", "-c", "(sleep 20; echo lives) & echo started; wait"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(apart.stdout.take().unwrap());
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    assert_eq!(line, "started\n");
    assert!(Command::new("bash").args(["-c", &format!("kill {}", apart.id())]).status().unwrap().success());
    line.clear();
    said.read_to_string(&mut line).unwrap();
    assert_eq!(line, "", "it was told to end");
    assert_eq!(apart.wait().unwrap().code(), Some(143));
}

#[test]
fn what_runs_apart_ends_as_its_command_does() {
    for (command, code) in [("exit 0", 0), ("exit 3", 3)] {
        let status = Command::new(root().join("scripts/apart")).args(["bash", "-c", command]).status().unwrap();
        assert_eq!(status.code(), Some(code), "{command}");
    }
}
