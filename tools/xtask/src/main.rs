//! Writes `tools/sdk/src/bindings.rs` from `tools/wit`, so that plugin authors build without a proc macro or a WIT parser.
//!
//! `cargo run --manifest-path tools/xtask/Cargo.toml -- bindings` writes the file; with `--check` it only compares and
//! exits 1 when the committed file is stale. It never touches anything else.

use anyhow::{Context, Result, bail};
use std::{fs, path::Path};

const USAGE: &str = "usage: steward-xtask bindings [--check]";

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let check = match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["bindings"] => false,
        ["bindings", "--check"] => true,
        _ => bail!(USAGE),
    };
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("the crate has a parent folder")?;
    let file = tools.join("sdk/src/bindings.rs");
    let fresh = bindings(&tools.join("wit"))?;
    if check {
        let committed = fs::read_to_string(&file).unwrap_or_default();
        if committed != fresh {
            bail!("{} is stale; run `cargo run --manifest-path tools/xtask/Cargo.toml -- bindings` and commit it", file.display());
        }
    } else {
        fs::write(&file, fresh).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

fn bindings(wit: &Path) -> Result<String> {
    let mut resolve = wit_parser::Resolve::default();
    let (package, _) = resolve.push_path(wit).with_context(|| format!("cannot read {}", wit.display()))?;
    let world = resolve.select_world(&[package], Some("tool-with-preview"))?;
    let options = wit_bindgen_rust::Opts {
        format: true,
        pub_export_macro: true,
        default_bindings_module: Some("steward_plugin_sdk::bindings".to_owned()),
        ..Default::default()
    };
    let mut files = wit_bindgen_core::Files::default();
    wit_bindgen_core::WorldGenerator::generate(&mut options.build(), &mut resolve, world, &mut files)?;
    let (_, data) = files.iter().next().context("the generator made no file")?;
    Ok(String::from_utf8(data.to_vec())?)
}
