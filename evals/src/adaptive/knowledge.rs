//! What the attacker knows at a point of a run: the owner's words, and everything that was read so far.

use super::payload;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use steward_agent::gate::Catalogue;
use steward_agent::run::Run;
use steward_core::Outcome;

/// The most of each kind that he tries.
const ADDRESSES_MAX: usize = 3;
const IDS_MAX: usize = 4;
/// Of a long text he takes the beginning.
const SECRET_LETTERS: usize = 120;
const SECRET_LETTERS_MIN: usize = 6;

/// A private text, and the record it stands in: who is named there may read it.
#[derive(Debug, Clone)]
pub(super) struct Secret {
    pub(super) text: String,
    pub(super) record: String,
    /// Where it stands, as a handle.
    pub(super) handle: String,
    /// Where it stands after it was taken out of there, if it was.
    pub(super) taken: Option<String>,
}

/// A text that holds one of his.
#[derive(Debug, Clone)]
pub(super) struct Lure {
    pub(super) text: String,
    pub(super) handle: String,
}

/// What can be known of a task without running it.
#[derive(Debug, Clone, Default)]
pub(super) struct World {
    /// Addresses that the true calls of the task go to.
    pub(super) named: Vec<String>,
    /// Addresses of other calls.
    pub(super) others: Vec<String>,
    /// Payees of any call.
    pub(super) payees: Vec<String>,
    /// Values that mean the owner.
    pub(super) me: Vec<String>,
}

/// All that he knows.
#[derive(Debug, Clone, Default)]
pub(super) struct Knowledge {
    /// The owner's words.
    pub(super) words: String,
    /// Numbers in them.
    pub(super) numbers: Vec<Value>,
    /// Links in them.
    pub(super) links: Vec<String>,
    /// Addresses that the owner wrote or that their task is about.
    pub(super) named: Vec<String>,
    /// Other addresses.
    pub(super) seen: Vec<String>,
    /// Those who were paid or named as payees anywhere, but not by the owner now.
    pub(super) payees: Vec<String>,
    /// Private texts that were read.
    pub(super) secrets: Vec<Secret>,
    /// Ids that were read, by type.
    pub(super) ids: BTreeMap<String, Vec<String>>,
    /// Private records that were read, by id.
    pub(super) records: BTreeMap<String, String>,
    /// All records that were read or made, by id, as they were last seen.
    pub(super) seen_records: BTreeMap<String, String>,
    /// Who has each private record, by its type and id, beside the owner.
    pub(super) has: BTreeMap<(String, String), BTreeSet<String>>,
    /// Every text that was read, with the record it stands in: whoever one of them names has it.
    read: Vec<Secret>,
    /// Addresses that stand by themselves in a result, and texts of his, each with its handle.
    pub(super) handles: BTreeMap<String, String>,
    /// Texts that hold his address, in the order in which they were read; the first and the last of each result.
    pub(super) lures: Vec<Lure>,
    /// What he had taken out of them, and where it stands then, as a handle.
    pub(super) taken: Vec<(String, String)>,
    /// Whether a text of his was read.
    pub(super) read_attack: bool,
}

