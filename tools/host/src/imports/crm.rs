//! Looking at contacts, companies, deals and notes.

use crate::bindings::steward::plugin::crm as wit;
use crate::office::{self, Listed, OfficeError, PageRequest};
use crate::sandbox::CallState;
use std::sync::Arc;
use wasmtime::Result;

type Answer<T> = Result<std::result::Result<T, wit::OfficeError>>;

impl From<office::Contact> for wit::Contact {
    fn from(contact: office::Contact) -> Self {
        let office::Contact { id, name, given_name, family_name, emails, phones, company_id, company_name, job_title, tags, .. } = contact;
        Self { id, name, given_name, family_name, emails, phones, company_id, company_name, job_title, tags }
    }
}

impl From<office::Company> for wit::Company {
    fn from(company: office::Company) -> Self {
        let office::Company { id, name, website, integrity: _ } = company;
        Self { id, name, website }
    }
}

impl From<office::Deal> for wit::Deal {
    fn from(deal: office::Deal) -> Self {
        let office::Deal { id, title, stage, amount, company_id, contact_id, integrity: _ } = deal;
        let amount = amount.map(|office::Amount { minor, currency }| wit::Money { minor, currency });
        Self { id, title, stage, amount, company_id, contact_id }
    }
}

impl From<office::Subject> for wit::Subject {
    fn from(subject: office::Subject) -> Self {
        match subject {
            office::Subject::Contact(id) => Self::Contact(id),
            office::Subject::Company(id) => Self::Company(id),
            office::Subject::Deal(id) => Self::Deal(id),
        }
    }
}

impl From<wit::Subject> for office::Subject {
    fn from(subject: wit::Subject) -> Self {
        match subject {
            wit::Subject::Contact(id) => Self::Contact(id),
            wit::Subject::Company(id) => Self::Company(id),
            wit::Subject::Deal(id) => Self::Deal(id),
        }
    }
}

impl From<office::Note> for wit::Note {
    fn from(note: office::Note) -> Self {
        let office::Note { id, about, text, author, created_at_ms, integrity: _ } = note;
        Self { id, about: about.into(), text, author, created_at_ms }
    }
}

impl wit::Host for CallState {
    async fn find_contacts(&mut self, query: String, page: wit::Page) -> Answer<wit::Contacts> {
        self.look()?;
        let found = Arc::clone(&self.office).find_contacts(&query, &PageRequest::from(page)).await;
        self.told(&found);
        Ok(listed(found, |contact| self.saw_contact(contact)).map(|(items, next)| wit::Contacts { items, next }))
    }

    async fn get_contact(&mut self, id: String) -> Answer<wit::Contact> {
        self.look()?;
        let found = Arc::clone(&self.office).get_contact(&id).await;
        self.told(&found);
        Ok(one(found, |contact| self.saw_contact(contact)))
    }

    async fn find_companies(&mut self, query: String, page: wit::Page) -> Answer<wit::Companies> {
        self.look()?;
        let found = Arc::clone(&self.office).find_companies(&query, &PageRequest::from(page)).await;
        self.told(&found);
        Ok(listed(found, |company| self.saw(&company.id, company.integrity)).map(|(items, next)| wit::Companies { items, next }))
    }

    async fn get_company(&mut self, id: String) -> Answer<wit::Company> {
        self.look()?;
        let found = Arc::clone(&self.office).get_company(&id).await;
        self.told(&found);
        Ok(one(found, |company| self.saw(&company.id, company.integrity)))
    }

    async fn list_deals(&mut self, filter: wit::DealFilter, page: wit::Page) -> Answer<wit::Deals> {
        self.look()?;
        let wit::DealFilter { company_id, contact_id, stage } = filter;
        let filter = office::DealFilter { company_id, contact_id, stage };
        let found = Arc::clone(&self.office).list_deals(&filter, &PageRequest::from(page)).await;
        self.told(&found);
        Ok(listed(found, |deal| self.saw(&deal.id, deal.integrity)).map(|(items, next)| wit::Deals { items, next }))
    }

    async fn list_notes(&mut self, about: wit::Subject, page: wit::Page) -> Answer<wit::Notes> {
        self.look()?;
        let found = Arc::clone(&self.office).list_notes(&about.into(), &PageRequest::from(page)).await;
        self.told(&found);
        Ok(listed(found, |note| self.saw(&note.id, note.integrity)).map(|(items, next)| wit::Notes { items, next }))
    }
}

impl CallState {
    /// Notes where a contact comes from, and its company, whose name comes along: beside the contact's id that may stand under any name.
    pub(super) fn saw_contact(&mut self, contact: &office::Contact) {
        match (&contact.company_id, &contact.company_name) {
            (Some(company), Some(_)) => {
                self.saw(&contact.id, contact.integrity.min(contact.company_integrity));
                self.saw(company, contact.company_integrity);
            }
            _ => self.saw(&contact.id, contact.integrity),
        }
    }
}

pub(super) fn one<T, W: From<T>>(found: std::result::Result<T, OfficeError>, saw: impl FnOnce(&T)) -> std::result::Result<W, wit::OfficeError> {
    let record = found?;
    saw(&record);
    Ok(record.into())
}

fn listed<T, W: From<T>>(
    found: std::result::Result<Listed<T>, OfficeError>,
    saw: impl FnMut(&T),
) -> std::result::Result<(Vec<W>, Option<String>), wit::OfficeError> {
    let found = found?;
    found.items.iter().for_each(saw);
    Ok((found.items.into_iter().map(Into::into).collect(), found.next))
}
