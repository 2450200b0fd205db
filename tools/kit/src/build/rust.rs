//! Rust: cargo for a target without an operating system, schemas from the types, and the encoding of the shipped plugins.

use super::tools::{run, run_test, said};
use super::{Step, Told};
use crate::error::KitError;
use crate::project::Project;
use std::path::Path;
use std::process::Command;
use steward_host::guest;

const NO_CARGO: &str = "cargo is missing; install Rust with rustup (https://rustup.rs) and open a new shell";

pub(super) fn build(project: &Project, told: Told<'_>) -> Result<Vec<u8>, KitError> {
    let dir = std::path::absolute(&project.dir).map_err(KitError::read(&project.dir))?;
    if !dir.join("Cargo.toml").is_file() {
        return Err(KitError::said(format!("there is no `Cargo.toml` in `{}`, and tool.toml says `language = \"rust\"`", dir.display())));
    }
    let libraries = said(Command::new("rustc").current_dir(&dir).args(["--print", "target-libdir", "--target", guest::TARGET]));
    match libraries {
        None => return Err(KitError::said(NO_CARGO)),
        Some(libraries) if !Path::new(&libraries).is_dir() => {
            return Err(KitError::said(format!("the Rust target for plugins is missing; install it with: rustup target add {}", guest::TARGET)));
        }
        Some(_) => {}
    }
    // The types say what the schemas are; a test of the project compares them, or writes them anew.
    if dir.join("tests/schemas.rs").is_file() {
        let mut cargo = cargo(&dir);
        cargo.args(["test", "--test", "schemas"]).env("UPDATE", "1");
        told(Step::Speaks("writing the schemas, as the types say:"));
        run_test(&mut cargo, "deriving the schemas (cargo test --test schemas)", NO_CARGO)?;
    }
    let mut cargo = cargo(&dir);
    cargo.args(["build", "--release", "--lib", "--target", guest::TARGET]).env("CARGO_ENCODED_RUSTFLAGS", guest::flags(&dir));
    run(&mut cargo, "cargo build", NO_CARGO)?;
    let core = core_of(&dir)?;
    let bytes = std::fs::read(&core).map_err(KitError::read(&core))?;
    guest::encode(&bytes).map_err(|reason| KitError::said(format!("`{}` is no plugin: {reason}; does its `lib.rs` end with `plugin!`?", core.display())))
}

/// A cargo that nothing around this process speaks to, with the project's own build folder.
fn cargo(dir: &Path) -> Command {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(dir).arg("--color=auto");
    guest::clear_environment(&mut cargo);
    cargo.env("CARGO_TARGET_DIR", dir.join("target"));
    cargo
}

/// The module that cargo made. It is called after the library, and there is one library.
fn core_of(dir: &Path) -> Result<std::path::PathBuf, KitError> {
    let folder = dir.join("target").join(guest::TARGET).join("release");
    let metadata = said(cargo(dir).args(["metadata", "--format-version", "1", "--no-deps", "--offline"])).unwrap_or_default();
    let metadata: serde_json::Value = serde_json::from_str(&metadata).unwrap_or_default();
    let manifest = dir.join("Cargo.toml");
    let packages = metadata.get("packages").and_then(|list| list.as_array()).into_iter().flatten();
    let ours = packages.filter(|package| package.get("manifest_path").and_then(|path| path.as_str()).is_some_and(|path| Path::new(path) == manifest));
    let targets = ours.filter_map(|package| package.get("targets")?.as_array()).flatten();
    let is_module =
        |target: &&serde_json::Value| target.get("crate_types").and_then(|types| types.as_array()).is_some_and(|types| types.iter().any(|one| one == "cdylib"));
    let name = targets.filter(is_module).find_map(|target| target.get("name")?.as_str());
    let name = name.ok_or_else(|| KitError::said(format!("`{}` has no library with `crate-type = [\"cdylib\"]`", manifest.display())))?;
    Ok(folder.join(format!("{}.wasm", name.replace('-', "_"))))
}
