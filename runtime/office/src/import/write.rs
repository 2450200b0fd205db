//! Doing what was planned, all or nothing: the caller commits, or drops the transaction and nothing has happened.

use super::ImportFile;
use super::error::ImportError;
use super::matching::Planned;
use super::plan::{self, CHUNK_ROWS, Plan};
use super::report::{ImportPlan, ImportReport, ImportSummary, Subject, Tally};
use crate::crm::{PointKind, search_text};
use crate::progress::{Steps, Told};
use crate::{Office, audit};
use steward_core::{Digest, ImportId, Integrity, PersonId, WorkspaceId};
use steward_store::company::CompanyRow;
use steward_store::contact::{self, ContactRow, PointRow};
use steward_store::contact_import::ImportRow;
use steward_store::note::{NoteOn, NoteRow};
use steward_store::{StoreError, Tx, company, contact_import, note};
use time::OffsetDateTime;

/// What importing the file into the workspace would do, as things stand. Nothing is written.
pub async fn preview(tx: &mut Tx, workspace: WorkspaceId, file: &ImportFile) -> Result<ImportPlan, ImportError> {
    look(tx, workspace).await?;
    let plan = plan::make(tx, workspace, file, Integrity::Outside, &mut Steps::of(&mut |_, _| (), 0)).await?;
    Ok(plan_of(file, plan.tally))
}

/// Imports the file into the workspace. After an error the transaction must be dropped. `integrity` is that of the file: what a
/// person curates is [`Integrity::Directory`]. A contact that gains something from the file is worth no more than the file afterwards.
/// Notes are third-party text whatever the file is.
pub async fn run(tx: &mut Tx, office: &Office, workspace: WorkspaceId, file: &ImportFile, integrity: Integrity) -> Result<ImportReport, ImportError> {
    run_telling(tx, office, workspace, file, integrity, &mut |_, _| ()).await
}

/// The same, which tells how far it has come.
pub(super) async fn run_telling(
    tx: &mut Tx,
    office: &Office,
    workspace: WorkspaceId,
    file: &ImportFile,
    integrity: Integrity,
    told: Told<'_>,
) -> Result<ImportReport, ImportError> {
    let person = begin(tx, workspace).await?;
    // Each row is looked at, and most become a contact; what is written is known once all were looked at.
    let mut steps = Steps::of(told, 2 * file.rows.len());
    let mut plan = plan::make(tx, workspace, file, integrity, &mut steps).await?;
    let written = plan.contacts.iter().filter(|contact| contact.touched || !contact.exists);
    let (contacts, notes) = written.fold((0, 0), |(contacts, notes), contact| (contacts + 1, notes + contact.new_notes.len()));
    steps.left(plan.new_companies.len() + contacts + notes);
    contact_import::plan_as_usual(tx).await?;
    let at = office.clock.now();
    let report = report_of(file, plan.tally.summary.clone(), office.ids.make());
    enter(tx, &report, workspace, person, file.digest, at).await?;
    write_companies(tx, office, workspace, &mut plan, (integrity, at), &mut steps).await?;
    write_contacts(tx, office, workspace, &mut plan, (report.import_id, at), &mut steps).await?;
    write_notes(tx, office, workspace, &plan, (person, at), &mut steps).await?;
    conclude(tx, office, &report, workspace, file.digest, integrity).await?;
    Ok(report)
}

/// Makes ready for a preview.
pub(super) async fn look(tx: &mut Tx, workspace: WorkspaceId) -> Result<(), ImportError> {
    match steward_store::workspace::get(tx, workspace).await {
        Ok(_) => Ok(contact_import::plan_anew(tx).await?),
        Err(StoreError::Missing) => Err(ImportError::NoWorkspace(workspace)),
        Err(err) => Err(err.into()),
    }
}

/// Makes ready for an import, alone in its workspace, and says who imports.
pub(super) async fn begin(tx: &mut Tx, workspace: WorkspaceId) -> Result<PersonId, ImportError> {
    let person = tx.actor().person.ok_or(ImportError::Nobody)?;
    if !contact_import::lock_workspace(tx, workspace).await? {
        return Err(ImportError::NoWorkspace(workspace));
    }
    contact_import::plan_anew(tx).await?;
    Ok(person)
}

pub(super) fn plan_of<R>(file: &ImportFile<R>, tally: Tally) -> ImportPlan {
    ImportPlan { subject: file.subject, summary: tally.summary, sample: tally.sample }
}

pub(super) fn report_of<R>(file: &ImportFile<R>, summary: ImportSummary, import_id: ImportId) -> ImportReport {
    ImportReport { subject: file.subject, import_id, file_name: file.file_name.clone(), summary }
}

/// Writes the record of an import; contacts refer to it.
pub(super) async fn enter(
    tx: &mut Tx,
    report: &ImportReport,
    workspace: WorkspaceId,
    person: PersonId,
    file_digest: Digest,
    at: OffsetDateTime,
) -> Result<(), ImportError> {
    let count = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
    let summary = &report.summary;
    let row = ImportRow {
        import: report.import_id,
        workspace,
        person,
        file_name: report.file_name.clone(),
        file_digest,
        format: summary.format.name().to_owned(),
        encoding: summary.encoding.name().to_owned(),
        rows: count(summary.rows),
        created: count(summary.created),
        merged: count(summary.merged),
        unchanged: count(summary.unchanged),
        refused: count(summary.refused_count),
        report: serde_json::to_string(report).map_err(|_| StoreError::Corrupt { what: "contact_import.report" })?,
        at,
    };
    Ok(contact_import::insert(tx, &row).await?)
}

