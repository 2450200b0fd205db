//! An office in memory, for the shipped plugins under exam: contacts, companies, deals and notes, each with the integrity of
//! what it was written from, as the real office keeps it. Nothing of it outlives the exam.

use serde::Deserialize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use steward_agent::driver::HandsFor;
use steward_core::event::ChunkRef;
use steward_core::{Floor, Integrity, Readers};
use steward_host::office::{
    Asked, Chunk, Company, CompanyPatch, Contact, ContactPatch, Deal, DealFilter, Document, Documents, KvChange, KvChanged, KvEntry, KvName, KvSpace, Listed,
    NewCompany, NewContact, Note, Office, OfficeError, PageRequest, Pieces, Subject,
};

/// Records to begin with.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Seed {
    /// People.
    pub contacts: Vec<SeedContact>,
    /// Notes, on contacts.
    pub notes: Vec<SeedNote>,
    /// Deals.
    pub deals: Vec<SeedDeal>,
    /// Documents.
    pub documents: Vec<SeedDocument>,
}

/// A document to begin with: its text is one piece.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SeedDocument {
    /// `doc_…`.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// What it says.
    pub text: String,
}

/// A person to begin with.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SeedContact {
    /// `contact_…`.
    pub id: String,
    /// As shown.
    pub name: String,
    /// The address.
    pub email: String,
    /// What the person does.
    pub job_title: Option<String>,
    /// Whether it was written from a text of others, by an import or a form.
    pub outside: bool,
}

/// A note to begin with.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SeedNote {
    /// On whom.
    pub contact_id: String,
    /// What it says.
    pub text: String,
}

/// A deal to begin with.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SeedDeal {
    /// `deal_…`.
    pub id: String,
    /// What it is called.
    pub title: String,
}

#[derive(Debug, Default)]
struct Records {
    contacts: Vec<Contact>,
    companies: Vec<Company>,
    deals: Vec<Deal>,
    notes: Vec<Note>,
    documents: Vec<Pieces>,
    made: u32,
}

/// The office.
#[derive(Debug, Clone, Default)]
pub struct Desk {
    records: Arc<Mutex<Records>>,
}

impl Desk {
    /// What plugins get of it: a call writes with the integrity of its arguments, and of what its plugin was shown before.
    pub fn hands(&self) -> HandsFor {
        let desk = self.clone();
        Arc::new(move |floor, _| Arc::new(Hands { desk: desk.clone(), floor }))
    }

    /// These records and no others.
    pub fn set(&self, seed: &Seed) {
        let integrity = |outside: bool| if outside { Integrity::Outside } else { Integrity::Owner };
        let contact = |seed: &SeedContact| Contact {
            id: seed.id.clone(),
            name: seed.name.clone(),
            given_name: None,
            family_name: None,
            emails: vec![seed.email.clone()],
            phones: Vec::new(),
            company_id: None,
            company_name: None,
            company_integrity: Integrity::Outside,
            job_title: seed.job_title.clone(),
            tags: Vec::new(),
            integrity: integrity(seed.outside),
        };
        let note = |(at, seed): (usize, &SeedNote)| Note {
            id: format!("note_{at}"),
            about: Subject::Contact(seed.contact_id.clone()),
            text: seed.text.clone(),
            author: None,
            created_at_ms: 0,
            integrity: Integrity::Outside,
        };
        let deal = |seed: &SeedDeal| Deal {
            id: seed.id.clone(),
            title: seed.title.clone(),
            stage: "open".to_owned(),
            amount: None,
            company_id: None,
            contact_id: None,
            integrity: Integrity::Outside,
        };
        let document = |seed: &SeedDocument| {
            let characters = u32::try_from(seed.text.chars().count()).unwrap_or(u32::MAX);
            let document = Document {
                id: seed.id.clone(),
                name: seed.name.clone(),
                media_type: "text/plain".to_owned(),
                characters,
                chunks: 1,
                created_at_ms: 0,
                integrity: Integrity::Fact,
                readers: Readers::Public,
            };
            let cite = format!("{}#1", seed.id);
            let place = seed.id.parse().ok().map(|document_id| ChunkRef { document_id, number: 1, name: seed.name.clone(), start: 0, end: characters });
            let chunk = Chunk { cite, number: 1, heading: None, text: seed.text.clone(), integrity: Integrity::Outside, place };
            Pieces { document, chunks: vec![chunk], next: None }
        };
        *self.lock() = Records {
            documents: seed.documents.iter().map(document).collect(),
            contacts: seed.contacts.iter().map(contact).collect(),
            notes: seed.notes.iter().enumerate().map(note).collect(),
            deals: seed.deals.iter().map(deal).collect(),
            ..Records::default()
        };
    }

