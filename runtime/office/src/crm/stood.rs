//! How records stood when people were asked to approve a change of them.
//!
//! What they approve they were shown beside what stood there then. A list replaces the list and a value the value, so whatever somebody
//! added meanwhile would go without anybody having seen it: such a change is refused, and says what it would have undone.

use super::text::{clean_line, email_key, fold, phone_key, web_address, web_key};
use super::{Company, CompanyPatch, Contact, ContactPatch, CrmError, Point, get_company, get_contact};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use steward_core::{CompanyId, ContactId, Digest, Integrity};
use steward_store::Tx;

/// Letters of a mark: 128 bits.
const MARK_LETTERS: usize = 32;

/// The fields of records by the records' ids, each with a mark of every value it had. A mark is a digest: it tells values apart and is none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Stood(BTreeMap<String, BTreeMap<String, Vec<String>>>);

/// A value as it is written, and in the form in which it is compared.
struct Value {
    shown: String,
    key: String,
}

impl Value {
    fn mark(&self) -> String {
        Digest::of(self.key.as_bytes()).to_string().chars().take(MARK_LETTERS).collect()
    }
}

/// A field by its name, with its values; a field of one value has at most one.
type Field = (&'static str, Vec<Value>);

impl Stood {
    /// Whether nothing is noted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Notes how a contact stands now. One that is not there has nothing to lose.
    pub async fn note_contact(&mut self, tx: &mut Tx, contact: ContactId) -> Result<(), CrmError> {
        match get_contact(tx, contact).await {
            Err(CrmError::NoContact(_)) => {}
            found => self.note(contact.to_string(), of_contact(&found?)),
        }
        Ok(())
    }

    /// The same of a company.
    pub async fn note_company(&mut self, tx: &mut Tx, company: CompanyId) -> Result<(), CrmError> {
        match get_company(tx, company).await {
            Err(CrmError::NoCompany(_)) => {}
            found => self.note(company.to_string(), of_company(&found?)),
        }
        Ok(())
    }

    /// Refuses a change of a contact that would undo what was done to it since it was noted. Of one that was not noted nothing is known, and
    /// nothing is refused.
    pub fn check_contact(&self, now: &Contact, patch: &ContactPatch) -> Result<(), CrmError> {
        self.check(&now.contact_id.to_string(), now.integrity, of_contact(now), &wanted_of_contact(patch))
    }

    /// The same of a company.
    pub fn check_company(&self, now: &Company, patch: &CompanyPatch) -> Result<(), CrmError> {
        self.check(&now.company_id.to_string(), now.integrity, of_company(now), &wanted_of_company(patch))
    }

    /// Notes that whoever is held to this made this change of a contact themselves: what it set is what stands there for them, and what others
    /// did to the rest stays unknown to them. Of one that was not noted nothing is noted now.
    pub fn took_contact(&mut self, after: &Contact, patch: &ContactPatch) {
        self.took(&after.contact_id.to_string(), of_contact(after), &wanted_of_contact(patch));
    }

    /// The same of a company.
    pub fn took_company(&mut self, after: &Company, patch: &CompanyPatch) {
        self.took(&after.company_id.to_string(), of_company(after), &wanted_of_company(patch));
    }

    fn note(&mut self, record: String, fields: Vec<Field>) {
        self.0.insert(record, fields.into_iter().map(marks).collect());
    }

    fn took(&mut self, record: &str, after: Vec<Field>, set: &[Field]) {
        let Some(stood) = self.0.get_mut(record) else { return };
        stood.extend(after.into_iter().filter(|(name, _)| set.iter().any(|(field, _)| field == name)).map(marks));
    }

    fn check(&self, record: &str, integrity: Integrity, now: Vec<Field>, wanted: &[Field]) -> Result<(), CrmError> {
        let Some(then) = self.0.get(record) else { return Ok(()) };
        let refused = |field: &str, problem| CrmError::Undoes { field: field.to_owned(), problem, record: record.to_owned(), integrity };
        for (name, stands) in now {
            let Some((_, wanted)) = wanted.iter().find(|(field, _)| *field == name) else { continue };
            let stood = then.get(name).map(Vec::as_slice).unwrap_or_default();
            let holds = |values: &[Value], value: &Value| values.iter().any(|one| one.key == value.key);
            if let Some(added) = stands.iter().find(|value| !stood.contains(&value.mark()) && !holds(wanted, value)) {
                return Err(refused(name, undoes("take away", &added.shown, "added")));
            }
            if let Some(taken) = wanted.iter().find(|value| stood.contains(&value.mark()) && !holds(&stands, value)) {
                return Err(refused(name, undoes("bring back", &taken.shown, "taken away")));
            }
        }
        Ok(())
    }
}

fn marks((name, values): Field) -> (String, Vec<String>) {
    (name.to_owned(), values.iter().map(Value::mark).collect())
}

fn undoes(what: &str, value: &str, by: &str) -> String {
    format!(
        "would {what} `{value}`, which somebody has {by} since approval of this was asked for; nothing of this change was made: read it again and propose the change anew"
    )
}

fn one(text: Option<&str>, key: impl Fn(&str) -> String) -> Vec<Value> {
    let text = text.map(clean_line).filter(|text| !text.is_empty());
    text.into_iter().map(|text| Value { key: key(&text), shown: text }).collect()
}

fn exactly(text: Option<&str>) -> Vec<Value> {
    one(text, str::to_owned)
}

fn website(text: &str) -> Vec<Value> {
    one(Some(text), |text| web_key(&web_address(text).unwrap_or_else(|| text.to_owned())))
}

fn many<'a>(texts: impl IntoIterator<Item = &'a String>, key: impl Fn(&str) -> String) -> Vec<Value> {
    texts.into_iter().flat_map(|text| one(Some(text), &key)).collect()
}

