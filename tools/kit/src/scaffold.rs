//! A new plugin: a project that builds and passes its cases as it is, with what its language needs beside it.
//!
//! The SDK is written into `vendor/`: it is the one of this program, needs no registry of ours, and stays as it is when Steward is upgraded.

use crate::error::KitError;
use crate::project::Language;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use steward_host::outline_of;

/// Names that are taken by the program, or will be.
const TAKEN: [&str; 10] = ["steward", "crm", "documents", "mail", "calendar", "payouts", "knowledge", "ads", "files", "test"];
/// What stands for the plugin's name in templates.
const NAME: &str = "__name__";

type Files = &'static [(&'static str, &'static str)];

macro_rules! files {
    ($($to:literal <- $from:literal),* $(,)?) => { &[$(($to, include_str!($from))),*] };
}

const SCHEMAS: Files = files![
    "schemas/greet.arguments.json" <- "../templates/schemas/greet.arguments.json",
    "schemas/greet.result.json" <- "../templates/schemas/greet.result.json",
];
const CONTACT_SCHEMAS: Files = files![
    "schemas/greet_contact.arguments.json" <- "../templates/schemas/greet_contact.arguments.json",
    "schemas/greet_contact.result.json" <- "../templates/schemas/greet_contact.result.json",
    "cases/greet_contact.json" <- "../templates/cases/greet_contact.json",
];
const CASES: Files = files!["cases/greet.json" <- "../templates/cases/greet.json"];

const RUST: Files = files![
    "Cargo.toml" <- "../templates/rust/Cargo.toml.in",
    "src/lib.rs" <- "../templates/rust/lib.rs",
    "tests/schemas.rs" <- "../templates/rust/schemas.rs",
    "vendor/steward-plugin-sdk/src/lib.rs" <- "../../sdk/src/lib.rs",
    "vendor/steward-plugin-sdk/src/bindings.rs" <- "../../sdk/src/bindings.rs",
    "vendor/steward-plugin-sdk/src/schemas.rs" <- "../../sdk/src/schemas.rs",
    "vendor/steward-plugin-sdk/src/text.rs" <- "../../sdk/src/text.rs",
];
const JS: Files = files![
    "package.json" <- "../templates/js/package.json.in",
    "tsconfig.json" <- "../templates/js/tsconfig.json",
    "src/index.ts" <- "../templates/js/index.ts",
    "vendor/steward-plugin/index.ts" <- "../templates/js/sdk.ts",
    "vendor/steward-plugin/interfaces.d.ts" <- "../templates/js/interfaces.d.ts",
];
const PYTHON: Files = files![
    "requirements.txt" <- "../templates/python/requirements.txt",
    "src/app.py" <- "../templates/python/app.py",
    "vendor/steward_plugin.py" <- "../templates/python/steward_plugin.py",
];
const C: Files = files![
    "src/plugin.c" <- "../templates/c/plugin.c",
    "vendor/steward.h" <- "../templates/c/steward.h",
    "vendor/steward.c" <- "../templates/c/steward.c",
];

const SDK_MANIFEST: &str = include_str!("../../sdk/Cargo.toml");
/// The versions that the shipped plugins are built with; the SDK is theirs.
const SHIPPED_LOCK: &str = include_str!("../../plugins/Cargo.lock");
const SHIPPED_PACKAGE: &str = "steward-plugin-crm";
const MANIFEST: &str = include_str!("../templates/tool.toml");
const CONTACT_TOOL: &str = include_str!("../templates/tool.contact.toml");
const README: &str = include_str!("../templates/README.md");
const IGNORED: &str = include_str!("../templates/gitignore");

/// What differs by language.
struct Kind {
    files: Files,
    language: &'static str,
    /// Whether it has the tool that asks the office.
    asks_office: bool,
    memory_mb: u32,
    install: Option<&'static str>,
    /// What its own tools look over beside a build.
    check: Option<&'static str>,
    source: &'static str,
}

impl Kind {
    const fn of(language: Language) -> Self {
        match language {
            Language::Rust => Self { files: RUST, language: "rust", asks_office: true, memory_mb: 16, install: None, check: None, source: "src/lib.rs" },
            Language::Js => Self {
                files: JS,
                language: "javascript",
                asks_office: true,
                memory_mb: 16,
                install: Some("npm install"),
                check: Some("npm run check"),
                source: "src/index.ts",
            },
            Language::Python => Self {
                files: PYTHON,
                language: "python",
                asks_office: true,
                memory_mb: 48,
                install: Some("python3 -m venv .venv && .venv/bin/pip install -r requirements.txt"),
                check: None,
                source: "src/app.py",
            },
            Language::C => Self { files: C, language: "c", asks_office: false, memory_mb: 16, install: None, check: None, source: "src/plugin.c" },
        }
    }
}

