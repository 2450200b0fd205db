//! What plugins may ask of the office: the typed interfaces of `tools/wit` as a trait, and the records they carry.
//!
//! The host calls it on behalf of the run's actor; who may see or change what is the implementation's word, never the
//! plugin's. Each change comes with the call's key and its ordinal in the call, so that a repeat of the call after a
//! crash finds the first answer and changes nothing. Records carry the integrity of what they were written from; the
//! plugin does not see it, the host reports it beside the result.

mod knowledge;
mod kv;

pub use knowledge::{Chunk, Document, Documents, Pieces};
pub use kv::{KV_KEY_BYTES_MAX, KV_VALUE_BYTES_MAX, KvChange, KvChanged, KvEntry, KvName, KvQuota, KvSpace};

use serde::{Deserialize, Serialize};
use std::{future::Future, pin::Pin};
use steward_core::{Floor, Integrity};

/// A boxed future, so that the trait can stand behind an `Arc<dyn Office>`.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What a question to the office brings.
pub type Asked<'a, T> = BoxFuture<'a, Result<T, OfficeError>>;

/// Why the office did not do what a plugin asked. Texts are shown to the model.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OfficeError {
    /// The actor has no right to it.
    #[error("not allowed for the person the run works for")]
    Denied,
    /// There is none, or the actor may not know of it.
    #[error("there is no such record")]
    NotFound,
    /// It exists already, or was changed meanwhile.
    #[error("it exists already, or was changed meanwhile")]
    Conflict,
    /// What is wrong with the request, in our words and those of the request: whatever names more than that is [`OfficeError::Told`].
    #[error("{0}")]
    Invalid(String),
    /// What is wrong with the request, in words of a record, or with which record it is at odds.
    #[error("{why}")]
    Told {
        /// What is wrong.
        why: String,
        /// The record's id.
        record: String,
        /// The lowest integrity of what the record was written from.
        integrity: Integrity,
    },
    /// More than the office takes at once.
    #[error("more than the office takes at once")]
    TooLarge,
    /// The office does not answer.
    #[error("the office does not answer")]
    Unavailable,
}

/// Of a record that is read from a file: nobody says where it comes from.
const fn unknown() -> Integrity {
    Integrity::Outside
}

/// How much of a list, and from where.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct PageRequest {
    /// The `next` of the page before; none for the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// At most this many; the host has already held it to its own largest page.
    pub limit: u32,
}

/// A piece of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listed<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Where the next piece starts; none at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A person or address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// `contact_…`.
    pub id: String,
    /// As shown.
    pub name: String,
    /// First name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given_name: Option<String>,
    /// Last name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family_name: Option<String>,
    /// Addresses, the main one first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub emails: Vec<String>,
    /// Phone numbers, the main one first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub phones: Vec<String>,
    /// `company_…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company_id: Option<String>,
    /// The company's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company_name: Option<String>,
    /// The lowest integrity of what the company was written from; it says nothing where there is no name.
    #[serde(skip, default = "unknown")]
    pub company_integrity: Integrity,
    /// What the person does there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_title: Option<String>,
    /// Words to group by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// The lowest integrity of what it was written from.
    #[serde(skip, default = "unknown")]
    pub integrity: Integrity,
}

/// A contact to be made.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct NewContact {
    /// As shown.
    pub name: String,
    /// First name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given_name: Option<String>,
    /// Last name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family_name: Option<String>,
    /// Addresses, the main one first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub emails: Vec<String>,
    /// Phone numbers, the main one first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub phones: Vec<String>,
    /// `company_…`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company_id: Option<String>,
    /// What the person does there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_title: Option<String>,
    /// Words to group by.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
}

/// A change of a contact: none leaves a field, an empty text takes its value away, a list replaces the list.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct ContactPatch {
    /// As shown; never empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// First name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given_name: Option<String>,
    /// Last name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family_name: Option<String>,
    /// All addresses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub emails: Option<Vec<String>>,
    /// All phone numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phones: Option<Vec<String>>,
    /// `company_…`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company_id: Option<String>,
    /// What the person does there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_title: Option<String>,
    /// All tags.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
}

/// A company.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Company {
    /// `company_…`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its web site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub website: Option<String>,
    /// The lowest integrity of what it was written from.
    #[serde(skip, default = "unknown")]
    pub integrity: Integrity,
}

/// A company to be made.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct NewCompany {
    /// Its name.
    pub name: String,
    /// Its web site.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub website: Option<String>,
}

/// A change of a company: none leaves a field, an empty text takes its value away.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct CompanyPatch {
    /// Its name; never empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its web site.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub website: Option<String>,
}

/// An amount in the currency's smallest unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Amount {
    /// How many of them.
    pub minor: i64,
    /// ISO 4217 code.
    pub currency: String,
}

