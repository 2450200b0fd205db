//! C: clang for WebAssembly without a library, and the world that the core module is read by.

use super::tools::{run, said};
use crate::error::KitError;
use crate::project::Project;
use crate::world;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use steward_host::guest;
use wit_component::StringEncoding;

const NO_LINKER: &str = "wasm-ld is missing, clang's linker for WebAssembly; install it (Debian: apt-get install lld)";
const NO_CLANG: &str = "clang is missing; install it with its linker for WebAssembly (Debian: apt-get install clang lld)";

pub(super) fn build(project: &Project) -> Result<Vec<u8>, KitError> {
    let dir = &project.dir;
    let mut sources = sources(&dir.join("src"))?;
    if sources.is_empty() {
        return Err(KitError::said(format!("there is no `.c` file in `{}`, and tool.toml says `language = \"c\"`", dir.join("src").display())));
    }
    sources.extend(self::sources(&dir.join("vendor"))?);
    let out = project.own("built")?.join("plugin.core.wasm");
    let mut command = Command::new("clang");
    command.args([
        "--target=wasm32",
        "-std=c11",
        "-Os",
        "-ffreestanding",
        "-nostdlib",
        "-mbulk-memory",
        "-Wall",
        "-Wextra",
        "-Werror=implicit-function-declaration",
    ]);
    command.args(["-Wl,--no-entry", "-Wl,--gc-sections", "-Wl,--strip-all", "-Wl,-z,stack-size=65536"]);
    command.arg("-I").arg(dir.join("vendor")).args(&sources).arg("-o").arg(&out);
    run(&mut command, "clang", NO_CLANG).map_err(|err| if has_no_linker() { KitError::said(NO_LINKER) } else { err })?;
    let mut core = std::fs::read(&out).map_err(KitError::read(&out))?;
    let refuse = |reason: String| KitError::said(format!("what clang made is no plugin: {reason}"));
    let mut resolve = wit_parser::Resolve::default();
    let package = resolve.push_str("world.wit", &world::text(&project.outline)).map_err(|err| refuse(err.to_string()))?;
    let world = resolve.select_world(&[package], Some(world::NAME)).map_err(|err| refuse(err.to_string()))?;
    wit_component::embed_component_metadata(&mut core, &resolve, world, StringEncoding::UTF8).map_err(|err| refuse(format!("{err:#}")))?;
    guest::encode(&core).map_err(refuse)
}

/// Whether clang finds no linker: of one that it finds it says the whole path.
fn has_no_linker() -> bool {
    said(Command::new("clang").args(["--target=wasm32", "--print-prog-name=wasm-ld"])).is_some_and(|path| !Path::new(&path).is_file())
}

/// The C files of a folder, sorted: the same order gives the same bytes.
fn sources(dir: &Path) -> Result<Vec<OsString>, KitError> {
    let mut found = Vec::new();
    let entries = match std::fs::read_dir(dir) {
        Err(err) if err.kind() == std::io::ErrorKind::NotFound => return Ok(found),
        entries => entries.map_err(KitError::read(dir))?,
    };
    for entry in entries {
        let path: PathBuf = entry.map_err(KitError::read(dir))?.path();
        if path.extension().is_some_and(|end| end == "c") {
            found.push(path.into_os_string());
        }
    }
    found.sort();
    Ok(found)
}