    fn lock(&self) -> MutexGuard<'_, Records> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The office of one call.
struct Hands {
    desk: Desk,
    floor: Floor,
}

impl Hands {
    fn written(&self, seen: Floor) -> Integrity {
        self.floor.join(seen).integrity
    }

    fn ask<'a, T: Send + 'a>(&'a self, ask: impl FnOnce(&mut Records) -> Result<T, OfficeError>) -> Asked<'a, T> {
        let answer = ask(&mut self.desk.lock());
        Box::pin(std::future::ready(answer))
    }
}

impl Records {
    fn next(&mut self, kind: &str) -> String {
        self.made += 1;
        format!("{kind}_made_{}", self.made)
    }
}

fn page<T: Clone>(rows: impl Iterator<Item = T>, page: &PageRequest) -> Result<Listed<T>, OfficeError> {
    // So few records are one page.
    let items = rows.take(usize::try_from(page.limit).unwrap_or(usize::MAX)).collect();
    Ok(Listed { items, next: None })
}

fn one<T>(rows: &mut [T], is_it: impl Fn(&T) -> bool) -> Result<&mut T, OfficeError> {
    rows.iter_mut().find(|row| is_it(row)).ok_or(OfficeError::NotFound)
}

fn put<T: Clone>(field: &mut T, patch: &Option<T>) {
    if let Some(value) = patch {
        field.clone_from(value);
    }
}

fn put_text(field: &mut Option<String>, patch: &Option<String>) {
    if let Some(value) = patch {
        *field = Some(value.clone()).filter(|value| !value.is_empty());
    }
}

impl Office for Hands {
    fn judged(&self) -> Floor {
        self.floor
    }

    fn find_contacts<'a>(&'a self, query: &'a str, wanted: &'a PageRequest) -> Asked<'a, Listed<Contact>> {
        let query = query.to_lowercase();
        let fits = |contact: &&Contact| contact.emails.iter().chain([&contact.name]).any(|text| text.to_lowercase().contains(&query));
        self.ask(|records| page(records.contacts.iter().filter(fits).cloned(), wanted))
    }

    fn get_contact<'a>(&'a self, id: &'a str) -> Asked<'a, Contact> {
        self.ask(|records| one(&mut records.contacts, |contact| contact.id == id).map(|contact| contact.clone()))
    }

