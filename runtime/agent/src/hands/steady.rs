//! An office whose short absences a plugin does not notice: an unanswered question is asked again.
//!
//! Every change carries its key and ordinal, so one that was made before its answer was lost is found again and not made twice.
//! The call's deadline bounds it all.

use std::time::Duration;
use steward_core::Floor;
use steward_host::office::{
    Asked, Company, CompanyPatch, Contact, ContactPatch, Deal, DealFilter, Documents, KvChange, KvChanged, KvEntry, KvName, KvSpace, Listed, NewCompany,
    NewContact, Note, Office, OfficeError, PageRequest, Pieces, Subject,
};

/// How often an unanswered question is asked again.
const TRIES_MAX: u32 = 5;

/// The office that is asked again.
pub(crate) struct Steady<O>(pub(crate) O);

macro_rules! again {
    ($asked:expr) => {
        Box::pin(async move {
            let mut tries = 0;
            loop {
                match $asked.await {
                    Err(OfficeError::Unavailable) if tries < TRIES_MAX => {
                        tries += 1;
                        tokio::time::sleep(Duration::from_millis(50 << tries)).await;
                    }
                    answer => return answer,
                }
            }
        })
    };
}

impl<O: Office> Office for Steady<O> {
    fn judged(&self) -> Floor {
        self.0.judged()
    }

    fn find_contacts<'a>(&'a self, query: &'a str, page: &'a PageRequest) -> Asked<'a, Listed<Contact>> {
        again!(self.0.find_contacts(query, page))
    }

    fn get_contact<'a>(&'a self, id: &'a str) -> Asked<'a, Contact> {
        again!(self.0.get_contact(id))
    }

    fn find_companies<'a>(&'a self, query: &'a str, page: &'a PageRequest) -> Asked<'a, Listed<Company>> {
        again!(self.0.find_companies(query, page))
    }

    fn get_company<'a>(&'a self, id: &'a str) -> Asked<'a, Company> {
        again!(self.0.get_company(id))
    }

    fn list_deals<'a>(&'a self, filter: &'a DealFilter, page: &'a PageRequest) -> Asked<'a, Listed<Deal>> {
        again!(self.0.list_deals(filter, page))
    }

    fn list_notes<'a>(&'a self, about: &'a Subject, page: &'a PageRequest) -> Asked<'a, Listed<Note>> {
        again!(self.0.list_notes(about, page))
    }

    fn search_documents<'a>(&'a self, query: &'a str, document: Option<&'a str>, limit: u32) -> Asked<'a, Vec<Documents>> {
        again!(self.0.search_documents(query, document, limit))
    }

    fn read_document<'a>(&'a self, id: &'a str, from: u32, limit: u32) -> Asked<'a, Pieces> {
        again!(self.0.read_document(id, from, limit))
    }

    fn create_contact<'a>(&'a self, key: &'a str, ordinal: u32, new: &'a NewContact, seen: Floor) -> Asked<'a, Contact> {
        again!(self.0.create_contact(key, ordinal, new, seen))
    }

    fn update_contact<'a>(&'a self, key: &'a str, ordinal: u32, id: &'a str, patch: &'a ContactPatch, seen: Floor) -> Asked<'a, Contact> {
        again!(self.0.update_contact(key, ordinal, id, patch, seen))
    }

    fn create_company<'a>(&'a self, key: &'a str, ordinal: u32, new: &'a NewCompany, seen: Floor) -> Asked<'a, Company> {
        again!(self.0.create_company(key, ordinal, new, seen))
    }

    fn update_company<'a>(&'a self, key: &'a str, ordinal: u32, id: &'a str, patch: &'a CompanyPatch, seen: Floor) -> Asked<'a, Company> {
        again!(self.0.update_company(key, ordinal, id, patch, seen))
    }

    fn add_note<'a>(&'a self, key: &'a str, ordinal: u32, about: &'a Subject, text: &'a str, seen: Floor) -> Asked<'a, Note> {
        again!(self.0.add_note(key, ordinal, about, text, seen))
    }

    fn kv_get<'a>(&'a self, space: &'a KvSpace, name: &'a str) -> Asked<'a, Option<KvEntry>> {
        again!(self.0.kv_get(space, name))
    }

    fn kv_list<'a>(&'a self, space: &'a KvSpace, prefix: &'a str, page: &'a PageRequest) -> Asked<'a, Listed<KvName>> {
        again!(self.0.kv_list(space, prefix, page))
    }

    fn kv_change<'a>(&'a self, key: &'a str, ordinal: u32, space: &'a KvSpace, name: &'a str, change: &'a KvChange, seen: Floor) -> Asked<'a, KvChanged> {
        again!(self.0.kv_change(key, ordinal, space, name, change, seen))
    }
}
