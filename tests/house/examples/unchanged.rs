//! Which test programs need not run: they and all they read are as they were when they last passed.
//!
//! `scripts/test` runs it; it tests nothing itself. Use, with what `cargo nextest list --list-type binaries-only --message-format json` says
//! on standard input:
//! `unchanged look <folder>` prints what nextest is to run, as a filter, or nothing; `unchanged keep <folder>` notes that all of it passed, and
//! `unchanged keep-short <folder>` that all that `look` had printed did.
//! Of a program that passed here as a whole, `look` leaves out the tests that take longest: those that `.config/nextest.toml` begins with.

#![expect(clippy::unwrap_used, reason = "a tool for developers stops where it cannot go on")]

use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::UNIX_EPOCH;
use std::{fs, io};

/// What stands in the note of a program whose longest tests did not run.
const SHORT: &str = "short";
/// It reads every source file.
const HOUSE: &str = "steward-house";
/// Of what is written for people only the house's test reads more than one page: `no_program_reads_a_page_but_the_walk` says so.
const PAGES: &str = "docs/";
/// The page that is walked.
const WALKED: &str = "docs/adding-a-tool.md";
/// Rust that is no part of the workspace: tests build it.
const GUESTS: [&str; 4] = ["tools/plugins/", "tools/guests/", "tools/sdk/", "tools/kit/templates/"];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [verb, folder] = arguments.as_slice() else {
        eprintln!("use: unchanged look|keep|keep-short <folder>");
        std::process::exit(2);
    };
    let told: Value = serde_json::from_reader(io::stdin()).unwrap();
    let name = |id: &str| id.replace([':', '/'], "_");
    let note = |id: &str, key: &str| Path::new(folder).join(format!("{}-{key}", name(id)));
    // Says that a program passed as a whole in some form.
    let whole = |id: &str| Path::new(folder).join(format!("{}.whole", name(id)));
    let keys = keys(&told);
    if verb.starts_with("keep") {
        let is_short = verb == "keep-short";
        let wholes: Vec<&String> = keys.keys().filter(|id| whole(id).exists()).collect();
        let notes: Vec<(&String, &String, &str)> = keys
            .iter()
            .map(|(id, key)| match fs::read_to_string(note(id, key)) {
                Ok(there) if is_short => (id, key, if there == SHORT { SHORT } else { "" }),
                _ => (id, key, if is_short && wholes.contains(&id) { SHORT } else { "" }),
            })
            .collect();
        // Only the last time counts.
        let _ = fs::remove_dir_all(folder);
        fs::create_dir_all(folder).unwrap();
        notes.iter().for_each(|(id, key, how)| fs::write(note(id, key), how).unwrap());
        notes.iter().filter(|(id, _, how)| how.is_empty() || wholes.contains(id)).for_each(|(id, ..)| fs::write(whole(id), []).unwrap());
        return;
    }
    let long = long();
    let changed = keys.iter().filter(|(id, key)| !note(id, key).exists()).map(|(id, _)| match whole(id).exists() {
        true => format!("(binary_id({id}) - ({long}))"),
        false => format!("binary_id({id})"),
    });
    let changed: Vec<String> = changed.collect();
    println!("{}", changed.join(" | "));
    if changed.is_empty() && keys.iter().any(|(id, key)| fs::read_to_string(note(id, key)).is_ok_and(|how| how == SHORT)) {
        eprintln!("steward: the tests that take minutes have not run on it.");
    }
}

/// The filter of the tests that nextest begins with, because they take longest.
fn long() -> String {
    let config = fs::read_to_string(".config/nextest.toml").unwrap();
    let before = config.split_once("\npriority = 100").expect("the tests that take longest have the highest priority").0;
    let filter = before.rsplit_once("filter = \"").expect("their filter stands before it").1;
    filter.split_once('"').unwrap().0.to_owned()
}

/// Each test program by its name, with one number for it and for all that it reads.
fn keys(told: &Value) -> BTreeMap<String, String> {
    let (data, all) = (sources(false), sources(true));
    let tools = ["rustc", "node", "cvc5"].map(|tool| Command::new(tool).arg("--version").output().map(|output| output.stdout).unwrap_or_default());
    let programs = &told["rust-build-meta"];
    let target = Path::new(programs["target-directory"].as_str().unwrap());
    let mut keys = BTreeMap::new();
    for (id, test) in told["rust-binaries"].as_object().unwrap() {
        let package = test["package-id"].as_str().unwrap();
        let house = package.contains(HOUSE) || package.contains("tests/house");
        let mut sum = Sha256::new();
        sum.update(if house { &all } else { &data });
        tools.iter().for_each(|tool| sum.update(tool));
        sum.update(built(Path::new(test["binary-path"].as_str().unwrap())));
        // The program itself, which the tests of its own crate start, and no others can.
        for one in programs["non-test-binaries"].get(package).and_then(Value::as_array).into_iter().flatten() {
            sum.update(built(&target.join(one["path"].as_str().unwrap())));
        }
        keys.insert(id.clone(), hex(&sum.finalize()));
    }
    keys
}

/// What cargo itself goes by: where a file is, how long it is and when it was made.
fn built(path: &Path) -> String {
    let Ok(about) = fs::metadata(path) else { return format!("{} is not there", path.display()) };
    let made = about.modified().unwrap().duration_since(UNIX_EPOCH).unwrap();
    format!("{} {} {}", path.display(), about.len(), made.as_nanos())
}

/// One number for the files of the repository that tests read: all of them, or those that are not in the programs already.
fn sources(all: bool) -> Vec<u8> {
    let listed = Command::new("git").args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]).output().unwrap();
    assert!(listed.status.success(), "git knows which files there are");
    let listed = String::from_utf8(listed.stdout).unwrap();
    let mut sum = Sha256::new();
    for name in listed.split_terminator('\0') {
        let is_page = name.starts_with(PAGES) && name != WALKED || name == "CHANGELOG.md";
        if all || !is_page && !name.ends_with(".rs") || GUESTS.iter().any(|guest| name.starts_with(guest)) {
            sum.update(name);
            // A file that was removed is listed until that is committed.
            sum.update(fs::read(name).unwrap_or_default());
        }
    }
    sum.finalize().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
