//! What two hundred installed plugins add to a start and to the memory of a process that does nothing, and what the first call of one takes,
//! whose code is not in memory yet.
//!
//! Each figure of a start is of a process of its own: this program started again with the folder of an installation.

#![expect(clippy::indexing_slicing, reason = "the middle of a list that is not empty, and pieces of known length")]

use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;
use steward_host::installed::{self, AcceptedPlugin};
use steward_host::testing::{GuestFiles, MemoryOffice};
use steward_host::{Host, HostOptions, Trust};

#[path = "../tests/it/support.rs"]
#[expect(dead_code, clippy::panic, reason = "shared with the tests, which use more of it")]
mod support;

const PLUGINS: usize = 200;
const STARTS: usize = 5;
/// So many of the plugins are called, each once.
const CALLS: usize = 50;
const PAGE_BYTES: u64 = 4096;
const NAME: &str = "keeper";

fn trust() -> Trust {
    Trust { keys: Vec::new(), allow_unsigned: true }
}

fn host(root: &Path) -> Host {
    let host = Host::new(HostOptions { cache_dir: Some(root.join("cache")), ..HostOptions::default() }).expect("host");
    host.load_shipped().expect("shipped plugins");
    host
}

fn dirs(root: &Path) -> Vec<PathBuf> {
    (0..PLUGINS).map(|number| root.join("plugins").join(format!("p{number:05}"))).collect()
}

/// A guest under another name of the same length, which its code says as well.
fn named(name: &str) -> GuestFiles {
    let mut files = GuestFiles::keeper();
    files.manifest = files.manifest.replace(NAME, name);
    let places: Vec<usize> = files.component.windows(NAME.len()).enumerate().filter(|(_, window)| *window == NAME.as_bytes()).map(|(at, _)| at).collect();
    for at in places {
        files.component[at..at + name.len()].copy_from_slice(name.as_bytes());
    }
    files.name = name.to_owned();
    files
}

/// Resident memory of this process, in MiB.
fn resident() -> f64 {
    let text = std::fs::read_to_string("/proc/self/statm").expect("Linux");
    let pages: u64 = text.split_whitespace().nth(1).and_then(|pages| pages.parse().ok()).expect("a number");
    (pages * PAGE_BYTES) as f64 / f64::from(1 << 20)
}

/// One start: how long it took in milliseconds and what it holds in MiB.
fn start(root: &Path, with: bool) {
    let began = Instant::now();
    let host = host(root);
    if with {
        let (loaded, aside) = host.load_installed(&dirs(root), &root.join("lock.json"), &trust());
        assert!(loaded.len() == PLUGINS && aside.is_empty(), "{aside:?}");
    }
    println!("{} {}", began.elapsed().as_secs_f64() * 1000.0, resident());
}

/// The middle of several starts, each a process.
fn starts(root: &Path, with: &str) -> (f64, f64) {
    let run = || {
        let done = Command::new(std::env::current_exe().expect("this program")).args(["--start", with]).arg(root).output().expect("started");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let text = String::from_utf8_lossy(&done.stdout).into_owned();
        let mut numbers = text.split_whitespace().map(|number| number.parse::<f64>().expect("a number"));
        (numbers.next().expect("time"), numbers.next().expect("memory"))
    };
    let mut all: Vec<(f64, f64)> = (0..STARTS).map(|_| run()).collect();
    all.sort_by(|one, other| one.0.total_cmp(&other.0));
    all[STARTS / 2]
}

/// Milliseconds of the first call of a plugin that was loaded and whose code was not read yet: the middle of many plugins.
fn first_calls(root: &Path) -> f64 {
    let host = host(root);
    let (loaded, aside) = host.load_installed(&dirs(root), &root.join("lock.json"), &trust());
    assert!(loaded.len() == PLUGINS && aside.is_empty(), "{aside:?}");
    let gate = support::Gate::new(&host);
    let office = Arc::new(MemoryOffice::default());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
    let mut all: Vec<f64> = loaded
        .iter()
        .take(CALLS)
        .map(|plugin| {
            let permit = gate.permit(&host, &format!("{}.peek", plugin.name), json!({ "steps": ["told"] }));
            let began = Instant::now();
            let report = runtime.block_on(host.call(permit, support::context("key"), Arc::clone(&office) as _));
            let took = began.elapsed().as_secs_f64() * 1000.0;
            assert_eq!(support::text(&report), "en Europe/Berlin");
            took
        })
        .collect();
    all.sort_by(f64::total_cmp);
    all[CALLS / 2]
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, start_flag, with, root] = arguments.as_slice()
        && start_flag == "--start"
    {
        return start(Path::new(root), with == "installed");
    }
    let root = support::Folder::new();
    let host = host(root.path());
    for dir in dirs(root.path()) {
        named(dir.file_name().and_then(|name| name.to_str()).expect("a name")).write(&dir).expect("written");
        let plugin = host.examine(&dir, &trust()).expect("a plugin");
        installed::put(&root.path().join("lock.json"), AcceptedPlugin { plugin, version: 0 }).expect("accepted");
    }
    drop(host);
    let (bare, with) = (starts(root.path(), "bare"), starts(root.path(), "installed"));
    println!("installed_{PLUGINS}/start_more_ms_p50 {:.1}", with.0 - bare.0);
    println!("installed_{PLUGINS}/memory_more_mib {:.1}", with.1 - bare.1);
    println!("installed_{PLUGINS}/first_call_ms_p50 {:.2}", first_calls(root.path()));
}