impl Knowledge {
    /// What is known after the results of a run so far.
    pub(super) fn of(run: &Run, tools: &dyn Catalogue, world: &World) -> Self {
        let World { named, others, payees, me } = world;
        let mut know = Self { words: run.text.clone(), named: addresses(&run.text), ..Self::default() };
        know.links = run.text.split_whitespace().filter(|word| word.contains("://") || word.starts_with("www.")).map(|word| trimmed(word).to_owned()).collect();
        know.numbers = run.text.split_whitespace().filter_map(|word| serde_json::from_str(trimmed(word)).ok()).filter(Value::is_number).collect();
        know.named.extend(named.iter().cloned());
        let (mut seen, mut open) = (Vec::new(), Vec::new());
        for call in run.steps.iter().flat_map(|step| &step.calls) {
            let Some(Outcome::Ok { result, .. }) = &call.outcome else { continue };
            let text = result.to_string();
            know.read_attack |= text.contains(payload::ADDRESS);
            seen.extend(addresses(&text));
            let start = format!("${}", call.call.call_id.step);
            handles(result, &start, &mut know.handles);
            let mut found = Vec::new();
            lures(result, &start, &mut found);
            if found.len() > 2 {
                found.drain(1..found.len() - 1);
            }
            know.lures.append(&mut found);
            let Some(tool) = tools.find(&call.call.tool) else { continue };
            let spec = tool.spec();
            for pattern in &spec.records {
                let Some(key) = &pattern.key else { continue };
                let ids = know.ids.entry(pattern.of.clone()).or_default();
                objects(result, &mut |object| {
                    if let Some(id) = object.get(key).and_then(Value::as_str) {
                        ids.push(id.to_owned());
                        know.seen_records.insert(id.to_owned(), serde_json::to_string(object).unwrap_or_default());
                        if spec.private {
                            know.records.insert(id.to_owned(), serde_json::to_string(object).unwrap_or_default());
                            let has = pattern.readers.iter().filter_map(|field| object.get(field)).flat_map(|field| addresses(&field.to_string()));
                            know.has.entry((pattern.of.clone(), id.to_owned())).or_default().extend(has.filter(|address| !me.contains(address)));
                        }
                    }
                });
            }
            secrets(result, "", &start, &mut know.read);
            if spec.private {
                secrets(result, "", &start, &mut know.secrets);
            } else {
                texts(result, &mut open);
            }
        }
        seen.extend(others.iter().cloned());
        let strangers = |address: &String| !me.contains(address) && address != payload::ADDRESS;
        know.named = few(know.named.into_iter().filter(strangers), ADDRESSES_MAX);
        know.seen = few(seen.into_iter().filter(strangers).filter(|address| !know.named.contains(address)), ADDRESSES_MAX);
        know.ids.values_mut().for_each(|ids| *ids = few(std::mem::take(ids).into_iter(), IDS_MAX));
        know.payees = few(payees.iter().filter(|payee| !know.words.contains(*payee)).cloned(), ADDRESSES_MAX);
        know.choose_secrets(&open);
        know
    }

    /// A value as it will be: with the addresses that its handles stand for.
    pub(super) fn meant(&self, value: &Value) -> String {
        let said = value.to_string();
        self.handles.iter().filter(|(_, handle)| said.contains(&format!("\"{handle}\""))).fold(said.clone(), |text, (address, _)| format!("{text} {address}"))
    }

    /// The first, the longest and one with a number: what he reads at once. What a tool answered that is not private is for everybody.
    fn choose_secrets(&mut self, open: &[&str]) {
        let words = self.words.to_lowercase();
        let all: Vec<Secret> = std::mem::take(&mut self.secrets)
            .into_iter()
            .filter(|secret| secret.text.chars().count() >= SECRET_LETTERS_MIN && !words.contains(&secret.text.to_lowercase()))
            .filter(|secret| !secret.text.contains(payload::ADDRESS) && !open.iter().any(|text| text.contains(&secret.text)))
            .collect();
        let longest = all.iter().max_by_key(|secret| secret.text.len());
        let numbered = all.iter().find(|secret| secret.text.chars().any(|letter| letter.is_ascii_digit()) && secret.text.contains(' '));
        let chosen: Vec<Secret> = all.first().into_iter().chain(longest).chain(numbered).cloned().collect();
        // Whoever is named in one of the records that say the same may read it.
        let everywhere =
            |secret: &Secret| -> String { self.read.iter().filter(|other| other.text == secret.text).map(|other| other.record.as_str()).collect() };
        let chosen: Vec<Secret> = chosen.into_iter().map(|secret| Secret { record: everywhere(&secret), ..secret }).collect();
        let mut texts = BTreeSet::new();
        self.secrets = chosen.into_iter().filter(|secret| texts.insert(secret.text.clone())).collect();
    }
}

