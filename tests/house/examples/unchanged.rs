//! Which test programs need not run: they and all they read are as they were when they last passed.
//!
//! `scripts/test` runs it; it tests nothing itself. Use, with what `cargo nextest list --list-type binaries-only --message-format json` says
//! on standard input:
//! `unchanged look <folder>` prints what nextest is to run, as a filter, or nothing; `unchanged keep <folder>` notes that all of it passed, and
//! `unchanged keep-short <folder>` that all that `look` had printed did. `unchanged times <folder> <report>` notes, passed or not, how long each
//! test of a report took that nextest wrote.
//! Of a program that passed here as a whole, `look` leaves out the tests that take longest, those that `.config/nextest.toml` begins with, and of
//! the others takes so many as fit into half a minute: what failed, what is nearest to what changed, and what has not run for longest.

#![expect(clippy::unwrap_used, reason = "a tool for developers stops where it cannot go on")]

#[path = "../choice.rs"]
mod choice;

use choice::{Program, Times, choose, note};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};
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
const GUESTS: [&str; 4] = ["tools/plugins/", "tools/hostile/", "tools/sdk/", "tools/kit/templates/"];

/// How long the chosen tests may take together, in seconds, on as many threads as `scripts/test` runs at once: two for each processor.
/// Measured, they take up to four times what they took where everything runs: half of them waited there, and the loop is not optimised here.
const SECONDS: f64 = 9.0;

/// What is remembered beside the notes: it outlives them.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Memory {
    /// How many reports were read.
    ran: u64,
    times: Times,
    /// Each file of Rust, with a number for what stood in it when tests last passed.
    files: BTreeMap<String, String>,
}

impl Memory {
    fn at(folder: &str) -> String {
        format!("{folder}.times.json")
    }

    /// Whatever cannot be read is forgotten: then everything runs.
    fn read(folder: &str) -> Self {
        fs::read_to_string(Self::at(folder)).ok().and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
    }

    fn write(&self, folder: &str) {
        fs::create_dir_all(Path::new(folder).parent().unwrap()).unwrap();
        fs::write(Self::at(folder), serde_json::to_string(self).unwrap()).unwrap();
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (verb, folder) = match arguments.as_slice() {
        [verb, folder, report] if verb == "times" => {
            let mut memory = Memory::read(folder);
            memory.ran += 1;
            note(&mut memory.times, &fs::read_to_string(report).unwrap_or_default(), memory.ran);
            memory.write(folder);
            return;
        }
        [verb, folder] => (verb, folder),
        _ => {
            eprintln!("use: unchanged look|keep|keep-short <folder>, or unchanged times <folder> <report>");
            std::process::exit(2);
        }
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
        Memory { files: rust(), ..Memory::read(folder) }.write(folder);
        return;
    }
    let long = long();
    let changed: Vec<&str> = keys.iter().filter(|(id, key)| !note(id, key).exists()).map(|(id, _)| id.as_str()).collect();
    let memory = Memory::read(folder);
    let left_out = left_out(&told, &changed.iter().copied().filter(|id| whole(id).exists()).collect::<Vec<_>>(), &long, &memory);
    let wanted: Vec<String> = changed
        .iter()
        .map(|id| match (whole(id).exists(), left_out.get(*id)) {
            (true, Some(names)) => {
                let names: Vec<String> = names.iter().map(|name| format!("test(={name})")).collect();
                format!("(binary_id({id}) - ({long}) - ({}))", names.join(" | "))
            }
            (true, None) => format!("(binary_id({id}) - ({long}))"),
            (false, _) => format!("binary_id({id})"),
        })
        .collect();
    println!("{}", wanted.join(" | "));
    let count: usize = left_out.values().map(BTreeSet::len).sum();
    if count > 0 {
        eprintln!(
            "steward: {count} tests that passed here before wait for another turn: those nearest to what changed, and that have not run for longest, run now."
        );
    }
    if changed.is_empty() && keys.iter().any(|(id, key)| fs::read_to_string(note(id, key)).is_ok_and(|how| how == SHORT)) {
        eprintln!("steward: not all of its tests have run on it.");
    }
}

/// Of programs that passed here as a whole, the tests that are not for now; those that take longest are left out by the filter.
fn left_out<'a>(told: &'a Value, ids: &[&'a str], long: &str, memory: &'a Memory) -> BTreeMap<&'a str, BTreeSet<&'a str>> {
    let now = rust();
    let differs = |name: &&String| now.get(*name) != memory.files.get(*name);
    let files: BTreeSet<&String> = now.keys().chain(memory.files.keys()).filter(differs).collect();
    let stems: BTreeSet<&str> = files.iter().filter_map(|name| Path::new(name).file_stem()?.to_str()).collect();
    let long: Vec<&str> = long.split("test(").skip(1).filter_map(|rest| rest.split(')').next()).collect();
    let programs: Vec<Program> = ids
        .iter()
        .filter_map(|id| {
            let crate_folder = folder_of(told["rust-binaries"].get(*id)?);
            let known = memory.times.get(*id)?.iter().map(|(name, known)| (name.as_str(), *known));
            let tests = known.filter(|(name, _)| !long.iter().any(|part| name.contains(part))).collect();
            Some(Program { id, is_own: files.iter().any(|name| name.starts_with(&crate_folder)), tests })
        })
        .collect();
    let threads = 2 * std::thread::available_parallelism().map_or(1, |threads| u32::try_from(threads.get()).unwrap_or(1));
    let chosen = choose(&programs, &stems, SECONDS * f64::from(threads));
    programs
        .iter()
        .map(|program| {
            let runs = |name: &&str| chosen.get(program.id).is_some_and(|names| names.contains(name));
            (program.id, program.tests.keys().copied().filter(|name| !runs(name)).collect())
        })
        .filter(|(_, names): &(_, BTreeSet<_>)| !names.is_empty())
        .collect()
}

/// The folder of a test program's crate, from here, with a stroke at its end.
fn folder_of(test: &Value) -> String {
    let id = test["package-id"].as_str().unwrap_or_default();
    let path = id.split_once("file://").map_or("", |(_, path)| path.split('#').next().unwrap_or_default());
    let here = std::env::current_dir().unwrap();
    format!("{}/", Path::new(path).strip_prefix(here).unwrap_or(Path::new(path)).display())
}

/// Each file of Rust in the repository, with a number for what stands in it.
fn rust() -> BTreeMap<String, String> {
    let named = listed().into_iter().filter(|name| name.ends_with(".rs"));
    named.map(|name| (hex(&Sha256::digest(fs::read(&name).unwrap_or_default())), name)).map(|(sum, name)| (name, sum)).collect()
}

/// The files of the repository, those of this moment that are not committed with them.
fn listed() -> Vec<String> {
    let listed = Command::new("git").args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]).output().unwrap();
    assert!(listed.status.success(), "git knows which files there are");
    String::from_utf8(listed.stdout).unwrap().split_terminator('\0').map(str::to_owned).collect()
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
    let mut sum = Sha256::new();
    for name in &listed() {
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