/// A deal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deal {
    /// `deal_…`.
    pub id: String,
    /// What it is called.
    pub title: String,
    /// Where in the pipeline it stands.
    pub stage: String,
    /// What it is worth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Amount>,
    /// `company_…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company_id: Option<String>,
    /// `contact_…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact_id: Option<String>,
    /// The lowest integrity of what it was written from.
    #[serde(skip, default = "unknown")]
    pub integrity: Integrity,
}

/// Which deals.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct DealFilter {
    /// Only with this company.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company_id: Option<String>,
    /// Only with this contact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact_id: Option<String>,
    /// Only in this stage.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
}

/// What a note stands on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// `contact_…`.
    Contact(String),
    /// `company_…`.
    Company(String),
    /// `deal_…`.
    Deal(String),
}

/// A note.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Note {
    /// `note_…`.
    pub id: String,
    /// What it stands on.
    pub about: Subject,
    /// What it says.
    pub text: String,
    /// A person's name, or an agent's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// Unix milliseconds.
    pub created_at_ms: i64,
    /// The lowest integrity of what it was written from.
    #[serde(skip, default = "unknown")]
    pub integrity: Integrity,
}

/// The office as plugins see it, for one actor.
pub trait Office: Send + Sync {
    /// The floor of the call's arguments: by that the rules judged it.
    fn judged(&self) -> Floor;

    /// Contacts whose name, address, company or tags match; an empty query lists all.
    fn find_contacts<'a>(&'a self, query: &'a str, page: &'a PageRequest) -> Asked<'a, Listed<Contact>>;
    /// One contact.
    fn get_contact<'a>(&'a self, id: &'a str) -> Asked<'a, Contact>;
    /// Companies whose name matches; an empty query lists all.
    fn find_companies<'a>(&'a self, query: &'a str, page: &'a PageRequest) -> Asked<'a, Listed<Company>>;
    /// One company.
    fn get_company<'a>(&'a self, id: &'a str) -> Asked<'a, Company>;
    /// Deals, newest first.
    fn list_deals<'a>(&'a self, filter: &'a DealFilter, page: &'a PageRequest) -> Asked<'a, Listed<Deal>>;
    /// Notes on one record, newest first.
    fn list_notes<'a>(&'a self, about: &'a Subject, page: &'a PageRequest) -> Asked<'a, Listed<Note>>;

    /// Pieces of documents that hold any of these words, the best first; of one document alone, if one is named.
    fn search_documents<'a>(&'a self, query: &'a str, document: Option<&'a str>, limit: u32) -> Asked<'a, Vec<Documents>>;
    /// A document's pieces from this number on.
    fn read_document<'a>(&'a self, id: &'a str, from: u32, limit: u32) -> Asked<'a, Pieces>;

    /// Makes a contact. As with every change of a record, `seen` is the floor of what the plugin was shown in this call before: what is written
    /// counts for no more than that, and than the arguments.
    fn create_contact<'a>(&'a self, key: &'a str, ordinal: u32, new: &'a NewContact, seen: Floor) -> Asked<'a, Contact>;
    /// Changes a contact.
    fn update_contact<'a>(&'a self, key: &'a str, ordinal: u32, id: &'a str, patch: &'a ContactPatch, seen: Floor) -> Asked<'a, Contact>;
    /// Makes a company.
    fn create_company<'a>(&'a self, key: &'a str, ordinal: u32, new: &'a NewCompany, seen: Floor) -> Asked<'a, Company>;
    /// Changes a company.
    fn update_company<'a>(&'a self, key: &'a str, ordinal: u32, id: &'a str, patch: &'a CompanyPatch, seen: Floor) -> Asked<'a, Company>;
    /// Writes a note.
    fn add_note<'a>(&'a self, key: &'a str, ordinal: u32, about: &'a Subject, text: &'a str, seen: Floor) -> Asked<'a, Note>;

    /// One entry of a plugin's.
    fn kv_get<'a>(&'a self, space: &'a KvSpace, name: &'a str) -> Asked<'a, Option<KvEntry>>;
    /// Names of a plugin's entries that begin so, in the order of their bytes.
    fn kv_list<'a>(&'a self, space: &'a KvSpace, prefix: &'a str, page: &'a PageRequest) -> Asked<'a, Listed<KvName>>;
    /// Changes an entry. `seen` is the floor of what the plugin was shown in this call; the entry has that of the arguments too.
    /// A conflict means that the call was made before under this key and ordinal, and asked for something else then.
    fn kv_change<'a>(&'a self, key: &'a str, ordinal: u32, space: &'a KvSpace, name: &'a str, change: &'a KvChange, seen: Floor) -> Asked<'a, KvChanged>;
}
