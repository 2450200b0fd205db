//! Notes on contacts, companies and deals.

use crate::paging::{LIMIT_MAX, counted, page};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use steward_plugin_sdk::{Answer, Answered, Error, Line, Preview, PreviewLine, Previewed, Request, crm, crm_write};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddNote {
    /// Id of the contact the note is about. Give exactly one of contact_id, company_id and deal_id.
    contact_id: Option<Line>,
    /// Id of the company the note is about.
    company_id: Option<Line>,
    /// Id of the deal the note is about.
    deal_id: Option<Line>,
    /// The note.
    #[schemars(length(min = 1, max = 20000))]
    text: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListNotes {
    /// Id of the contact the notes are about. Give exactly one of contact_id, company_id and deal_id.
    contact_id: Option<Line>,
    /// Id of the company the notes are about.
    company_id: Option<Line>,
    /// Id of the deal the notes are about.
    deal_id: Option<Line>,
    /// How many at most.
    #[schemars(range(min = 1, max = LIMIT_MAX))]
    limit: Option<u32>,
    /// The `next` of the page before, to go on reading.
    after: Option<Line>,
}

#[derive(Serialize, JsonSchema)]
pub struct Note {
    id: String,
    contact_id: Option<String>,
    company_id: Option<String>,
    deal_id: Option<String>,
    text: String,
    /// Who wrote it.
    author: Option<String>,
    /// Unix milliseconds.
    created_at_ms: i64,
}

#[derive(Serialize, JsonSchema)]
pub struct Notes {
    notes: Vec<Note>,
    /// Give it as `after` to read on; null when this is the end.
    next: Option<String>,
}

impl From<crm::Note> for Note {
    fn from(note: crm::Note) -> Self {
        let (mut contact_id, mut company_id, mut deal_id) = (None, None, None);
        match note.about {
            crm::Subject::Contact(id) => contact_id = Some(id),
            crm::Subject::Company(id) => company_id = Some(id),
            crm::Subject::Deal(id) => deal_id = Some(id),
        }
        Self { id: note.id, contact_id, company_id, deal_id, text: note.text, author: note.author, created_at_ms: note.created_at_ms }
    }
}

fn subject(contact: Option<Line>, company: Option<Line>, deal: Option<Line>) -> Result<crm::Subject, Error> {
    match (contact, company, deal) {
        (Some(id), None, None) => Ok(crm::Subject::Contact(id.into())),
        (None, Some(id), None) => Ok(crm::Subject::Company(id.into())),
        (None, None, Some(id)) => Ok(crm::Subject::Deal(id.into())),
        _ => Err(Error::InvalidArguments("give exactly one of contact_id, company_id and deal_id".to_owned())),
    }
}

pub(crate) fn add(new: AddNote, _: &Request) -> Answered<Note> {
    let about = subject(new.contact_id, new.company_id, new.deal_id)?;
    Ok(Answer::new(crm_write::add_note(&about, &new.text)?.into(), "added a note"))
}

pub(crate) fn list(wanted: ListNotes, _: &Request) -> Answered<Notes> {
    let about = subject(wanted.contact_id, wanted.company_id, wanted.deal_id)?;
    let found = crm::list_notes(&about, &page(wanted.limit, wanted.after))?;
    let notes: Vec<Note> = found.items.into_iter().map(Note::from).collect();
    let summary = counted(notes.len(), "note", "notes", found.next.is_some());
    Ok(Answer::new(Notes { notes, next: found.next }, summary))
}

/// Whom the note is about, by name, and what it would say.
pub(crate) fn would_add(new: AddNote, _: &Request) -> Previewed {
    let about = match subject(new.contact_id, new.company_id, new.deal_id)? {
        crm::Subject::Contact(id) => format!("the contact {}", crm::get_contact(&id)?.name),
        crm::Subject::Company(id) => format!("the company {}", crm::get_company(&id)?.name),
        crm::Subject::Deal(id) => format!("the deal {id}"),
    };
    let line = PreviewLine { label: "note".to_owned(), before: None, after: Some(new.text) };
    Ok(Preview { title: format!("Adds a note to {about}"), lines: vec![line] })
}
