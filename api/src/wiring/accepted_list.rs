//! Holds the list of accepted plugins to the record. It is a file, and a line of it decides what runs; what people approved and accepted stands
//! in the database.
//!
//! Only what stands on record is loaded: the change in force, or what one person accepted after it, at the version that is in force. An entry that
//! is another than the approved change it came with is put back; any other is a stranger, which is told and not run. What was there before
//! anything could be on record is put on record as found, once: by the first start that keeps this record.

use crate::cli::chain;
use crate::config::Config;
use crate::tool_sets::{PLUGIN, ToolSet};
use crate::wiring::{adopt, mcp_lock, plugin_dirs, plugin_lock};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::SystemTime;
use steward_core::{Actor, Digest, EnvelopeKey, HasKind as _, Kind, TenantId};
use steward_host::installed::{self, AcceptedPlugin, Candidate};
use steward_office::audit::{self, Entry};
use steward_office::changes::{self, ChangeKind};
use steward_office::{Office, OfficeError};
use steward_store::audit::RecordPlace;
use steward_store::governance_change::{self, ChangeRow};
use steward_store::{Store, StoreError, Tx};
use tracing::{error, warn};

/// What says of a plugin that it was accepted by one person alone, and that it was found in the list.
const ON_RECORD: [&str; 2] = ["tool.accept", "tool.find"];
/// What says that the list was looked over for what was there before the record, and of what.
const LOOKED_OVER: (&str, &str) = ("tool.find_all", "plugins");

/// Entries of the list that stand on record. Made here alone, so that nothing else is loaded.
#[derive(Debug, Default)]
pub struct OnRecord(Vec<AcceptedPlugin>);

impl OnRecord {
    /// The entries.
    pub fn into_entries(self) -> Vec<AcceptedPlugin> {
        self.0
    }
}

/// What was looked up already.
#[derive(Debug, Default)]
pub struct Known {
    /// What is on record, by plugin.
    good: BTreeMap<String, AcceptedPlugin>,
    /// What was told, by plugin, and whether only another list changes it.
    told: BTreeMap<String, (Digest, i32, bool)>,
    /// How the file was when it was told.
    file: Option<(u64, Option<SystemTime>)>,
    /// Whether what was there before the record is on record.
    is_looked_over: bool,
}

impl Known {
    fn is_due(&self, entry: &AcceptedPlugin) -> bool {
        let (name, digest) = (&entry.plugin.name, entry.plugin.digest());
        let is_good = self.good.get(name).is_some_and(|good| good.version == entry.version && good.plugin.digest() == digest);
        !is_good && self.told.get(name) != Some(&(digest, entry.version, true))
    }

    /// Remembers that it is told; gives whether it was not yet.
    fn tell(&mut self, entry: &AcceptedPlugin, is_settled: bool) -> bool {
        let now = (entry.plugin.digest(), entry.version, is_settled);
        self.told.insert(entry.plugin.name.clone(), now) != Some(now)
    }

    fn on_record(&self) -> OnRecord {
        OnRecord(self.good.values().cloned().collect())
    }
}

/// What the record says of an entry.
#[derive(Debug)]
enum Verdict {
    /// It is what was approved or accepted last.
    OnRecord,
    /// It is another than the approved change of its version, which is this.
    Edited(Box<AcceptedPlugin>),
    /// It is not what anybody approved or accepted last on record.
    Stranger,
    /// Nothing is on record of any plugin of that name.
    Unrecorded,
}

/// The actions that put a plugin on record as accepted by one person, or as found.
fn on_record_actions() -> [String; 2] {
    ON_RECORD.map(str::to_owned)
}

