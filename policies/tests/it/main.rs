//! The shipped rules as a whole: their cases, their matrix, and that nothing of them is left out of the program.

use std::path::Path;
use steward_core::HasKind;
use steward_policies::{Rules, SHIPPED, SHIPPED_CASES, matrix, run_cases, sample_tools, shipped_cases, shipped_rules};

fn here(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

#[test]
fn every_shipped_case_passes_and_refusals_come_first() {
    let report = run_cases(&shipped_rules(), &[], &shipped_cases()).unwrap_or_else(|err| panic!("{err}"));
    let failed: Vec<_> = report.failed().collect();
    assert!(failed.is_empty(), "{failed:#?}");
    assert!(report.cases.len() >= 25);
    for (file, _) in SHIPPED_CASES {
        let order: Vec<bool> = report.cases.iter().filter(|case| case.file == *file).map(|case| case.expected == steward_policies::Expected::Allow).collect();
        assert!(order.is_sorted(), "in {file} a refusal stands after an allowed call");
    }
}

#[test]
fn every_shipped_rule_decides_some_case() {
    let report = run_cases(&shipped_rules(), &[], &shipped_cases()).unwrap_or_else(|err| panic!("{err}"));
    let rules = Rules::load(&shipped_rules(), &[]).unwrap_or_else(|err| panic!("{err}"));
    let untried: Vec<&str> =
        rules.list().iter().map(|rule| rule.id.as_str()).filter(|id| !report.cases.iter().any(|case| case.by.iter().any(|by| by == id))).collect();
    assert_eq!(untried, Vec::<&str>::new());
}

#[test]
fn shipped_rules_say_why_to_people_and_models() {
    let rules = Rules::load(&shipped_rules(), &[]).unwrap_or_else(|err| panic!("{err}"));
    for rule in rules.list() {
        // What is allowed at once is never told to the model.
        let tells = rule.tell.is_some() || ["read", "fetch-known", "write-asked", "send-known"].contains(&rule.id.as_str());
        assert!(tells, "{} has no @tell", rule.id);
    }
}

#[test]
fn the_matrix_stands_as_written() {
    let rules = Rules::load(&shipped_rules(), &sample_tools().expect("sample")).unwrap_or_else(|err| panic!("{err}"));
    let made = matrix(&rules);
    let path = here("matrix.txt");
    #[expect(clippy::disallowed_methods, reason = "UPDATE=1 rewrites the file; a reviewer reads the difference")]
    if std::env::var("UPDATE").is_ok() {
        std::fs::write(&path, &made).expect("write");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        made == kept,
        "the rules decide otherwise than {} says; if that is meant, run `UPDATE=1 cargo test -p steward-policies` and read the difference\n{made}",
        path.display()
    );
}

#[test]
fn every_file_is_in_the_program() {
    let check = |folder: &str, ending: &str, shipped: &[(&str, &str)]| {
        let mut names: Vec<String> = std::fs::read_dir(here(folder))
            .expect("folder")
            .map(|entry| entry.expect("entry").file_name().to_string_lossy().into_owned())
            .filter(|name| name.ends_with(ending))
            .collect();
        names.sort();
        assert_eq!(names, shipped.iter().map(|(name, _)| (*name).to_owned()).collect::<Vec<_>>());
    };
    check("rules", ".cedar", SHIPPED);
    check("cases", ".toml", SHIPPED_CASES);
}

#[test]
fn errors_have_a_kind() {
    let err = Rules::load(&[], &[]).expect_err("empty");
    assert_eq!(err.kind(), steward_core::Kind::Invalid);
}
