//! People and addresses the organisation knows.

use crate::paging::{LIMIT_MAX, counted, page};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use steward_plugin_sdk::{Answer, Answered, Email, Line, Preview, PreviewLine, Previewed, Request, crm, crm_write};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FindContacts {
    /// Words to look for in names, addresses, companies and tags. Empty lists all contacts.
    #[serde(default)]
    query: Line,
    /// How many at most.
    #[schemars(range(min = 1, max = LIMIT_MAX))]
    limit: Option<u32>,
    /// The `next` of the page before, to go on reading.
    after: Option<Line>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GetContact {
    /// Id of the contact, as found by crm.find_contacts.
    contact_id: Line,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateContact {
    /// Full name as it is shown.
    #[schemars(length(min = 1))]
    name: Line,
    /// First name.
    given_name: Option<Line>,
    /// Last name.
    family_name: Option<Line>,
    /// E-mail addresses, the main one first.
    #[serde(default)]
    #[schemars(length(max = 20))]
    emails: Vec<Email>,
    /// Phone numbers, the main one first.
    #[serde(default)]
    #[schemars(length(max = 20))]
    phones: Vec<Line>,
    /// Id of the company, as found by crm.find_companies.
    company_id: Option<Line>,
    /// What the person does there.
    job_title: Option<Line>,
    /// Words to group contacts by.
    #[serde(default)]
    #[schemars(length(max = 50))]
    tags: Vec<Line>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateContact {
    /// Id of the contact, as found by crm.find_contacts.
    contact_id: Line,
    /// New full name.
    #[schemars(length(min = 1))]
    name: Option<Line>,
    /// New first name; an empty text takes it away.
    given_name: Option<Line>,
    /// New last name; an empty text takes it away.
    family_name: Option<Line>,
    /// All e-mail addresses from now on; replaces the list.
    #[schemars(length(max = 20))]
    emails: Option<Vec<Email>>,
    /// All phone numbers from now on; replaces the list.
    #[schemars(length(max = 20))]
    phones: Option<Vec<Line>>,
    /// Id of the new company; an empty text takes it away.
    company_id: Option<Line>,
    /// New job title; an empty text takes it away.
    job_title: Option<Line>,
    /// All tags from now on; replaces the list.
    #[schemars(length(max = 50))]
    tags: Option<Vec<Line>>,
}

#[derive(Serialize, JsonSchema)]
pub struct Contact {
    id: String,
    name: String,
    given_name: Option<String>,
    family_name: Option<String>,
    emails: Vec<String>,
    phones: Vec<String>,
    company_id: Option<String>,
    company_name: Option<String>,
    job_title: Option<String>,
    tags: Vec<String>,
}

#[derive(Serialize, JsonSchema)]
pub struct Contacts {
    contacts: Vec<Contact>,
    /// Give it as `after` to read on; null when this is the end.
    next: Option<String>,
}

impl From<crm::Contact> for Contact {
    fn from(contact: crm::Contact) -> Self {
        let crm::Contact { id, name, given_name, family_name, emails, phones, company_id, company_name, job_title, tags } = contact;
        Self { id, name, given_name, family_name, emails, phones, company_id, company_name, job_title, tags }
    }
}

fn texts<T: Into<String>>(list: Vec<T>) -> Vec<String> {
    list.into_iter().map(Into::into).collect()
}

pub(crate) fn find(wanted: FindContacts, _: &Request) -> Answered<Contacts> {
    let found = crm::find_contacts(wanted.query.as_str(), &page(wanted.limit, wanted.after))?;
    let contacts: Vec<Contact> = found.items.into_iter().map(Contact::from).collect();
    let summary = counted(contacts.len(), "contact", "contacts", found.next.is_some());
    Ok(Answer::new(Contacts { contacts, next: found.next }, summary))
}

pub(crate) fn get(wanted: GetContact, _: &Request) -> Answered<Contact> {
    let contact = Contact::from(crm::get_contact(wanted.contact_id.as_str())?);
    let summary = contact.name.clone();
    Ok(Answer::new(contact, summary))
}

pub(crate) fn create(new: CreateContact, _: &Request) -> Answered<Contact> {
    let contact = Contact::from(crm_write::create_contact(&crm_write::NewContact {
        name: new.name.into(),
        given_name: new.given_name.map(Into::into),
        family_name: new.family_name.map(Into::into),
        emails: texts(new.emails),
        phones: texts(new.phones),
        company_id: new.company_id.map(Into::into),
        job_title: new.job_title.map(Into::into),
        tags: texts(new.tags),
    })?);
    let summary = format!("created contact {}", contact.name);
    Ok(Answer::new(contact, summary))
}

pub(crate) fn update(change: UpdateContact, _: &Request) -> Answered<Contact> {
    let patch = crm_write::ContactPatch {
        name: change.name.map(Into::into),
        given_name: change.given_name.map(Into::into),
        family_name: change.family_name.map(Into::into),
        emails: change.emails.map(texts),
        phones: change.phones.map(texts),
        company_id: change.company_id.map(Into::into),
        job_title: change.job_title.map(Into::into),
        tags: change.tags.map(texts),
    };
    let contact = Contact::from(crm_write::update_contact(change.contact_id.as_str(), &patch)?);
    let summary = format!("changed contact {}", contact.name);
    Ok(Answer::new(contact, summary))
}

/// What would stand in the book, the company by its name.
pub(crate) fn would_create(new: CreateContact, _: &Request) -> Previewed {
    let listed = |list: Vec<String>| (!list.is_empty()).then(|| list.join(", "));
    let company = new.company_id.map(String::from).map(|id| crm::get_company(&id).map_or(id, |company| company.name));
    let name = String::from(new.name);
    let lines = [
        PreviewLine::change("first name", None, new.given_name.map(Into::into)),
        PreviewLine::change("last name", None, new.family_name.map(Into::into)),
        PreviewLine::change("e-mail addresses", None, listed(texts(new.emails))),
        PreviewLine::change("phone numbers", None, listed(texts(new.phones))),
        PreviewLine::change("company", None, company),
        PreviewLine::change("job title", None, new.job_title.map(Into::into)),
        PreviewLine::change("tags", None, listed(texts(new.tags))),
    ];
    Ok(Preview { title: format!("Adds the contact {name}"), lines: lines.into_iter().flatten().collect() })
}

/// The contact as it is, beside what the change would make of it.
pub(crate) fn would_update(change: UpdateContact, _: &Request) -> Previewed {
    let now = crm::get_contact(change.contact_id.as_str())?;
    let listed = |list: &[String]| (!list.is_empty()).then(|| list.join(", "));
    let text = |label, before: Option<String>, after: Option<Line>| {
        let after = String::from(after?);
        PreviewLine::change(label, before, (!after.is_empty()).then_some(after))
    };
    let list = |label, before: &[String], after: Option<Vec<String>>| PreviewLine::change(label, listed(before), listed(&after?));
    let company = change.company_id.map(String::from).and_then(|id| {
        let before = now.company_name.clone().or_else(|| now.company_id.clone());
        // The id's own name, so that a person sees whom it means.
        let after = (!id.is_empty()).then(|| crm::get_company(&id).map_or(id, |company| company.name));
        PreviewLine::change("company", before, after)
    });
    let lines = [
        text("name", Some(now.name.clone()), change.name),
        text("first name", now.given_name, change.given_name),
        text("last name", now.family_name, change.family_name),
        list("e-mail addresses", &now.emails, change.emails.map(texts)),
        list("phone numbers", &now.phones, change.phones.map(texts)),
        company,
        text("job title", now.job_title, change.job_title),
        list("tags", &now.tags, change.tags.map(texts)),
    ];
    Ok(Preview { title: format!("Changes the contact {}", now.name), lines: lines.into_iter().flatten().collect() })
}
