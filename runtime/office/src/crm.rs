//! Contacts, companies, deals and notes: what may be written, how it is found again, and that every change is audited.
//!
//! Nothing here decides who may act: a route asks for the permission, an agent comes through the gate. What stays inside the
//! workspaces of the transaction's actor is row security's work, repeated here only to give a clear error. Free text is cleaned
//! (see [`text`]) before it is stored, and every record keeps the lowest integrity of the texts it was written from.

mod company;
mod contact;
mod deal;
mod error;
mod fields;
mod note;
mod once;
mod stood;
pub mod text;

pub use company::{
    Company, CompanyAlikeTo, CompanyChoice, CompanyGroup, CompanyMerge, CompanyPatch, CompanyQuery, NewCompany, company_names, create_company,
    find_alike_companies, find_companies, get_company, merge_companies, merged_companies, update_company,
};
pub use contact::{
    AlikeTo, Choice, CompanyRef, Contact, ContactPatch, ContactQuery, Group, Merge, NewContact, Point, Side, check_keeps_merged, contact_names, create_contact,
    find_alike, find_contacts, find_contacts_by_email, get_contact, merge_contacts, merged_records, update_contact,
};
pub use deal::{Deal, DealPatch, NewDeal, STAGES_MAX, Stages, create_deal, get_deal, list_deals, list_deals_newest, list_stages, update_deal};
pub use error::CrmError;
pub(crate) use fields::{LABEL_CHARS_MAX, NAME_CHARS_MAX, NOTE_CHARS_MAX, POINT_CHARS_MAX, POINTS_MAX, TAG_CHARS_MAX, TAGS_MAX, TEXT_CHARS_MAX, search_text};
pub use note::{Note, add_note, list_notes, list_notes_newest};
pub use once::{Effect, Made, once};
pub use steward_store::company_merge::{AlikeCompany, MergedCompanyRow};
pub use steward_store::contact::PointKind;
pub use steward_store::contact_merge::{Alike, MergedRow};
pub use steward_store::deal::{DealFilter, StageRow};
pub use steward_store::note::NoteOn;
pub use stood::Stood;

use steward_store::Cursor;

/// One piece of a list and where the next begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slice<T> {
    /// The records.
    pub items: Vec<T>,
    /// Where the next piece begins; none at the end.
    pub next: Option<Cursor>,
}
