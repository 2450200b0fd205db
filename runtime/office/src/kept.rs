//! What plugins keep between calls: who may, is the gate's and row security's word; how much, and what a change comes to, is said here.
//!
//! A change is made once for its call and ordinal, also when it came to nothing: a repeat takes the way that the first one took. What an
//! entry holds is no business of the log; that it was changed, by which plugin and from what, is.

use crate::crm::{CrmError, Effect, Made, once};
use crate::{Office, OfficeError, audit};
use serde::{Deserialize, Deserializer, Serialize};
use steward_core::{Actor, Digest, Floor, Permission, Standing, WorkspaceId};
use steward_store::plugin_state::{self as store, EntryRow, KeptRow, StateRow};
use steward_store::{Store, StoreError, Tx, workspace as places};

/// Of how many plugins and workspaces it is told what is kept.
const KEPT_MAX: usize = 1000;

/// Whose entries, and how much of them there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space<'a> {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The plugin.
    pub plugin: &'a str,
    /// Bytes of all keys and values at most.
    pub bytes_max: u64,
    /// Entries at most.
    pub entries_max: u64,
}

/// A change of one entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change<'a> {
    /// Makes or replaces it; with `expect` only where that version stands, 0 for none.
    Set {
        /// What to keep.
        value: &'a [u8],
        /// The version that must stand there.
        expect: Option<u64>,
        /// Of what the value was made from.
        floor: Floor,
    },
    /// Takes it away, unless it counts for more than this, or ever did since it was made: that it is gone would be a word about what the call
    /// knows, and has no floor.
    Delete {
        /// Of all that the call knows.
        floor: Floor,
    },
}

/// What became of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Changed {
    /// It is this version now.
    Version(u64),
    /// It is gone; if it was there, what it counted for: that it was tells something too.
    Deleted(Option<Floor>),
    /// Another version stands there than was expected; nothing was changed. If one stands there, what it counts for.
    Conflict(Option<Floor>),
    /// It counts for more than what takes it away, or did once; nothing was changed. What it counts for.
    Better(Floor),
    /// There is no room for it; nothing was changed. What all that takes the room counts for.
    OverQuota(Option<Floor>),
}

/// An answer as it lies in the log of effects: as it is written now, or as its name alone, from before such answers had floors.
#[derive(Deserialize)]
#[serde(untagged)]
enum Answer {
    Name(Name),
    Whole(Whole),
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Name {
    Conflict,
    OverQuota,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Whole {
    Version(u64),
    Deleted(Option<Floor>),
    Conflict(Option<Floor>),
    Better(Floor),
    OverQuota(Option<Floor>),
}

impl<'de> Deserialize<'de> for Changed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Answer::deserialize(deserializer)? {
            Answer::Name(Name::Conflict) => Self::Conflict(None),
            Answer::Name(Name::OverQuota) => Self::OverQuota(None),
            Answer::Whole(Whole::Version(version)) => Self::Version(version),
            Answer::Whole(Whole::Deleted(was_there)) => Self::Deleted(was_there),
            Answer::Whole(Whole::Conflict(stands)) => Self::Conflict(stands),
            Answer::Whole(Whole::Better(stands)) => Self::Better(stands),
            Answer::Whole(Whole::OverQuota(all)) => Self::OverQuota(all),
        })
    }
}

/// One entry.
pub async fn get(tx: &mut Tx, workspace: WorkspaceId, plugin: &str, key: &str) -> Result<Option<EntryRow>, CrmError> {
    Ok(store::find(tx, workspace, plugin, key).await?)
}

/// Keys that begin so, and the one to go on after. That there is one is told by the last key, so what the next was made from counts there too.
pub async fn list(
    tx: &mut Tx,
    workspace: WorkspaceId,
    plugin: &str,
    prefix: &str,
    after: Option<&str>,
    limit: u32,
) -> Result<(Vec<(String, Floor)>, Option<String>), CrmError> {
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut found = store::list(tx, workspace, plugin, prefix, after, i64::from(limit) + 1).await?;
    let beyond = found.get(most).map(|(_, floor)| *floor);
    found.truncate(most);
    if let (Some(beyond), Some((_, floor))) = (beyond, found.last_mut()) {
        *floor = floor.join(beyond);
    }
    let next = found.last().filter(|_| beyond.is_some()).map(|(key, _)| key.clone());
    Ok((found, next))
}

