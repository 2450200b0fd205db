//! Checks the log in the database itself: places, entries, columns, hashes, checkpoints here and elsewhere.

use super::files::checkpoints_in;
use super::note::Verifier;
use super::report::{Problem, Report};
use super::verify::{Checker, VerifyError};
use super::{at_ms, leaf_of};
use serde_json::Value;
use std::path::{Path, PathBuf};
use steward_store::audit::AuditRow;
use steward_store::{StoreError, Tx, audit_log};

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
    let mut next = 0;
    loop {
        let rows = audit_log::placed(tx, next, ROWS_AT_ONCE).await?;
        if rows.is_empty() {
            break;
        }
        for row in rows {
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
                    } else if let Err(problem) = columns_agree(entry, row.tree_index, verifier) {
                        checker.report.add(problem);
                    }
                    checker.count(row.tree_index, entry.writer_id, entry.writer_seq);
                }
            }
            checker.leaf(row.leaf, &mut |_, _, _| {});
        }
    }
    if next < signed {
        checker.report.add(Problem::CutOff { from: next, signed });
    }
    let mut report = checker.finish();
    report.waiting = audit_log::waiting(tx).await?;
    Ok(report)
}

/// The columns are there to be searched; the bytes are what was hashed. Both must say the same.
fn columns_agree(row: &AuditRow, index: u64, verifier: &Verifier) -> Result<(), Problem> {
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
    Ok(())
}
