//! Rule files as people write them, broken ones first.

use super::*;
use crate::testing::{file, load};
use crate::{sample, shipped_rules};

const OK: &str = "@id(\"ok\") @reason(\"r\") permit (principal, action, resource);";

/// Loads a text, which must fail with exactly one line that holds these words.
fn check(text: &str, words: &[&str]) {
    let err = load(text, &sample::tools().expect("sample")).expect_err(text);
    let said = err.to_string();
    assert_eq!(said.lines().count(), 1, "{said}");
    for word in words {
        assert!(said.contains(word), "`{word}` is not in: {said}");
    }
}

#[test]
fn broken_rules_are_refused_with_place_and_advice() {
    // Syntax.
    check(&format!("{OK}\n\n@id(\"x\") @reason(\"r\") permit (principal, action resource);"), &["test.cedar:3: syntax: unexpected token `resource`"]);
    check(&format!("{OK}\n@id(\"x\") @reason(\"r\") permit (principal, action, resource)"), &["test.cedar:2: syntax: "]);
    // Types.
    check(
        &format!("{OK}\n// comment\n@id(\"x\") @reason(\"r\")\nforbid (principal, action, resource)\nwhen {{ context.leak > 3 }};"),
        &["test.cedar:5: rule `x`: ", "Bool", "Long"],
    );
    check(
        "@id(\"x\") @reason(\"r\") permit (principal, action in Action::\"sent\", resource);",
        &["test.cedar:1: rule `x`: ", "Action::\"sent\"", "did you mean", "the installed tools and the effect classes"],
    );
    check(
        "@id(\"x\") @reason(\"r\") permit (principal, action == Action::\"mail.send\", resource) when { context.args.cc.contains(\"a\") };",
        &["rule `x`: ", "optional", "has"],
    );
    check(
        "@id(\"x\") @reason(\"r\") permit (principal, action in Action::\"send\", resource) when { context.args.to.contains(\"a\") };",
        &["rule `x`: ", "`args.to`", "ask with `has` first"],
    );
    check("@id(\"x\") @reason(\"r\") permit (principal, action, resource) when { context.desk > 3 };", &["rule `x`: ", "`desk`"]);
    check("@id(\"x\") @reason(\"r\") permit (principal == User::\"a\", action, resource);", &["rule `x`: ", "User"]);
    // Names and words.
    check("@reason(\"r\") permit (principal, action, resource);", &["test.cedar:1: rule: has no `@id(\"…\")`; give it a name"]);
    check("@id(\"\") @reason(\"r\") permit (principal, action, resource);", &["has no `@id"]);
    check("@id(\"Not good\") @reason(\"r\") permit (principal, action, resource);", &["rule `Not good`: an id is lower-case"]);
    check("@id(\"x\") permit (principal, action, resource);", &["rule `x`: has no `@reason(\"…\")`; say in a sentence"]);
    check("@id(\"x\") @reason(\" \") permit (principal, action, resource);", &["has no `@reason"]);
    check("@id(\"x\") @reason(\"r\") @tel(\"t\") permit (principal, action, resource);", &["rule `x`: `@tel` is not known; known are @id"]);
    check("@id(\"x\") @reason(\"r\") @tell permit (principal, action, resource);", &["`@tell` is empty"]);
    check(&format!("{OK}\n{OK}"), &["test.cedar:2: rule `ok`: the id is taken by test.cedar:1"]);
    check(
        "@id(\"x\") @reason(\"r\") permit (principal, action, resource) when { context.approvals.roles.contains(Role::\"boss\") };",
        &["rule `x`: `boss` is no role; roles are owner"],
    );
    check("@id(\"x\") @reason(\"r\") @counts(\"sends\") permit (principal, action, resource);", &["rule `x`: `sends` is no counter; write"]);
    // A pattern that is begun anew at each letter of a long text.
    let pattern = |letters: usize| {
        let like = format!("context.args has subject && context.args.subject like \"*{}*\"", "x".repeat(letters - 2));
        format!("{OK}\n@id(\"x\") @reason(\"r\")\nforbid (principal, action == Action::\"mail.send\", resource) when {{ {like} }};")
    };
    check(&pattern(257), &["test.cedar:2: rule `x`: a pattern after `like` has 257 characters", "at most 256", "make it shorter"]);
    assert!(load(&pattern(256), &sample::tools().expect("sample")).is_ok());
    check("@id(\"x\") @reason(\"r\") permit (principal == ?principal, action, resource);", &["test.cedar:1: ", "template"]);
}