/// Changes an entry, once for this effect. The workspace of both is the same.
pub async fn change(tx: &mut Tx, office: &Office, effect: &Effect, space: Space<'_>, key: &str, change: Change<'_>) -> Result<Made<Changed>, CrmError> {
    // The row is held before the answer is looked for: of two at once the second finds the first one's.
    let sum = store::hold(tx, space.workspace, space.plugin).await?;
    once(tx, office, effect, async move |tx: &mut Tx| make(tx, office, effect, space, sum, key, change).await).await
}

/// How much is kept, and whether there is more of it than is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// By plugin and workspace, 1,000 at most.
    pub items: Vec<KeptRow>,
    /// Whether there are more than these.
    pub is_cut: bool,
}

/// How much plugins keep in the workspaces that the actor sees; never what that is.
///
/// # Errors
/// Denied to whoever may not see what governs.
pub async fn sums(tx: &mut Tx) -> Result<Kept, OfficeError> {
    if !tx.actor().may(Permission::GovernanceRead) {
        return Err(OfficeError::Denied("you may not see what plugins keep".to_owned()));
    }
    let mut items = store::kept(tx, i64::try_from(KEPT_MAX).unwrap_or(i64::MAX).saturating_add(1)).await?;
    let is_cut = items.len() > KEPT_MAX;
    items.truncate(KEPT_MAX);
    Ok(Kept { items, is_cut })
}

/// What can take away what plugins keep. The role of the server's requests only looks at it; this holds a pool of the worker's, for that and for
/// nothing else.
#[derive(Debug, Clone)]
pub struct Keeper(Store);

impl Keeper {
    /// Over a pool of the worker's role.
    pub const fn new(worker: Store) -> Self {
        Self(worker)
    }

    /// Takes away all that a plugin keeps in a workspace, in a transaction of its own, and gives how many entries that were.
    ///
    /// # Errors
    /// Missing for a workspace that the actor does not see, denied to whoever is no owner.
    pub async fn forget(&self, actor: &Actor, office: &Office, workspace: WorkspaceId, plugin: &str) -> Result<u64, OfficeError> {
        let mut tx = self.0.begin(actor).await?;
        places::get(&mut tx, workspace).await.map_err(|err| match err {
            StoreError::Missing => OfficeError::Missing("workspace"),
            other => other.into(),
        })?;
        let gone = forget(&mut tx, office, workspace, plugin).await?;
        tx.commit().await?;
        Ok(gone)
    }
}

/// Takes away all that a plugin keeps in a workspace, on an owner's word, and gives how many entries that were. The plugin itself may not always:
/// what a call has heard of all its entries may be more than it takes any of them away with.
///
/// # Errors
/// Denied to whoever is no owner.
pub async fn forget(tx: &mut Tx, office: &Office, workspace: WorkspaceId, plugin: &str) -> Result<u64, OfficeError> {
    if !tx.actor().may(Permission::ChangesDecide) {
        return Err(OfficeError::Denied("what a plugin keeps is taken away by owners".to_owned()));
    }
    let gone = store::clear(tx, workspace, plugin).await?;
    if gone > 0 {
        let detail = serde_json::json!({ "workspace": workspace, "bytes": 0, "entries": 0, "gone": gone });
        let object = format!("plugin:{plugin}");
        audit::record(tx, office, audit::Entry { action: "plugin.forget", object, outcome: "done", detail, request_id: None }).await?;
    }
    Ok(gone)
}

/// The version of an entry that this effect makes. It follows from the effect alone: a number that counted up would tell in one entry how many
/// others were written. Below 2^52, which every reader of JSON takes, and never 0.
fn version(effect: &Effect) -> i64 {
    let digest =
        Digest::of_parts([b"plugin_entry.version".as_slice(), effect.run.to_string().as_bytes(), effect.key.as_bytes(), &effect.ordinal.to_be_bytes()]);
    let number = digest.bytes().iter().take(8).fold(0_u64, |number, byte| (number << 8) | u64::from(*byte)) >> 12;
    i64::try_from(number).unwrap_or(1).max(1)
}

