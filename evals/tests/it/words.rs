//! What ships knows no suite: neither a tool of one, nor a value, nor a name that a task of one writes in quotes.

use crate::public::suites;
use std::collections::BTreeSet;
use std::path::Path;
use std::{fs, io};

/// Where what ships is written.
const SHIPPED: [&str; 7] = ["runtime", "policies", "prompts", "tools/host", "tools/plugins", "api/src", "evals/src"];
/// Names of functions and of entries of our own that a suite happens to have for a tool.
const OURS: [&str; 2] = ["read_file", "set_password"];
/// The number that every description of account numbers has for an example.
const EXAMPLES: [&str; 1] = ["DE89370400440532013000"];
/// Names in quotes that are words of everybody's: our own cases of the rules speak of lunch.
const COMMON: [&str; 1] = ["Lunch"];
/// The shortest name in quotes that is looked for, in bytes. What is shorter, as a number of two digits, stands everywhere.
const NAME_MIN: usize = 3;

fn read(path: &Path, found: &mut Vec<(String, String)>) -> io::Result<()> {
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            let entry = entry?.path();
            // Tests may say whatever they like.
            let name = entry.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if !matches!(name, "tests" | "tests.rs" | "benches" | "target") {
                read(&entry, found)?;
            }
        }
    } else if let Ok(text) = fs::read_to_string(path) {
        found.push((path.display().to_string(), text));
    }
    Ok(())
}

/// Whether a text holds this by itself, and not as a part of a longer word.
fn holds(text: &str, wanted: &str) -> bool {
    let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    text.match_indices(wanted).any(|(at, _)| {
        let (before, after) = (text[..at].chars().next_back(), text[at + wanted.len()..].chars().next());
        !before.is_some_and(is_word) && !after.is_some_and(is_word)
    })
}

/// Addresses and accounts in a text.
fn values(text: &str) -> impl Iterator<Item = String> {
    let words = text.split(|letter: char| !letter.is_alphanumeric() && !matches!(letter, '@' | '.' | '-' | '_' | '+'));
    let words = words.map(|word| word.trim_matches(['.', '-', '_', '+'])).filter(|word| {
        let is_account = word.len() >= 15 && word.chars().all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit());
        is_account && word.chars().filter(char::is_ascii_digit).count() >= 10 || word.split_once('@').is_some_and(|(_, host)| host.contains('.'))
    });
    words.map(str::to_owned).collect::<Vec<_>>().into_iter()
}

#[test]
fn nothing_that_ships_names_a_tool_or_a_value_of_a_suite() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = Vec::new();
    SHIPPED.iter().for_each(|dir| read(&here.join(dir), &mut files).expect("readable"));
    assert!(files.len() > 300, "{} files", files.len());
    let suites = suites();
    // The attacker of the adaptive exam has an address and an account of his own, and our small suite is about the same people.
    let is_ours = |path: &str| path.contains("evals/src/");
    for suite in suites.all.iter().filter(|_| suites.are_public) {
        let tools = suite.tools.iter().map(|tool| tool.name.clone()).filter(|name| name.contains('_') && !OURS.contains(&name.as_str()));
        let said = suite.user_tasks.iter().map(|task| task.prompt.as_str()).chain(suite.injection_tasks.iter().map(|attack| attack.attack_text.as_str()));
        let said: Vec<&str> = said.collect();
        let quoted = said
            .iter()
            .flat_map(|text| text.split('\'').skip(1).step_by(2))
            .filter(|text| text.len() >= NAME_MIN && !COMMON.contains(text) && !text.contains('\n') && !text.contains("YYYY"))
            .map(str::to_owned);
        let values = said.iter().flat_map(|text| values(text)).filter(|value| !EXAMPLES.contains(&value.as_str()));
        let wanted: BTreeSet<String> = tools.chain(quoted).chain(values).collect();
        assert!(wanted.len() > 10, "{}: {wanted:?}", suite.name);
        for (path, text) in &files {
            let found: Vec<&String> = wanted.iter().filter(|one| holds(text, one)).collect();
            assert!(found.is_empty() || is_ours(path), "`{path}` knows {found:?} of the suite `{}`", suite.name);
        }
    }
    // The search finds what is there.
    assert!(holds("the tool `send_money` pays", "send_money") && !holds("resend_money", "send_money"));
    assert_eq!(values("to a.b@c.example, or GB29NWBK60161331926819.").collect::<Vec<_>>(), ["a.b@c.example", "GB29NWBK60161331926819"]);
}
