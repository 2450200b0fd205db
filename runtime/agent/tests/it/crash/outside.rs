//! An effect that the database cannot take back: beside each change of a record, a line in a file. As at any service outside, the key of the call
//! tells a repeat from a second effect.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use steward_agent::driver::HandsFor;
use steward_agent::testing::World;
use steward_core::{Floor, RunId};
use steward_host::office::{
    Asked, Company, CompanyPatch, Contact, ContactPatch, Deal, DealFilter, Documents, KvChange, KvChanged, KvEntry, KvName, KvSpace, Listed, NewCompany,
    NewContact, Note, Office, PageRequest, Pieces, Subject,
};

/// The office of a run, with an effect outside for each change that a plugin asks of it.
struct Outside {
    office: Arc<dyn Office>,
    file: PathBuf,
}

/// What plugins may ask of the office in this run; what they change is done outside too, in this file.
pub(super) fn with_effects(world: &World, run: RunId, file: &Path) -> HandsFor {
    let (hands, file) = (world.hands_of(run), file.to_owned());
    Arc::new(move |floor, stood| Arc::new(Outside { office: hands(floor, stood), file: file.clone() }))
}

/// How often each effect was asked for outside, by its key.
pub(super) fn effects(file: &Path) -> BTreeMap<String, u32> {
    let mut effects = BTreeMap::new();
    for key in fs::read_to_string(file).unwrap_or_default().lines() {
        *effects.entry(key.to_owned()).or_default() += 1;
    }
    effects
}

impl Outside {
    fn happens(&self, key: &str) {
        let mut file = OpenOptions::new().create(true).append(true).open(&self.file).expect("the world outside");
        file.write_all(format!("{key}\n").as_bytes()).expect("an effect");
    }
}

impl Office for Outside {
    fn judged(&self) -> Floor {
        self.office.judged()
    }

    fn find_contacts<'a>(&'a self, query: &'a str, page: &'a PageRequest) -> Asked<'a, Listed<Contact>> {
        self.office.find_contacts(query, page)
    }

    fn get_contact<'a>(&'a self, id: &'a str) -> Asked<'a, Contact> {
        self.office.get_contact(id)
    }

    fn find_companies<'a>(&'a self, query: &'a str, page: &'a PageRequest) -> Asked<'a, Listed<Company>> {
        self.office.find_companies(query, page)
    }

    fn get_company<'a>(&'a self, id: &'a str) -> Asked<'a, Company> {
        self.office.get_company(id)
    }

    fn list_deals<'a>(&'a self, filter: &'a DealFilter, page: &'a PageRequest) -> Asked<'a, Listed<Deal>> {
        self.office.list_deals(filter, page)
    }

    fn list_notes<'a>(&'a self, about: &'a Subject, page: &'a PageRequest) -> Asked<'a, Listed<Note>> {
        self.office.list_notes(about, page)
    }

    fn search_documents<'a>(&'a self, query: &'a str, document: Option<&'a str>, limit: u32) -> Asked<'a, Vec<Documents>> {
        self.office.search_documents(query, document, limit)
    }

    fn read_document<'a>(&'a self, id: &'a str, from: u32, limit: u32) -> Asked<'a, Pieces> {
        self.office.read_document(id, from, limit)
    }

    fn create_contact<'a>(&'a self, key: &'a str, ordinal: u32, new: &'a NewContact, seen: Floor) -> Asked<'a, Contact> {
        self.happens(key);
        self.office.create_contact(key, ordinal, new, seen)
    }

    fn update_contact<'a>(&'a self, key: &'a str, ordinal: u32, id: &'a str, patch: &'a ContactPatch, seen: Floor) -> Asked<'a, Contact> {
        self.happens(key);
        self.office.update_contact(key, ordinal, id, patch, seen)
    }

    fn create_company<'a>(&'a self, key: &'a str, ordinal: u32, new: &'a NewCompany, seen: Floor) -> Asked<'a, Company> {
        self.happens(key);
        self.office.create_company(key, ordinal, new, seen)
    }

    fn update_company<'a>(&'a self, key: &'a str, ordinal: u32, id: &'a str, patch: &'a CompanyPatch, seen: Floor) -> Asked<'a, Company> {
        self.happens(key);
        self.office.update_company(key, ordinal, id, patch, seen)
    }

    fn add_note<'a>(&'a self, key: &'a str, ordinal: u32, about: &'a Subject, text: &'a str, seen: Floor) -> Asked<'a, Note> {
        self.happens(key);
        self.office.add_note(key, ordinal, about, text, seen)
    }

    fn kv_get<'a>(&'a self, space: &'a KvSpace, name: &'a str) -> Asked<'a, Option<KvEntry>> {
        self.office.kv_get(space, name)
    }

    fn kv_list<'a>(&'a self, space: &'a KvSpace, prefix: &'a str, page: &'a PageRequest) -> Asked<'a, Listed<KvName>> {
        self.office.kv_list(space, prefix, page)
    }

    fn kv_change<'a>(&'a self, key: &'a str, ordinal: u32, space: &'a KvSpace, name: &'a str, change: &'a KvChange, seen: Floor) -> Asked<'a, KvChanged> {
        self.office.kv_change(key, ordinal, space, name, change, seen)
    }
}