/// Writes a new project into a new folder `<parent>/<name>` and gives the folder and the commands that come next, for the directory that this one
/// is asked in: the configuration lies there, and is what installs.
///
/// # Errors
/// When the name is none, is taken, or the folder is there already. Nothing is ever written over.
pub fn scaffold(parent: &Path, name: &str, language: Language) -> Result<(PathBuf, Vec<String>), KitError> {
    let kind = Kind::of(language);
    if TAKEN.contains(&name) {
        return Err(KitError::said(format!("`{name}` is a name of Steward's own; choose another")));
    }
    let manifest = manifest(name, &kind);
    // The manifest's own check says what a name must look like.
    outline_of(&manifest).map_err(|err| KitError::said(err.to_string().trim_start_matches("tool.toml: ").to_owned()))?;
    let dir = parent.join(name);
    match fs::create_dir(&dir) {
        Err(err) if err.kind() == std::io::ErrorKind::AlreadyExists => {
            return Err(KitError::said(format!("`{}` is there already; choose another name, or remove it", dir.display())));
        }
        made => made.map_err(KitError::write(&dir))?,
    }
    // Whoever reads the project's own page may have it anywhere.
    let beside = next(Path::new(name), &kind);
    for (path, text) in files(name, &kind, manifest, &beside) {
        let path = dir.join(path);
        let folder = path.parent().unwrap_or(&dir);
        fs::create_dir_all(folder).map_err(KitError::write(folder))?;
        let mut file = fs::File::create_new(&path).map_err(KitError::write(&path))?;
        file.write_all(text.as_bytes()).map_err(KitError::write(&path))?;
    }
    let next = next(&dir, &kind);
    Ok((dir, next))
}

fn files(name: &str, kind: &Kind, manifest: String, next: &[String]) -> Vec<(&'static str, String)> {
    let mut files: Vec<(&'static str, String)> = Vec::new();
    let office = if kind.asks_office { CONTACT_SCHEMAS } else { &[] };
    files.extend([kind.files, SCHEMAS, CASES, office].into_iter().flatten().map(|(path, text)| {
        // The kit of a language is the same in every plugin; what looks like a place for the name in it is none.
        let text = if path.starts_with("vendor/") { (*text).to_owned() } else { text.replace(NAME, name) };
        (*path, text)
    }));
    let readme = README.replace(NAME, name).replace("__next__", &next.join("\n")).replace("__source__", kind.source);
    files.extend([("tool.toml", manifest), ("README.md", readme), (".gitignore", IGNORED.to_owned())]);
    if kind.language == "rust" {
        files.push(("vendor/steward-plugin-sdk/Cargo.toml", SDK_MANIFEST.replace("workspace = \"../plugins\"\n", "")));
        files.push(("Cargo.lock", lock(&format!("{name}-plugin"))));
    }
    files
}

fn manifest(name: &str, kind: &Kind) -> String {
    let (imports, more) = if kind.asks_office { ("\n[imports]\ncrm = true\n", CONTACT_TOOL) } else { ("", "") };
    let text = MANIFEST.replace("__imports__\n", imports).replace("__language__", kind.language).replace("__memory_mb__", &kind.memory_mb.to_string());
    format!("{text}{more}").replace(NAME, name)
}

fn next(dir: &Path, kind: &Kind) -> Vec<String> {
    let dir = quoted(&dir.strip_prefix(".").unwrap_or(dir).display().to_string());
    let mut next: Vec<String> = kind.install.into_iter().chain(kind.check).map(|command| format!("(cd {dir} && {command})")).collect();
    next.extend(["build", "test"].map(|verb| format!("steward plugin {verb} {dir}")));
    next
}

/// A path as a shell takes it for one.
fn quoted(path: &str) -> String {
    let is_plain = path.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.' | '/'));
    if is_plain { path.to_owned() } else { format!("'{}'", path.replace('\'', "'\\''")) }
}

/// The lock file of the shipped plugins for a package of another name: it was compiled with these versions, and they are here.
fn lock(package: &str) -> String {
    const MARK: &str = "[[package]]\n";
    let (head, rest) = SHIPPED_LOCK.split_once(MARK).unwrap_or((SHIPPED_LOCK, ""));
    // The other shipped plugins are none of the project's.
    let is_other =
        |one: &str| one.starts_with("name = \"steward-plugin-") && !["sdk\"", "crm\""].iter().any(|end| one.lines().next().unwrap_or_default().ends_with(end));
    let mut packages: Vec<String> = rest
        .split(MARK)
        .filter(|one| !is_other(one))
        .map(|one| {
            let one = one.trim_end();
            let ours = format!("name = \"{SHIPPED_PACKAGE}\"\nversion = \"1.0.0\"");
            one.replace(&ours, &format!("name = \"{package}\"\nversion = \"0.1.0\""))
        })
        .collect();
    packages.sort_by_key(|one| one.lines().next().map(str::to_owned));
    let packages: Vec<String> = packages.into_iter().map(|one| format!("{MARK}{one}\n")).collect();
    format!("{head}{}", packages.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_next_is_for_the_directory_one_is_in_whatever_it_is_called() {
        let of = |dir: &str, language| next(Path::new(dir), &Kind::of(language));
        assert_eq!(of("./hello", Language::C), ["steward plugin build hello", "steward plugin test hello"]);
        assert_eq!(
            of("my tools/hello", Language::Js),
            [
                "(cd 'my tools/hello' && npm install)",
                "(cd 'my tools/hello' && npm run check)",
                "steward plugin build 'my tools/hello'",
                "steward plugin test 'my tools/hello'"
            ]
        );
        assert_eq!(quoted("it's; rm"), r"'it'\''s; rm'");
    }
}