async fn make(tx: &mut Tx, office: &Office, effect: &Effect, space: Space<'_>, sum: StateRow, key: &str, change: Change<'_>) -> Result<Changed, CrmError> {
    let before = store::find(tx, space.workspace, space.plugin, key).await?;
    let size = |value: &[u8]| i64::try_from(key.len() + value.len()).unwrap_or(i64::MAX);
    let standing = before.as_ref().map(|entry| entry.standing);
    let stood = standing.map(|standing| standing.floor);
    let taken = before.as_ref().map_or(0, |entry| size(&entry.value));
    let (sum, changed, floor) = match change {
        Change::Delete { floor } => {
            let Some(standing) = standing else { return Ok(Changed::Deleted(None)) };
            if !standing.yields_to(floor) {
                return Ok(Changed::Better(standing.floor));
            }
            store::remove(tx, space.workspace, space.plugin, key).await?;
            let sum = StateRow { bytes: (sum.bytes - taken).max(0), entries: (sum.entries - 1).max(0), version: sum.version };
            (sum, Changed::Deleted(Some(standing.floor)), None)
        }
        Change::Set { value, expect, floor } => {
            let stands = before.as_ref().map_or(0, |entry| entry.version.unsigned_abs());
            if expect.is_some_and(|expect| expect != stands) {
                return Ok(Changed::Conflict(stood));
            }
            let bytes = (sum.bytes - taken).saturating_add(size(value));
            let after = StateRow { bytes, entries: sum.entries + i32::from(before.is_none()), version: version(effect) };
            // What makes it no larger fits, however full it is: the operator may have lowered the bound.
            let grows = after.bytes > sum.bytes || after.entries > sum.entries;
            if grows && !fits(after, space) {
                return Ok(Changed::OverQuota(store::floor(tx, space.workspace, space.plugin).await?));
            }
            let sum = after;
            let standing = standing.map_or(Standing::new(floor), |standing| standing.written(floor));
            let entry = EntryRow { key: key.to_owned(), value: value.to_vec(), version: sum.version, standing };
            store::put(tx, space.workspace, space.plugin, &entry, office.clock.now()).await?;
            (sum, Changed::Version(sum.version.unsigned_abs()), Some(standing.floor))
        }
    };
    store::count(tx, space.workspace, space.plugin, sum).await?;
    let action = if floor.is_some() { "plugin.keep" } else { "plugin.forget" };
    let detail = serde_json::json!({ "workspace": space.workspace, "bytes": sum.bytes, "entries": sum.entries, "floor": floor });
    let object = format!("plugin:{}", space.plugin);
    audit::record(tx, office, audit::Entry { action, object, outcome: "done", detail, request_id: None }).await?;
    Ok(changed)
}

fn fits(sum: StateRow, space: Space<'_>) -> bool {
    u64::try_from(sum.bytes).is_ok_and(|bytes| bytes <= space.bytes_max) && u64::try_from(sum.entries).is_ok_and(|entries| entries <= space.entries_max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use steward_core::Integrity;

    #[test]
    fn an_answer_reads_back_as_it_was_given_also_one_from_before_it_had_a_floor() {
        let floor = Floor { integrity: Integrity::Fact, private: true };
        for (written, answer) in [("\"over_quota\"", Changed::OverQuota(None)), ("\"conflict\"", Changed::Conflict(None))] {
            assert_eq!(serde_json::from_str::<Changed>(written).ok(), Some(answer), "{written}");
        }
        for answer in [
            Changed::Version(7),
            Changed::Deleted(None),
            Changed::Deleted(Some(floor)),
            Changed::Conflict(None),
            Changed::Conflict(Some(floor)),
            Changed::Better(floor),
            Changed::OverQuota(None),
            Changed::OverQuota(Some(floor)),
        ] {
            let written = serde_json::to_string(&answer).expect("written");
            assert_eq!(serde_json::from_str::<Changed>(&written).ok(), Some(answer), "{written}");
        }
        for wrong in ["\"better\"", "\"version\"", "\"other\"", "null", "{}", r#"{"better":null}"#] {
            assert!(serde_json::from_str::<Changed>(wrong).is_err(), "{wrong}");
        }
    }
}
