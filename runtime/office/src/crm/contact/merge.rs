//! Two records of one person become one.
//!
//! Nothing is lost: addresses, numbers and tags are joined, deals and notes go along, and the other record stays as it was and says
//! which one stands for it. Text from outside stays text from outside: the integrity of what is kept is the lowest of both.

use super::{ContactPatch, ContactRow, check_company, current, lock, point_rows, points_of, points_of_kind, search_of, written_about};
use crate::crm::text::fold;
use crate::crm::{Contact, CrmError, fields, get_contact};
use crate::{Office, audit};
use steward_core::{CompanyId, ContactId, Integrity, RunId};
use steward_store::Tx;
use steward_store::contact::{self as store, PointKind, PointRow};
use steward_store::contact_merge::{self, MergedRow};

/// Whose value is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The one of the contact that stays.
    Kept,
    /// The one of the contact that is merged away.
    Other,
}

/// Whose value each field has afterwards. Where nothing is said it is the one of the contact that stays, or where that has none, the other's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Choice {
    /// The name shown.
    pub display_name: Option<Side>,
    /// First name.
    pub given_name: Option<Side>,
    /// Last name.
    pub family_name: Option<Side>,
    /// The company.
    pub company: Option<Side>,
    /// Position in the company.
    pub job_title: Option<Side>,
    /// Birthday.
    pub birthday: Option<Side>,
}

/// What is merged, as it was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Merge {
    /// The version of the contact that stays.
    pub version: i32,
    /// The contact that is merged away, of the same workspace.
    pub other: ContactId,
    /// Its version.
    pub other_version: i32,
    /// Whose values are kept.
    pub choice: Choice,
}

/// The value of a field afterwards.
pub(in crate::crm) fn value_of<T: Clone>(side: Option<Side>, kept: &Option<T>, other: &Option<T>) -> Option<T> {
    match side {
        Some(Side::Kept) => kept.clone(),
        Some(Side::Other) => other.clone(),
        None => kept.clone().or_else(|| other.clone()),
    }
}

fn chosen<T: Clone + PartialEq>(name: &'static str, side: Option<Side>, kept: &Option<T>, other: &Option<T>, taken: &mut Vec<&'static str>) -> Option<T> {
    let value = value_of(side, kept, other);
    if value != *kept {
        taken.push(name);
    }
    value
}

/// Merges another contact into one that stays. Both must still be as they were looked at.
pub async fn merge_contacts(tx: &mut Tx, office: &Office, contact: ContactId, merge: &Merge, author: Integrity) -> Result<Contact, CrmError> {
    if contact == merge.other {
        return Err(CrmError::field("other_id", "is this contact itself; name the other one"));
    }
    let workspace = store::find(tx, contact).await?.ok_or(CrmError::NoContact(contact))?.workspace;
    lock(tx, workspace).await?;
    let kept = current(tx, contact, merge.version).await?;
    let other = current(tx, merge.other, merge.other_version).await?;
    if other.workspace != kept.workspace {
        return Err(CrmError::field("other_id", "belongs to another workspace; contacts are merged within one"));
    }
    let integrity = kept.integrity.min(other.integrity).min(author);
    let (row, mut taken) = joined(&kept, &other, merge.choice, integrity)?;
    let replaced = replaced(&kept, &taken);
    check_company(tx, row.workspace, row.company).await?;
    let (own, others) = (store::points(tx, &[contact]).await?, store::points(tx, &[merge.other]).await?);
    let both = |kind: PointKind| [points_of_kind(&own, kind), points_of_kind(&others, kind)].concat();
    let checked = points_of(&both(PointKind::Email), &both(PointKind::Phone), &both(PointKind::Url), &both(PointKind::Address))?;
    let points: Vec<PointRow> = point_rows(contact, &checked);
    if points.len() != own.len() {
        taken.push("points");
    }
    let row = ContactRow { search: search_of(&row, &checked), ..row };
    let now = office.clock.now();
    contact_merge::merge_into(tx, merge.other, merge.other_version, contact, now).await?;
    store::update_many(tx, std::slice::from_ref(&row), now).await?;
    store::delete_points(tx, contact).await?;
    store::insert_points(tx, row.workspace, &points).await?;
    // A deal says nothing that stands in its contact: it is as much worth as who changed it.
    let deals = contact_merge::move_deals(tx, merge.other, contact, author, now).await?;
    // The other's values stay in the record that is merged away; what they took the place of stands nowhere else.
    let about = serde_json::json!({ "display_name": row.display_name, "replaced": replaced });
    written_about(tx, office, "contact.merge", &row, taken, integrity, &about).await?;
    // The log of the record that is merged away ends with where it went, and what went with it.
    let detail = serde_json::json!({ "workspace": row.workspace, "into": contact, "deals": deals, "version": merge.other_version });
    let entry = audit::Entry { action: "contact.merge_away", object: merge.other.to_string(), outcome: "done", detail, request_id: None };
    audit::record_about(tx, office, entry, audit::seal::Subject::Contact(merge.other), &serde_json::json!({ "display_name": other.display_name })).await?;
    get_contact(tx, contact).await
}

