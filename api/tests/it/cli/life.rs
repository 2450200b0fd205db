//! A whole installation's life: first start, two starters, killed parts, a clean end. With its private PostgreSQL.

use super::{Home, signal, until};
use rustix::process::Signal;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;

fn postmaster(home: &Home) -> Option<i32> {
    fs::read_to_string(home.path("data/pg/postmaster.pid")).ok()?.lines().next()?.trim().parse().ok()
}

/// The status of a plain GET.
fn status(port: u16, path: &str) -> Option<u16> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    answer.split_whitespace().nth(1)?.parse().ok()
}

#[test]
fn it_starts_survives_and_stops() {
    let home = Home::empty("life");
    let mut up = home.up(&["--owner", "ada@example.org"]);
    assert!(up.said.contains("Sign in as ada@example.org"), "{}", up.said);
    assert!(up.said.contains("/sign-in#token="), "{}", up.said);
    assert!(!up.log().contains("token="), "the link's secret is in the log");
    assert_eq!(status(up.port, "/readyz"), Some(200));

    // A second one on the same data directory, on another port; and a command beside the server.
    home.refused(
        &["up", "--listen", "127.0.0.1:0"],
        &[&format!("another Steward (process {}, `steward up`) uses the data directory", up.pid()), "stop it first"],
    );
    assert_eq!(status(up.port, "/readyz"), Some(200), "the first one does not mind");
    home.refused(&["approvals", "list"], &["nobody here has the address `owner@localhost`", "--as EMAIL"]);
    assert!(home.succeeds(&["approvals", "list", "--as", "ada@example.org"]).contains("Nothing waits"));
    assert!(home.succeeds(&["link", "--as", "ada@example.org"]).contains("/sign-in#token="));

    // PostgreSQL is killed: it comes back, and so do we.
    let killed = postmaster(&home).expect("postmaster");
    signal(killed, Signal::KILL);
    up.wait_for_log(&["PostgreSQL runs again"]);
    until("readiness", || status(up.port, "/readyz") == Some(200));
    assert_ne!(postmaster(&home), Some(killed));

    // Steward is killed: PostgreSQL goes with it, and the next start finds everything.
    signal(up.pid(), Signal::KILL);
    up.wait();
    let up = home.up(&["--owner", "ada@example.org"]);
    assert!(!up.said.contains("Sign in as"), "the organisation is made once: {}", up.said);
    assert!(home.json(&["audit", "export", "--as", "ada@example.org", "--action", "organisation.create"])["leaf"].is_string());

    // A clean end: everything is gone, and the exit code says so.
    let end = up.stop();
    assert!(end.success(), "{end:?}");
    assert_eq!(postmaster(&home), None, "PostgreSQL is stopped too");

    // A command alone starts PostgreSQL for as long as it takes.
    assert!(home.succeeds(&["approvals", "list", "--as", "ada@example.org"]).contains("Nothing waits"));
    assert_eq!(postmaster(&home), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rules_are_reloaded_and_broken_ones_are_not() {
    let home = Home::made("reload", "").await;
    let up = home.up(&[]);
    home.write("data/policies/rules/90-mine.cedar", "permit (principal, action, resource) when { context.nothing };\n");
    up.wait_for_log(&["ERROR", "THE CHANGED RULES ARE REFUSED", "rules/90-mine.cedar:1"]);
    home.write("data/policies/rules/90-mine.cedar", "");
    up.wait_for_log(&["ERROR", "THE CHANGED RULES ARE REFUSED", "rules/90-mine.cedar:1", "the file is empty"]);
    home.write("data/policies/rules/90-mine.cedar", "@id(\"mine\") @reason(\"Mine.\") forbid (principal, action, resource) when { context.tainted };\n");
    up.wait_for_log(&["new rules are in force"]);
    assert!(up.stop().success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_parts_run_as_processes_of_their_own() {
    let home = Home::made("parts", "").await;
    assert!(home.succeeds(&["migrate"]).contains("has all"));
    let port = super::free_port();
    let listen = format!("127.0.0.1:{port}");
    let mut serve = home.command(&["serve", "--listen", &listen]).stderr(std::process::Stdio::null()).spawn().expect("serve");
    let log = fs::File::create(home.path("work.log")).expect("log");
    let mut work = home.command(&["work", "--runs", "2"]).stderr(log).spawn().expect("work");
    until("readiness", || status(port, "/readyz") == Some(200));
    until("the worker", || fs::read_to_string(home.path("work.log")).is_ok_and(|log| log.contains("working")));
    assert!(work.try_wait().expect("status").is_none(), "the worker works on");
    for child in [&mut serve, &mut work] {
        signal(i32::try_from(child.id()).expect("pid"), Signal::TERM);
        assert!(child.wait().expect("end").success());
    }
}
