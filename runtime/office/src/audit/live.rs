//! Checks the log in the database itself: places, entries, columns, hashes, checkpoints here and elsewhere.

use super::bound::{Bound, of_begun, of_decision, of_event, of_taken};
use super::files::checkpoints_in;
use super::note::Verifier;
use super::report::{Problem, Report};
use super::verify::{Checker, VerifyError, attempt_of};
use super::{at_ms, leaf_of};
use crate::progress::Told;
use serde_json::Value;
use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use steward_core::{AuditId, DecisionId, Digest, RunId};
use steward_store::audit::AuditRow;
use steward_store::{StoreError, Tx, audit_log, audit_personal, decision, journal};

/// Rows looked at together.
const ROWS_AT_ONCE: i64 = 4096;

/// Why nothing can be said.
#[derive(Debug, thiserror::Error)]
pub enum LiveError {
    /// The database cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file cannot be read, or nothing is signed.
    #[error(transparent)]
    Files(#[from] VerifyError),
}

/// Checks the organisation of this transaction. `elsewhere` are copies of checkpoints outside the database: files, or directories of many.
pub async fn verify(tx: &mut Tx, elsewhere: &[PathBuf], verifier: &Verifier) -> Result<Report, LiveError> {
    verify_telling(tx, elsewhere, verifier, &mut |_, _| ()).await
}

/// The same, which tells how many entries were checked.
pub async fn verify_telling(tx: &mut Tx, elsewhere: &[PathBuf], verifier: &Verifier, told: Told<'_>) -> Result<Report, LiveError> {
    let failed = |path: &Path, source| VerifyError::File { dir: path.display().to_string(), source };
    let (mut notes, mut after) = (Vec::new(), 0);
    loop {
        let rows = audit_log::checkpoints(tx, after, ROWS_AT_ONCE).await?;
        let Some(last) = rows.last() else { break };
        after = last.tree_size;
        notes.extend(rows.into_iter().map(|row| (format!("database/{}", row.tree_size), row.note)));
    }
    for path in elsewhere {
        if !path.exists() {
            return Err(failed(path, std::io::ErrorKind::NotFound.into()).into());
        }
        notes.extend(checkpoints_in(path).map_err(|err| failed(path, err))?);
    }
    let mut checker = Checker::new(verifier, &notes);
    let signed = checker.signed().unwrap_or(0);
    let (mut next, mut spoken_of, mut goes_on) = (0, BTreeSet::new(), true);
    while goes_on {
        let mut bound = Bound::default();
        let rows = audit_log::placed(tx, next, ROWS_AT_ONCE).await?;
        if rows.is_empty() {
            break;
        }
        for row in rows {
            // Places are given one behind the other and signed with the commit. However far out somebody put one, nothing is looked for up to there.
            if row.tree_index > signed.max(next) {
                checker.report.add(Problem::Beyond { index: row.tree_index, size: signed.max(next) });
                goes_on = false;
                break;
            }
            // Whatever stands between is gone with its place; the tree then differs from what was signed.
            for index in next..row.tree_index {
                checker.report.add(Problem::Removed { index });
                checker.leaf(row.leaf, &mut |_, _, _| {});
            }
            next = row.tree_index + 1;
            match &row.entry {
                None => checker.report.add(Problem::Removed { index: row.tree_index }),
                Some(entry) => {
                    if leaf_of(&entry.canon) != row.leaf || entry.leaf != row.leaf {
                        checker.report.add(Problem::Changed { index: row.tree_index });
                    } else {
                        match columns_agree(entry, row.tree_index, verifier) {
                            Ok(canon) => bound.take(row.tree_index, &canon),
                            Err(problem) => checker.report.add(problem),
                        }
                    }
                    if let Some(attempt) = attempt_of(&entry.canon) {
                        checker.attempt(row.tree_index, attempt);
                    }
                    checker.count(row.tree_index, entry.writer_id, entry.writer_seq);
                }
            }
            checker.leaf(row.leaf, &mut |_, _, _| {});
        }
        spoken_of.extend(bound.decisions.keys().copied());
        rows_agree(tx, bound, &mut checker.report).await?;
        // What waits for its place is in no checkpoint, so the database may hold more than was signed.
        told(next, signed.max(next));
    }
    if next < signed {
        checker.report.add(Problem::CutOff { from: next, signed });
    }
    unrecorded(tx, &spoken_of, &mut checker.report).await?;
    let mut report = checker.finish();
    report.waiting = audit_log::waiting(tx).await?;
    Ok(report)
}

/// The columns are there to be searched; the bytes are what was hashed. Both must say the same.
fn columns_agree(row: &AuditRow, index: u64, verifier: &Verifier) -> Result<Value, Problem> {
    let canon: Value = serde_json::from_slice(&row.canon).map_err(|_| Problem::Foreign { index })?;
    if verifier.name().rsplit('/').next() != canon.get("tenant").and_then(Value::as_str) {
        return Err(Problem::Foreign { index });
    }
    let person = row.person.map(|person| person.to_string());
    let text = [
        ("audit_id", Some(row.audit_id.to_string()), canon.get("id")),
        ("writer_id", Some(row.writer_id.to_string()), canon.get("writer")),
        ("actor_kind", Some(row.actor_kind.clone()), canon.pointer("/actor/kind")),
        ("person_id", person, canon.pointer("/actor/person")),
        ("action", Some(row.action.clone()), canon.get("action")),
        ("object", Some(row.object.clone()), canon.get("object")),
        ("outcome", Some(row.outcome.clone()), canon.get("outcome")),
        ("request_id", row.request_id.clone(), canon.get("request_id")),
    ];
    for (column, stored, hashed) in text {
        if stored.as_deref() != hashed.and_then(Value::as_str) {
            return Err(Problem::Column { index, column });
        }
    }
    for (column, stored, hashed) in [("writer_seq", row.writer_seq, canon.get("writer_seq")), ("at", at_ms(row.at), canon.get("at_ms"))] {
        if Some(stored) != hashed.and_then(Value::as_i64) {
            return Err(Problem::Column { index, column });
        }
    }
    Ok(canon)
}

/// Compares the rows that entries speak of with what they say of them.
async fn rows_agree(tx: &mut Tx, mut bound: Bound, report: &mut Report) -> Result<(), StoreError> {
    let mut found = Vec::new();
    let ids: Vec<DecisionId> = bound.decisions.keys().copied().collect();
    for row in decision::of_ids(tx, &ids).await? {
        let Some((index, said)) = bound.decisions.remove(&row.decision_id) else { continue };
        if of_decision(&row, row.decided_at) != said {
            found.push((index, format!("the decision `{}`", row.decision_id), "changed"));
        }
    }
    found.extend(bound.decisions.into_iter().map(|(id, (index, _))| (index, format!("the decision `{id}`"), "removed")));
    let wanted: Vec<(RunId, u32)> = bound.events.keys().copied().collect();
    for row in journal::stored(tx, &wanted).await? {
        let Some((index, said)) = bound.events.remove(&(row.run, row.seq)) else { continue };
        if of_event(row.at_ms, &row.body) != said {
            found.push((index, format!("event {} of run `{}`", row.seq, row.run), "changed"));
        }
    }
    found.extend(bound.events.into_iter().map(|((run, seq), (index, _))| (index, format!("event {seq} of run `{run}`"), "removed")));
    for (run, (index, until, said)) in bound.forks {
        let how = match of_taken(tx, run, until).await? {
            Some(found) if found == said => continue,
            Some(_) => "changed",
            None => "removed",
        };
        found.push((index, format!("what run `{run}` took from another"), how));
    }
    for (run, (index, until, said)) in bound.begun {
        let how = match of_begun(tx, run, until).await? {
            Some(found) if found == said => continue,
            Some(_) => "changed",
            None => "removed",
        };
        found.push((index, format!("what run `{run}` began with"), how));
    }
    let wanted: Vec<AuditId> = bound.sealed.keys().copied().collect();
    for row in audit_personal::of_entries(tx, &wanted).await? {
        let Some((index, said)) = bound.sealed.remove(&row.audit_id) else { continue };
        if Digest::of(&row.sealed) != said {
            found.push((index, format!("the sealed details of entry {index}"), "changed"));
        }
    }
    found.extend(bound.sealed.into_values().map(|(index, _)| (index, format!("the sealed details of entry {index}"), "removed")));
    if !bound.objects.is_empty() {
        let wanted: Vec<Digest> = bound.objects.keys().copied().collect();
        for (digest, is_whole) in audit_log::kept_objects(tx, &wanted).await? {
            let Some(index) = bound.objects.remove(&digest) else { continue };
            if !is_whole {
                found.push((index, format!("the detail kept for entry {index}"), "changed"));
            }
        }
        found.extend(bound.objects.into_values().map(|index| (index, format!("the detail kept for entry {index}"), "removed")));
    }
    found.sort();
    for (index, what, how) in found {
        report.add(Problem::Bound { index, what, how });
    }
    Ok(())
}

/// Finds verdicts that no entry speaks of, from the first on that one does: before it there were no digests.
async fn unrecorded(tx: &mut Tx, spoken_of: &BTreeSet<DecisionId>, report: &mut Report) -> Result<(), StoreError> {
    let Some(mut after) = spoken_of.first().copied() else { return Ok(()) };
    let mut unknown = Vec::new();
    loop {
        let ids = decision::ids_after(tx, after, ROWS_AT_ONCE).await?;
        let Some(last) = ids.last() else { break };
        after = *last;
        unknown.extend(ids.into_iter().filter(|id| !spoken_of.contains(id)));
    }
    if unknown.is_empty() {
        return Ok(());
    }
    // Their entries may have been committed, or got their place, since they were looked at.
    let objects: Vec<String> = decision::of_ids(tx, &unknown).await?.iter().map(|row| format!("{}/{}", row.run, row.call_id)).collect();
    let entries = steward_store::audit::of_objects(tx, "gate.decide", &objects).await?;
    let late: HashSet<DecisionId> =
        entries.iter().filter_map(|canon| serde_json::from_slice::<Value>(canon).ok()?.pointer("/detail/decision")?.as_str()?.parse().ok()).collect();
    for decision in unknown.into_iter().filter(|id| !late.contains(id)) {
        report.add(Problem::Unrecorded { decision });
    }
    Ok(())
}
