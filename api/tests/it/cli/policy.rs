//! The rules from the command line: what is broken, what decides otherwise than its cases say.

use super::Home;

const READS: &str = "@id(\"read\") @reason(\"Looking is free.\")\npermit (principal, action in Action::\"read\", resource);\n";

#[test]
fn broken_rules_are_refused_with_file_and_line() {
    let check = |text: &str, expect: &[&str]| {
        let home = Home::empty("broken");
        home.write("mine/rules/a.cedar", text);
        home.refused(&["policy", "check", "mine"], expect);
        let ran = home.run(&["policy", "check", "mine", "--json"]);
        assert_eq!(ran.code, 1);
        let report: serde_json::Value = serde_json::from_str(&ran.out).expect("report");
        assert_eq!(report["valid"], false);
    };
    check("", &["there is no rule"]);
    check("\npermit (principal action, resource);", &["rules/a.cedar:2"]);
    check("@id(\"x\") @reason(\"x\")\npermit (principal, action, resource)\nwhen { context.dest == \"high\" };", &["rules/a.cedar:"]);
    let home = Home::empty("nowhere");
    home.refused(&["policy", "check", "nowhere"], &["the rules in `nowhere` cannot be read"]);
}

#[test]
fn sound_rules_are_summed_up_with_what_they_leave_out() {
    let home = Home::empty("sound");
    home.write("mine/rules/a.cedar", READS);
    let out = home.succeeds(&["policy", "check", "mine"]);
    assert!(out.contains("no rule permits `crm.create_contact`"), "{out}");
    assert!(out.contains("Sound. 1 permit and 0 forbids in 1 file"), "{out}");
    assert_eq!(home.json(&["policy", "check", "mine", "--json"])["summary"]["permits"], 1);
}

#[test]
fn cases_that_come_out_otherwise_fail() {
    let home = Home::empty("cases");
    home.write("mine/rules/a.cedar", READS);
    home.write("mine/cases/a.toml", "[[case]]\nname = \"looking is allowed\"\ntool = \"crm.find_contacts\"\nexpect = \"allow\"\nby = [\"read\"]\n");
    assert!(home.succeeds(&["policy", "test", "mine"]).contains("All passed. 1 case."));
    home.write("mine/cases/b.toml", "[[case]]\nname = \"looking is blocked\"\ntool = \"crm.find_contacts\"\nexpect = \"block\"\n");
    let ran = home.run(&["policy", "test", "mine"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    for part in ["FAILED", "b.toml: looking is blocked (crm.find_contacts)", "expected block, got allow", "1 failed. 2 cases."] {
        assert!(ran.out.contains(part), "`{part}` in {ran:?}");
    }
    home.write("mine/cases/b.toml", "[[case]]\nname = \"x\"\ntool = \"crm.no_such_tool\"\nexpect = \"block\"\n");
    home.refused(&["policy", "test", "mine"], &["there is no tool `crm.no_such_tool`"]);
}

#[test]
fn the_shipped_rules_pass_their_cases() {
    let home = Home::empty("shipped");
    assert!(home.succeeds(&["policy", "test"]).contains("All passed."));
    let matrix = home.succeeds(&["policy", "matrix"]);
    assert!(matrix.contains("crm.update_contact") && matrix.contains("hold"), "{matrix}");
}
