//! A crate whose documentation has an example that could run is one whose examples are run.

use crate::tree::{ending, none};

/// Lines that open or close an example which `cargo test --doc` would run.
fn examples(source: &str) -> Vec<usize> {
    let mut inside = false;
    let mut found = Vec::new();
    for (at, line) in source.lines().enumerate() {
        let line = line.trim_start();
        let Some(rest) = line.strip_prefix("///").or_else(|| line.strip_prefix("//!")) else {
            inside = false;
            continue;
        };
        let Some(kind) = rest.trim_start().strip_prefix("```") else { continue };
        if !inside && matches!(kind.trim(), "" | "rust" | "no_run" | "should_panic" | "compile_fail") {
            found.push(at + 1);
        }
        inside = !inside;
    }
    found
}

#[test]
fn an_example_is_seen() {
    assert_eq!(examples("/// ```\n/// f();\n/// ```\nfn f() {}\n//! ```text\n//! no\n//! ```\n/// ```rust\n/// ```"), [1, 8]);
}

#[test]
fn every_example_in_the_documentation_is_run() {
    let mut unseen = Vec::new();
    for (manifest, said) in ending("Cargo.toml") {
        let Some(folder) = manifest.strip_suffix("/Cargo.toml").filter(|_| said.contains("\ndoctest = false\n")) else { continue };
        let ours = format!("{folder}/src/");
        for (source, said) in ending(".rs").filter(|(source, _)| source.starts_with(&ours) && !source.ends_with("/bindings.rs")) {
            unseen.extend(examples(said).into_iter().map(|line| format!("{source}:{line}: this example is not run; take `doctest = false` out of {manifest}")));
        }
    }
    none(unseen);
}