/// Writes an import into the audit log.
pub(super) async fn conclude(
    tx: &mut Tx,
    office: &Office,
    report: &ImportReport,
    workspace: WorkspaceId,
    file_digest: Digest,
    integrity: Integrity,
) -> Result<(), ImportError> {
    let summary = &report.summary;
    let detail = serde_json::json!({
        "workspace": workspace, "file_digest": file_digest, "format": summary.format, "rows": summary.rows, "created": summary.created,
        "merged": summary.merged, "unchanged": summary.unchanged, "refused": summary.refused_count, "companies_created": summary.companies_created,
        "integrity": integrity,
    });
    let action = match report.subject {
        Subject::Contacts => "contacts.import",
        Subject::Companies => "companies.import",
    };
    let entry = audit::Entry { action, object: report.import_id.to_string(), outcome: "done", detail, request_id: None };
    Ok(audit::record(tx, office, entry).await?)
}

async fn write_companies(
    tx: &mut Tx,
    office: &Office,
    workspace: WorkspaceId,
    plan: &mut Plan,
    (integrity, at): (Integrity, OffsetDateTime),
    steps: &mut Steps<'_>,
) -> Result<(), ImportError> {
    let rows: Vec<CompanyRow> = std::mem::take(&mut plan.new_companies)
        .into_iter()
        .map(|(name, name_key)| CompanyRow {
            merged_into: None,
            company: office.ids.make(),
            workspace,
            name,
            name_key,
            website: None,
            integrity,
            version: 1,
            created_at: at,
            changed_at: at,
        })
        .collect();
    for chunk in rows.chunks(CHUNK_ROWS) {
        company::insert_many(tx, workspace, chunk, at).await?;
        steps.add(chunk.len());
    }
    plan.known_companies.extend(rows.into_iter().map(|row| (row.name_key, row.company)));
    Ok(())
}

async fn write_contacts(
    tx: &mut Tx,
    office: &Office,
    workspace: WorkspaceId,
    plan: &mut Plan,
    (import, at): (ImportId, OffsetDateTime),
    steps: &mut Steps<'_>,
) -> Result<(), ImportError> {
    for contact in plan.contacts.iter_mut().filter(|contact| contact.touched || !contact.exists) {
        if !contact.exists {
            contact.row.contact = office.ids.make();
            contact.row.import = Some(import);
            for point in &mut contact.points {
                point.contact = contact.row.contact;
            }
        }
        if contact.row.company.is_none() {
            contact.row.company = contact.company.as_ref().and_then(|(_, key)| plan.known_companies.get(key)).copied();
        }
        contact.row.search = search_of(contact);
    }
    let of =
        |exists: bool| plan.contacts.iter().filter(move |contact| contact.exists == exists && (contact.touched || !exists)).map(|contact| contact.row.clone());
    let new: Vec<ContactRow> = of(false).collect();
    for chunk in new.chunks(CHUNK_ROWS) {
        contact::insert_many(tx, workspace, chunk, at).await?;
        steps.add(chunk.len());
    }
    let changed: Vec<ContactRow> = of(true).collect();
    contact_import::plan_anew(tx).await?;
    for chunk in changed.chunks(CHUNK_ROWS) {
        contact::update_many(tx, chunk, at).await?;
        steps.add(chunk.len());
    }
    contact_import::plan_as_usual(tx).await?;
    let points: Vec<PointRow> = plan.contacts.iter().flat_map(|contact| contact.points.iter().skip(contact.stored_points)).cloned().collect();
    for chunk in points.chunks(2 * CHUNK_ROWS) {
        contact::insert_points(tx, workspace, chunk).await?;
    }
    Ok(())
}

async fn write_notes(
    tx: &mut Tx,
    office: &Office,
    workspace: WorkspaceId,
    plan: &Plan,
    (person, at): (PersonId, OffsetDateTime),
    steps: &mut Steps<'_>,
) -> Result<(), ImportError> {
    let notes = plan.contacts.iter().flat_map(|contact| contact.new_notes.iter().map(|text| (contact.row.contact, text)));
    let rows: Vec<NoteRow> = notes
        .map(|(contact, text)| NoteRow {
            note: office.ids.make(),
            workspace,
            on: NoteOn::Contact(contact),
            text: text.clone(),
            person: Some(person),
            agent: None,
            integrity: Integrity::Outside,
            created_at: at,
        })
        .collect();
    for chunk in rows.chunks(CHUNK_ROWS) {
        note::insert_many(tx, workspace, chunk).await?;
        steps.add(chunk.len());
    }
    Ok(())
}

fn search_of(contact: &Planned) -> String {
    let others = [&contact.row.given_name, &contact.row.family_name, &contact.row.job_title].into_iter().filter_map(|text| text.as_deref());
    let keys = contact.points.iter().filter(|point| matches!(point.kind, PointKind::Email | PointKind::Phone)).map(|point| point.value_key.as_str());
    search_text(&contact.row.display_name, others, keys, &contact.row.tags)
}
