//! Compiles the shipped plugins for WebAssembly, encodes them as components and writes the table that embeds them.
//!
//! The guests are workspaces of their own with a target directory of their own beside this build's, so the nested cargo
//! neither waits for the outer one's lock nor is built again for every profile. Guests for tests are compiled only under
//! the feature `testing`.

use std::{
    env,
    error::Error,
    ffi::OsString,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

type Outcome<T> = Result<T, Box<dyn Error>>;

const TARGET: &str = "wasm32-unknown-unknown";
/// Memory a guest's allocator begins with, in bytes: most calls never ask for more. Only pages that are touched take room.
const HEAP_BYTES: usize = 256 << 10;

/// One guest: the workspace it lives in, its folder there, the name its plugin has.
struct Guest {
    workspace: &'static str,
    name: &'static str,
    package: &'static str,
}

const SHIPPED: &[Guest] = &[Guest { workspace: "plugins", name: "crm", package: "steward-plugin-crm" }];
const TESTING: &[Guest] = &[
    Guest { workspace: "guests", name: "hostile", package: "steward-guest-hostile" },
    Guest { workspace: "guests", name: "asker", package: "steward-guest-asker" },
    Guest { workspace: "guests", name: "keeper", package: "steward-guest-keeper" },
];

fn main() -> Outcome<()> {
    let tools = PathBuf::from(variable("CARGO_MANIFEST_DIR")?).parent().ok_or("the crate lies in tools/host")?.to_owned();
    let out = PathBuf::from(variable("OUT_DIR")?);
    // <target>/<profile>/build/<package>/out: the guests are the same for every profile, so they are built once.
    let target = out.ancestors().nth(4).unwrap_or(&out).join("guests");

    watch(&tools.join("wit"));
    watch(&tools.join("sdk/src"));
    watch(&tools.join("sdk/Cargo.toml"));
    watch(Path::new("build.rs"));
    write_table(&tools, &target, &out, "shipped", SHIPPED)?;
    if env::var_os("CARGO_FEATURE_TESTING").is_some() {
        write_table(&tools, &target, &out, "guests", TESTING)?;
    }
    Ok(())
}

fn variable(name: &str) -> Outcome<OsString> {
    env::var_os(name).ok_or_else(|| format!("cargo does not set {name}").into())
}

fn watch(path: &Path) {
    println!("cargo:rerun-if-changed={}", path.display());
}

/// Writes `<out>/<table>.rs`: an array of `Shipped` with everything a plugin consists of.
fn write_table(tools: &Path, target: &Path, out: &Path, table: &str, guests: &[Guest]) -> Outcome<()> {
    let mut text = String::from("[\n");
    for guest in guests {
        let folder = tools.join(guest.workspace).join(guest.name);
        for part in ["src", "Cargo.toml", "tool.toml", "schemas"] {
            watch(&folder.join(part));
        }
        for part in ["Cargo.toml", "Cargo.lock"] {
            watch(&tools.join(guest.workspace).join(part));
        }
        let core = fs::read(compile(tools, target, guest)?)?;
        let component = wit_component::ComponentEncoder::default().validate(true).module(&core)?.encode()?;
        let file = out.join(format!("{}.wasm", guest.name));
        fs::write(&file, component)?;
        writeln!(text, "    Shipped {{\n        manifest: include_str!({:?}),", folder.join("tool.toml"))?;
        writeln!(text, "        component: include_bytes!({file:?}),\n        files: &[")?;
        for schema in schemas(&folder)? {
            writeln!(text, "            ({:?}, include_str!({:?})),", format!("schemas/{schema}"), folder.join("schemas").join(&schema))?;
        }
        text.push_str("        ],\n    },\n");
    }
    text.push_str("]\n");
    Ok(fs::write(out.join(format!("{table}.rs")), text)?)
}

fn schemas(folder: &Path) -> Outcome<Vec<String>> {
    let folder = folder.join("schemas");
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        names.push(entry?.file_name().into_string().map_err(|_| "a schema's file name is not UTF-8")?);
    }
    names.sort();
    Ok(names)
}

fn compile(tools: &Path, target: &Path, guest: &Guest) -> Outcome<PathBuf> {
    let rustc = variable("RUSTC")?;
    let library = Command::new(&rustc).args(["--print", "target-libdir", "--target", TARGET]).output()?;
    if !Path::new(String::from_utf8_lossy(&library.stdout).trim()).is_dir() {
        return Err(format!("the Rust target for plugins is missing; run `rustup target add {TARGET}`").into());
    }
    let manifest = tools.join(guest.workspace).join("Cargo.toml");
    let mut cargo = Command::new(variable("CARGO")?);
    cargo.args(["build", "--quiet", "--release", "--locked", "--target", TARGET, "--package", guest.package]);
    cargo.arg("--manifest-path").arg(&manifest).arg("--target-dir").arg(target);
    clear_environment(&mut cargo);
    let mut flags = without_paths(tools);
    flags.push(format!("\u{1f}-Clink-arg=--initial-heap={HEAP_BYTES}"));
    cargo.env("CARGO_ENCODED_RUSTFLAGS", flags);
    let done = cargo.output()?;
    if !done.status.success() {
        return Err(format!("the plugin `{}` does not compile:\n{}", guest.name, String::from_utf8_lossy(&done.stderr)).into());
    }
    Ok(target.join(TARGET).join("release").join(format!("{}.wasm", guest.package.replace('-', "_"))))
}

/// What the outer cargo (or clippy) says to its own compiler must not reach the guests'. The job server is kept, so that
/// both together use no more cores than one.
fn clear_environment(cargo: &mut Command) {
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

/// The same sources give the same bytes, and so the same plugin digest, wherever they are built; and no folder of the
/// builder's machine stands in them.
fn without_paths(tools: &Path) -> OsString {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| env::var_os("HOME").map(|home| PathBuf::from(home).join(".cargo")));
    let mut flags = OsString::from("--remap-path-prefix=");
    flags.push(tools);
    flags.push("=tools");
    if let Some(home) = home {
        flags.push("\u{1f}--remap-path-prefix=");
        flags.push(home);
        flags.push("=cargo");
    }
    flags
}