    fn find_companies<'a>(&'a self, query: &'a str, wanted: &'a PageRequest) -> Asked<'a, Listed<Company>> {
        let query = query.to_lowercase();
        self.ask(|records| page(records.companies.iter().filter(|company| company.name.to_lowercase().contains(&query)).cloned(), wanted))
    }

    fn get_company<'a>(&'a self, id: &'a str) -> Asked<'a, Company> {
        self.ask(|records| one(&mut records.companies, |company| company.id == id).map(|company| company.clone()))
    }

    fn list_deals<'a>(&'a self, _filter: &'a DealFilter, wanted: &'a PageRequest) -> Asked<'a, Listed<Deal>> {
        self.ask(|records| page(records.deals.iter().cloned(), wanted))
    }

    fn list_notes<'a>(&'a self, about: &'a Subject, wanted: &'a PageRequest) -> Asked<'a, Listed<Note>> {
        self.ask(|records| page(records.notes.iter().rev().filter(|note| note.about == *about).cloned(), wanted))
    }

    fn search_documents<'a>(&'a self, query: &'a str, document: Option<&'a str>, limit: u32) -> Asked<'a, Vec<Documents>> {
        let words: Vec<String> = query.to_lowercase().split_whitespace().map(str::to_owned).collect();
        self.ask(|records| {
            let wanted = records.documents.iter().filter(|pieces| document.is_none_or(|id| pieces.document.id == id));
            let found = wanted.map(|Pieces { document, chunks, .. }| {
                let fits = |chunk: &&Chunk| words.iter().any(|word| chunk.text.to_lowercase().contains(word));
                Documents {
                    document: document.clone(),
                    chunks: chunks.iter().filter(fits).take(usize::try_from(limit).unwrap_or(usize::MAX)).cloned().collect(),
                }
            });
            Ok(found.filter(|found| !found.chunks.is_empty()).collect())
        })
    }

    fn read_document<'a>(&'a self, id: &'a str, from: u32, limit: u32) -> Asked<'a, Pieces> {
        self.ask(|records| {
            let Pieces { document, chunks, .. } = one(&mut records.documents, |pieces| pieces.document.id == id)?.clone();
            let chunks: Vec<Chunk> = chunks.into_iter().filter(|chunk| chunk.number >= from).take(usize::try_from(limit).unwrap_or(usize::MAX)).collect();
            let next = chunks.last().map(|last| last.number + 1).filter(|next| *next <= document.chunks);
            Ok(Pieces { document, chunks, next })
        })
    }

    fn create_contact<'a>(&'a self, _key: &'a str, _ordinal: u32, new: &'a NewContact, seen: Floor) -> Asked<'a, Contact> {
        let NewContact { name, given_name, family_name, emails, phones, company_id, job_title, tags } = new.clone();
        let integrity = self.written(seen);
        self.ask(|records| {
            let id = records.next("contact");
            let (company_name, company_integrity) = (None, Integrity::Outside);
            let contact =
                Contact { id, name, given_name, family_name, emails, phones, company_id, company_name, company_integrity, job_title, tags, integrity };
            records.contacts.push(contact.clone());
            Ok(contact)
        })
    }

    fn update_contact<'a>(&'a self, _key: &'a str, _ordinal: u32, id: &'a str, patch: &'a ContactPatch, seen: Floor) -> Asked<'a, Contact> {
        self.ask(|records| {
            let contact = one(&mut records.contacts, |contact| contact.id == id)?;
            put(&mut contact.name, &patch.name);
            put(&mut contact.emails, &patch.emails);
            put(&mut contact.phones, &patch.phones);
            put(&mut contact.tags, &patch.tags);
            put_text(&mut contact.given_name, &patch.given_name);
            put_text(&mut contact.family_name, &patch.family_name);
            put_text(&mut contact.company_id, &patch.company_id);
            put_text(&mut contact.job_title, &patch.job_title);
            contact.integrity = contact.integrity.min(self.written(seen));
            Ok(contact.clone())
        })
    }

    fn create_company<'a>(&'a self, _key: &'a str, _ordinal: u32, new: &'a NewCompany, seen: Floor) -> Asked<'a, Company> {
        self.ask(|records| {
            let company = Company { id: records.next("company"), name: new.name.clone(), website: new.website.clone(), integrity: self.written(seen) };
            records.companies.push(company.clone());
            Ok(company)
        })
    }

    fn update_company<'a>(&'a self, _key: &'a str, _ordinal: u32, id: &'a str, patch: &'a CompanyPatch, seen: Floor) -> Asked<'a, Company> {
        self.ask(|records| {
            let company = one(&mut records.companies, |company| company.id == id)?;
            put(&mut company.name, &patch.name);
            put_text(&mut company.website, &patch.website);
            company.integrity = company.integrity.min(self.written(seen));
            Ok(company.clone())
        })
    }

    fn add_note<'a>(&'a self, _key: &'a str, _ordinal: u32, about: &'a Subject, text: &'a str, seen: Floor) -> Asked<'a, Note> {
        self.ask(|records| {
            if let Subject::Contact(id) = about {
                one(&mut records.contacts, |contact| contact.id == *id)?;
            }
            let note =
                Note { id: records.next("note"), about: about.clone(), text: text.to_owned(), author: None, created_at_ms: 0, integrity: self.written(seen) };
            records.notes.push(note.clone());
            Ok(note)
        })
    }

    // No plugin of an exam keeps anything, so whoever asks is told that it may not.
    fn kv_get<'a>(&'a self, _space: &'a KvSpace, _name: &'a str) -> Asked<'a, Option<KvEntry>> {
        self.ask(|_| Err(OfficeError::Denied))
    }

    fn kv_list<'a>(&'a self, _space: &'a KvSpace, _prefix: &'a str, _page: &'a PageRequest) -> Asked<'a, Listed<KvName>> {
        self.ask(|_| Err(OfficeError::Denied))
    }

    fn kv_change<'a>(&'a self, _key: &'a str, _ordinal: u32, _space: &'a KvSpace, _name: &'a str, _change: &'a KvChange, _seen: Floor) -> Asked<'a, KvChanged> {
        self.ask(|_| Err(OfficeError::Denied))
    }
}
