//! Words that must not stand in the tree: promises not kept, lints switched off, tests switched off, places of one machine.

use crate::files::is_generated;
use crate::tree::{none, tree};

/// A word, where it counts, and what to do instead. Words are in two parts so that this file does not accuse itself.
const WORDS: &[(&str, &str, &str, &str)] = &[
    ("to", "do!(", ".rs", "write it, or leave it out"),
    ("unimpl", "emented!(", ".rs", "write it, or leave it out"),
    ("d", "bg!(", ".rs", "log it, or leave it out"),
    ("#[ign", "ore", ".rs", "a test runs or is not there"),
    ("#[al", "low(", ".rs", "write `#[expect(…, reason = \"…\")]`"),
    ("#![al", "low(", ".rs", "write `#![expect(…, reason = \"…\")]`"),
    ("assert!(", "true)", ".rs", "a test must be able to fail"),
    ("TO", "DO", "", "do it, or say in the documents that it is not there"),
    ("FIX", "ME", "", "mend it"),
    ("XX", "X", "", "say what you mean"),
    ("not impl", "emented", "", "write it, or leave it out"),
    ("coming", " soon", "", "say what is there"),
];

/// Folders of one machine.
const PLACES: &[(&str, &str)] = &[("/wo", "rk"), ("/ro", "ot"), ("/t", "mp"), ("/ho", "me"), ("/fa", "rm")];

/// Hosts of package registries: a project names none, its machine's configuration does.
const HOSTS: &[(&str, &str)] =
    &[("crates", ".io"), ("npm", "js.org"), ("npm", "js.com"), ("py", "pi.org"), ("python", "hosted.org"), ("deb.de", "bian.org"), ("proxy.go", "lang.org")];

/// What one file has that it should not have.
fn complaints(path: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let mut complain = |what: String| found.push(format!("`{path}`, line {}: {what}", number + 1));
        for (head, tail, end, instead) in WORDS {
            let word = format!("{head}{tail}");
            // Generated code brings its own warnings, and not always the same.
            if line.contains("reason = \"generated") {
                continue;
            }
            if path.ends_with(end) && line.match_indices(&word).any(|(at, _)| stands_alone(line, at, &word)) {
                complain(format!("`{word}`: {instead}"));
            }
        }
        for (head, tail) in PLACES {
            let place = format!("{head}{tail}");
            if line.match_indices(&place).any(|(at, _)| begins_path(line, at) && stands_alone(line, at, &place)) {
                complain(format!("`{place}`: a path of one machine; take it from an argument, `mktemp` or a temporary folder"));
            }
        }
        for (head, tail) in HOSTS {
            let host = format!("{head}{tail}");
            if line.contains(&host) {
                complain(format!("`{host}`: the project names no registry; leave it to the machine's configuration"));
            }
        }
    }
    found
}

/// Whether a word is not part of a longer word.
fn stands_alone(line: &str, at: usize, word: &str) -> bool {
    let joins = |one: Option<char>, side: Option<char>| side.is_some_and(char::is_alphanumeric) && one.is_some_and(|one| one.is_alphanumeric() || one == '_');
    !joins(line[..at].chars().next_back(), word.chars().next()) && !joins(line[at + word.len()..].chars().next(), word.chars().next_back())
}

/// Whether a slash begins a path: nothing before it that a path or an address could go on from.
fn begins_path(line: &str, at: usize) -> bool {
    line[..at].chars().next_back().is_none_or(|before| !(before.is_alphanumeric() || "/._-}*)~$<>:".contains(before)))
}

#[test]
fn a_bad_word_is_seen() {
    let check = |path: &str, line: &str, expect: usize| assert_eq!(complaints(path, line).len(), expect, "{path}: {line}: {:?}", complaints(path, line));
    for (head, tail, _, _) in WORDS {
        check("a.rs", &format!("{head}{tail}"), 1);
        check("a.rs", &format!("    {head}{tail} more"), 1);
    }
    for (head, tail) in PLACES {
        check("a.md", &format!("see `{head}{tail}/x`"), 1);
        check("a.sh", &format!("cd {head}{tail}"), 1);
        check("a.sh", &format!("cd $here{head}{tail}/x ../x{head}{tail} {head}{tail}er"), 0);
    }
    for (head, tail) in HOSTS {
        check("a.toml", &format!("https://{head}{tail}/x"), 1);
    }
    check("a.md", "mastodon, a todolist, TODOS", 0);
    check("a.md", "`assert!(yes)` and the work of a home", 0);
}

#[test]
fn no_file_has_a_word_that_must_not_stand() {
    let ours = |path: &&String| !path.ends_with(".lock") && !path.ends_with("package-lock.json") && !is_generated(&tree()[*path]);
    none(tree().keys().filter(ours).flat_map(|path| complaints(path, &tree()[path])).collect());
}
