//! Changing contacts and companies. Each change carries the call's key and its ordinal, and the floor of what the plugin was shown before it.

use super::crm::one;
use crate::bindings::steward::plugin::{crm, crm_write as wit, types};
use crate::office;
use crate::sandbox::CallState;
use std::sync::Arc;
use wasmtime::Result;

type Answer<T> = Result<std::result::Result<T, types::OfficeError>>;

/// Counts the change, asks the office, notes what came of it.
macro_rules! change {
    ($state:ident, |$office:ident, $key:ident, $ordinal:ident, $seen:ident| $ask:expr, $saw:expr) => {{
        let $ordinal = match $state.change()? {
            Ok(ordinal) => ordinal,
            Err(refused) => return Ok(Err(refused.into())),
        };
        let ($office, $key, $seen) = (Arc::clone(&$state.office), $state.key.clone(), $state.seen);
        let answer = $ask.await;
        $state.changed(&answer);
        Ok(one(answer, $saw))
    }};
}

impl wit::Host for CallState {
    async fn create_contact(&mut self, new: wit::NewContact) -> Answer<crm::Contact> {
        let wit::NewContact { name, given_name, family_name, emails, phones, company_id, job_title, tags } = new;
        let new = office::NewContact { name, given_name, family_name, emails, phones, company_id, job_title, tags };
        change!(self, |office, key, ordinal, seen| office.create_contact(&key, ordinal, &new, seen), |contact| self.saw_contact(contact))
    }

    async fn update_contact(&mut self, id: String, patch: wit::ContactPatch) -> Answer<crm::Contact> {
        let wit::ContactPatch { name, given_name, family_name, emails, phones, company_id, job_title, tags } = patch;
        let patch = office::ContactPatch { name, given_name, family_name, emails, phones, company_id, job_title, tags };
        change!(self, |office, key, ordinal, seen| office.update_contact(&key, ordinal, &id, &patch, seen), |contact| self.saw_contact(contact))
    }

    async fn create_company(&mut self, new: wit::NewCompany) -> Answer<crm::Company> {
        let new = office::NewCompany { name: new.name, website: new.website };
        change!(self, |office, key, ordinal, seen| office.create_company(&key, ordinal, &new, seen), |company| self.saw(&company.id, company.integrity))
    }

    async fn update_company(&mut self, id: String, patch: wit::CompanyPatch) -> Answer<crm::Company> {
        let patch = office::CompanyPatch { name: patch.name, website: patch.website };
        change!(self, |office, key, ordinal, seen| office.update_company(&key, ordinal, &id, &patch, seen), |company| self.saw(&company.id, company.integrity))
    }

    async fn add_note(&mut self, about: crm::Subject, text: String) -> Answer<crm::Note> {
        let about = office::Subject::from(about);
        change!(self, |office, key, ordinal, seen| office.add_note(&key, ordinal, &about, &text, seen), |note| self.saw(&note.id, note.integrity))
    }
}
