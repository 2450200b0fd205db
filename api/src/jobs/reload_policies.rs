//! Puts changed rules and tools in force without a restart: the installation's files with their cases and safety properties, what organisations
//! approved, and which tools of MCP servers are accepted. Broken files are refused whole: what was in force stays, and an error says so. So it does
//! where it cannot be put on record which rules come in force.

use super::Every;
use crate::cli::chain;
use crate::policy_set::SharedFiles;
use crate::wiring::adopt::Behind;
use crate::wiring::{accepted_list, adopt, plugin_dirs, plugin_lock, policies, rules_on_record};
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use steward_agent::rules::SharedRules;
use steward_core::{Actor, Digest, ToolSpec};
use steward_host::mcp::McpServer;
use steward_host::{Host, Trust};
use steward_office::Office;
use steward_policies::Rules;
use steward_store::doors::TenantRow;
use steward_store::{Store, StoreError};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

/// How often the files are looked at, in seconds.
const EVERY_SECONDS: u64 = 1;

/// What tells a changed directory: every file with its size and time of change.
type Look = Vec<(PathBuf, u64, Option<SystemTime>)>;

/// What is watched.
pub struct Watched {
    /// The installation's rules.
    pub dir: PathBuf,
    /// The configured MCP servers.
    pub mcp: Vec<McpServer>,
    /// The file that holds their accepted tools.
    pub mcp_lock: PathBuf,
    /// Where the installation's own plugins are.
    pub plugins_dir: PathBuf,
    /// Whose signatures of them count.
    pub plugin_trust: Trust,
    /// The tools, replaced in place.
    pub host: Host,
    /// The rules, replaced in place.
    pub rules: SharedRules,
    /// The cases and safety properties beside them, replaced in place.
    pub policy_files: SharedFiles,
}

/// Works until `stop`.
pub async fn run(watched: Watched, (store, office): (Store, Office), stop: CancellationToken) {
    let Watched { dir, mcp, mcp_lock, plugins_dir, plugin_trust, host, rules, policy_files } = watched;
    let plugin_lock = plugin_lock(&mcp_lock);
    let mut every = Every::seconds(EVERY_SECONDS, stop);
    // The rules in force were read before this look; a change in between shows as another digest.
    let mut seen: Option<Look> = None;
    // Rules that could not be put on record, and were told of.
    let mut unwritten: Option<Digest> = None;
    let mut generation = host.generation();
    let mut behind: Vec<Behind> = Vec::new();
    let mut known = accepted_list::Known::default();
    while every.next().await {
        let plugins = plugin_dirs(&plugins_dir);
        match adopt::adopt_tools(&store, &office, (&mcp, &plugins), &mcp_lock).await {
            Ok(now) => {
                for one in now.iter().filter(|one| !behind.contains(one)) {
                    let Behind { subject, written, newest } = one;
                    error!(
                        plugin.name = subject,
                        "THE DATABASE KNOWS LESS THAN THE LIST OF ACCEPTED TOOLS: version {written} is accepted, {newest} is the newest on record. Was an older database restored? What was approved there is not taken up; accept the tools anew"
                    );
                }
                behind = now;
            }
            Err(err) => warn!(error = chain(&err), "which tools are accepted could not be looked at; trying again"),
        }
        // Before it is loaded: what was written there by hand is not to run.
        let is_held = match accepted_list::hold(&store, &office, &mcp_lock, &mut known).await {
            Ok(on_record) => {
                if let Some(on_record) = on_record {
                    host.hold_to(on_record.into_entries());
                }
                true
            }
            Err(err) => {
                warn!(error = chain(&err), "the list of accepted plugins could not be held to the record, so the plugins of before stay; trying again");
                false
            }
        };
        match host.reload_mcp(&mcp, &mcp_lock) {
            Ok(changed) => {
                changed.iter().for_each(|info| info!(plugin.name = info.server, tools = info.tools.len(), "the accepted tools of an MCP server are in force"))
            }
            Err(err) => error!("THE LIST OF ACCEPTED TOOLS IS REFUSED and the tools of before stay: {}", chain(&err)),
        }
        if is_held {
            let (host_of_plugins, lock, trust) = (host.clone(), plugin_lock.clone(), plugin_trust.clone());
            // Folders are read whole, and what is new is compiled: no thread of the loop waits for that.
            let loaded = tokio::task::spawn_blocking(move || host_of_plugins.reload_installed(&plugins, &lock, &trust)).await;
            match loaded {
                Ok((_, aside)) => aside.iter().for_each(|one| warn!(plugin.dir = %one.dir.display(), "a plugin is set aside: {}", one.reason)),
                Err(err) => error!("PLUGINS WERE NOT LOADED and those of before stay: {err}"),
            }
        }
        // Rules are made for the tools there are: with others they are read anew, those of organisations too.
        let (tools, is_other) = (host.specs(), host.generation() != generation);
        generation = host.generation();
        let adopted = if is_other { adopt::adopt_again(&store, &office, &tools, &rules).await } else { adopt::adopt(&store, &office, &tools, &rules).await };
        if let Err(err) = adopted {
            warn!(error = chain(&err), "what organisations approved could not be looked at; trying again");
        }
        let now = look(&dir);
        if seen.as_ref() == Some(&now) && !is_other {
            continue;
        }
        // What could not be put on record is tried again, whether a file changes or not.
        seen = reload(&dir, &tools, &rules, &host, (&store, &office), &mut unwritten).await.then_some(now);
        reload_beside(&dir, &policy_files);
    }
}

