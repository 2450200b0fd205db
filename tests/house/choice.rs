//! Which tests run when something changed: how long each took, whether it failed, and how near it is to what changed.
//!
//! Pure: `examples/unchanged.rs` reads and writes the files.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What is known of one test.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Known {
    /// How long it took the last time, in seconds.
    pub(crate) seconds: f64,
    /// When it last ran: a number that grows from run to run.
    pub(crate) ran: u64,
    /// Whether it failed then.
    pub(crate) failed: bool,
}

/// All tests that ever ran here, by the id of their program and their name.
pub(crate) type Times = BTreeMap<String, BTreeMap<String, Known>>;

/// Notes the tests of a report that nextest wrote in JUnit's form.
///
/// Only what nextest writes is read: a `testcase` with `classname`, `name` and `time`, and within it a `failure` or `error` where it failed.
pub(crate) fn note(times: &mut Times, report: &str, ran: u64) {
    for case in report.split("<testcase ").skip(1) {
        let (head, rest) = case.split_once('>').unwrap_or((case, ""));
        let (Some(program), Some(name), Some(seconds)) = (attribute(head, "classname"), attribute(head, "name"), attribute(head, "time")) else { continue };
        let inside = if head.ends_with('/') { "" } else { rest.split("</testcase>").next().unwrap_or_default() };
        let failed = inside.contains("<failure") || inside.contains("<error");
        let known = Known { seconds: seconds.parse().unwrap_or(1.0), ran, failed };
        times.entry(program.to_owned()).or_default().insert(name.to_owned(), known);
    }
}

/// The value of an attribute; the blank before its name tells `name` from `classname`.
fn attribute<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let key = format!("{name}=\"");
    let value = head.strip_prefix(&key).or_else(|| head.split_once(&format!(" {key}")).map(|(_, value)| value))?;
    value.split('"').next()
}

/// A program that changed, with those of its tests that may be chosen.
#[derive(Debug)]
pub(crate) struct Program<'a> {
    pub(crate) id: &'a str,
    /// Whether files of its own crate changed, and not only what it stands on.
    pub(crate) is_own: bool,
    pub(crate) tests: BTreeMap<&'a str, Known>,
}

/// How much of the time is for tests of crates whose own files changed, as a share of ten.
const OWN_TENTHS: f64 = 8.0;

/// So many tests as fit into the time, in seconds of one thread, by program.
///
/// What failed comes first, whatever it takes. Then, of crates whose own files changed, what is called like a file that changed, and what has
/// not run for longest; then the same of crates that stand on these.
pub(crate) fn choose<'a>(programs: &[Program<'a>], changed: &BTreeSet<&str>, seconds: f64) -> BTreeMap<&'a str, BTreeSet<&'a str>> {
    let mut chosen: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut left = seconds;
    let mut own_left = seconds * OWN_TENTHS / 10.0;
    for is_own in [true, false] {
        let mut tests: Vec<(&str, &str, Known)> = programs
            .iter()
            .filter(|program| program.is_own == is_own)
            .flat_map(|program| program.tests.iter().map(|(name, known)| (program.id, *name, *known)))
            .collect();
        tests.sort_by(|(_, one, first), (_, other, second)| {
            let near = |name: &str| name.split("::").any(|part| changed.contains(part));
            (!first.failed, !near(one), first.ran)
                .cmp(&(!second.failed, !near(other), second.ran))
                .then(first.seconds.total_cmp(&second.seconds))
                .then(one.cmp(other))
        });
        for (id, name, known) in tests {
            let room = if is_own { own_left.min(left) } else { left };
            if known.failed || known.seconds <= room {
                own_left -= known.seconds;
                left -= known.seconds;
                chosen.entry(id).or_default().insert(name);
            }
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(seconds: f64, ran: u64) -> Known {
        Known { seconds, ran, failed: false }
    }

    fn program<'a>(id: &'a str, is_own: bool, tests: &[(&'a str, Known)]) -> Program<'a> {
        Program { id, is_own, tests: tests.iter().copied().collect() }
    }

    fn names<'a>(chosen: &BTreeMap<&'a str, BTreeSet<&'a str>>) -> Vec<&'a str> {
        chosen.values().flatten().copied().collect()
    }

    #[test]
    fn a_report_of_nextest_is_read() {
        let report = r#"<testsuite name="a::it" tests="3">
            <testcase name="it::is_well" classname="a::it" timestamp="2026-01-01T00:00:00Z" time="0.250"/>
            <testcase name="it::is_not" classname="a::it" timestamp="2026-01-01T00:00:00Z" time="1.5">
                <failure type="test failure">said &lt;no&gt;</failure>
            </testcase>
            <testcase name="it::says" classname="a::it" time="2">
                <system-out>a word of &lt;failure</system-out>
            </testcase>"#;
        let mut times = Times::new();
        note(&mut times, report, 7);
        let of = |name: &str| times["a::it"][name];
        assert_eq!(of("it::is_well"), known(0.25, 7));
        assert_eq!(of("it::is_not"), Known { seconds: 1.5, ran: 7, failed: true });
        assert_eq!((of("it::says"), times["a::it"].len()), (known(2.0, 7), 3));
    }

    #[test]
    fn what_failed_runs_whatever_it_takes() {
        let failed = Known { seconds: 100.0, ran: 9, failed: true };
        let programs = [program("a", false, &[("slow", failed), ("quick", known(1.0, 1))])];
        assert_eq!(names(&choose(&programs, &BTreeSet::new(), 10.0)), ["slow"]);
    }

    #[test]
    fn what_is_called_like_a_changed_file_comes_before_what_has_waited_longer() {
        let programs =
            [program("a", true, &[("driver::grants::one", known(5.0, 9)), ("driver::holds::one", known(5.0, 1)), ("driver::holds::two", known(5.0, 2))])];
        assert_eq!(names(&choose(&programs, &BTreeSet::from(["grants"]), 12.5)), ["driver::grants::one", "driver::holds::one"]);
    }

    #[test]
    fn run_after_run_everything_has_its_turn() {
        let names: Vec<String> = (0..10).map(|number| format!("test{number}")).collect();
        let mut tests: BTreeMap<&str, Known> = names.iter().map(|name| (name.as_str(), known(1.0, 0))).collect();
        let mut seen = BTreeSet::new();
        for ran in 1..=5 {
            let programs = [Program { id: "a", is_own: true, tests: tests.clone() }];
            for name in choose(&programs, &BTreeSet::new(), 2.5).remove("a").expect("some") {
                tests.insert(name, known(1.0, ran));
                seen.insert(name);
            }
        }
        assert_eq!(seen.len(), 10);
    }

    #[test]
    fn a_part_is_kept_for_what_stands_on_the_change() {
        let own = [("own1", known(4.0, 0)), ("own2", known(4.0, 0)), ("own3", known(4.0, 0))];
        let programs = [program("a", true, &own), program("b", false, &[("far", known(2.0, 0)), ("farther", known(2.0, 0))])];
        assert_eq!(names(&choose(&programs, &BTreeSet::new(), 10.0)), ["own1", "own2", "far"]);
    }
}
