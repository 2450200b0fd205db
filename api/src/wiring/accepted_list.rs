//! Holds the list of accepted plugins to the record. It is a file, and a line of it decides what runs; what people approved and accepted stands
//! in the database.
//!
//! An entry that is another than the approved change it came with is put back. Where only an acceptance without a second person is on record, its
//! digest is all there is of it, so another is told and not mended. What was there before anything could be on record is put on record as found.

use crate::cli::chain;
use crate::tool_sets::{PLUGIN, ToolSet};
use crate::wiring::plugin_lock;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use steward_core::{Actor, Digest, EnvelopeKey};
use steward_host::installed::{self, AcceptedPlugin, Candidate};
use steward_office::audit::{self, Entry};
use steward_office::changes::{self, ChangeKind};
use steward_office::{Office, OfficeError};
use steward_store::{Store, Tx, governance_change};
use tracing::{error, warn};

/// What says of a plugin that it was accepted by one person alone, and that it was found in the list.
const ON_RECORD: [&str; 2] = ["tool.accept", "tool.find"];

/// What was looked up already, by plugin.
#[derive(Debug, Default)]
pub struct Known(BTreeMap<String, Digest>);

/// What the record says of an entry.
#[derive(Debug)]
enum Verdict {
    /// It is what was approved or accepted, or a newer or older change is about to be told or taken up.
    OnRecord,
    /// It is another than the approved change of its version, which is this.
    Edited(Box<AcceptedPlugin>),
    /// It is none that anybody accepted on record, though somebody did accept one of that name.
    Stranger,
    /// Nothing is on record of any plugin of that name.
    Unrecorded,
}

async fn judge(tx: &mut Tx, key: Option<&EnvelopeKey>, entry: &AcceptedPlugin) -> Result<Verdict, OfficeError> {
    let (name, digest) = (&entry.plugin.name, entry.plugin.digest());
    let mut approved = None;
    if let Some(row) = governance_change::in_force(tx, ChangeKind::Tool.name(), &format!("{PLUGIN}{name}")).await? {
        let version = row.version.unwrap_or_default();
        let is_whole = match key {
            Some(key) => changes::is_approved(key, tx.actor().tenant, &row)?,
            None => true,
        };
        // Another version is taken up or told as one, and what was changed in the database is told and nothing to compare with.
        if version != entry.version || !is_whole {
            return Ok(Verdict::OnRecord);
        }
        let ToolSet { server, tools, plugin } = ToolSet::read(&row.content)?;
        approved = plugin.map(|facts| AcceptedPlugin { plugin: Candidate { name: server, facts, tools }, version });
        if approved.as_ref().is_some_and(|approved| approved.plugin.digest() == digest) {
            return Ok(Verdict::OnRecord);
        }
    }
    let mut has_any = false;
    for action in ON_RECORD {
        for canon in steward_store::audit::of_objects(tx, action, std::slice::from_ref(name)).await? {
            let said: Value = serde_json::from_slice(&canon).unwrap_or_default();
            if said.pointer("/detail/digest") == Some(&json!(digest)) {
                return Ok(Verdict::OnRecord);
            }
            has_any = true;
        }
    }
    Ok(match approved {
        Some(approved) => Verdict::Edited(Box::new(approved)),
        None if has_any || entry.version > 0 => Verdict::Stranger,
        None => Verdict::Unrecorded,
    })
}

/// Looks at what was not looked at yet, puts back what was edited, and tells of what nobody accepted on record. Fails only when the database does
/// not answer.
pub async fn hold(store: &Store, office: &Office, lock: &Path, known: &mut Known) -> Result<(), OfficeError> {
    let list = plugin_lock(lock);
    // A list that cannot be read is told by who loads it.
    let entries = installed::all_accepted(&list).unwrap_or_default();
    let due: Vec<AcceptedPlugin> = entries.into_iter().filter(|entry| known.0.get(&entry.plugin.name) != Some(&entry.plugin.digest())).collect();
    if due.is_empty() {
        return Ok(());
    }
    let Some(operators) = store.all_tenants().await?.first().map(|first| first.tenant) else { return Ok(()) };
    for entry in due {
        let (name, digest) = (entry.plugin.name.clone(), entry.plugin.digest());
        let mut tx = store.begin(&Actor::worker(operators)).await?;
        match judge(&mut tx, office.key.as_ref(), &entry).await? {
            Verdict::OnRecord => {}
            Verdict::Edited(approved) => {
                error!(
                    plugin.name = name,
                    "THE LIST OF ACCEPTED PLUGINS WAS CHANGED BY HAND: it had something else than was approved, as version {}; what was approved is put back. Look for who can write there",
                    entry.version
                );
                if let Err(err) = installed::put_over(&list, &entry, *approved) {
                    error!(plugin.name = name, "and it cannot be put back: {}", chain(&err));
                }
                continue;
            }
            Verdict::Stranger => error!(
                plugin.name = name,
                "THE LIST OF ACCEPTED PLUGINS HAS WHAT NOBODY ACCEPTED ON RECORD, and it is run; look for who can write there, and accept the plugin anew"
            ),
            Verdict::Unrecorded => {
                let detail = json!({ "plugin": name, "digest": digest });
                audit::record(&mut tx, office, Entry { action: "tool.find", object: name.clone(), outcome: "done", detail, request_id: None }).await?;
                tx.commit().await?;
                warn!(plugin.name = name, "a plugin was accepted before anything could be on record, or by hand; what it is now is on record");
            }
        }
        known.0.insert(name, digest);
    }
    Ok(())
}

/// What the list has that is not on record, in words.
pub(crate) async fn strangers(store: &Store, lock: &Path) -> Result<Vec<String>, OfficeError> {
    let entries = installed::all_accepted(&plugin_lock(lock)).unwrap_or_default();
    let Some(operators) = store.all_tenants().await?.first().map(|first| first.tenant) else { return Ok(Vec::new()) };
    let mut tx = store.begin(&Actor::worker(operators)).await?;
    let mut found = Vec::new();
    for entry in entries {
        match judge(&mut tx, None, &entry).await? {
            Verdict::OnRecord | Verdict::Unrecorded => {}
            Verdict::Edited(_) => found.push(format!("`{}` is listed as something else than was approved", entry.plugin.name)),
            Verdict::Stranger => found.push(format!("`{}` is listed as something that nobody accepted on record", entry.plugin.name)),
        }
    }
    Ok(found)
}
