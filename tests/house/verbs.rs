//! What can be typed: verbs of the Makefile, and verbs of the command line with their own verbs.

use crate::tree::{text, tree};
use std::collections::BTreeSet;
use std::sync::OnceLock;

/// Verbs of the Makefile.
pub(crate) fn make_verbs() -> BTreeSet<&'static str> {
    let is_verb = |name: &&str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    text("Makefile").lines().filter_map(|line| line.split_once(':')).map(|(name, _)| name).filter(is_verb).collect()
}

/// `chat`, `policy`, `policy check`, …: variants of the enums of commands in `api/src/cli.rs` and `api/src/cli/<verb>.rs`.
pub(crate) fn steward_verbs() -> &'static BTreeSet<String> {
    static VERBS: OnceLock<BTreeSet<String>> = OnceLock::new();
    VERBS.get_or_init(|| {
        let mut all = BTreeSet::new();
        for verb in commands(text("api/src/cli.rs")) {
            let own = tree().get(&format!("api/src/cli/{}.rs", verb.replace('-', "_"))).map_or_else(Vec::new, |source| commands(source));
            all.extend(own.into_iter().map(|below| format!("{verb} {below}")));
            all.insert(verb);
        }
        all
    })
}

/// Whether a line of shell, or a code span, names a verb that is not there. `line` begins after the program's name.
pub(crate) fn unknown(line: &str, known: &BTreeSet<String>) -> Option<String> {
    let mut words = line.split_whitespace();
    let is_verb =
        |word: &&str| word.starts_with(|first: char| first.is_ascii_lowercase()) && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    let verb = words.next().filter(is_verb)?;
    if !known.contains(verb) {
        return Some(verb.to_owned());
    }
    let has_own = known.iter().any(|one| one.starts_with(&format!("{verb} ")));
    // `check|test|matrix` is several verbs at once.
    let below = words.next().filter(|word| has_own && word.split(['|', '·']).all(|one| is_verb(&one)))?;
    below.split('|').map(|one| format!("{verb} {one}")).find(|one| !known.contains(one))
}

/// Variants of the enums that derive `Subcommand`, as they are typed.
fn commands(source: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut lines = source.lines().skip_while(|line| !(line.starts_with("#[derive(") && line.contains("Subcommand")));
    let body = lines.by_ref().skip_while(|line| !line.contains("enum ")).skip(1).take_while(|line| *line != "}");
    for line in body {
        let Some(variant) = line.strip_prefix("    ").filter(|rest| rest.starts_with(|first: char| first.is_ascii_uppercase())) else { continue };
        let name: String = variant.chars().take_while(|one| one.is_alphanumeric()).collect();
        let mut typed = String::new();
        for (at, one) in name.chars().enumerate() {
            if one.is_uppercase() && at > 0 {
                typed.push('-');
            }
            typed.extend(one.to_lowercase());
        }
        found.push(typed);
    }
    found
}

#[test]
fn verbs_are_found() {
    let source = "use clap::Subcommand;\n#[derive(Debug, Subcommand)]\nenum Verb {\n    /// Up.\n    Up(up::Up),\n    #[command(x)]\n    ShowAll {\n        json: bool,\n    },\n}\nenum Other {\n    No,\n}\n";
    assert_eq!(commands(source), ["up", "show-all"]);
    let known = ["up", "policy", "policy check", "policy test", "chat"].map(str::to_owned).into();
    for (line, expect) in [
        ("up", None),
        ("up --listen x", None),
        ("down", Some("down")),
        ("policy check", None),
        ("policy check|test --json", None),
        ("policy prove", Some("policy prove")),
        ("policy check|prove", Some("policy prove")),
        ("policy --help", None),
        ("chat hello", None),
        ("\"x\"", None),
    ] {
        assert_eq!(unknown(line, &known).as_deref(), expect, "{line}");
    }
}