/// The digest of what one person accepted of this name last, or what was found; none where the change in force came later. Which is the last is
/// said by the order of the record: a clock may go backwards.
async fn accepted_alone(tx: &mut Tx, name: &str, in_force: Option<&ChangeRow>) -> Result<Option<Value>, StoreError> {
    let decided = match in_force.and_then(|row| row.decided_audit) {
        Some(audit) => steward_store::audit::place_of(tx, audit).await?,
        None => None,
    };
    let mut last = None::<(RecordPlace, Value)>;
    for (place, canon) in steward_store::audit::placed_of(tx, &on_record_actions(), &[name.to_owned()]).await? {
        let said: Value = serde_json::from_slice(&canon).unwrap_or_default();
        // A server of the configuration may once have had this name.
        if said.pointer("/detail/plugin").and_then(Value::as_str) != Some(name) {
            continue;
        }
        let is_later = in_force.is_none_or(|row| match said.pointer("/detail/version").and_then(Value::as_i64) {
            Some(version) => version >= i64::from(row.version.unwrap_or_default()),
            // Before entries said so, their place alone tells.
            None => decided.is_some_and(|decided| place > decided),
        });
        if is_later && last.as_ref().is_none_or(|(before, _)| *before < place) {
            last = Some((place, said.pointer("/detail/digest").cloned().unwrap_or_default()));
        }
    }
    Ok(last.map(|(_, digest)| digest))
}

async fn judge(tx: &mut Tx, key: Option<&EnvelopeKey>, entry: &AcceptedPlugin) -> Result<Verdict, OfficeError> {
    let (name, digest) = (&entry.plugin.name, entry.plugin.digest());
    let in_force = governance_change::in_force(tx, ChangeKind::Tool.name(), &format!("{PLUGIN}{name}")).await?;
    let version = in_force.as_ref().and_then(|row| row.version).unwrap_or_default();
    if let Some(accepted) = accepted_alone(tx, name, in_force.as_ref()).await? {
        let is_that = entry.version == version && accepted == json!(digest);
        return Ok(if is_that { Verdict::OnRecord } else { Verdict::Stranger });
    }
    // Whoever is alone accepts anew in the place of a broken one, so it is asked of only where nothing came later.
    if let (Some(key), Some(row)) = (key, &in_force)
        && !changes::is_approved(key, tx.actor().tenant, row)?
    {
        return Err(OfficeError::Conflict("what was approved was changed in the database after that; look for who can write there".to_owned()));
    }
    let Some(row) = in_force else { return Ok(if entry.version == 0 { Verdict::Unrecorded } else { Verdict::Stranger }) };
    let ToolSet { server, tools, plugin } = ToolSet::read(&row.content)?;
    Ok(match plugin.map(|facts| AcceptedPlugin { plugin: Candidate { name: server, facts, tools }, version }) {
        // A file claims no version that the database has not: what was approved last is known whole, and stands in its place.
        Some(approved) if entry.version >= version && approved.plugin.name == *name => match entry.version == version && approved.plugin.digest() == digest {
            true => Verdict::OnRecord,
            false => Verdict::Edited(Box::new(approved)),
        },
        Some(_) | None => Verdict::Stranger,
    })
}

async fn is_looked_over(tx: &mut Tx) -> Result<bool, StoreError> {
    let (action, object) = LOOKED_OVER;
    Ok(!steward_store::audit::of_objects(tx, action, &[object.to_owned()]).await?.is_empty())
}

/// The same in the organisation of whoever runs the installation; what is not on record is a stranger once the list was looked over.
async fn judged(store: &Store, operators: TenantId, key: Option<&EnvelopeKey>, entry: &AcceptedPlugin) -> Result<Verdict, OfficeError> {
    let mut tx = store.begin(&Actor::worker(operators)).await?;
    let mut verdict = judge(&mut tx, key, entry).await?;
    if matches!(verdict, Verdict::Unrecorded) && is_looked_over(&mut tx).await? {
        verdict = Verdict::Stranger;
    }
    tx.rollback().await?;
    Ok(verdict)
}

async fn operators(store: &Store) -> Result<Option<TenantId>, StoreError> {
    Ok(store.all_tenants().await?.first().map(|first| first.tenant))
}