/// What proposals are held to: what was tightened counts for those that wait already.
fn reload_beside(dir: &Path, policy_files: &SharedFiles) {
    match policies::files(dir) {
        Ok(fresh) if fresh == *policy_files.now() => {}
        Ok(fresh) => {
            info!("other cases and safety properties count: {} and {} files", fresh.cases.len(), fresh.properties.len());
            policy_files.replace(fresh);
        }
        Err(err) => error!("THE CASES AND SAFETY PROPERTIES CANNOT BE READ and those of before count: {}", chain(&err)),
    }
}

/// Puts the rules of the files in force, once it is on record that they are. False where that could not be written.
async fn reload(dir: &Path, tools: &[ToolSpec], rules: &SharedRules, host: &Host, (store, office): (&Store, &Office), unwritten: &mut Option<Digest>) -> bool {
    let before = rules.base().digest();
    let loaded = policies::load(dir, tools).map_err(|err| err.beside(&host.set_aside(), tools));
    // Some organisations' logs may say of rules that came in force nowhere that they did: the log of another one could not be written.
    if unwritten.is_some_and(|tried| !loaded.as_ref().is_ok_and(|fresh| fresh.digest() == tried)) {
        if let Err(err) = Box::pin(rules_on_record::at_start(store, office, rules)).await {
            warn!(error = chain(&err), "that changed rules did not come in force cannot be put on record; trying again");
            return false;
        }
        *unwritten = None;
        info!(policy.digest = %before.short(), "it is on record that the rules of before stayed in force");
    }
    match loaded {
        Ok(fresh) if fresh.digest() == before => {}
        Ok(fresh) => {
            if let Err(err) = put_on_record(store, office, rules, &fresh).await {
                let digest = fresh.digest();
                // Said once, however often it is tried.
                if unwritten.replace(digest) != Some(digest) {
                    error!(
                        policy.digest = %before.short(),
                        error = chain(&err),
                        "THE CHANGED RULES CANNOT BE PUT ON RECORD, so the rules of before stay in force; trying again"
                    );
                }
                return false;
            }
            for warning in fresh.warnings() {
                warn!("{warning}");
            }
            info!(policy.digest = %fresh.digest().short(), rules = fresh.list().len(), "new rules are in force");
            rules.replace(fresh);
        }
        Err(err) => error!(policy.digest = %before.short(), "THE CHANGED RULES ARE REFUSED and the rules of before stay in force: {}", chain(&err)),
    }
    *unwritten = None;
    true
}

/// Puts on record, for every organisation that goes by the files, which rules come in force in the place of which.
async fn put_on_record(store: &Store, office: &Office, rules: &SharedRules, fresh: &Rules) -> Result<(), StoreError> {
    let before = rules.base().digest();
    for TenantRow { tenant, .. } in store.all_tenants().await? {
        // One with rules of its own goes by those.
        if rules.version_of(tenant).is_none() {
            let mut tx = store.begin(&Actor::worker(tenant)).await?;
            steward_office::policies::reloaded(&mut tx, office, before, fresh.digest(), fresh.list().len()).await?;
            tx.commit().await?;
        }
    }
    Ok(())
}

fn look(dir: &Path) -> Look {
    policies::all_files(dir)
        .into_iter()
        .map(|file| {
            let meta = file.metadata().ok();
            (file, meta.as_ref().map_or(0, std::fs::Metadata::len), meta.and_then(|meta| meta.modified().ok()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn what_proposals_are_held_to_is_read_anew_and_stays_where_it_cannot_be_read() {
        let dir = std::env::temp_dir().join(format!("stw-beside-{}", std::process::id()));
        fs::create_dir_all(dir.join("properties")).expect("a folder");
        fs::create_dir_all(dir.join("rules")).expect("a folder");
        let write = |text: &[u8]| fs::write(dir.join("properties/ours.txt"), text).expect("written");
        let files = SharedFiles::default();
        let texts = || files.now().properties.iter().map(|file| file.text.clone()).collect::<Vec<_>>();
        write(b"never money");
        let before = look(&dir);
        reload_beside(&dir, &files);
        assert_eq!(texts(), ["never money"]);
        write(b"never money or send");
        assert_ne!(look(&dir), before, "a change is seen");
        reload_beside(&dir, &files);
        assert_eq!(texts(), ["never money or send"]);
        write(&[0xff, 0xfe]);
        reload_beside(&dir, &files);
        assert_eq!(texts(), ["never money or send"]);
        fs::remove_dir_all(&dir).expect("removed");
    }
}
