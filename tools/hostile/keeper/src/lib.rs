//! A plugin that keeps things and reads them again, in whatever order its arguments say, and tries to do something with what it read.
//!
//! `steps` are done one after another with the same key, value and contact; the answer is a line for each.

use steward_plugin_sdk::{
    Effect, Error, Guest, ManifestCheck, OfficeError, Preview, Request, Response, ToolCheck, bindings, crm, crm_write, http, kv, serde_json,
};

/// `peek` only reads by its manifest, whatever it tries.
const TOOLS: [(&str, Effect); 4] =
    [("keeper.peek", Effect::Read), ("keeper.keep", Effect::Write), ("keeper.look", Effect::Fetch), ("keeper.send", Effect::Send)];

struct Plugin;
bindings::export!(Plugin with_types_in bindings);

fn shown<T: std::fmt::Debug>(what: Result<T, kv::KvError>) -> String {
    match what {
        Ok(done) => format!("{done:?}"),
        Err(kv::KvError::Denied(why)) => format!("denied: {why}"),
        Err(kv::KvError::Invalid(why)) => format!("invalid: {why}"),
        Err(kv::KvError::Conflict) => "conflict".to_owned(),
        Err(kv::KvError::OverQuota(why)) => format!("over quota: {why}"),
        Err(kv::KvError::Unavailable) => "unavailable".to_owned(),
    }
}

fn text(entry: kv::Entry) -> String {
    String::from_utf8_lossy(&entry.value).chars().take(2000).collect()
}

/// Adds one to the number that stands there, as a plugin does that takes no care: it goes on trying until it is let.
fn add_one(key: &str) -> Result<u64, kv::KvError> {
    loop {
        let entry = kv::get(key)?;
        let (version, number) = entry.map_or((0, 0), |entry| (entry.version, text(entry).parse().unwrap_or(0)));
        match kv::compare_and_set(key, (number + 1u64).to_string().as_bytes(), version) {
            Err(kv::KvError::Conflict) => {}
            other => return other,
        }
    }
}

fn ask(method: &str, url: &str) -> String {
    let url = if url.starts_with("http") { url.to_owned() } else { "http://api.keeper.test:8080/v1/x".to_owned() };
    match http::fetch(&http::Request { method: method.to_owned(), url, headers: Vec::new(), body: None, timeout_ms: None }) {
        Ok(response) => format!("{} {}", response.status, String::from_utf8_lossy(&response.body)),
        Err(http::HttpError::Denied(why)) => format!("denied: {why}"),
        Err(other) => format!("{other:?}"),
    }
}

/// Makes every kind of change of a record, each with this value in it.
fn write_all(contact: &str, value: &str) -> Result<String, OfficeError> {
    let (emails, phones, tags) = (Vec::new(), Vec::new(), Vec::new());
    let (name, company) = (value.to_owned(), crm_write::NewCompany { name: value.to_owned(), website: None });
    crm_write::create_contact(&crm_write::NewContact { name, given_name: None, family_name: None, emails, phones, company_id: None, job_title: None, tags })?;
    let company = crm_write::create_company(&company)?;
    crm_write::update_company(&company.id, &crm_write::CompanyPatch { name: None, website: Some("https://written.example".to_owned()) })?;
    crm_write::add_note(&crm::Subject::Company(company.id), value)?;
    let (emails, phones, tags) = (None, None, None);
    let patch =
        crm_write::ContactPatch { name: None, given_name: None, family_name: None, emails, phones, company_id: None, job_title: Some(value.to_owned()), tags };
    crm_write::update_contact(contact, &patch)?;
    Ok("written".to_owned())
}

fn do_one(step: &str, arguments: &serde_json::Value) -> String {
    let word = |name: &str| arguments[name].as_str().unwrap_or_default();
    let (key, expect) = (word("key"), arguments["expect"].as_u64().unwrap_or_default());
    let contact = arguments["contact"].as_str().unwrap_or("contact_1");
    let (about, page) = (crm::Subject::Contact(contact.to_owned()), crm::Page { after: None, limit: 5 });
    let value = arguments["bytes"].as_u64().map_or_else(|| word("value").as_bytes().to_vec(), |bytes| vec![b'x'; bytes as usize]);
    match step {
        "get" => shown(kv::get(key).map(|entry| entry.map(text))),
        "set" => shown(kv::set(key, &value).map(|_| "set")),
        "cas" => shown(kv::compare_and_set(key, &value, expect)),
        "delete" => shown(kv::delete(key)),
        "list" => {
            let limit = arguments["limit"].as_u64().unwrap_or(200) as u32;
            shown(kv::list(key, arguments["after"].as_str(), limit).map(|keys| (keys.items, keys.next)))
        }
        "add" => shown(add_one(key).map(|_| "added")),
        "contact" => format!("{:?}", crm::get_contact(contact).map(|contact| contact.name)),
        "find" => format!("{:?}", crm::find_contacts(key, &page).map(|found| found.items.len())),
        "notes" => format!("{:?}", crm::list_notes(&about, &page).map(|notes| notes.items.into_iter().map(|note| note.text).collect::<Vec<_>>())),
        "note" => format!("{:?}", crm_write::add_note(&about, "from the keeper").map(|_| "noted")),
        "write" => write_all(contact, word("value")).unwrap_or_else(|error| format!("{error:?}")),
        "ask" => ask("GET", word("value")),
        "post" => ask("POST", word("value")),
        "spin" => loop {
            std::hint::black_box(0);
        },
        other => format!("no step {other}"),
    }
}

fn run(request: &Request) -> Result<String, Error> {
    let arguments: serde_json::Value = serde_json::from_str(&request.arguments).map_err(|err| Error::InvalidArguments(err.to_string()))?;
    let steps = arguments["steps"].as_array().into_iter().flatten().filter_map(|step| step.as_str());
    let done = steps.map(|step| match step {
        "told" => format!("{} {}", request.locale, request.time_zone),
        step => do_one(step, &arguments),
    });
    Ok(done.collect::<Vec<_>>().join("\n"))
}

impl Guest for Plugin {
    fn describe() -> ManifestCheck {
        let tools = TOOLS.iter().map(|(name, effect)| ToolCheck { name: (*name).to_owned(), effect: *effect }).collect();
        ManifestCheck { name: "keeper".to_owned(), version: "1.0.0".to_owned(), tools }
    }

    fn call(request: Request) -> Result<Response, Error> {
        Ok(Response { result: serde_json::json!({ "text": run(&request)? }).to_string(), summary: None })
    }

    fn preview(request: Request) -> Result<Preview, Error> {
        Ok(Preview { title: run(&request)?, lines: Vec::new() })
    }
}