/// Puts approved tools into the lists and holds that of plugins to the record, before anything of it is loaded.
pub async fn at_start(store: &Store, office: &Office, config: &Config) -> Result<OnRecord, OfficeError> {
    let lock = mcp_lock(config);
    // What was approved meanwhile is not to look like a stranger's absence.
    if let Err(err) = adopt::adopt_tools(store, office, (&config.mcp, &plugin_dirs(&config.plugins_dir)), &lock).await {
        warn!(error = chain(&err), "which tools are accepted could not be looked at; trying again");
    }
    let on_record = hold(store, office, &lock, &mut Known::default()).await?.unwrap_or_default();
    let elsewhere = elsewhere(store, &lock).await?;
    if !elsewhere.is_empty() {
        warn!("PLUGINS ARE ACCEPTED FROM ANOTHER LIST THAN THAT OF THIS DATA DIRECTORY: {}", said_of_elsewhere(&elsewhere, &lock));
    }
    Ok(on_record)
}

/// Looks at what was not looked at yet, puts back what was edited, and tells of what nobody accepted on record. Gives what is to be loaded: a row
/// that cannot be used leaves of its plugin what was on record before, and nothing is given of a list that cannot be read, which is told by whoever
/// loads it. Fails when the database does not answer.
pub async fn hold(store: &Store, office: &Office, lock: &Path, known: &mut Known) -> Result<Option<OnRecord>, OfficeError> {
    let list = plugin_lock(lock);
    let file = std::fs::metadata(&list).ok().map(|found| (found.len(), found.modified().ok()));
    let Ok(entries) = installed::all_accepted(&list) else { return Ok(None) };
    if known.file != file {
        known.told.clear();
        known.file = file;
    }
    known.good.retain(|name, _| entries.iter().any(|entry| entry.plugin.name == *name));
    let due: Vec<AcceptedPlugin> = entries.into_iter().filter(|entry| known.is_due(entry)).collect();
    if due.is_empty() && known.is_looked_over {
        return Ok(Some(known.on_record()));
    }
    // Before there is an organisation nothing can be on record, and no run could call anything.
    let Some(operators) = operators(store).await? else { return Ok(Some(OnRecord(due))) };
    let mut found = Vec::new();
    for entry in due {
        let name = entry.plugin.name.clone();
        match judged(store, operators, office.key.as_ref(), &entry).await {
            Err(err) if err.kind() == Kind::Away => return Err(err),
            // One row that cannot be used holds up no other plugin.
            Err(err) => {
                if known.tell(&entry, false) {
                    error!(
                        plugin.name = name,
                        error = chain(&err),
                        "WHAT IS ON RECORD OF A PLUGIN CANNOT BE USED, so what was loaded of it before stays, and nothing else of it is run"
                    );
                }
            }
            Ok(Verdict::OnRecord) => {
                known.good.insert(name, entry);
            }
            Ok(Verdict::Edited(approved)) => {
                let is_new = known.tell(&entry, false);
                if is_new {
                    error!(
                        plugin.name = name,
                        "THE LIST OF ACCEPTED PLUGINS WAS CHANGED BY HAND: it had something else than was approved, as version {}; what was approved is put back. Look for who can write there",
                        entry.version
                    );
                }
                if let Err(err) = installed::put_over(&list, &entry, (*approved).clone())
                    && is_new
                {
                    error!(plugin.name = name, "and it cannot be put back: {}", chain(&err));
                }
                // It counts whatever the file says.
                known.good.insert(name, *approved);
            }
            Ok(Verdict::Stranger) => {
                known.good.remove(&name);
                if known.tell(&entry, true) {
                    error!(
                        plugin.name = name,
                        "THE LIST OF ACCEPTED PLUGINS HAS WHAT NOBODY ACCEPTED ON RECORD, so it is not run; look for who can write there, or for a server with another data directory on this database, where something else was accepted. Whoever wants it accepts it with `steward plugin accept {}`",
                        entry.plugin.name
                    );
                }
            }
            Ok(Verdict::Unrecorded) => found.push(entry),
        }
    }
    if !known.is_looked_over {
        look_over(store, office, operators, found, known).await?;
    }
    Ok(Some(known.on_record()))
}

