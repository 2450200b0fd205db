//! `steward plugin pack`: a plugin as one file, the same bytes from the same plugin.

use crate::cli::{CliError, Setting};
use clap::Args;
use serde_json::json;
use std::path::PathBuf;
use steward_core::Digest;
use steward_kit::archive::pack;
use steward_kit::registry::named;

/// Pack a plugin into one file: the same plugin gives the same bytes
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  steward plugin pack\n  steward plugin pack ./my-plugin --to my-plugin.tar")]
pub(super) struct Pack {
    /// The plugin's directory
    #[arg(value_name = "DIR", default_value = ".")]
    dir: PathBuf,
    /// The file [default: NAME-VERSION.tar in the plugin's directory]
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Pack {
    pub(super) fn run(self, setting: &Setting) -> Result<(), CliError> {
        let packed = pack(&self.dir)?;
        let file = self.to.unwrap_or_else(|| self.dir.join(&packed.file_name));
        std::fs::write(&file, &packed.bytes).map_err(|err| CliError::said(format!("`{}` cannot be written: {err}", file.display())))?;
        if self.json {
            let digest = named(&Digest::of(&packed.bytes));
            let said = json!({ "file": file.display().to_string(), "bytes": packed.bytes.len(), "files": packed.paths, "digest": digest });
            return Ok(setting.output.json(&said)?);
        }
        setting.output.line(format!("packed `{}`: {} KiB, {} files", file.display(), packed.bytes.len().div_ceil(1024), packed.paths.len()))?;
        Ok(setting.output.line(named(&Digest::of(&packed.bytes)))?)
    }
}
