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

#[path = "src/guest.rs"]
#[expect(unreachable_pub, reason = "the same file is a public module of the library")]
mod guest;

use guest::TARGET;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// One guest: the workspace it lives in, its folder there, the name of its package.
struct Guest {
    workspace: &'static str,
    folder: &'static str,
    package: &'static str,
}

const SHIPPED: &[Guest] = &[
    Guest { workspace: "plugins", folder: "crm", package: "steward-plugin-crm" },
    Guest { workspace: "plugins", folder: "documents", package: "steward-plugin-documents" },
];
const TESTING: &[Guest] = &[
    Guest { workspace: "hostile", folder: "attacks", package: "steward-guest-hostile" },
    Guest { workspace: "hostile", folder: "asker", package: "steward-guest-asker" },
    Guest { workspace: "hostile", folder: "keeper", package: "steward-guest-keeper" },
    Guest { workspace: "hostile", folder: "roamer", package: "steward-guest-roamer" },
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
    watch(Path::new("src/guest.rs"));
    write_table(&tools, &target, &out, "shipped", SHIPPED)?;
    if env::var_os("CARGO_FEATURE_TESTING").is_some() {
        write_table(&tools, &target, &out, "hostile", TESTING)?;
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
        let folder = tools.join(guest.workspace).join(guest.folder);
        for part in ["src", "Cargo.toml", "tool.toml", "schemas"] {
            watch(&folder.join(part));
        }
        for part in ["Cargo.toml", "Cargo.lock"] {
            watch(&tools.join(guest.workspace).join(part));
        }
        let core = fs::read(compile(tools, target, guest)?)?;
        let component = guest::encode(&core)?;
        let file = out.join(format!("{}.wasm", guest.folder));
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
    guest::clear_environment(&mut cargo);
    cargo.env("CARGO_ENCODED_RUSTFLAGS", guest::flags(tools));
    let done = cargo.output()?;
    if !done.status.success() {
        return Err(format!("the plugin `{}` does not compile:\n{}", guest.package, String::from_utf8_lossy(&done.stderr)).into());
    }
    Ok(target.join(TARGET).join("release").join(format!("{}.wasm", guest.package.replace('-', "_"))))
}
