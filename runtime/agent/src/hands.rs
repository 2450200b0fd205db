//! What plugins may ask of the office, on behalf of the run's actor: typed questions, each in a transaction of its own.
//!
//! Row security sees the person the agent acts for. A change is made once per key and ordinal; a repeat finds its answer.

mod steady;

pub(crate) use steady::Steady;

use std::sync::{Mutex, PoisonError};
use steward_core::{Actor, CompanyId, ContactId, Digest, DocumentId, Floor, HasKind, Integrity, Kind, RunId, WorkspaceId};
use steward_host::office::{self as ask, Asked, Documents, KvChange, KvChanged, KvEntry, KvName, KvSpace, Listed, OfficeError, PageRequest, Pieces, Subject};
use steward_office::crm::{self, CrmError, NoteOn, Point, Stood};
use steward_office::{Office, documents, kept};
use steward_store::document::DocumentRow;
use steward_store::{Cursor, Page, Store, Tx};

/// The office for one call of one run.
pub(crate) struct Hands {
    store: Store,
    office: Office,
    actor: Actor,
    run: RunId,
    workspace: WorkspaceId,
    floor: Floor,
    /// How records stood for whoever approved the call, and then as it changed them itself.
    stood: Mutex<Stood>,
}

impl Hands {
    /// For this run's actor; what is written carries `floor`, that of the call's arguments, joined with that of what the plugin was shown.
    pub(crate) fn new(store: Store, office: Office, actor: Actor, run: RunId, workspace: WorkspaceId, floor: Floor) -> Self {
        Self { store, office, actor, run, workspace, floor, stood: Mutex::default() }
    }

    /// The same for a call that people approved: what was done to these records since then is not undone.
    pub(crate) fn approved_beside(self, stood: Stood) -> Self {
        Self { stood: Mutex::new(stood), ..self }
    }

