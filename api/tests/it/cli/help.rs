//! Every verb explains itself, with an example.

use super::{Home, check_golden};
use std::fmt::Write as _;

/// Every verb, as it is typed.
const VERBS: &[&str] = &[
    "",
    "up",
    "serve",
    "work",
    "migrate",
    "chat",
    "approvals",
    "approvals list",
    "approvals show",
    "approvals approve",
    "approvals reject",
    "approvals revise",
    "approvals edit",
    "approvals grants",
    "approvals grant",
    "approvals revoke",
    "actions",
    "actions list",
    "policy",
    "policy check",
    "policy test",
    "policy matrix",
    "policy diff",
    "policy shadow",
    "policy backtest",
    "policy prove",
    "policy suggest",
    "policy propose",
    "policy history",
    "policy export",
    "policy explain",
    "changes",
    "changes list",
    "changes show",
    "changes approve",
    "changes reject",
    "changes withdraw",
    "eval",
    "eval agentdojo",
    "eval attacks",
    "replay",
    "contacts",
    "contacts import",
    "companies",
    "companies import",
    "audit",
    "audit verify",
    "audit export",
    "audit erase",
    "audit key",
    "budgets",
    "budgets list",
    "budgets holds",
    "budgets allow",
    "budgets refuse",
    "budgets break-glass",
    "budgets review",
    "prompt",
    "prompt list",
    "prompt show",
    "prompt diff",
    "prompt history",
    "prompt label",
    "plugin",
    "plugin new",
    "plugin build",
    "plugin test",
    "plugin dev",
    "plugin pack",
    "plugin push",
    "plugin pull",
    "plugin list",
    "plugin inspect",
    "plugin sign",
    "plugin install",
    "plugin accept",
    "plugin forget",
    "link",
    "mcp",
    "doctor",
    "openapi",
    "completions",
];

#[test]
fn every_verb_has_help_with_an_example() {
    let home = Home::empty("help");
    let mut all = String::new();
    for verb in VERBS {
        let words: Vec<&str> = verb.split_whitespace().chain(["--help"]).collect();
        let help = home.succeeds(&words);
        assert!(help.contains("Example:"), "`{verb}` has no example");
        let _ = write!(all, "$ steward {}\n{help}\n", words.join(" "));
    }
    check_golden("help.txt", &all);
}

#[test]
fn the_list_of_verbs_is_whole() {
    let home = Home::empty("verbs");
    for verb in VERBS {
        let words: Vec<&str> = verb.split_whitespace().chain(["--help"]).collect();
        let help = home.succeeds(&words);
        let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
        for name in
            listed.filter_map(|line| line.strip_prefix("  ").filter(|rest| !rest.starts_with(' '))?.split_whitespace().next()).filter(|name| *name != "help")
        {
            let whole = format!("{verb} {name}");
            assert!(VERBS.contains(&whole.trim()), "`{whole}` has no row in this test");
        }
    }
}

#[test]
fn wrong_words_are_misuse() {
    let home = Home::empty("misuse");
    for words in [&["upp"][..], &["approvals", "approve", "run_1"], &["actions", "list", "--verdict", "maybe"], &["chat", "--conversation", "x"]] {
        let ran = home.run(words);
        assert_eq!(ran.code, 2, "{words:?}: {ran:?}");
        assert!(!ran.err.is_empty() && ran.out.is_empty(), "{words:?}: {ran:?}");
    }
    assert!(home.run(&["upp"]).err.contains("up"), "a near word is offered");
}

/// Verbs that decision 0052 keeps free. One that comes leaves this list, and its row there.
#[test]
fn verbs_that_are_kept_free_are_misuse() {
    let home = Home::empty("free");
    for words in [&["payexec"][..], &["knowledge", "list"], &["backup"], &["restore"], &["eval", "run", "mail-guard"]] {
        let ran = home.run(words);
        assert_eq!(ran.code, 2, "{words:?}: {ran:?}");
        assert!(ran.err.contains("unrecognized subcommand") && ran.out.is_empty(), "{words:?}: {ran:?}");
    }
}

#[test]
fn completions_are_printed() {
    let home = Home::empty("completions");
    for shell in ["bash", "zsh", "fish"] {
        assert!(home.succeeds(&["completions", shell]).contains("approvals"), "{shell}");
    }
}