/// Puts on record what was there before the record, and that nothing is put there in this way again.
async fn look_over(store: &Store, office: &Office, operators: TenantId, found: Vec<AcceptedPlugin>, known: &mut Known) -> Result<(), OfficeError> {
    let mut tx = store.begin(&Actor::worker(operators)).await?;
    // Of two processes at their first start one finds, and the other sees what it found.
    steward_store::audit::alone(&mut tx, LOOKED_OVER.0).await?;
    if is_looked_over(&mut tx).await? {
        tx.rollback().await?;
        known.is_looked_over = true;
        // What the other one did not find is a stranger at the next look.
        for entry in found {
            if matches!(judged(store, operators, office.key.as_ref(), &entry).await?, Verdict::OnRecord) {
                known.good.insert(entry.plugin.name.clone(), entry);
            }
        }
        return Ok(());
    }
    for entry in &found {
        let (name, digest) = (&entry.plugin.name, entry.plugin.digest());
        let detail = json!({ "plugin": name, "digest": digest, "version": entry.version });
        audit::record(&mut tx, office, Entry { action: "tool.find", object: name.clone(), outcome: "done", detail, request_id: None }).await?;
    }
    let (action, object) = LOOKED_OVER;
    let detail = json!({ "plugins": found.len() });
    audit::record(&mut tx, office, Entry { action, object: object.to_owned(), outcome: "done", detail, request_id: None }).await?;
    tx.commit().await?;
    known.is_looked_over = true;
    for entry in found {
        warn!(plugin.name = entry.plugin.name, "a plugin was accepted before anything could be on record, or by hand; what it is now is on record");
        known.good.insert(entry.plugin.name.clone(), entry);
    }
    Ok(())
}

/// Whether this is what stands on record of its plugin. Writes nothing.
pub(crate) async fn is_on_record(store: &Store, operators: TenantId, key: Option<&EnvelopeKey>, entry: &AcceptedPlugin) -> Result<bool, OfficeError> {
    Ok(match judged(store, operators, key, entry).await? {
        Verdict::OnRecord | Verdict::Unrecorded => true,
        Verdict::Edited(_) | Verdict::Stranger => false,
    })
}

/// What becomes of an entry of the list where it is held to the record.
enum Listed {
    /// It is loaded.
    OnRecord,
    /// In its place comes what was approved, which is this.
    Edited(Box<AcceptedPlugin>),
    /// Nothing of it is loaded.
    Stranger,
    /// What is on record of it cannot be used, and why.
    Unusable(String),
}

impl Listed {
    /// What is to be said of it; nothing where all is well.
    fn in_words(&self, name: &str) -> Option<String> {
        match self {
            Self::OnRecord => None,
            Self::Edited(_) => Some(format!("`{name}` is listed as something else than was approved")),
            Self::Stranger => Some(format!(
                "`{name}` is listed as something that nobody accepted on record, and is not run; whoever wants it accepts it with `steward plugin accept {name}`"
            )),
            Self::Unusable(why) => Some(format!("`{name}` is listed, and what is on record of it cannot be used: {why}")),
        }
    }
}

