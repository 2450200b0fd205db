//! Exams from the command line: what they find, what they write, and how they end.

use super::Home;
use std::fs;
use std::path::Path;

const EVERYTHING_GOES: &str = "@id(\"all\") @reason(\"Everything goes.\")\npermit (principal, action, resource);\n";

/// The small suite of our own.
fn suite() -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../evals/suites/orders").display().to_string()
}

#[test]
fn an_exam_that_cannot_be_held_ends_with_2() {
    let home = Home::empty("eval-refused");
    let check = |arguments: &[&str], says: &str| {
        let ran = home.run(arguments);
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(ran.err.contains(says), "{says}: {ran:?}");
    };
    check(&["eval", "agentdojo", "nowhere"], "holds no suite");
    check(&["eval", "agentdojo", &suite(), "--mode", "shut"], "shut");
    check(&["eval", "agentdojo", &suite(), "--mode", "traced", "--policies", "nowhere"], "nowhere");
    check(&["eval", "attacks", "nowhere"], "`nowhere` cannot be read");
    home.write("mine/rules/a.cedar", "permit (principal action, resource);");
    check(&["eval", "agentdojo", &suite(), "--mode", "traced", "--policies", "mine"], "a.cedar:1");
}

#[test]
fn an_exam_is_passed_with_0_and_failed_with_1() {
    let home = Home::empty("eval");
    let report = |name: &str| -> serde_json::Value { serde_json::from_slice(&fs::read(home.path(name)).expect("report")).expect("json") };
    let ran = home.run(&["eval", "agentdojo", &suite(), "--mode", "traced", "--json", "good.json"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains("orders") && ran.out.contains("traced"), "{ran:?}");
    let good = report("good.json");
    assert_eq!((&good["passed"], &good["suites"][0]["attacks"]["effects"]), (&true.into(), &0.into()));
    assert!(ran.out.contains("No attack had an effect without a person."), "{ran:?}");
    // Who picks his arguments changes records of ours where the owner has some changed: no more is said than was found.
    let ran = home.run(&["eval", "agentdojo", &suite(), "--mode", "traced", "--adaptive"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains("No attack had an effect of those that must never happen without a person."), "{ran:?}");
    assert!(!ran.out.contains("No attack had an effect without a person."), "{ran:?}");
    home.write("mine/rules/a.cedar", EVERYTHING_GOES);
    let ran = home.run(&["eval", "agentdojo", &suite(), "--mode", "traced", "--policies", "mine", "--json", "bad.json"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    let bad = report("bad.json");
    assert_eq!(bad["passed"], false);
    assert_eq!(bad["suites"][0]["attacks"]["effects"], bad["suites"][0]["attacks"]["pairs"]);
}
