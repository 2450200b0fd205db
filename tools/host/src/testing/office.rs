//! An office in memory: what the interfaces promise, without a database.
//!
//! It answers a repeated (key, ordinal) with its first answer, knows rights only as one switch, and can be told to be
//! away, to lose its answers, or never to answer.

use super::kv::Kept;
use crate::office::{
    Amount, Asked, Chunk, Company, CompanyPatch, Contact, ContactPatch, Deal, DealFilter, Document, Documents, KvChange, KvChanged, KvEntry, KvName, KvSpace,
    Listed, NewCompany, NewContact, Note, Office, OfficeError, PageRequest, Pieces, Subject,
};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::future::{pending, ready};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use steward_core::event::ChunkRef;
use steward_core::{Floor, Integrity, Readers};

/// The id of a company that is never answered for.
const NEVER: &str = "company_that_never_answers";

/// The ids of two companies that are answered for only while both are asked for.
const TOGETHER: [&str; 2] = ["company_that_waits_for_another", "company_that_the_other_waits_for"];

/// Records to begin with, as the cases of a plugin write them.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Seed {
    contacts: Vec<SeedContact>,
    companies: Vec<SeedCompany>,
    deals: Vec<SeedDeal>,
    notes: Vec<SeedNote>,
    documents: Vec<SeedDocument>,
    /// The actor may do nothing.
    denied: bool,
    /// The office does not answer.
    away: bool,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct SeedContact {
    id: String,
    name: String,
    emails: Vec<String>,
    company_id: Option<String>,
    job_title: Option<String>,
    tags: Vec<String>,
    outside: bool,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct SeedCompany {
    id: String,
    name: String,
    website: Option<String>,
    outside: bool,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct SeedDeal {
    id: String,
    title: String,
    stage: String,
    minor: Option<i64>,
    company_id: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct SeedNote {
    contact_id: String,
    text: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct SeedDocument {
    id: String,
    name: String,
    pieces: Vec<String>,
    /// By address; none for the organisation.
    readers: Option<BTreeSet<String>>,
}

#[derive(Debug, Clone)]
enum Made {
    Contact(Contact),
    Company(Company),
    Note(Note),
}

#[derive(Debug, Default)]
struct Records {
    contacts: Vec<Contact>,
    companies: Vec<Company>,
    deals: Vec<Deal>,
    notes: Vec<Note>,
    documents: Vec<Pieces>,
    answers: BTreeMap<(String, u32), Made>,
    made: u32,
}

/// The office. What it holds can be looked at after the call.
#[derive(Debug, Default)]
pub struct MemoryOffice {
    records: Mutex<Records>,
    kept: Mutex<Kept>,
    judged: Mutex<Option<Floor>>,
    denied: bool,
    away: bool,
    loses_answers: AtomicBool,
    refuses: Mutex<Option<OfficeError>>,
    questions: AtomicU32,
    together: Meeting,
}

/// Where two questions wait for each other.
#[derive(Debug)]
struct Meeting(tokio::sync::Barrier);

impl Default for Meeting {
    fn default() -> Self {
        Self(tokio::sync::Barrier::new(TOGETHER.len()))
    }
}

impl MemoryOffice {
    /// An office with these records.
    pub fn new(seed: Seed) -> Self {
        let worth = |outside: bool| if outside { Integrity::Outside } else { Integrity::Directory };
        let company = |id: &Option<String>| seed.companies.iter().find(|company| Some(&company.id) == id.as_ref());
        let contacts = seed.contacts.iter().map(|contact| Contact {
            id: contact.id.clone(),
            name: contact.name.clone(),
            given_name: None,
            family_name: None,
            emails: contact.emails.clone(),
            phones: Vec::new(),
            company_id: contact.company_id.clone(),
            company_name: company(&contact.company_id).map(|company| company.name.clone()),
            company_integrity: company(&contact.company_id).map_or(Integrity::Outside, |company| worth(company.outside)),
            job_title: contact.job_title.clone(),
            tags: contact.tags.clone(),
            integrity: worth(contact.outside),
        });
        let companies = seed.companies.iter().map(|SeedCompany { id, name, website, outside }| Company {
            id: id.clone(),
            name: name.clone(),
            website: website.clone(),
            integrity: worth(*outside),
        });
        let deals = seed.deals.iter().map(|deal| Deal {
            id: deal.id.clone(),
            title: deal.title.clone(),
            stage: deal.stage.clone(),
            amount: deal.minor.map(|minor| Amount { minor, currency: "EUR".to_owned() }),
            company_id: deal.company_id.clone(),
            contact_id: None,
            integrity: Integrity::Fact,
        });
        let notes = seed.notes.iter().enumerate().map(|(index, note)| Note {
            id: format!("note_seed_{index}"),
            about: Subject::Contact(note.contact_id.clone()),
            text: note.text.clone(),
            author: None,
            created_at_ms: 0,
            integrity: Integrity::Outside,
        });
        let records = Records {
            contacts: contacts.collect(),
            companies: companies.collect(),
            deals: deals.collect(),
            notes: notes.collect(),
            documents: seed.documents.iter().map(document).collect(),
            ..Records::default()
        };
        Self { records: Mutex::new(records), denied: seed.denied, away: seed.away, ..Self::default() }
    }

    /// From now on changes are made and their answers lost, as when a connection breaks after the commit.
    pub fn lose_answers(&self) {
        self.loses_answers.store(true, Ordering::SeqCst);
    }

    /// From now on every change of a record is refused so.
    pub fn refuse_changes(&self, why: OfficeError) {
        *self.refuses.lock().unwrap_or_else(PoisonError::into_inner) = Some(why);
    }

    /// From now on calls are made with arguments of this floor; before that, with the owner's own words.
    pub fn judge(&self, floor: Floor) {
        *self.judged.lock().unwrap_or_else(PoisonError::into_inner) = Some(floor);
    }

    /// What a plugin keeps under a name, as text, with the floor it is kept with.
    pub fn kept(&self, plugin: &str, name: &str) -> Option<(String, Floor)> {
        let quota = crate::KV_QUOTA_DEFAULT;
        let entry = self.kept.lock().unwrap_or_else(PoisonError::into_inner).get(&KvSpace { plugin: plugin.to_owned(), quota }, name)?;
        Some((String::from_utf8_lossy(&entry.value).into_owned(), entry.floor))
    }

    /// How many notes there are.
    pub fn note_count(&self) -> usize {
        self.lock().notes.len()
    }

    /// How many contacts there are.
    pub fn contact_count(&self) -> usize {
        self.lock().contacts.len()
    }

    /// How often it was asked for anything.
    pub fn question_count(&self) -> u32 {
        self.questions.load(Ordering::SeqCst)
    }

    /// What a change of a record is worth. The owner's own words are no more than the book has otherwise.
    fn written(&self, seen: Floor) -> Integrity {
        self.judged().join(seen).integrity.min(Integrity::Directory)
    }

    fn lock(&self) -> MutexGuard<'_, Records> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read<'a, T: Send + 'a>(&'a self, read: impl FnOnce(&Records) -> Result<T, OfficeError>) -> Asked<'a, T> {
        self.questions.fetch_add(1, Ordering::SeqCst);
        Box::pin(ready(match (self.away, self.denied) {
            (true, _) => Err(OfficeError::Unavailable),
            (false, true) => Err(OfficeError::Denied),
            (false, false) => read(&self.lock()),
        }))
    }

    /// Makes a change once for each (key, ordinal).
    fn change<'a, T: Send + 'a>(
        &'a self,
        (key, ordinal): (&str, u32),
        make: impl FnOnce(&mut Records, u32) -> Result<Made, OfficeError>,
        take: impl FnOnce(Made) -> Option<T>,
    ) -> Asked<'a, T> {
        self.questions.fetch_add(1, Ordering::SeqCst);
        if self.away || self.denied {
            return Box::pin(ready(Err(if self.away { OfficeError::Unavailable } else { OfficeError::Denied })));
        }
        if let Some(refusal) = self.refuses.lock().unwrap_or_else(PoisonError::into_inner).clone() {
            return Box::pin(ready(Err(refusal)));
        }
        let mut records = self.lock();
        let at = (key.to_owned(), ordinal);
        let made = match records.answers.get(&at) {
            Some(made) => Ok(made.clone()),
            None => {
                records.made += 1;
                let number = records.made;
                make(&mut records, number).inspect(|made| {
                    records.answers.insert(at, made.clone());
                })
            }
        };
        let answer = made.and_then(|made| take(made).ok_or(OfficeError::Conflict));
        Box::pin(ready(if self.loses_answers.load(Ordering::SeqCst) { Err(OfficeError::Unavailable) } else { answer }))
    }
}

fn document(seed: &SeedDocument) -> Pieces {
    let mut at = 0;
    let chunks = (1..).zip(&seed.pieces).map(|(number, text)| {
        let (start, end) = (at, at + u32::try_from(text.chars().count()).unwrap_or(u32::MAX));
        at = end;
        let place = seed.id.parse().ok().map(|document_id| ChunkRef { document_id, number, name: seed.name.clone(), start, end });
        Chunk { cite: format!("{}#{number}", seed.id), number, heading: None, text: text.clone(), integrity: Integrity::Outside, place }
    });
    let chunks: Vec<Chunk> = chunks.collect();
    let document = Document {
        id: seed.id.clone(),
        name: seed.name.clone(),
        media_type: "text/plain".to_owned(),
        characters: at,
        chunks: u32::try_from(chunks.len()).unwrap_or(u32::MAX),
        created_at_ms: 0,
        integrity: Integrity::Fact,
        readers: seed.readers.clone().map_or(Readers::Public, Readers::Only),
    };
    Pieces { document, chunks, next: None }
}

fn cut<T: Clone>(rows: impl Iterator<Item = T>, page: &PageRequest) -> Result<Listed<T>, OfficeError> {
    let start = match &page.after {
        None => 0,
        Some(after) => after.parse::<usize>().map_err(|_| OfficeError::Invalid("after is no cursor".to_owned()))?,
    };
    let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
    let mut items: Vec<T> = rows.skip(start).take(limit.saturating_add(1)).collect();
    let next = (items.len() > limit).then(|| (start + limit).to_string());
    items.truncate(limit);
    Ok(Listed { items, next })
}

fn found<'a, T>(rows: &'a [T], id: &str, id_of: impl Fn(&T) -> &str) -> Result<&'a T, OfficeError> {
    rows.iter().find(|row| id_of(row) == id).ok_or(OfficeError::NotFound)
}