#[test]
fn every_problem_is_named_at_once() {
    let files = [
        file("b.cedar", "@id(\"x\") permit (principal, action, resource);\n@reason(\"r\") @id(\"y\") @odd(\"\") permit (principal, action, resource);"),
        file("a.cedar", "permit ("),
        file("c.cedar", OK),
    ];
    let said = Rules::load(&files, &[]).expect_err("broken").to_string();
    let places: Vec<&str> = said.lines().filter_map(|line| line.split(": ").next()).collect();
    assert_eq!(places, ["a.cedar:1", "b.cedar:1", "b.cedar:2", "b.cedar:2"], "{said}");
    let twice = [file("a.cedar", OK), file("b.cedar", OK)];
    assert_eq!(Rules::load(&twice, &[]).expect_err("twice").to_string(), "b.cedar:1: rule `ok`: the id is taken by a.cedar:1; give this one another");
}

#[test]
fn no_rules_are_refused_because_they_would_block_everything() {
    for files in [vec![], vec![file("a.cedar", "")], vec![file("a.cedar", "// nothing yet\n"), file("b.cedar", "")]] {
        let err = Rules::load(&files, &[]).expect_err("empty");
        assert!(matches!(err, RulesError::Empty { files: count } if count == files.len()));
        assert!(err.to_string().contains("every call would be blocked"), "{err}");
    }
}

#[test]
fn a_file_that_was_emptied_is_refused_beside_others() {
    for text in ["", " \n\n"] {
        let err = Rules::load(&[file("a.cedar", OK), file("b.cedar", text)], &[]).expect_err("emptied");
        assert!(err.to_string().contains("b.cedar:1: the file is empty; put its rules back, or delete the file"), "{err}");
    }
    // Somebody who takes all rules out and says why means it.
    assert!(Rules::load(&[file("a.cedar", OK), file("b.cedar", "// none any more\n")], &[]).is_ok());
}

#[test]
fn too_much_is_refused() {
    let long = format!("{OK}{}", " ".repeat(RULE_FILE_BYTES_MAX));
    assert!(matches!(load(&long, &[]), Err(RulesError::TooMuch { max: RULE_FILE_BYTES_MAX, .. })));
    let many: String = (0..=RULES_MAX).map(|index| format!("@id(\"r{index}\") @reason(\"r\") permit (principal, action, resource);")).collect();
    assert!(matches!(load(&many, &[]), Err(RulesError::TooMuch { max: RULES_MAX, .. })));
}

#[test]
fn tools_that_cannot_be_governed_are_refused() {
    let spec = sample::tools().expect("sample").remove(0);
    let named = |name: &str| ToolSpec { name: name.to_owned(), ..spec.clone() };
    let asking = |fact: &[&str]| ToolSpec { facts: fact.iter().map(|fact| (*fact).to_owned()).collect(), ..spec.clone() };
    let check = |tools: &[ToolSpec], words: &str| {
        let said = load(OK, tools).expect_err(words).to_string();
        assert!(said.contains(words), "{said}");
    };
    check(&[named("send")], "tool `send` has the name of an effect class");
    check(&[named("")], "has the name of an effect class");
    check(&[spec.clone(), spec.clone()], "is offered twice");
    check(&[asking(&["hour:float"])], "asks for a fact wrongly: fact `hour:float` is none that rules can be told");
    check(&[asking(&["weekday:long", "weekday:long"])], "asks for the fact `weekday` twice");
    // Odd names are escaped, not believed.
    load(OK, &[named("a\"] appliesTo { principal: Agent };\naction \"b")]).expect("a name is only a name");
}

