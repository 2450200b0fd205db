//! The office of a case: every question is answered from its script.

use super::script::Script;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::future::ready;
use std::sync::Arc;
use steward_core::Floor;
use steward_host::Office;
use steward_host::office::{
    Asked, Company, CompanyPatch, Contact, ContactPatch, Deal, DealFilter, Documents, KvChange, KvChanged, KvEntry, KvName, KvSpace, Listed, NewCompany,
    NewContact, Note, PageRequest, Pieces, Subject,
};

/// Answers from the script of the case that runs.
pub(super) struct Scripted(pub(super) Arc<Script>);

impl Scripted {
    fn ask<'a, T: DeserializeOwned + Send + 'a>(&self, call: &str, with: &Value) -> Asked<'a, T> {
        Box::pin(ready(self.0.office(call, with)))
    }
}

/// An entry as a case writes it: text, with the version that stands there.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    value: String,
    version: u64,
}

/// What became of a change as a case writes it: without floors, which are nobody's in a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Became {
    Version(u64),
    Deleted(bool),
    Conflict,
    OverQuota,
}

impl From<Became> for KvChanged {
    fn from(became: Became) -> Self {
        match became {
            Became::Version(version) => Self::Version(version),
            Became::Deleted(was_there) => Self::Deleted(was_there.then_some(Floor::CLEAN)),
            Became::Conflict => Self::Conflict(None),
            Became::OverQuota => Self::OverQuota(None),
        }
    }
}

impl Office for Scripted {
    /// Cases are of the plugin and not of anybody's labels: the arguments are the owner's own words.
    fn judged(&self) -> Floor {
        Floor::CLEAN
    }

    fn find_contacts<'a>(&'a self, query: &'a str, page: &'a PageRequest) -> Asked<'a, Listed<Contact>> {
        self.ask("crm.find-contacts", &json!({ "query": query, "page": page }))
    }

    fn get_contact<'a>(&'a self, id: &'a str) -> Asked<'a, Contact> {
        self.ask("crm.get-contact", &json!({ "id": id }))
    }

    fn find_companies<'a>(&'a self, query: &'a str, page: &'a PageRequest) -> Asked<'a, Listed<Company>> {
        self.ask("crm.find-companies", &json!({ "query": query, "page": page }))
    }

    fn get_company<'a>(&'a self, id: &'a str) -> Asked<'a, Company> {
        self.ask("crm.get-company", &json!({ "id": id }))
    }

    fn list_deals<'a>(&'a self, filter: &'a DealFilter, page: &'a PageRequest) -> Asked<'a, Listed<Deal>> {
        self.ask("crm.list-deals", &json!({ "filter": filter, "page": page }))
    }

    fn list_notes<'a>(&'a self, about: &'a Subject, page: &'a PageRequest) -> Asked<'a, Listed<Note>> {
        self.ask("crm.list-notes", &json!({ "about": about, "page": page }))
    }

    fn search_documents<'a>(&'a self, query: &'a str, document: Option<&'a str>, limit: u32) -> Asked<'a, Vec<Documents>> {
        self.ask("knowledge.search", &json!({ "query": query, "document": document, "limit": limit }))
    }

    fn read_document<'a>(&'a self, id: &'a str, from: u32, limit: u32) -> Asked<'a, Pieces> {
        self.ask("knowledge.read", &json!({ "document": id, "from": from, "limit": limit }))
    }

    fn create_contact<'a>(&'a self, _key: &'a str, _ordinal: u32, new: &'a NewContact, _seen: Floor) -> Asked<'a, Contact> {
        self.ask("crm-write.create-contact", &json!({ "contact": new }))
    }

    fn update_contact<'a>(&'a self, _key: &'a str, _ordinal: u32, id: &'a str, patch: &'a ContactPatch, _seen: Floor) -> Asked<'a, Contact> {
        self.ask("crm-write.update-contact", &json!({ "id": id, "patch": patch }))
    }

    fn create_company<'a>(&'a self, _key: &'a str, _ordinal: u32, new: &'a NewCompany, _seen: Floor) -> Asked<'a, Company> {
        self.ask("crm-write.create-company", &json!({ "company": new }))
    }

    fn update_company<'a>(&'a self, _key: &'a str, _ordinal: u32, id: &'a str, patch: &'a CompanyPatch, _seen: Floor) -> Asked<'a, Company> {
        self.ask("crm-write.update-company", &json!({ "id": id, "patch": patch }))
    }

    fn add_note<'a>(&'a self, _key: &'a str, _ordinal: u32, about: &'a Subject, text: &'a str, _seen: Floor) -> Asked<'a, Note> {
        self.ask("crm-write.add-note", &json!({ "about": about, "text": text }))
    }

    fn kv_get<'a>(&'a self, _space: &'a KvSpace, name: &'a str) -> Asked<'a, Option<KvEntry>> {
        let found: Result<Option<Entry>, _> = self.0.office("kv.get", &json!({ "key": name }));
        let entry = |entry: Entry| KvEntry { value: entry.value.into_bytes(), version: entry.version, floor: Floor::CLEAN };
        Box::pin(ready(found.map(|found| found.map(entry))))
    }

    fn kv_list<'a>(&'a self, _space: &'a KvSpace, prefix: &'a str, page: &'a PageRequest) -> Asked<'a, Listed<KvName>> {
        let found: Result<Listed<String>, _> = self.0.office("kv.list", &json!({ "prefix": prefix, "page": page }));
        let name = |name| KvName { name, floor: Floor::CLEAN };
        Box::pin(ready(found.map(|found| Listed { items: found.items.into_iter().map(name).collect(), next: found.next })))
    }

    fn kv_change<'a>(&'a self, _key: &'a str, _ordinal: u32, _space: &'a KvSpace, name: &'a str, change: &'a KvChange, _seen: Floor) -> Asked<'a, KvChanged> {
        let became: Result<Became, _> = match change {
            KvChange::Delete => self.0.office("kv.delete", &json!({ "key": name })),
            KvChange::Set { value, expect: None } => self.0.office("kv.set", &json!({ "key": name, "value": String::from_utf8_lossy(value) })),
            KvChange::Set { value, expect: Some(expect) } => {
                self.0.office("kv.compare-and-set", &json!({ "key": name, "value": String::from_utf8_lossy(value), "expect": expect }))
            }
        };
        Box::pin(ready(became.map(KvChanged::from)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_says_what_became_of_a_change_as_the_documents_do() {
        for (written, expect) in [
            (json!({ "version": 2 }), KvChanged::Version(2)),
            (json!({ "deleted": true }), KvChanged::Deleted(Some(Floor::CLEAN))),
            (json!({ "deleted": false }), KvChanged::Deleted(None)),
            (json!("conflict"), KvChanged::Conflict(None)),
            (json!("over_quota"), KvChanged::OverQuota(None)),
        ] {
            let became: Became = serde_json::from_value(written.clone()).unwrap_or_else(|err| panic!("{written}: {err}"));
            assert_eq!(KvChanged::from(became), expect, "{written}");
        }
        assert!(serde_json::from_value::<Became>(json!({ "better": { "integrity": "owner" } })).is_err());
    }
}
