//! What a card is compared with: the last action of its kind, and how much people decide at all.

use crate::error::OfficeError;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use steward_core::{Permission, RunId};
use steward_store::hold::{self, HoldRow, LoadRow};
use steward_store::{StoreError, Tx};
use time::OffsetDateTime;

/// The most differences that are shown.
const CHANGES_MAX: usize = 100;

/// The last action of the same tool and agent that ran, and where this one differs from it.
#[derive(Debug, Clone, PartialEq)]
pub struct LastSimilar {
    /// In which run.
    pub run: RunId,
    /// When it was decided.
    pub at: OffsetDateTime,
    /// Arguments that differ, by JSON pointer.
    pub changes: Vec<Change>,
}

/// One argument that differs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// JSON pointer into the arguments.
    pub path: String,
    /// The value then; none when it was not there.
    pub before: Option<Value>,
    /// The value now; none when it is not there.
    pub now: Option<Value>,
}

/// How much waits, and who decided how much.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Load {
    /// Actions that wait.
    pub waiting: i64,
    /// Since when the oldest does.
    pub oldest: Option<OffsetDateTime>,
    /// Who decided; nobody, for what expired.
    pub people: Vec<LoadRow>,
}

/// The last action of its kind before a held one. Only for who may see the action log: it tells what was done for others.
pub async fn last_similar(tx: &mut Tx, row: &HoldRow) -> Result<Option<LastSimilar>, OfficeError> {
    if !tx.actor().may(Permission::ActionsRead) {
        return Ok(None);
    }
    let Some((run, before, at)) = hold::last_similar(tx, row).await? else { return Ok(None) };
    let envelope: Value = serde_json::from_str(&row.envelope).map_err(|_| StoreError::Corrupt { what: "hold.envelope" })?;
    Ok(Some(LastSimilar { run, at, changes: changes(&before, envelope.get("arguments").unwrap_or(&Value::Null)) }))
}

/// How much people decided since a time.
pub async fn load(tx: &mut Tx, since: OffsetDateTime) -> Result<Load, OfficeError> {
    if !tx.actor().may(Permission::HoldsRead) {
        return Err(OfficeError::Denied("you may not see held actions".to_owned()));
    }
    let (waiting, oldest) = hold::waiting(tx).await?;
    Ok(Load { waiting, oldest, people: hold::load(tx, since).await? })
}

fn changes(before: &Value, now: &Value) -> Vec<Change> {
    let (mut then, mut here) = (BTreeMap::new(), BTreeMap::new());
    leaves(String::new(), before, &mut then);
    leaves(String::new(), now, &mut here);
    let paths: std::collections::BTreeSet<&String> = then.keys().chain(here.keys()).collect();
    let differing = paths.into_iter().filter(|path| then.get(*path) != here.get(*path));
    differing.take(CHANGES_MAX).map(|path| Change { path: path.clone(), before: then.get(path).cloned(), now: here.get(path).cloned() }).collect()
}

fn leaves(path: String, value: &Value, out: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            map.iter().for_each(|(key, inner)| leaves(format!("{path}/{}", key.replace('~', "~0").replace('/', "~1")), inner, out));
        }
        Value::Array(list) if !list.is_empty() => list.iter().enumerate().for_each(|(index, inner)| leaves(format!("{path}/{index}"), inner, out)),
        scalar => drop(out.insert(path, scalar.clone())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn differences_name_what_was_what_is_and_what_is_not_there() {
        let found = changes(&json!({ "to": ["a"], "n": 1, "same": true }), &json!({ "to": ["a", "b"], "n": 2, "same": true }));
        let change = |path: &str, before: Option<Value>, now: Option<Value>| Change { path: path.to_owned(), before, now };
        assert_eq!(found, [change("/n", Some(json!(1)), Some(json!(2))), change("/to/1", None, Some(json!("b")))]);
        assert!(changes(&json!({}), &json!({})).is_empty());
    }
}
