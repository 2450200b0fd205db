//! The files under `schemas/` are what the types say. `steward plugin build` writes them anew; `cargo test` only compares.

use std::path::Path;

#[test]
fn schema_files_are_fresh() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
    let update = std::env::var_os("UPDATE").is_some();
    let derived = __name___plugin::schemas();
    steward_plugin_sdk::schemas::check(&folder, &derived, update).expect("fresh schemas; `steward plugin build` writes them");
}