fn points(points: &[Point], key: impl Fn(&str) -> String) -> Vec<Value> {
    many(points.iter().map(|point| &point.value), key)
}

fn phone(number: &str) -> String {
    phone_key(number).unwrap_or_else(|| fold(number))
}

fn set<const N: usize>(fields: [(&'static str, Option<Vec<Value>>); N]) -> Vec<Field> {
    fields.into_iter().filter_map(|(name, values)| Some((name, values?))).collect()
}

fn of_contact(contact: &Contact) -> Vec<Field> {
    vec![
        ("name", exactly(Some(&contact.display_name))),
        ("given_name", exactly(contact.given_name.as_deref())),
        ("family_name", exactly(contact.family_name.as_deref())),
        ("company_id", exactly(contact.company.as_ref().map(|company| company.company_id.to_string()).as_deref())),
        ("job_title", exactly(contact.job_title.as_deref())),
        ("birthday", exactly(contact.birthday.as_deref())),
        ("emails", points(&contact.emails, email_key)),
        ("phones", points(&contact.phones, phone)),
        ("urls", points(&contact.urls, web_key)),
        ("addresses", points(&contact.addresses, fold)),
        ("tags", many(&contact.tags, fold)),
    ]
}

/// The fields that a change sets.
fn wanted_of_contact(patch: &ContactPatch) -> Vec<Field> {
    let text = |text: &Option<String>| text.as_deref().map(|text| exactly(Some(text)));
    let company = patch.company_id.map(|company| exactly(Some(&company.to_string()))).or_else(|| patch.no_company.then(Vec::new));
    set([
        ("name", text(&patch.display_name)),
        ("given_name", text(&patch.given_name)),
        ("family_name", text(&patch.family_name)),
        ("company_id", company),
        ("job_title", text(&patch.job_title)),
        ("birthday", text(&patch.birthday)),
        ("emails", patch.emails.as_deref().map(|list| points(list, email_key))),
        ("phones", patch.phones.as_deref().map(|list| points(list, phone))),
        ("urls", patch.urls.as_deref().map(|list| points(list, web_key))),
        ("addresses", patch.addresses.as_deref().map(|list| points(list, fold))),
        ("tags", patch.tags.as_ref().map(|list| many(list, fold))),
    ])
}

fn wanted_of_company(patch: &CompanyPatch) -> Vec<Field> {
    set([("name", patch.name.as_deref().map(|name| exactly(Some(name)))), ("website", patch.website.as_deref().map(website))])
}

fn of_company(company: &Company) -> Vec<Field> {
    vec![("name", exactly(Some(&company.name))), ("website", company.website.as_deref().map(website).unwrap_or_default())]
}
