//! Puts changed rules in force without a restart: the installation's files, and what organisations approved. Broken files are refused
//! whole: the old rules stay, and an error says so.

use super::Every;
use crate::cli::chain;
use crate::wiring::{adopt, policies};
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use steward_agent::rules::SharedRules;
use steward_core::ToolSpec;
use steward_office::Office;
use steward_store::Store;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

/// How often the files are looked at, in seconds.
const EVERY_SECONDS: u64 = 1;

/// What tells a changed directory: every file with its size and time of change.
type Look = Vec<(PathBuf, u64, Option<SystemTime>)>;

/// Works until `stop`.
pub async fn run(dir: PathBuf, tools: Vec<ToolSpec>, (store, office): (Store, Office), rules: SharedRules, stop: CancellationToken) {
    let mut every = Every::seconds(EVERY_SECONDS, stop);
    // The rules in force were read before this look; a change in between shows as another digest.
    let mut seen: Option<Look> = None;
    while every.next().await {
        if let Err(err) = adopt::adopt(&store, &office, &tools, &rules).await {
            warn!(error = chain(&err), "what organisations approved could not be looked at; trying again");
        }
        let now = look(&dir);
        if seen.as_ref() == Some(&now) {
            continue;
        }
        seen = Some(now);
        reload(&dir, &tools, &rules);
    }
}

fn reload(dir: &Path, tools: &[ToolSpec], rules: &SharedRules) {
    let before = rules.base().digest();
    match policies::load(dir, tools) {
        Ok(fresh) if fresh.digest() == before => {}
        Ok(fresh) => {
            for warning in fresh.warnings() {
                warn!("{warning}");
            }
            info!(policy.digest = %fresh.digest().short(), rules = fresh.list().len(), "new rules are in force");
            rules.replace(fresh);
        }
        Err(err) => error!(policy.digest = %before.short(), "THE CHANGED RULES ARE REFUSED and the rules of before stay in force: {}", chain(&err)),
    }
}

fn look(dir: &Path) -> Look {
    let files = policies::rule_files(dir).unwrap_or_default();
    files
        .into_iter()
        .map(|file| {
            let meta = file.metadata().ok();
            (file, meta.as_ref().map_or(0, std::fs::Metadata::len), meta.and_then(|meta| meta.modified().ok()))
        })
        .collect()
}
