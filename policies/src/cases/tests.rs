//! Case files as people write them, wrong ones first.

use super::*;
use crate::shipped_rules;

fn run_text(text: &str) -> Result<CaseReport, CasesError> {
    run_cases(&shipped_rules(), &[], &[CaseFile { name: "test.toml".into(), text: text.into() }])
}

#[test]
fn files_that_are_no_cases_are_refused_with_their_place() {
    let check = |text: &str, expect: &str| {
        let err = run_text(text).expect_err(text).to_string();
        assert!(err.contains(expect), "{err}");
    };
    let head = "tools = \"sample\"\n\n[[case]]\nname = \"n\"\n";
    check("[[case]", "test.toml:1: ");
    check("", "missing field `case`");
    check(&format!("{head}tool = \"mail.send\"\nexpect = \"maybe\""), "test.toml:6: ");
    check(&format!("{head}tool = \"mail.send\"\nexpect = \"hold\"\nwho = 1"), "unknown field `who`");
    check(&format!("{head}tool = \"mail.sned\"\nexpect = \"block\""), "test.toml:3: case `n`: there is no tool `mail.sned`");
    check(&format!("{head}tool = \"mail.send\"\nexpect = \"hold\"\nfrom = {{ bcc = \"outside\" }}"), "`bcc`, which is no argument of `mail.send`");
    check(&format!("{head}tool = \"mail.send\"\nexpect = \"hold\"\nfacts = {{ leek = true }}"), "`leek` is no fact");
    check(&format!("{head}tool = \"mail.send\"\nexpect = \"hold\"\nfacts = {{ leak = 1 }}"), "fact `leak` cannot be `1`");
    for (who, says) in [
        ("person = \"lena\"", "fact `person`: `lena` is not an id of the form `person_…`"),
        ("workspace = \"person_00000000000000000000000001\"", "fact `workspace`: "),
        ("people = [\"lena\"]", "fact `people` cannot be"),
        ("people = \"lena\"", "fact `people` cannot be"),
    ] {
        check(&format!("{head}tool = \"mail.send\"\nexpect = \"hold\"\nfacts = {{ {who} }}"), says);
    }
    check(&format!("{head}tool = \"mail.send\"\nexpect = \"hold\"\napprovals = [\"boss\"]"), "unknown variant `boss`");
    let one = "[[case]]\nname = \"n\"\ntool = \"x\"\nexpect = \"block\"\nclass = \"unknown_tool\"\n";
    check(&format!("{one}{one}"), "test.toml:6: there are two cases `n`");
}

#[test]
fn a_case_fails_by_verdict_rules_needs_or_class() {
    let check = |tail: &str, expect: &[&str]| {
        let report =
            run_text(&format!("tools = \"sample\"\n[[case]]\nname = \"n\"\ntool = \"mail.send\"\narguments = {{ to = [\"a\"] }}\nfrom = \"outside\"\n{tail}"))
                .expect("runs");
        assert_eq!(report.cases[0].differences, expect, "{tail}");
        assert_eq!(report.failed().count(), usize::from(!expect.is_empty()));
    };
    check("expect = \"allow\"", &["expected allow, got hold"]);
    check("expect = \"hold\"\nby = [\"send-known\"]", &["expected by {\"send-known\"}, got by {\"send-approved\"}"]);
    check("expect = \"hold\"\nneeds = [[\"owner\", \"manager\"]]", &["expected to need owner+manager, needs owner or manager"]);
    check("expect = \"hold\"\nclass = \"policy\"", &["expected class policy, got none"]);
    check(
        "expect = \"block\"\nclass = \"policy\"\nneeds = []",
        &["expected block, got hold", "expected to need nobody, needs owner or manager", "expected class policy, got none"],
    );
    check("expect = \"refused\"", &[]);
    check("expect = \"hold\"\nby = [\"send-approved\"]\nneeds = [[\"manager\"], [\"owner\"]]", &[]);
}

#[test]
fn a_file_without_tools_speaks_of_the_installed_ones() {
    let mine = ToolSpec { name: "mine.send".into(), ..sample::tools().expect("sample").remove(8) };
    let text = "[[case]]\nname = \"n\"\ntool = \"mine.send\"\narguments = { to = [\"a\"] }\nfrom = { to = \"outside\" }\nexpect = \"hold\"\nfacts = { local_hour = 3, known_contacts = false }";
    let file = CaseFile { name: "mine.toml".into(), text: text.into() };
    let report = run_cases(&shipped_rules(), std::slice::from_ref(&mine), std::slice::from_ref(&file)).expect("runs");
    assert_eq!(report.failed().count(), 0, "{report:?}");
    assert!(run_cases(&shipped_rules(), &[], &[file]).is_err());
}

/// Rules that ask who acts, for whom, where, and who approves; each is met by one case and by no other.
#[test]
fn a_case_says_who_acts_for_whom_and_where() {
    let (person, workspace) = ("person_0000000000000000000000002d", "ws_0000000000000000000000002d");
    let check = |condition: &str, said: &str| {
        let rule = format!("@id(\"x\") @reason(\"r\") permit (principal, action == Action::\"mail.send\", resource) when {{ {condition} }};");
        let files = [RuleFile { name: "x.cedar".into(), text: rule }];
        let judged = |facts: &str, expect: &str| {
            let head = "tools = \"sample\"\n[[case]]\nname = \"n\"\ntool = \"mail.send\"\narguments = { to = [\"a\"], subject = \"s\", body = \"b\" }";
            let text = format!("{head}\nfacts = {{ {facts} }}\napprovals = [\"owner\"]\nexpect = \"{expect}\"");
            let report = run_cases(&files, &[], &[CaseFile { name: "test.toml".into(), text }]).unwrap_or_else(|err| panic!("{err}"));
            assert_eq!(report.failed().count(), 0, "{condition} with {facts}: {report:?}");
        };
        judged("", "refused");
        judged(said, "allow");
    };
    check("principal == Agent::\"nightly\" && context.run.agent == \"nightly\"", "agent = \"nightly\"");
    check(&format!("principal.person == Person::\"{person}\""), &format!("person = \"{person}\""));
    check(&format!("principal.workspace == Workspace::\"{workspace}\""), &format!("workspace = \"{workspace}\""));
    check(&format!("context.approvals.people.contains(Person::\"{person}\")"), &format!("people = [\"{person}\"]"));
    check("context.run.step > 3", "step = 4");
}

#[test]
fn cases_that_are_not_come_to_are_refused_and_not_passed_over() {
    let run = |left: u64| run_cases_within(&Effort::of(left), &shipped_rules(), &[], &crate::shipped_cases());
    assert!(run(100).expect_err("too much").to_string().contains("what comes before took all evaluations of one check"));
    assert!(run(steward_core::limits::COMPARE_EVALUATIONS_MAX / 20).is_ok(), "what is shipped takes a small part");
}
