//! Rules and code know the format of public attack suites, and none of their tools, addresses or accounts: what is fitted to an exam proves
//! nothing about anything else. Tests and documents may speak of them.

use crate::files::{is_test, lines};
use crate::tree::{none, root, tree};
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::PathBuf;

/// Where rules and code lie.
const FOLDERS: &[&str] = &["api/src/", "evals/src/", "policies/", "prompts/", "runtime/", "tools/host/", "tools/plugins/", "tools/sdk/"];
/// Names of their tools that are words of everybody's.
const COMMON: &[&str] = &["read_file"];

/// What is a suite's own: names of tools, addresses, accounts.
#[derive(Default)]
struct Own(BTreeSet<String>);

impl Own {
    fn read(&mut self, suite: &Value) {
        let names = suite["tools"].as_array().into_iter().flatten().filter_map(|tool| tool["name"].as_str());
        self.0.extend(names.filter(|name| name.contains('_') && !COMMON.contains(name)).map(str::to_owned));
        self.take(suite);
    }

    fn take(&mut self, value: &Value) {
        match value {
            Value::String(text) => self.0.extend(words(text).filter(|word| is_address(word) || is_account(word)).map(str::to_owned)),
            Value::Array(list) => list.iter().for_each(|inner| self.take(inner)),
            Value::Object(map) => map.iter().for_each(|(key, inner)| {
                self.0.extend(words(key).filter(|word| is_address(word) || is_account(word)).map(str::to_owned));
                self.take(inner);
            }),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// What one file says of it.
    fn complaints(&self, path: &str, text: &str) -> Vec<String> {
        let said = |line: &str| -> BTreeSet<String> { words(line).chain(parts(line)).filter(|word| self.0.contains(*word)).map(str::to_owned).collect() };
        let code = text.lines().take(lines(text)).enumerate();
        code.flat_map(|(number, line)| said(line).into_iter().map(move |word| (number, word)))
            .map(|(number, word)| format!("`{path}`, line {}: `{word}` is of a public suite; say what it is, whatever it is called", number + 1))
            .collect()
    }
}

/// Words as addresses are written.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_alphanumeric() && !"@._+-".contains(letter)).map(|word| word.trim_matches(['.', '-', '_', '+']))
}

/// Words as code has them.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_alphanumeric() && letter != '_')
}

fn is_address(word: &str) -> bool {
    word.split_once('@').is_some_and(|(local, host)| !local.is_empty() && host.contains('.'))
}

fn is_account(word: &str) -> bool {
    let begins = |from: usize, to: usize, is: fn(&u8) -> bool| word.as_bytes().get(from..to).is_some_and(|bytes| bytes.iter().all(is));
    word.len() >= 15 && begins(0, 2, u8::is_ascii_uppercase) && begins(2, 4, u8::is_ascii_digit) && word.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// The public suites: where the environment says, else beside the project.
fn folder() -> PathBuf {
    std::env::var_os("STEWARD_SUITES").map_or_else(|| root().join("../shared/agentdojo"), PathBuf::from)
}

#[test]
fn what_is_of_a_suite_is_seen() {
    let suite = serde_json::json!({
        "tools": [{ "name": "post_letter" }, { "name": "letters" }, { "name": "read_file" }],
        "blobs": { "a": ["Write to ann@post.example.", { "bob@post.example": "GB33BUKB20201555555555" }] },
    });
    let mut own = Own::default();
    own.read(&suite);
    let check = |path: &str, text: &str, expect: usize| assert_eq!(own.complaints(path, text).len(), expect, "{text}: {:?}", own.complaints(path, text));
    for line in
        ["match \"post_letter\"", "mail.post_letter(1)", "\"ann@post.example\"", "(ann@post.example).", "x bob@post.example", "= \"GB33BUKB20201555555555\";"]
    {
        check("a.rs", line, 1);
    }
    for line in ["post_letters", "letters", "read_file(path)", "joann@post.example", "GB33BUKB202015555555556", "post letter"] {
        check("a.rs", line, 0);
    }
    check("a.rs", "//! Code.\n#[cfg(test)]\nmod tests {\n    // post_letter\n}\n", 0);
}

#[test]
fn rules_and_code_name_no_tool_and_no_value_of_the_public_suites() {
    let folder = folder();
    let mut own = Own::default();
    for file in std::fs::read_dir(&folder).into_iter().flatten().map(Result::unwrap).map(|entry| entry.path()) {
        if file.extension().is_some_and(|end| end == "json") {
            own.read(&serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap());
        }
    }
    if own.0.is_empty() {
        // Who names a folder means it; beside the project they may not be, and then what is seen above is all that can be tried.
        assert!(std::env::var_os("STEWARD_SUITES").is_none(), "no suites in `{}`", folder.display());
        // Past the catcher of a test that passes: whoever runs all of it is to see what was not tried.
        let said = "the public suites are not here: no name of theirs was looked for; STEWARD_SUITES says where they are\n";
        let marked = if std::env::var_os("CI").is_some() { format!("::warning::{said}") } else { said.to_owned() };
        std::io::stderr().write_all(marked.as_bytes()).unwrap();
        return;
    }
    let ours = tree().iter().filter(|(path, _)| FOLDERS.iter().any(|folder| path.starts_with(folder)) && !is_test(path));
    none(ours.flat_map(|(path, text)| own.complaints(path, text)).collect());
}
