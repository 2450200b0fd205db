//! Checks a log from files alone: no server, no database, no clock. Every byte is hashed anew and every signed size compared.

use super::files::{LogDir, checkpoints_in, split_entries};
use super::leaf_of;
use super::note::Verifier;
use super::report::{Attempt, HandedOn, Problem, Report};
use super::tree::{Edge, TILE};
use crate::progress::Told;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::convert::Infallible;
use std::io;
use std::path::PathBuf;
use steward_core::Digest;
use uuid::Uuid;

/// Files of entries read and hashed at once.
const FILES_AT_ONCE: u64 = 256;

/// Why nothing can be said.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// There is nothing signed to compare with.
    #[error("`{dir}` holds no checkpoint that is signed with the key `{key}`; is it the right directory and the right key?")]
    NothingSigned {
        /// Where.
        dir: String,
        /// Whose signature was looked for.
        key: String,
    },
    /// A file cannot be read.
    #[error("the log in `{dir}` cannot be read")]
    File {
        /// Where.
        dir: String,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// Checks the log in a directory with checkpoints from elsewhere besides: files of one, or directories of many.
pub fn verify(log: &LogDir, elsewhere: &[PathBuf], verifier: &Verifier) -> Result<Report, VerifyError> {
    verify_telling(log, elsewhere, verifier, &mut |_, _| ())
}

/// The same, which tells how many entries were checked.
pub fn verify_telling(log: &LogDir, elsewhere: &[PathBuf], verifier: &Verifier, told: Told<'_>) -> Result<Report, VerifyError> {
    let dir = || log.path().display().to_string();
    let failed = |source| VerifyError::File { dir: dir(), source };
    let mut notes = log.checkpoints().map_err(failed)?;
    for path in elsewhere {
        if !path.exists() {
            return Err(VerifyError::File { dir: path.display().to_string(), source: io::ErrorKind::NotFound.into() });
        }
        notes.extend(checkpoints_in(path).map_err(failed)?);
    }
    let mut checker = Checker::new(verifier, &notes);
    let Some(signed) = checker.signed() else { return Err(VerifyError::NothingSigned { dir: dir(), key: verifier.name().to_owned() }) };
    let files = signed.div_ceil(TILE as u64);
    let mut first = 0;
    while first < files {
        let last = files.min(first + FILES_AT_ONCE);
        for (number, file) in (first..last).zip(read_side_by_side(log, verifier.name(), first, last, signed).map_err(failed)?) {
            let index = number * TILE as u64;
            let wanted = (signed - index).min(TILE as u64);
            let Some(file) = file else {
                checker.report.add(Problem::CutOff { from: index, signed });
                return Ok(checker.finish());
            };
            let Some(entries) = file.entries else {
                checker.report.add(Problem::Form { index });
                return Ok(checker.finish());
            };
            let found = entries.len() as u64;
            checker.take(log, index, entries, file.tile).map_err(failed)?;
            if found < wanted {
                checker.report.add(Problem::CutOff { from: index + found, signed });
                return Ok(checker.finish());
            }
        }
        first = last;
        told(signed.min(last * TILE as u64), signed);
    }
    Ok(checker.finish())
}

/// What a file of entries came to.
struct File {
    entries: Option<Vec<Entry>>,
    tile: Option<Vec<Digest>>,
}

struct Entry {
    leaf: Digest,
    place: Option<(Uuid, i64)>,
    attempt: Option<Attempted>,
}

/// Reads and hashes files on all cores; the order is kept.
fn read_side_by_side(log: &LogDir, origin: &str, first: u64, last: u64, signed: u64) -> io::Result<Vec<Option<File>>> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    let share = (last - first).div_ceil(cores).max(1);
    std::thread::scope(|scope| {
        let parts: Vec<_> = (0..cores)
            .map(|core| {
                let (from, to) = ((first + core * share).min(last), (first + (core + 1) * share).min(last));
                scope.spawn(move || (from..to).map(|number| read(log, origin, number, signed)).collect::<io::Result<Vec<_>>>())
            })
            .collect();
        let mut files = Vec::new();
        for part in parts {
            files.extend(part.join().map_err(|_| io::Error::other("a thread of the check ended"))??);
        }
        Ok(files)
    })
}