#[test]
fn counters_mean_one_thing() {
    let rule = |id: &str, counts: &str| {
        format!("@id(\"{id}\") @reason(\"r\") @counts(\"{counts}\") permit (principal, action, resource) when {{ context.counts.n < 3 }};\n")
    };
    check(
        &(rule("a", "n = send per day") + &rule("b", "n = send per hour")),
        &["rule `b`: the counter `n = send per hour` is declared elsewhere as `n = send per day`"],
    );
    load(&(rule("a", "n = send per day") + &rule("b", "n = send per day")), &[]).expect("the same twice");
}

#[test]
fn the_digest_names_rules_and_tools() {
    let tools = sample::tools().expect("sample");
    let files = shipped_rules();
    let digest = |files: &[RuleFile], tools: &[ToolSpec]| Rules::load(files, tools).expect("rules").digest();
    let first = digest(&files, &tools);
    let backwards: Vec<RuleFile> = files.iter().rev().cloned().collect();
    let tools_backwards: Vec<ToolSpec> = tools.iter().rev().cloned().collect();
    assert_eq!(digest(&backwards, &tools_backwards), first, "order does not matter");
    let mut changed = files.clone();
    changed[0].text.push(' ');
    let mut renamed = files.clone();
    renamed[0].name.push('x');
    for files in [&files[1..], &changed, &renamed] {
        assert_ne!(digest(files, &tools), first);
    }
    assert_ne!(digest(&files, &tools[1..]), first);
}

#[test]
fn rules_say_where_they_stand() {
    let rules = load(
        &format!(
            "// first\n\n{OK}\n\n@id(\"b\")\n@reason(\" two \")\n@tell(\"t\") @shape(\"s\")\nforbid (principal, action, resource) when {{ context.leak }};"
        ),
        &[],
    )
    .expect("rules");
    let [first, second] = rules.list() else { panic!("two rules") };
    assert_eq!((first.id.as_str(), first.line, first.effect), ("ok", 3, RuleEffect::Permit));
    assert_eq!(
        (second.id.as_str(), second.line, second.reason.as_str(), second.tell.as_deref(), second.shape.as_deref()),
        ("b", 5, "two", Some("t"), Some("s"))
    );
    assert!(second.text.ends_with("when { context.leak };"));
}

#[test]
fn what_would_overflow_a_stack_is_refused_before_it_is_read() {
    let rule = |condition: &str| format!("@id(\"deep\")\n@reason(\"Deep.\")\nforbid (principal, action, resource) when {{ {condition} }};");
    let refused = |condition: &str, says: &str| {
        let RulesError::Broken(problems) = load(&rule(condition), &[]).expect_err("refused") else { panic!("broken") };
        assert!(problems[0].line == 3 && problems[0].message.contains(says), "{problems:?}");
    };
    refused(&format!("{}true{}", "(".repeat(20_000), ")".repeat(20_000)), "nested deeper");
    refused(&format!("{}true{}", "[".repeat(100), "]".repeat(100)), "nested deeper");
    refused(&format!("true{}", " && true".repeat(20_000)), "operators");
    refused(&"if true then false else ".repeat(5_000), "operators");
    refused(&format!("context{}", ".a".repeat(20_000)), "operators");
    // Clauses are joined as if `&&` stood between them.
    refused(&format!("1{}", " } when { 1".repeat(20_000)), "clauses");
    refused(&format!("1{}", "}unless{1".repeat(20_000)), "clauses");
    // What stands in texts and comments is neither, and a long rule of the usual kind is none too long.
    let usual = format!("true{} && \"((((\\\"{}\" != \"\" // {}\n", " && context.leak".repeat(100), "[".repeat(200), "((".repeat(100));
    assert_eq!(load(&rule(&usual), &[]).expect("rules").list().len(), 1);
    let clauses = format!("true{}", " } unless { context.leak".repeat(100));
    assert_eq!(load(&rule(&clauses), &[]).expect("rules").list().len(), 1);
}