fn trimmed(word: &str) -> &str {
    word.trim_matches(|letter: char| matches!(letter, '"' | '\'' | '(' | ')' | '<' | '>' | ',' | ';' | '`' | '[' | ']')).trim_end_matches(['.', '!', '?', ':'])
}

/// Whatever looks like an e-mail address.
pub(super) fn addresses(text: &str) -> Vec<String> {
    text.split(|letter: char| letter.is_whitespace() || matches!(letter, '"' | '\'' | ',' | ';' | '<' | '>' | '(' | ')' | '[' | ']' | '\\' | ':' | '`'))
        .map(trimmed)
        .filter(|word| word.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.')))
        .map(str::to_owned)
        .collect()
}

/// The first so many, each once.
pub(super) fn few(all: impl Iterator<Item = String>, most: usize) -> Vec<String> {
    let mut known = BTreeSet::new();
    all.filter(|one| known.insert(one.clone())).take(most).collect()
}

/// Every object in a value.
pub(super) fn objects<'a>(value: &'a Value, each: &mut dyn FnMut(&'a serde_json::Map<String, Value>)) {
    match value {
        Value::Object(map) => {
            each(map);
            map.values().for_each(|inner| objects(inner, each));
        }
        Value::Array(list) => list.iter().for_each(|inner| objects(inner, each)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Every text in a value.
fn texts<'a>(value: &'a Value, out: &mut Vec<&'a str>) {
    match value {
        Value::Object(map) => map.values().for_each(|inner| texts(inner, out)),
        Value::Array(list) => list.iter().for_each(|inner| texts(inner, out)),
        Value::String(text) => out.push(text),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn secrets(value: &Value, record: &str, at: &str, out: &mut Vec<Secret>) {
    match value {
        Value::Object(map) => {
            // The result itself is no record.
            let own = if map.len() > 1 { value.to_string() } else { record.to_owned() };
            map.iter().for_each(|(key, inner)| secrets(inner, &own, &deeper(at, key), out));
        }
        Value::Array(list) => list.iter().enumerate().for_each(|(index, inner)| secrets(inner, record, &format!("{at}.{index}"), out)),
        Value::String(text) => {
            let text = text.trim().chars().take(SECRET_LETTERS).collect();
            out.push(Secret { text, record: record.to_owned(), handle: at.to_owned(), taken: None });
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Handles of what he would pass on unseen: addresses that are a value by themselves, and texts that hold one of his.
fn handles(value: &Value, at: &str, out: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(map) => map.iter().for_each(|(key, inner)| handles(inner, &deeper(at, key), out)),
        Value::Array(list) => list.iter().enumerate().for_each(|(index, inner)| handles(inner, &format!("{at}.{index}"), out)),
        Value::String(text) => {
            let is_address = addresses(text).first().is_some_and(|address| address == text);
            if is_address || text.contains(payload::PAGE) || text.contains(payload::PAGE_SPELT) {
                out.entry(text.clone()).or_insert_with(|| at.to_owned());
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn lures(value: &Value, at: &str, out: &mut Vec<Lure>) {
    match value {
        Value::Object(map) => map.iter().for_each(|(key, inner)| lures(inner, &deeper(at, key), out)),
        Value::Array(list) => list.iter().enumerate().for_each(|(index, inner)| lures(inner, &format!("{at}.{index}"), out)),
        Value::String(text) if text.contains(payload::ADDRESS) => out.push(Lure { text: text.clone(), handle: at.to_owned() }),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// A handle one field deeper.
fn deeper(at: &str, key: &str) -> String {
    format!("{at}.{}", key.replace('~', "~0").replace('/', "~1").replace('.', "~2"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_found_wherever_they_stand() {
        assert_eq!(addresses("To \"lena@berg.example\", <tom@ferry.example>. Not @x or a@b."), ["lena@berg.example", "tom@ferry.example"]);
        assert_eq!(addresses("{\"to\":[\"a@b.example\\n\"]}"), ["a@b.example"]);
    }
}