/// The values that the contact that stays had before, of the fields that are the other's now.
fn replaced(kept: &ContactRow, taken: &[&str]) -> serde_json::Map<String, serde_json::Value> {
    let before = [
        ("display_name", Some(kept.display_name.clone())),
        ("given_name", kept.given_name.clone()),
        ("family_name", kept.family_name.clone()),
        ("company_id", kept.company.map(|company| company.to_string())),
        ("job_title", kept.job_title.clone()),
        ("birthday", kept.birthday.clone()),
        ("external_uid", kept.external_uid.clone()),
    ];
    let lost = before.into_iter().filter(|(name, _)| taken.contains(name));
    lost.filter_map(|(name, value)| Some((name.to_owned(), value?.into()))).collect()
}

/// The fields afterwards, and the names of those that changed.
fn joined(kept: &ContactRow, other: &ContactRow, choice: Choice, integrity: Integrity) -> Result<(ContactRow, Vec<&'static str>), CrmError> {
    let mut taken = Vec::new();
    let (name, others_name) = (Some(kept.display_name.clone()), Some(other.display_name.clone()));
    let company: Option<CompanyId> = chosen("company_id", choice.company, &kept.company, &other.company, &mut taken);
    let tags = fields::tags(&[kept.tags.as_slice(), other.tags.as_slice()].concat())?;
    if tags != kept.tags {
        taken.push("tags");
    }
    let row = ContactRow {
        display_name: chosen("display_name", choice.display_name, &name, &others_name, &mut taken).unwrap_or_else(|| kept.display_name.clone()),
        given_name: chosen("given_name", choice.given_name, &kept.given_name, &other.given_name, &mut taken),
        family_name: chosen("family_name", choice.family_name, &kept.family_name, &other.family_name, &mut taken),
        company,
        job_title: chosen("job_title", choice.job_title, &kept.job_title, &other.job_title, &mut taken),
        birthday: chosen("birthday", choice.birthday, &kept.birthday, &other.birthday, &mut taken),
        external_uid: chosen("external_uid", None, &kept.external_uid, &other.external_uid, &mut taken),
        tags,
        integrity,
        ..kept.clone()
    };
    Ok((row, taken))
}

/// Refuses lists of a run that leave out what came with a record that was merged into the contact after the run, or the one it goes on
/// from, began: whoever wrote, or approved, such a list had not seen it.
pub async fn check_keeps_merged(tx: &mut Tx, contact: ContactId, run: RunId, patch: &ContactPatch) -> Result<(), CrmError> {
    for came in contact_merge::points_merged_since(tx, contact, run).await? {
        let (field, list) = match came.kind {
            PointKind::Email => ("emails", &patch.emails),
            PointKind::Phone => ("phones", &patch.phones),
            PointKind::Url => ("urls", &patch.urls),
            PointKind::Address => ("addresses", &patch.addresses),
        };
        if let Some(list) = list
            && fields::points(came.kind, field, list)?.iter().all(|(_, _, key)| *key != came.key)
        {
            let row = store::find(tx, contact).await?.ok_or(CrmError::NoContact(contact))?;
            return Err(leaves_out(&row, field, &came.value));
        }
    }
    if let Some(list) = &patch.tags {
        let row = store::find(tx, contact).await?.ok_or(CrmError::NoContact(contact))?;
        let holds = |tags: &[String], wanted: &str| tags.iter().any(|tag| fold(tag) == fold(wanted));
        for came in contact_merge::tags_merged_since(tx, contact, run).await? {
            if holds(&row.tags, &came) && !holds(list, &came) {
                return Err(leaves_out(&row, "tags", &came));
            }
        }
    }
    Ok(())
}

/// What came with another is this contact's since then, and the contact counts for no more than either.
fn leaves_out(row: &ContactRow, field: &str, value: &str) -> CrmError {
    let problem = format!(
        "leaves out `{value}`, which came with a record that was merged into this contact after this run began; read the contact again and give it too"
    );
    CrmError::Undoes { field: field.to_owned(), problem, record: row.contact.to_string(), integrity: row.integrity }
}

/// The records that were merged into a contact.
pub async fn merged_records(tx: &mut Tx, contact: ContactId) -> Result<Vec<MergedRow>, CrmError> {
    store::find(tx, contact).await?.ok_or(CrmError::NoContact(contact))?;
    Ok(contact_merge::list_merged(tx, contact).await?)
}