    fn stood(&self) -> Stood {
        self.stood.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes what the call itself changed, so that its next change is not refused for this one.
    fn note(&self, change: impl FnOnce(&mut Stood)) {
        change(&mut self.stood.lock().unwrap_or_else(PoisonError::into_inner));
    }

    async fn begin(&self) -> Result<Tx, OfficeError> {
        self.store.begin(&self.actor).await.map_err(|err| refusal(&err.into()))
    }

    fn effect(&self, key: &str, ordinal: u32, request: &impl std::fmt::Debug) -> crm::Effect {
        // The same call asks the same, so it finds its answer; another request under its key is refused.
        let request_digest = Digest::of(format!("{request:?}").as_bytes());
        crm::Effect { key: key.to_owned(), ordinal, run: self.run, workspace: self.workspace, request_digest }
    }

    /// What a record counts for that is written from this call's arguments and from what its plugin was shown.
    fn written(&self, seen: Floor) -> Integrity {
        self.floor.join(seen).integrity
    }

    /// Commits a change that was made, or gives its refusal.
    async fn settle<T>(mut tx: Tx, made: Result<crm::Made<T>, CrmError>) -> Result<T, OfficeError> {
        let made = match made {
            Ok(made) => made,
            Err(err) => return Err(refused(&mut tx, &err).await),
        };
        tx.commit().await.map_err(|err| refusal(&err.into()))?;
        Ok(made.into_answer())
    }
}

/// What the model is told. Only what it can act on: which field is wrong, that it exists already, that there is none.
fn refusal(err: &CrmError) -> OfficeError {
    let told = |record, integrity| OfficeError::Told { why: err.to_string(), record, integrity };
    match err.kind() {
        Kind::Invalid => match err {
            CrmError::Undoes { record, integrity, .. } => told(record.clone(), *integrity),
            _ => OfficeError::Invalid(err.to_string()),
        },
        Kind::Missing => OfficeError::NotFound,
        Kind::Denied => OfficeError::Denied,
        Kind::Conflict => match err {
            CrmError::AddressTaken { contact, .. } | CrmError::Merged { into: contact, .. } => told(contact.to_string(), Integrity::Outside),
            CrmError::NameTaken { company, .. } | CrmError::CompanyMerged { into: company, .. } => told(company.to_string(), Integrity::Outside),
            _ => OfficeError::Conflict,
        },
        Kind::Limit => OfficeError::TooLarge,
        Kind::Away | Kind::Bug => OfficeError::Unavailable,
    }
}

/// The same, with what the record counts for that it tells of. One that cannot be read counts as a stranger's text.
async fn refused(tx: &mut Tx, err: &CrmError) -> OfficeError {
    let known = match err {
        CrmError::AddressTaken { contact, .. } | CrmError::Merged { into: contact, .. } => {
            crm::get_contact(tx, *contact).await.ok().map(|contact| contact.integrity)
        }
        CrmError::NameTaken { company, .. } | CrmError::CompanyMerged { into: company, .. } => {
            crm::get_company(tx, *company).await.ok().map(|company| company.integrity)
        }
        _ => None,
    };
    match (refusal(err), known) {
        (OfficeError::Told { why, record, .. }, Some(integrity)) => OfficeError::Told { why, record, integrity },
        (refusal, _) => refusal,
    }
}

fn page_of(page: &PageRequest) -> Result<Page, OfficeError> {
    let after = page.after.as_deref().map(str::parse::<Cursor>).transpose().map_err(|err| OfficeError::Invalid(err.to_string()))?;
    Ok(Page::new(Some(page.limit), after))
}

fn id<T: steward_core::id::Id>(text: &str) -> Result<T, OfficeError> {
    text.parse().map_err(|err: steward_core::id::IdError| OfficeError::Invalid(err.to_string()))
}

fn on(about: &Subject) -> Result<NoteOn, OfficeError> {
    Ok(match about {
        Subject::Contact(text) => NoteOn::Contact(id(text)?),
        Subject::Company(text) => NoteOn::Company(id(text)?),
        Subject::Deal(text) => NoteOn::Deal(id(text)?),
    })
}

fn points(values: &[String]) -> Vec<Point> {
    values.iter().map(Point::new).collect()
}

fn contact(from: crm::Contact) -> ask::Contact {
    ask::Contact {
        id: from.contact_id.to_string(),
        name: from.display_name,
        given_name: from.given_name,
        family_name: from.family_name,
        emails: from.emails.into_iter().map(|point| point.value).collect(),
        phones: from.phones.into_iter().map(|point| point.value).collect(),
        company_id: from.company.as_ref().map(|company| company.company_id.to_string()),
        company_integrity: from.company.as_ref().map_or(Integrity::Outside, |company| company.integrity),
        company_name: from.company.map(|company| company.name),
        job_title: from.job_title,
        tags: from.tags,
        integrity: from.integrity,
    }
}

fn company(from: crm::Company) -> ask::Company {
    ask::Company { id: from.company_id.to_string(), name: from.name, website: from.website, integrity: from.integrity }
}

fn deal(from: crm::Deal) -> ask::Deal {
    ask::Deal {
        id: from.deal_id.to_string(),
        title: from.title,
        stage: from.stage,
        amount: from.amount.map(|money| ask::Amount { minor: money.minor, currency: money.currency.to_string() }),
        company_id: from.company_id.map(|id| id.to_string()),
        contact_id: from.contact_id.map(|id| id.to_string()),
        integrity: from.integrity,
    }
}

fn note(from: crm::Note) -> ask::Note {
    ask::Note {
        id: from.note_id.to_string(),
        about: match from.on {
            NoteOn::Contact(id) => Subject::Contact(id.to_string()),
            NoteOn::Company(id) => Subject::Company(id.to_string()),
            NoteOn::Deal(id) => Subject::Deal(id.to_string()),
        },
        text: from.text,
        author: from.agent.or_else(|| from.person_id.map(|id| id.to_string())),
        created_at_ms: i64::try_from(from.created_at.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX),
        integrity: from.integrity,
    }
}

/// The same of what is asked of documents.
fn said(err: &steward_office::OfficeError) -> OfficeError {
    match err.kind() {
        Kind::Invalid => OfficeError::Invalid(err.to_string()),
        Kind::Missing => OfficeError::NotFound,
        Kind::Denied => OfficeError::Denied,
        Kind::Conflict => OfficeError::Conflict,
        Kind::Limit => OfficeError::TooLarge,
        Kind::Away | Kind::Bug => OfficeError::Unavailable,
    }
}

fn pieces(found: documents::Found) -> (ask::Document, Vec<ask::Chunk>) {
    let chunks = found.chunks.iter().map(|chunk| {
        let place = found.reference(chunk);
        let (cite, number) = (place.mark(), place.number);
        ask::Chunk { cite, number, heading: chunk.heading.clone(), text: chunk.text.clone(), integrity: chunk.integrity, place: Some(place) }
    });
    let chunks = chunks.collect();
    let DocumentRow { document_id, name, media_type, characters, chunks: count, integrity, created_at, .. } = found.document;
    let document = ask::Document {
        id: document_id.to_string(),
        name,
        media_type,
        characters: characters.unsigned_abs(),
        chunks: count.unsigned_abs(),
        created_at_ms: i64::try_from(created_at.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX),
        integrity,
        readers: found.readers,
    };
    (document, chunks)
}

fn listed<A, B>(slice: crm::Slice<A>, each: impl Fn(A) -> B) -> Listed<B> {
    Listed { items: slice.items.into_iter().map(each).collect(), next: slice.next.map(|cursor| cursor.to_string()) }
}

fn changed(from: kept::Changed) -> KvChanged {
    match from {
        kept::Changed::Version(version) => KvChanged::Version(version),
        kept::Changed::Deleted(was_there) => KvChanged::Deleted(was_there),
        kept::Changed::Conflict(stands) => KvChanged::Conflict(stands),
        kept::Changed::Better(stands) => KvChanged::Better(stands),
        kept::Changed::OverQuota(all) => KvChanged::OverQuota(all),
    }
}

impl ask::Office for Hands {
    fn judged(&self) -> Floor {
        self.floor
    }