/// Every entry of the list with what becomes of it. Writes nothing, tells nothing. A list that cannot be read has none, and is told by who loads it.
async fn weigh(store: &Store, key: Option<&EnvelopeKey>, lock: &Path) -> Result<Vec<(AcceptedPlugin, Listed)>, OfficeError> {
    let entries = installed::all_accepted(&plugin_lock(lock)).unwrap_or_default();
    let Some(operators) = operators(store).await? else { return Ok(entries.into_iter().map(|entry| (entry, Listed::OnRecord)).collect()) };
    let mut weighed = Vec::new();
    for entry in entries {
        let listed = match judged(store, operators, key, &entry).await {
            Ok(Verdict::OnRecord | Verdict::Unrecorded) => Listed::OnRecord,
            Ok(Verdict::Edited(approved)) => Listed::Edited(approved),
            Ok(Verdict::Stranger) => Listed::Stranger,
            Err(err) if err.kind() == Kind::Away => return Err(err),
            Err(err) => Listed::Unusable(chain(&err)),
        };
        weighed.push((entry, listed));
    }
    Ok(weighed)
}

/// What a command loads: what stands on record. Writes nothing, tells nothing but what cannot be used.
pub(crate) async fn look(store: &Store, key: Option<&EnvelopeKey>, lock: &Path) -> Result<OnRecord, OfficeError> {
    let mut on_record = Vec::new();
    for (entry, listed) in weigh(store, key, lock).await? {
        match listed {
            Listed::OnRecord => on_record.push(entry),
            Listed::Edited(_) | Listed::Stranger => {}
            Listed::Unusable(why) => warn!(plugin.name = entry.plugin.name, error = why, "what is on record of a plugin cannot be used, so it is left out"),
        }
    }
    Ok(OnRecord(on_record))
}

/// What a server loads: what stands on record, with what was approved in the place of what was edited; and what is to be said of the list, by plugin.
pub(crate) async fn in_force(store: &Store, key: Option<&EnvelopeKey>, lock: &Path) -> Result<(OnRecord, BTreeMap<String, String>), OfficeError> {
    let (mut on_record, mut said) = (Vec::new(), BTreeMap::new());
    for (entry, listed) in weigh(store, key, lock).await? {
        said.extend(listed.in_words(&entry.plugin.name).map(|words| (entry.plugin.name.clone(), words)));
        match listed {
            Listed::OnRecord => on_record.push(entry),
            Listed::Edited(approved) => on_record.push(*approved),
            Listed::Stranger | Listed::Unusable(_) => {}
        }
    }
    Ok((OnRecord(on_record), said))
}

/// What the list has that is not on record, in words.
pub(crate) async fn strangers(store: &Store, lock: &Path) -> Result<Vec<String>, OfficeError> {
    let weighed = weigh(store, None, lock).await?;
    Ok(weighed.iter().filter_map(|(entry, listed)| listed.in_words(&entry.plugin.name)).collect())
}

/// Plugins that one person accepted on record and that this list has not, by name: the list was lost, or it is another than that of a data directory
/// whose servers work on the same database.
pub async fn elsewhere(store: &Store, lock: &Path) -> Result<Vec<String>, OfficeError> {
    let Some(operators) = operators(store).await? else { return Ok(Vec::new()) };
    // A list that cannot be read is told by who loads it.
    let Ok(entries) = installed::all_accepted(&plugin_lock(lock)) else { return Ok(Vec::new()) };
    let mut tx = store.begin(&Actor::worker(operators)).await?;
    let mut names = steward_store::audit::objects_of(&mut tx, &on_record_actions()).await?;
    names.retain(|name| entries.iter().all(|entry| entry.plugin.name != *name));
    let mut found = Vec::new();
    for name in names {
        let in_force = governance_change::in_force(&mut tx, ChangeKind::Tool.name(), &format!("{PLUGIN}{name}")).await?;
        if accepted_alone(&mut tx, &name, in_force.as_ref()).await?.is_some() {
            found.push(name);
        }
    }
    tx.rollback().await?;
    Ok(found)
}

/// What is to be said of those.
pub(crate) fn said_of_elsewhere(names: &[String], lock: &Path) -> String {
    let (named, list) = (names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "), plugin_lock(lock));
    format!(
        "accepted on record and not in `{}`: {named}; nothing of them is run from this data directory. Where another data directory works on the same database, each has a list of its own: install and accept them here too, byte by byte the same, or give both servers one data directory",
        list.display()
    )
}