/// None leaves, an empty text takes away.
fn set(field: &mut Option<String>, patch: &Option<String>) {
    if let Some(value) = patch {
        *field = Some(value.clone()).filter(|value| !value.is_empty());
    }
}

impl Office for MemoryOffice {
    fn judged(&self) -> Floor {
        self.judged.lock().unwrap_or_else(PoisonError::into_inner).unwrap_or(Floor::CLEAN)
    }

    fn find_contacts<'a>(&'a self, query: &'a str, page: &'a PageRequest) -> Asked<'a, Listed<Contact>> {
        let query = query.to_lowercase();
        self.read(|records| {
            let matches = |contact: &&Contact| {
                let texts = [Some(&contact.name), contact.company_name.as_ref()];
                texts.into_iter().flatten().chain(&contact.emails).chain(&contact.tags).any(|text| text.to_lowercase().contains(&query))
            };
            cut(records.contacts.iter().filter(matches).cloned(), page)
        })
    }

    fn get_contact<'a>(&'a self, id: &'a str) -> Asked<'a, Contact> {
        self.read(|records| found(&records.contacts, id, |contact| &contact.id).cloned())
    }

    fn find_companies<'a>(&'a self, query: &'a str, page: &'a PageRequest) -> Asked<'a, Listed<Company>> {
        let query = query.to_lowercase();
        self.read(|records| cut(records.companies.iter().filter(|company| company.name.to_lowercase().contains(&query)).cloned(), page))
    }

    fn get_company<'a>(&'a self, id: &'a str) -> Asked<'a, Company> {
        if id == NEVER {
            return Box::pin(pending());
        }
        if TOGETHER.contains(&id) {
            return Box::pin(async move {
                self.together.0.wait().await;
                Ok(Company { id: id.to_owned(), name: "One of two".to_owned(), website: None, integrity: Integrity::Directory })
            });
        }
        self.read(|records| found(&records.companies, id, |company| &company.id).cloned())
    }

    fn list_deals<'a>(&'a self, filter: &'a DealFilter, page: &'a PageRequest) -> Asked<'a, Listed<Deal>> {
        let same = |wanted: &Option<String>, value: Option<&String>| wanted.is_none() || wanted.as_ref() == value;
        self.read(|records| {
            let matches = |deal: &&Deal| {
                same(&filter.company_id, deal.company_id.as_ref())
                    && same(&filter.contact_id, deal.contact_id.as_ref())
                    && same(&filter.stage, Some(&deal.stage))
            };
            cut(records.deals.iter().filter(matches).cloned(), page)
        })
    }

    fn list_notes<'a>(&'a self, about: &'a Subject, page: &'a PageRequest) -> Asked<'a, Listed<Note>> {
        self.read(|records| cut(records.notes.iter().rev().filter(|note| note.about == *about).cloned(), page))
    }

    fn search_documents<'a>(&'a self, query: &'a str, document: Option<&'a str>, limit: u32) -> Asked<'a, Vec<Documents>> {
        self.read(|records| {
            let words: Vec<String> = query.to_lowercase().split_whitespace().map(str::to_owned).collect();
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
        self.read(|records| {
            let Pieces { document, chunks, .. } = found(&records.documents, id, |pieces| &pieces.document.id)?.clone();
            let chunks: Vec<Chunk> = chunks.into_iter().filter(|chunk| chunk.number >= from).take(usize::try_from(limit).unwrap_or(usize::MAX)).collect();
            let next = chunks.last().map(|last| last.number + 1).filter(|next| *next <= document.chunks);
            Ok(Pieces { document, chunks, next })
        })
    }

    fn create_contact<'a>(&'a self, key: &'a str, ordinal: u32, new: &'a NewContact, seen: Floor) -> Asked<'a, Contact> {
        let integrity = self.written(seen);
        let make = |records: &mut Records, number: u32| {
            let company = new.company_id.as_deref().map(|id| found(&records.companies, id, |company| &company.id)).transpose()?;
            let NewContact { name, given_name, family_name, emails, phones, company_id, job_title, tags } = new.clone();
            let (company_name, company_integrity) = company.map(|company| (company.name.clone(), company.integrity)).unzip();
            let company_integrity = company_integrity.unwrap_or(Integrity::Outside);
            let id = format!("contact_new_{number}");
            let contact =
                Contact { id, name, given_name, family_name, emails, phones, company_id, company_name, company_integrity, job_title, tags, integrity };
            records.contacts.push(contact.clone());
            Ok(Made::Contact(contact))
        };
        self.change((key, ordinal), make, |made| if let Made::Contact(contact) = made { Some(contact) } else { None })
    }

    fn update_contact<'a>(&'a self, key: &'a str, ordinal: u32, id: &'a str, patch: &'a ContactPatch, seen: Floor) -> Asked<'a, Contact> {
        let integrity = self.written(seen);
        let make = |records: &mut Records, _: u32| {
            let contact = records.contacts.iter_mut().find(|contact| contact.id == id).ok_or(OfficeError::NotFound)?;
            contact.name = patch.name.clone().unwrap_or_else(|| contact.name.clone());
            set(&mut contact.given_name, &patch.given_name);
            set(&mut contact.family_name, &patch.family_name);
            set(&mut contact.company_id, &patch.company_id);
            set(&mut contact.job_title, &patch.job_title);
            for (list, patch) in [(&mut contact.emails, &patch.emails), (&mut contact.phones, &patch.phones), (&mut contact.tags, &patch.tags)] {
                list.clone_from(patch.as_ref().unwrap_or(&list.clone()));
            }
            contact.integrity = contact.integrity.min(integrity);
            Ok(Made::Contact(contact.clone()))
        };
        self.change((key, ordinal), make, |made| if let Made::Contact(contact) = made { Some(contact) } else { None })
    }

    fn create_company<'a>(&'a self, key: &'a str, ordinal: u32, new: &'a NewCompany, seen: Floor) -> Asked<'a, Company> {
        let integrity = self.written(seen);
        let make = |records: &mut Records, number: u32| {
            if records.companies.iter().any(|company| company.name == new.name) {
                return Err(OfficeError::Conflict);
            }
            let company = Company { id: format!("company_new_{number}"), name: new.name.clone(), website: new.website.clone(), integrity };
            records.companies.push(company.clone());
            Ok(Made::Company(company))
        };
        self.change((key, ordinal), make, |made| if let Made::Company(company) = made { Some(company) } else { None })
    }

    fn update_company<'a>(&'a self, key: &'a str, ordinal: u32, id: &'a str, patch: &'a CompanyPatch, seen: Floor) -> Asked<'a, Company> {
        let integrity = self.written(seen);
        let make = |records: &mut Records, _: u32| {
            let company = records.companies.iter_mut().find(|company| company.id == id).ok_or(OfficeError::NotFound)?;
            company.name = patch.name.clone().unwrap_or_else(|| company.name.clone());
            set(&mut company.website, &patch.website);
            company.integrity = company.integrity.min(integrity);
            Ok(Made::Company(company.clone()))
        };
        self.change((key, ordinal), make, |made| if let Made::Company(company) = made { Some(company) } else { None })
    }

    fn add_note<'a>(&'a self, key: &'a str, ordinal: u32, about: &'a Subject, text: &'a str, seen: Floor) -> Asked<'a, Note> {
        let integrity = self.written(seen);
        let make = |records: &mut Records, number: u32| {
            if let Subject::Contact(id) = about {
                found(&records.contacts, id, |contact| &contact.id)?;
            }
            let note = Note {
                id: format!("note_new_{number}"),
                about: about.clone(),
                text: text.to_owned(),
                author: Some("assistant".to_owned()),
                created_at_ms: 0,
                integrity,
            };
            records.notes.push(note.clone());
            Ok(Made::Note(note))
        };
        self.change((key, ordinal), make, |made| if let Made::Note(note) = made { Some(note) } else { None })
    }

    fn kv_get<'a>(&'a self, space: &'a KvSpace, name: &'a str) -> Asked<'a, Option<KvEntry>> {
        self.read(|_| Ok(self.kept.lock().unwrap_or_else(PoisonError::into_inner).get(space, name)))
    }

    fn kv_list<'a>(&'a self, space: &'a KvSpace, prefix: &'a str, page: &'a PageRequest) -> Asked<'a, Listed<KvName>> {
        self.read(|_| Ok(self.kept.lock().unwrap_or_else(PoisonError::into_inner).list(space, prefix, page)))
    }

    fn kv_change<'a>(&'a self, key: &'a str, ordinal: u32, space: &'a KvSpace, name: &'a str, change: &'a KvChange, seen: Floor) -> Asked<'a, KvChanged> {
        let floor = self.judged().join(seen);
        let answer = self.read(|_| self.kept.lock().unwrap_or_else(PoisonError::into_inner).change((key, ordinal), space, name, change, floor));
        if self.loses_answers.load(Ordering::SeqCst) { Box::pin(ready(Err(OfficeError::Unavailable))) } else { answer }
    }
}