    fn find_contacts<'a>(&'a self, query: &'a str, page: &'a PageRequest) -> Asked<'a, Listed<ask::Contact>> {
        Box::pin(async move {
            let mut tx = self.begin().await?;
            let query = crm::ContactQuery { text: query.to_owned(), workspace: Some(self.workspace), company: None };
            let found = crm::find_contacts(&mut tx, &query, &page_of(page)?).await.map_err(|err| refusal(&err))?;
            Ok(listed(found, contact))
        })
    }

    fn get_contact<'a>(&'a self, text: &'a str) -> Asked<'a, ask::Contact> {
        Box::pin(async move {
            let mut tx = self.begin().await?;
            let found = crm::get_contact(&mut tx, id::<ContactId>(text)?).await.map_err(|err| refusal(&err))?;
            // What was merged away is history: the model is told which record to read instead.
            match found.merged_into {
                Some(into) => Err(refused(&mut tx, &CrmError::Merged { contact: found.contact_id, into }).await),
                None => Ok(contact(found)),
            }
        })
    }

    fn find_companies<'a>(&'a self, query: &'a str, page: &'a PageRequest) -> Asked<'a, Listed<ask::Company>> {
        Box::pin(async move {
            let mut tx = self.begin().await?;
            let query = crm::CompanyQuery { text: query.to_owned(), workspace: Some(self.workspace) };
            let found = crm::find_companies(&mut tx, &query, &page_of(page)?).await.map_err(|err| refusal(&err))?;
            Ok(listed(found, company))
        })
    }

    fn get_company<'a>(&'a self, text: &'a str) -> Asked<'a, ask::Company> {
        Box::pin(async move {
            let mut tx = self.begin().await?;
            let found = crm::get_company(&mut tx, id::<CompanyId>(text)?).await.map_err(|err| refusal(&err))?;
            // As with contacts: what was merged away is history.
            match found.merged_into {
                Some(into) => Err(refused(&mut tx, &CrmError::CompanyMerged { company: found.company_id, into }).await),
                None => Ok(company(found)),
            }
        })
    }

    fn list_deals<'a>(&'a self, filter: &'a ask::DealFilter, page: &'a PageRequest) -> Asked<'a, Listed<ask::Deal>> {
        Box::pin(async move {
            let filter = crm::DealFilter {
                workspace: Some(self.workspace),
                company: filter.company_id.as_deref().map(id).transpose()?,
                contact: filter.contact_id.as_deref().map(id).transpose()?,
                stage: filter.stage.clone(),
            };
            let mut tx = self.begin().await?;
            let found = crm::list_deals(&mut tx, &filter, &page_of(page)?).await.map_err(|err| refusal(&err))?;
            Ok(listed(found, deal))
        })
    }

    fn list_notes<'a>(&'a self, about: &'a Subject, page: &'a PageRequest) -> Asked<'a, Listed<ask::Note>> {
        Box::pin(async move {
            let mut tx = self.begin().await?;
            let found = crm::list_notes(&mut tx, on(about)?, &page_of(page)?).await.map_err(|err| refusal(&err))?;
            Ok(listed(found, note))
        })
    }

    fn search_documents<'a>(&'a self, query: &'a str, document: Option<&'a str>, limit: u32) -> Asked<'a, Vec<Documents>> {
        Box::pin(async move {
            let document = document.map(id::<DocumentId>).transpose()?;
            let mut tx = self.begin().await?;
            let found = documents::search(&mut tx, self.workspace, query, document, limit).await.map_err(|err| said(&err))?;
            Ok(found
                .into_iter()
                .map(|found| {
                    let (document, chunks) = pieces(found);
                    Documents { document, chunks }
                })
                .collect())
        })
    }

    fn read_document<'a>(&'a self, text: &'a str, from: u32, limit: u32) -> Asked<'a, Pieces> {
        Box::pin(async move {
            let mut tx = self.begin().await?;
            let (found, next) = documents::look_into(&mut tx, self.workspace, id::<DocumentId>(text)?, from, limit).await.map_err(|err| said(&err))?;
            let (document, chunks) = pieces(found);
            Ok(Pieces { document, chunks, next })
        })
    }

    fn create_contact<'a>(&'a self, key: &'a str, ordinal: u32, new: &'a ask::NewContact, seen: Floor) -> Asked<'a, ask::Contact> {
        Box::pin(async move {
            let (office, workspace, integrity) = (self.office.clone(), self.workspace, self.written(seen));
            let wanted = crm::NewContact {
                display_name: Some(new.name.clone()).filter(|name| !name.is_empty()),
                given_name: new.given_name.clone(),
                family_name: new.family_name.clone(),
                company_id: new.company_id.as_deref().map(id).transpose()?,
                job_title: new.job_title.clone(),
                emails: points(&new.emails),
                phones: points(&new.phones),
                tags: new.tags.clone(),
                ..crm::NewContact::default()
            };
            let mut tx = self.begin().await?;
            let effect = self.effect(key, ordinal, &("create_contact", new));
            let made =
                crm::once(&mut tx, &self.office, &effect, async move |tx: &mut Tx| crm::create_contact(tx, &office, workspace, &wanted, integrity).await).await;
            Self::settle(tx, made).await.map(contact)
        })
    }

    fn update_contact<'a>(&'a self, key: &'a str, ordinal: u32, text: &'a str, patch: &'a ask::ContactPatch, seen: Floor) -> Asked<'a, ask::Contact> {
        Box::pin(async move {
            let (office, integrity, run, stood) = (self.office.clone(), self.written(seen), self.run, self.stood());
            let target: ContactId = id(text)?;
            let wanted = crm::ContactPatch {
                display_name: patch.name.clone(),
                given_name: patch.given_name.clone(),
                family_name: patch.family_name.clone(),
                company_id: patch.company_id.as_deref().filter(|text| !text.is_empty()).map(id).transpose()?,
                no_company: patch.company_id.as_deref() == Some(""),
                job_title: patch.job_title.clone(),
                emails: patch.emails.as_deref().map(points),
                phones: patch.phones.as_deref().map(points),
                tags: patch.tags.clone(),
                ..crm::ContactPatch::default()
            };
            let mut tx = self.begin().await?;
            let effect = self.effect(key, ordinal, &("update_contact", text, patch));
            let set = wanted.clone();
            let change = async move |tx: &mut Tx| {
                // An agent changes what stands there now; its own reading may be minutes old, so the version is taken inside the change.
                let now = crm::get_contact(tx, target).await?;
                crm::check_keeps_merged(tx, target, run, &wanted).await?;
                stood.check_contact(&now, &wanted)?;
                crm::update_contact(tx, &office, target, now.version, &wanted.keeping_labels(&now), integrity).await
            };
            let made = crm::once(&mut tx, &self.office, &effect, change).await;
            let changed = Self::settle(tx, made).await?;
            self.note(|stood| stood.took_contact(&changed, &set));
            Ok(contact(changed))
        })
    }

    fn create_company<'a>(&'a self, key: &'a str, ordinal: u32, new: &'a ask::NewCompany, seen: Floor) -> Asked<'a, ask::Company> {
        Box::pin(async move {
            let (office, workspace, integrity) = (self.office.clone(), self.workspace, self.written(seen));
            let wanted = crm::NewCompany { name: new.name.clone(), website: new.website.clone() };
            let mut tx = self.begin().await?;
            let effect = self.effect(key, ordinal, &("create_company", new));
            let made =
                crm::once(&mut tx, &self.office, &effect, async move |tx: &mut Tx| crm::create_company(tx, &office, workspace, &wanted, integrity).await).await;
            Self::settle(tx, made).await.map(company)
        })
    }

    fn update_company<'a>(&'a self, key: &'a str, ordinal: u32, text: &'a str, patch: &'a ask::CompanyPatch, seen: Floor) -> Asked<'a, ask::Company> {
        Box::pin(async move {
            let (office, integrity, stood) = (self.office.clone(), self.written(seen), self.stood());
            let target: CompanyId = id(text)?;
            let wanted = crm::CompanyPatch { name: patch.name.clone(), website: patch.website.clone() };
            let mut tx = self.begin().await?;
            let effect = self.effect(key, ordinal, &("update_company", text, patch));
            let set = wanted.clone();
            let change = async move |tx: &mut Tx| {
                let now = crm::get_company(tx, target).await?;
                stood.check_company(&now, &wanted)?;
                crm::update_company(tx, &office, target, now.version, &wanted, integrity).await
            };
            let made = crm::once(&mut tx, &self.office, &effect, change).await;
            let changed = Self::settle(tx, made).await?;
            self.note(|stood| stood.took_company(&changed, &set));
            Ok(company(changed))
        })
    }

    fn add_note<'a>(&'a self, key: &'a str, ordinal: u32, about: &'a Subject, text: &'a str, seen: Floor) -> Asked<'a, ask::Note> {
        Box::pin(async move {
            let (office, integrity) = (self.office.clone(), self.written(seen));
            let target = on(about)?;
            let words = text.to_owned();
            let mut tx = self.begin().await?;
            let effect = self.effect(key, ordinal, &("add_note", about, text));
            let made = crm::once(&mut tx, &self.office, &effect, async move |tx: &mut Tx| crm::add_note(tx, &office, target, &words, integrity).await).await;
            Self::settle(tx, made).await.map(note)
        })
    }

    fn kv_get<'a>(&'a self, space: &'a KvSpace, name: &'a str) -> Asked<'a, Option<KvEntry>> {
        Box::pin(async move {
            let mut tx = self.begin().await?;
            let found = kept::get(&mut tx, self.workspace, &space.plugin, name).await.map_err(|err| refusal(&err))?;
            Ok(found.map(|entry| KvEntry { value: entry.value, version: entry.version.unsigned_abs(), floor: entry.standing.floor }))
        })
    }

    fn kv_list<'a>(&'a self, space: &'a KvSpace, prefix: &'a str, page: &'a PageRequest) -> Asked<'a, Listed<KvName>> {
        Box::pin(async move {
            let mut tx = self.begin().await?;
            let found = kept::list(&mut tx, self.workspace, &space.plugin, prefix, page.after.as_deref(), page.limit).await;
            let (items, next) = found.map_err(|err| refusal(&err))?;
            Ok(Listed { items: items.into_iter().map(|(name, floor)| KvName { name, floor }).collect(), next })
        })
    }

    fn kv_change<'a>(&'a self, key: &'a str, ordinal: u32, space: &'a KvSpace, name: &'a str, change: &'a KvChange, seen: Floor) -> Asked<'a, KvChanged> {
        Box::pin(async move {
            let floor = self.floor.join(seen);
            let effect = self.effect(key, ordinal, &("kv", &space.plugin, name, change));
            let (bytes_max, entries_max) = (space.quota.bytes_max, space.quota.entries_max);
            let space = kept::Space { workspace: self.workspace, plugin: &space.plugin, bytes_max, entries_max };
            let change = match change {
                KvChange::Set { value, expect } => kept::Change::Set { value, expect: *expect, floor },
                KvChange::Delete => kept::Change::Delete { floor },
            };
            let mut tx = self.begin().await?;
            let made = kept::change(&mut tx, &self.office, &effect, space, name, change).await;
            Self::settle(tx, made).await.map(changed)
        })
    }
}
