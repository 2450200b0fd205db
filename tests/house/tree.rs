//! The files of the project, read once: paths from the root with `/`, and texts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// What git does not keep is no work of ours: the patterns of `.gitignore`, and git's own folder.
struct Ignored(Vec<String>);

impl Ignored {
    fn read() -> Self {
        let text = std::fs::read_to_string(root().join(".gitignore")).unwrap();
        Self(
            text.lines()
                .map(str::trim)
                .filter(|line| !line.is_empty() && !line.starts_with('#'))
                .map(|line| line.trim_end_matches('/').to_owned())
                .chain([".git".to_owned()])
                .collect(),
        )
    }

    /// Whether a path is left out. A pattern with a slash is a path from the root, another is a name anywhere.
    fn has(&self, path: &str) -> bool {
        let name = path.rsplit('/').next().unwrap_or(path);
        self.0.iter().any(|pattern| match pattern.strip_prefix('/').unwrap_or(pattern) {
            whole if pattern.contains('/') => fits(whole, path),
            anywhere => fits(anywhere, name),
        })
    }
}

/// Every file below the root. Files that are no text are there with an empty text.
pub(crate) fn tree() -> &'static BTreeMap<String, String> {
    static TREE: OnceLock<BTreeMap<String, String>> = OnceLock::new();
    TREE.get_or_init(|| {
        let mut files = BTreeMap::new();
        walk(&root(), "", &Ignored::read(), &mut files);
        assert!(files.contains_key("Cargo.toml"), "this is not the project's root");
        files
    })
}

/// The text of a file that must be there.
pub(crate) fn text(path: &str) -> &'static str {
    tree().get(path).unwrap_or_else(|| panic!("`{path}` is missing"))
}

/// Files whose path ends so.
pub(crate) fn ending(end: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    tree().iter().filter(move |(path, _)| path.ends_with(end)).map(|(path, text)| (path.as_str(), text.as_str()))
}

/// Whether a path names a file or a folder of the tree. `*` stands for any part of one name.
pub(crate) fn exists(path: &str) -> bool {
    let wanted: Vec<&str> = path.trim_end_matches('/').split('/').collect();
    tree().keys().any(|file| {
        let parts: Vec<&str> = file.split('/').collect();
        parts.len() >= wanted.len() && wanted.iter().zip(&parts).all(|(pattern, part)| fits(pattern, part))
    })
}

/// Whether a name fits a pattern with any number of `*`.
fn fits(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((head, rest)) => {
            name.strip_prefix(head).is_some_and(|tail| (0..=tail.len()).filter(|at| tail.is_char_boundary(*at)).any(|at| fits(rest, &tail[at..])))
        }
    }
}

/// Fails with every complaint on a line of its own.
pub(crate) fn none(complaints: Vec<String>) {
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

/// Where the project lies.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}

fn walk(folder: &Path, path: &str, ignored: &Ignored, files: &mut BTreeMap<String, String>) {
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        let below = if path.is_empty() { name.clone() } else { format!("{path}/{name}") };
        // A file may be gone again: others work in the same tree.
        let Ok(kind) = entry.file_type() else { continue };
        if ignored.has(&below) {
            continue;
        } else if kind.is_dir() {
            walk(&entry.path(), &below, ignored, files);
        } else if kind.is_file() {
            files.insert(below, std::fs::read_to_string(entry.path()).unwrap_or_default());
        }
    }
}

#[test]
fn patterns_fit_names() {
    for (pattern, name, expect) in [
        ("a", "a", true),
        ("a", "b", false),
        ("*", "a.rs", true),
        ("*.rs", "a.rs", true),
        ("*.rs", "a.md", false),
        ("v*.md", "v1.md", true),
        ("a*b*c", "aXbYc", true),
        ("a*b*c", "aXc", false),
    ] {
        assert_eq!(fits(pattern, name), expect, "{pattern} {name}");
    }
}

#[test]
fn what_git_leaves_out_is_left_out() {
    let ignored = Ignored(["target", "/data", "*.wasm", "a/b"].map(str::to_owned).to_vec());
    for (path, expect) in
        [("target", true), ("x/target", true), ("data", true), ("x/data", false), ("x/y.wasm", true), ("a/b", true), ("x/a/b", false), ("targets", false)]
    {
        assert_eq!(ignored.has(path), expect, "{path}");
    }
}
