//! Contacts.

pub(crate) mod add_note;
pub(crate) mod create;
pub(crate) mod duplicates;
pub(crate) mod import;
pub(crate) mod list;
pub(crate) mod merge;
pub(crate) mod merged;
pub(crate) mod notes;
pub(crate) mod show;
pub(crate) mod update;

use serde::{Deserialize, Serialize};
use steward_core::{CompanyId, ContactId, ImportId, Integrity, WorkspaceId};
use steward_office::crm::{CompanyRef, Contact, Point};
use time::OffsetDateTime;
use utoipa::ToSchema;

/// An e-mail address, number, URL or postal address with its label.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PointView {
    /// As written.
    #[schema(min_length = 1, max_length = 2000)]
    value: String,
    /// For example `work`.
    label: Option<String>,
}

impl From<Point> for PointView {
    fn from(point: Point) -> Self {
        Self { value: point.value, label: point.label }
    }
}

impl From<PointView> for Point {
    fn from(point: PointView) -> Self {
        Self { value: point.value, label: point.label }
    }
}

fn points<A, B: From<A>>(list: Vec<A>) -> Vec<B> {
    list.into_iter().map(B::from).collect()
}

/// A contact's company.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CompanyRefView {
    #[schema(value_type = String, example = "company_01k4…")]
    company_id: CompanyId,
    name: String,
}

/// A contact, whole.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ContactView {
    #[schema(value_type = String, example = "contact_01k4…")]
    contact_id: ContactId,
    #[schema(value_type = String)]
    workspace_id: WorkspaceId,
    display_name: String,
    given_name: Option<String>,
    family_name: Option<String>,
    company: Option<CompanyRefView>,
    job_title: Option<String>,
    /// The first one first to use.
    emails: Vec<PointView>,
    phones: Vec<PointView>,
    urls: Vec<PointView>,
    addresses: Vec<PointView>,
    tags: Vec<String>,
    /// `YYYY-MM-DD`, or `--MM-DD` without a year.
    birthday: Option<String>,
    /// The import that made it.
    #[schema(value_type = Option<String>)]
    import_id: Option<ImportId>,
    /// The contact that stands for this one since they were merged; this one stays as it was.
    #[schema(value_type = Option<String>)]
    merged_into: Option<ContactId>,
    /// Lowest integrity of the texts it was written from: outside, fact, anchored, directory, owner.
    #[schema(value_type = String)]
    integrity: Integrity,
    /// Grows with every change; a change names the version it was made for.
    version: i32,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    changed_at: OffsetDateTime,
}

impl From<Contact> for ContactView {
    fn from(contact: Contact) -> Self {
        Self {
            contact_id: contact.contact_id,
            workspace_id: contact.workspace_id,
            display_name: contact.display_name,
            given_name: contact.given_name,
            family_name: contact.family_name,
            company: contact.company.map(|CompanyRef { company_id, name, integrity: _ }| CompanyRefView { company_id, name }),
            job_title: contact.job_title,
            emails: points(contact.emails),
            phones: points(contact.phones),
            urls: points(contact.urls),
            addresses: points(contact.addresses),
            tags: contact.tags,
            birthday: contact.birthday,
            import_id: contact.import_id,
            merged_into: contact.merged_into,
            integrity: contact.integrity,
            version: contact.version,
            created_at: contact.created_at,
            changed_at: contact.changed_at,
        }
    }
}
