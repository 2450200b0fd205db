//! How a plugin in Rust becomes a component: the target, the flags, the environment its cargo runs in, and the encoding.
//!
//! The build script that makes the shipped plugins and the kit that makes everybody else's are one way of doing it: the script includes this
//! file, so it stands on nothing else of this crate.

use std::env;
use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

/// What plugins are compiled for. It has no operating system, so nothing of one can be used.
pub const TARGET: &str = "wasm32-unknown-unknown";
/// Memory a guest's allocator begins with, in bytes: most calls never ask for more. Only pages that are touched take room.
const HEAP_BYTES: usize = 256 << 10;

/// Takes from a cargo what another cargo (or clippy) around this process says to its own compiler. The job server is kept, so that both
/// together use no more cores than one.
pub fn clear_environment(cargo: &mut Command) {
    const KEPT: [&str; 4] = ["CARGO_HOME", "CARGO_MAKEFLAGS", "CARGO_TERM_COLOR", "CARGO_NET_OFFLINE"];
    const BREAKS: [&str; 9] = ["RUSTFLAGS", "RUSTDOCFLAGS", "RUSTC", "RUSTDOC", "RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER", "CLIPPY_ARGS", "TARGET", "HOST"];
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        let ours = text.starts_with("CARGO_HTTP_") || text.starts_with("CARGO_REGISTRIES_") || text.starts_with("CARGO_SOURCE_");
        let cargos = text.starts_with("CARGO_") || text.starts_with("DEP_") || text.starts_with("__CARGO");
        if (cargos && !ours && !KEPT.contains(&text.as_ref())) || BREAKS.contains(&text.as_ref()) {
            cargo.env_remove(&name);
        }
    }
}

/// Flags for the guest's compiler, as `CARGO_ENCODED_RUSTFLAGS` takes them: the same sources give the same bytes, and so the same digest,
/// wherever they are built, and no folder of the builder's machine stands in them. `root` is where the sources lie.
pub fn flags(root: &Path) -> OsString {
    let home = env::var_os("CARGO_HOME").map(Into::into).or_else(|| env::var_os("HOME").map(|home| Path::new(&home).join(".cargo")));
    let mut flags = OsString::from("--remap-path-prefix=");
    flags.push(root);
    flags.push("=tools");
    if let Some(home) = home {
        flags.push("\u{1f}--remap-path-prefix=");
        flags.push(home);
        flags.push("=cargo");
    }
    flags.push(format!("\u{1f}-Clink-arg=--initial-heap={HEAP_BYTES}"));
    flags
}

/// Makes a component of a core module that carries the description of its interface, as the SDK's bindings leave it. Interfaces that the
/// code does not use are left out.
///
/// # Errors
/// What is wrong with the module, in the encoder's words.
pub fn encode(core: &[u8]) -> Result<Vec<u8>, String> {
    let encoder = wit_component::ComponentEncoder::default().validate(true).module(core);
    encoder.and_then(|mut encoder| encoder.encode()).map_err(|err| format!("{err:#}"))
}