fn read(log: &LogDir, origin: &str, number: u64, signed: u64) -> io::Result<Option<File>> {
    let width = usize::try_from((signed - number * TILE as u64).min(TILE as u64)).unwrap_or(TILE);
    // A narrower file than was signed is still compared, as far as it goes.
    let bytes = match log.read_entries(number, width)? {
        None => log.read_entries(number, 1)?,
        some => some,
    };
    let Some(bytes) = bytes else { return Ok(None) };
    let entries = split_entries(&bytes).ok().map(|entries| {
        let entries = entries.into_iter().take(width);
        entries.map(|canon| Entry { leaf: leaf_of(canon), place: place_of(canon, origin), attempt: attempt_of(canon) }).collect()
    });
    Ok(Some(File { entries, tile: log.read_tile(0, number, width)? }))
}

/// Which number of which writer an entry has, if it is one of this log.
///
/// In canonical form the keys are sorted, so every entry ends in organisation, version, writer and number, and in nothing else.
fn place_of(canon: &[u8], origin: &str) -> Option<(Uuid, i64)> {
    let tenant = origin.rsplit('/').next()?;
    let rest = canon.strip_suffix(b"}")?;
    let digits = rest.iter().rev().take_while(|letter| letter.is_ascii_digit()).count();
    let (rest, seq) = rest.split_at(rest.len() - digits);
    let rest = rest.strip_suffix(b"\",\"writer_seq\":")?;
    let (rest, writer) = rest.split_at_checked(rest.len().checked_sub(36)?)?;
    let rest = rest.strip_suffix(b"\",\"v\":1,\"writer\":\"")?;
    rest.strip_suffix(tenant.as_bytes())?.strip_suffix(b",\"tenant\":\"")?;
    Some((Uuid::try_parse_ascii(writer).ok()?, std::str::from_utf8(seq).ok()?.parse().ok()?))
}

/// What an entry says of how far a call has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Attempted {
    /// It was started.
    Starts(String),
    /// It is served by this run.
    HandedOn(String, String),
    /// It is over.
    Ends(String),
}

/// Which call an entry speaks of, and how far that has come.
///
/// In canonical form an entry begins with its action, and the names in these entries have nothing that JSON would escape.
pub(super) fn attempt_of(canon: &[u8]) -> Option<Attempted> {
    let rest = canon.strip_prefix(b"{\"action\":\"")?;
    if let Some(rest) = rest.strip_prefix(b"call.start\",") {
        return Some(Attempted::Starts(named(rest, b",\"object\":\"")?));
    }
    if let Some(rest) = rest.strip_prefix(b"call.end\",") {
        return Some(Attempted::Ends(named(rest, b",\"object\":\"")?));
    }
    let rest = rest.strip_prefix(b"run.start\",")?;
    let call = format!("{}/{}", named(rest, b",\"parent_run\":\"")?, named(rest, b",\"parent_call\":\"")?);
    Some(Attempted::HandedOn(call, named(rest, b",\"object\":\"")?))
}

/// The text behind this key.
fn named(entry: &[u8], key: &[u8]) -> Option<String> {
    let at = entry.windows(key.len()).position(|bytes| bytes == key)?;
    let text = entry.get(at + key.len()..)?;
    let end = text.iter().position(|byte| *byte == b'"')?;
    Some(String::from_utf8_lossy(text.get(..end)?).into_owned())
}

/// Compares a growing tree with all that was signed. Shared with the check of the database.
pub(super) struct Checker<'a> {
    verifier: &'a Verifier,
    edge: Edge,
    due: BTreeMap<u64, (Digest, String)>,
    /// Up to here everything is as it was signed.
    good: u64,
    broken: bool,
    writers: HashMap<Uuid, Numbers>,
    /// Calls that were started and have not ended yet, with the entry of their start.
    under_way: HashMap<String, u64>,
    /// Calls that a run serves and that have not ended yet, with that run.
    handed_on: HashMap<String, String>,
    pub(super) report: Report,
}

