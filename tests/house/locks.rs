//! What is released does not change: migrations are numbered without gaps, and those in the lock are as they were.

use crate::tree::{ending, none, text};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

const LOCK: &str = "migrations/released.lock";

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Path below the folder and digest, in the form `sha256sum` prints; lines with `#` are comments.
fn entries(lock: &str) -> BTreeMap<&str, &str> {
    lock.lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .map(|line| line.split_once("  ").unwrap_or((line, "")))
        .map(|(digest, name)| (name, digest))
        .collect()
}

/// What a lock has against the files there are.
fn complaints(lock: &str, files: &BTreeMap<&str, &str>) -> Vec<String> {
    let check = |(name, expect): (&&str, &&str)| match files.get(name) {
        None => Some(format!("`{name}` is released and gone")),
        Some(text) if digest(text.as_bytes()) != **expect => Some(format!("`{name}` is released and has changed; put the change into a new migration")),
        Some(_) => None,
    };
    let listed = entries(lock);
    let mut found: Vec<String> = listed.iter().filter_map(check).collect();
    for (at, name) in files.keys().enumerate() {
        if !name.starts_with(&format!("{:04}_", at + 1)) {
            found.push(format!("`{name}` is out of order; migrations are numbered from 0001 without gaps"));
        }
    }
    found
}

#[test]
fn a_changed_migration_is_seen() {
    let one = digest(b"select 1;");
    let check = |lock: &str, files: &[(&str, &str)], expect: &[&str]| {
        let found = complaints(lock, &files.iter().copied().collect());
        assert_eq!(found.len(), expect.len(), "{found:?}");
        assert!(found.iter().zip(expect).all(|(one, part)| one.contains(part)), "{found:?}");
    };
    let lock = format!("# Comment.\n{one}  0001_a.sql\n");
    check(&lock, &[("0001_a.sql", "select 1;"), ("0002_b.sql", "new")], &[]);
    check(&lock, &[("0001_a.sql", "select 2;")], &["has changed"]);
    check(&lock, &[("0001_b.sql", "select 1;")], &["gone"]);
    check("rubbish", &[], &["gone"]);
    check("", &[("0001_a.sql", ""), ("0003_b.sql", "")], &["`0003_b.sql` is out of order"]);
    check("", &[("0001_a.sql", ""), ("0001_b.sql", "")], &["`0001_b.sql` is out of order"]);
}

#[test]
fn released_migrations_never_change() {
    let files = ending(".sql").filter_map(|(path, text)| path.strip_prefix("migrations/").map(|name| (name, text))).collect();
    none(complaints(text(LOCK), &files));
}
