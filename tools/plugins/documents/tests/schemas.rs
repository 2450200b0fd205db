//! The schema files that the manifest names are what the code derives. `UPDATE=1` rewrites them.

use std::path::Path;

#[test]
fn schema_files_are_fresh() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
    let update = std::env::var_os("UPDATE").is_some();
    steward_plugin_sdk::schemas::check(&folder, &steward_plugin_documents::schemas(), update).expect("fresh schemas");
}