/// The numbers of a writer: all up to `to`, and those `beyond` with their entries.
#[derive(Default)]
struct Numbers {
    to: i64,
    beyond: BTreeSet<(i64, u64)>,
}

impl<'a> Checker<'a> {
    pub(super) fn new(verifier: &'a Verifier, notes: &[(String, String)]) -> Self {
        let mut checker = Self {
            verifier,
            edge: Edge::default(),
            due: BTreeMap::new(),
            good: 0,
            broken: false,
            writers: HashMap::new(),
            under_way: HashMap::new(),
            handed_on: HashMap::new(),
            report: Report::default(),
        };
        for (name, note) in notes {
            checker.note(name, note);
        }
        checker
    }

    fn note(&mut self, name: &str, note: &str) {
        let checkpoint = match self.verifier.open(note) {
            Ok(checkpoint) => checkpoint,
            Err(err) => return self.report.add(Problem::Checkpoint { name: name.to_owned(), why: err.to_string() }),
        };
        match self.due.get(&checkpoint.size) {
            Some((root, one)) if *root != checkpoint.root => {
                self.report.add(Problem::Split { size: checkpoint.size, one: one.clone(), other: name.to_owned() });
            }
            Some(_) => {}
            None => {
                self.due.insert(checkpoint.size, (checkpoint.root, name.to_owned()));
            }
        }
    }

    /// The largest size that was signed.
    pub(super) fn signed(&self) -> Option<u64> {
        self.due.last_key_value().map(|(size, _)| *size)
    }

    /// The next leaf of the tree.
    pub(super) fn leaf(&mut self, leaf: Digest, full: &mut impl FnMut(u8, u64, &[Digest])) {
        let pushed = self.edge.push(leaf, &mut |level, number, hashes: &[Digest]| {
            full(level, number, hashes);
            Ok::<(), Infallible>(())
        });
        let Ok(()) = pushed;
        let size = self.edge.size();
        let Some((signed, _)) = self.due.get(&size) else { return };
        let found = self.edge.root();
        if found == *signed {
            // A later size that fits shows that the smaller checkpoint was the wrong one, and the other way round: both are told.
            self.good = size;
        } else {
            self.report.add(Problem::Root { size, good: self.good, found, signed: *signed });
            self.broken = true;
        }
        self.report.checkpoints += 1;
    }

    /// Counts an entry among those of its writer.
    pub(super) fn count(&mut self, index: u64, writer: Uuid, seq: i64) {
        let numbers = self.writers.entry(writer).or_default();
        if seq == numbers.to + 1 {
            numbers.to = seq;
            while let Some((next, _)) = numbers.beyond.first().copied().filter(|(next, _)| *next == numbers.to + 1) {
                numbers.beyond.pop_first();
                numbers.to = next;
            }
        } else if seq <= numbers.to || numbers.beyond.range((seq, 0)..=(seq, u64::MAX)).next().is_some() {
            self.report.add(Problem::Repeat { index, writer, seq });
        } else {
            numbers.beyond.insert((seq, index));
        }
    }

    /// Keeps the start of a call until its end comes. A start repeated after a crash counts from the first.
    pub(super) fn attempt(&mut self, index: u64, attempted: Attempted) {
        match attempted {
            Attempted::Starts(call) => {
                self.under_way.entry(call).or_insert(index);
            }
            Attempted::HandedOn(call, run) => {
                self.handed_on.insert(call, run);
            }
            Attempted::Ends(call) => {
                self.under_way.remove(&call);
                self.handed_on.remove(&call);
            }
        }
    }

    fn take(&mut self, log: &LogDir, first: u64, entries: Vec<Entry>, tile: Option<Vec<Digest>>) -> io::Result<()> {
        let tile_there = tile.is_some();
        for (entry, (index, hash)) in entries.into_iter().zip((first..).zip(tile.into_iter().flatten().map(Some).chain(std::iter::repeat(None)))) {
            if hash.is_some_and(|hash| hash != entry.leaf) {
                self.report.add(Problem::Changed { index });
            }
            match entry.place {
                Some((writer, seq)) => self.count(index, writer, seq),
                None => self.report.add(Problem::Foreign { index }),
            }
            if let Some(attempt) = entry.attempt {
                self.attempt(index, attempt);
            }
            let mut higher = Vec::new();
            self.leaf(entry.leaf, &mut |level, number, hashes| {
                if level > 0 {
                    higher.push((level, number, hashes.to_vec()));
                }
            });
            for (level, number, hashes) in higher {
                if log.read_tile(level, number, TILE)?.is_none_or(|tile| tile != hashes) {
                    self.report.add(Problem::Tile { level, number });
                }
            }
        }
        if !tile_there {
            self.report.add(Problem::Tile { level: 0, number: first / TILE as u64 });
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> Report {
        let size = self.edge.size();
        self.report.entries = size;
        self.report.root = Some(self.edge.root());
        self.report.writers = self.writers.len();
        for (call, index) in self.under_way.drain() {
            // A call that a run serves has no outcome as long as that run has none, which may be as long as people take.
            match self.handed_on.remove(&call) {
                Some(run) => self.report.handed_on.push(HandedOn { index, call, run }),
                None => self.report.attempts.push(Attempt { index, call }),
            }
        }
        self.report.attempts.sort_by_key(|attempt| attempt.index);
        self.report.handed_on.sort_by_key(|handed| handed.index);
        let mut gaps: Vec<(u64, Uuid, i64)> =
            self.writers.iter().filter_map(|(writer, numbers)| numbers.beyond.first().map(|(_, index)| (*index, *writer, numbers.to + 1))).collect();
        gaps.sort();
        for (index, writer, missing) in gaps {
            self.report.add(Problem::Gap { writer, missing, index });
        }
        self.report
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_and_ends_of_calls_are_told_by_their_first_bytes() {
        let check = |text: &str, expect: Option<Attempted>| assert_eq!(attempt_of(text.as_bytes()), expect, "{text}");
        check(r#"{"action":"call.started","object":"r/c"}"#, None);
        check(r#"{"action":"hold.move","object":"r/c"}"#, None);
        check(r#"{"action":"call.start","at_ms":1"#, None);
        check(r#"{"action":"call.start","at_ms":1,"detail":{"n":1},"object":"r/c","outcome":"attempted"}"#, Some(Attempted::Starts("r/c".to_owned())));
        check(r#"{"action":"call.end","at_ms":1,"detail":{"n":1},"object":"r/c","outcome":"done"}"#, Some(Attempted::Ends("r/c".to_owned())));
        check(r#"{"action":"run.start","at_ms":1,"detail":{"agent":"a","channel":"chat"},"object":"r"}"#, None);
        let handed = r#"{"action":"run.start","at_ms":1,"detail":{"agent":"a","parent_call":"c","parent_run":"r","until_seq":2},"object":"s"}"#;
        check(handed, Some(Attempted::HandedOn("r/c".to_owned(), "s".to_owned())));
    }

    #[test]
    fn only_entries_of_this_log_have_a_place() {
        let origin = "steward/audit/org_00000000000000000000000001";
        let entry = |tenant: &str, tail: &str| format!("{{\"action\":\"a\",\"tenant\":\"{tenant}\",\"v\":1,\"writer\":\"{}\"{tail}", Uuid::from_u128(5));
        let check = |text: &str, expect: Option<i64>| assert_eq!(place_of(text.as_bytes(), origin).map(|(_, seq)| seq), expect, "{text}");
        let own = "org_00000000000000000000000001";
        check("", None);
        check("{}", None);
        check(&entry("org_00000000000000000000000002", ",\"writer_seq\":7}"), None);
        check(&entry(own, ",\"writer_seq\":7}}"), None);
        check(&entry(own, ",\"writer_seq\":\"7\"}"), None);
        check(&entry(own, ",\"writer_seq\":}"), None);
        check(&entry(own, ",\"writer_seq\":7}"), Some(7));
    }
}
