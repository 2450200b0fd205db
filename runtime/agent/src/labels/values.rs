//! The values a run has shown to the model, each with the label its tool's manifest gives it.

use super::records::{Records, origin};
use super::text;
use super::words::Words;
use crate::gate::Catalogue;
use crate::intent::Intent;
use crate::run::Run;
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use steward_core::{FailureClass, Integrity, Label, Origin, Outcome, RecordPattern, Source};

/// One value an earlier result showed.
#[derive(Debug, Clone, PartialEq)]
pub struct ShownValue {
    /// Its label; the join when several results showed it.
    pub label: Label,
}

/// All values shown so far, by their comparable form, and the label of the whole context.
#[derive(Debug, Clone, Default)]
pub struct Shown {
    values: HashMap<String, ShownValue>,
    context: Option<Label>,
    pub(super) words: Option<Words>,
    pub(super) intent: Option<Intent>,
    pub(super) records: Records,
}

/// Whether a failure of this class is told in the words of the tool; all others, and every refusal of the gate, are told in ours.
const fn in_its_own_words(class: FailureClass) -> bool {
    matches!(class, FailureClass::InvalidArguments | FailureClass::NotFound | FailureClass::Denied | FailureClass::Unavailable | FailureClass::Failed)
}

impl Shown {
    /// What a run begins with: the owner's words, what they ask for, and the label of the history.
    pub fn begin(run: &Run) -> Self {
        let mut shown = Self { words: Some(Words::of(run)), intent: Some(Intent::of(run)), ..Self::default() };
        // What the agent said earlier may repeat what it had read then: its words lower the context as the reading did.
        for turn in &run.history {
            shown.join_context(&Label { integrity: turn.integrity, readers: steward_core::Readers::Public, sources: [].into() });
        }
        shown
    }

    /// Collects what the model had been shown when it gave the answer of step `before`: the results of all earlier steps.
    /// A tool that is no longer known shows outside text.
    pub fn before(run: &Run, before: u32, tools: &dyn Catalogue) -> Self {
        let mut shown = Self::begin(run);
        for call in run.steps.iter().filter(|step| step.number < before).flat_map(|step| &step.calls) {
            let id = call.call.call_id.to_string();
            if let Some(Outcome::Failed { failure }) = &call.outcome
                && call.started.is_some()
                && in_its_own_words(failure.class)
            {
                // A tool may have read others' text, and nothing labels what it says of its failure.
                let source = Source::Result { call: id.clone(), tool: call.call.tool.clone(), path: String::new() };
                shown.join_context(&Label::from_source(Integrity::Outside, source));
            }
            if let Some(Outcome::Ok { result, .. }) = &call.outcome {
                match tools.find(&call.call.tool) {
                    Some(tool) => {
                        let spec = tool.spec();
                        shown.add_result(&id, &spec.name, result, &spec.result_labels, &call.records, &spec.records, spec.private);
                    }
                    None => shown.add(&id, &call.call.tool, result, &BTreeMap::new(), &call.records),
                }
            }
        }
        shown
    }

    /// Adds one result of a tool that says nothing of its records.
    pub fn add(&mut self, call: &str, tool: &str, result: &Value, labels: &BTreeMap<String, Origin>, records: &BTreeMap<String, Integrity>) {
        self.add_result(call, tool, result, labels, records, &[], false);
    }

    /// Adds one result. A field of a record is never better than what the record was written from.
    #[expect(clippy::too_many_arguments, reason = "a call's result and the five things its manifest and the store say of it")]
    pub fn add_result(
        &mut self,
        call: &str,
        tool: &str,
        result: &Value,
        labels: &BTreeMap<String, Origin>,
        stored: &BTreeMap<String, Integrity>,
        patterns: &[RecordPattern],
        private: bool,
    ) {
        let mut capped = Vec::new();
        record_leaves(&mut String::new(), result, stored, Integrity::Owner, &mut capped);
        let with_origin = |(path, leaf, cap): (String, Value, Integrity)| {
            let origin = origin(labels, &path);
            (path, leaf, origin, cap)
        };
        let leaves: Vec<(String, Value, Origin, Integrity)> = capped.into_iter().map(with_origin).collect();
        let empty = Words::default();
        self.records.add(self.words.as_ref().unwrap_or(&empty), patterns, (call, tool), result, &leaves, private);
        for (path, leaf, origin, cap) in leaves {
            // What the runtime itself made, an id or a count, is nobody's text.
            let integrity = if origin == Origin::System { origin.integrity() } else { origin.integrity().min(cap) };
            // A switch or an absent value carries no text of anybody.
            let integrity = if matches!(leaf, Value::Bool(_) | Value::Null) { integrity.max(Integrity::Fact) } else { integrity };
            let label = Label::from_source(integrity, Source::Result { call: call.to_owned(), tool: tool.to_owned(), path });
            self.join_context(&label);
            let key = key(&leaf);
            if !key.is_empty() {
                self.values.entry(key).and_modify(|value| value.label = value.label.join(&label)).or_insert(ShownValue { label });
            }
        }
    }

    fn join_context(&mut self, label: &Label) {
        let joined = self.context.as_ref().map_or_else(|| label.clone(), |context| context.join(label));
        // The context is too wide for its sources to say anything.
        self.context = Some(Label { sources: [].into(), ..joined });
    }

    /// The value of this comparable form.
    pub fn find(&self, key: &str) -> Option<&ShownValue> {
        self.values.get(key)
    }

    /// The label of all that was shown; before anything was, the owner's.
    pub fn context(&self) -> Label {
        self.context.clone().unwrap_or_else(|| Label { integrity: Integrity::Owner, readers: steward_core::Readers::Public, sources: [].into() })
    }
}

/// The scalar leaves with the lowest integrity of the records they belong to: an object belongs to a record when one of its own texts is the record's id.
fn record_leaves(path: &mut String, value: &Value, records: &BTreeMap<String, Integrity>, cap: Integrity, out: &mut Vec<(String, Value, Integrity)>) {
    let before = path.len();
    match value {
        Value::Object(map) => {
            let own = map.values().filter_map(|inner| records.get(inner.as_str()?)).min().copied();
            let cap = own.map_or(cap, |own| own.min(cap));
            for (key, inner) in map {
                path.push('/');
                path.push_str(&key.replace('~', "~0").replace('/', "~1"));
                record_leaves(path, inner, records, cap, out);
                path.truncate(before);
            }
        }
        Value::Array(list) => {
            for (index, inner) in list.iter().enumerate() {
                path.push('/');
                path.push_str(&index.to_string());
                record_leaves(path, inner, records, cap, out);
                path.truncate(before);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => out.push((path.clone(), value.clone(), cap)),
    }
}

/// The scalar leaves of a value with their JSON pointers. Object keys that hold a scalar are not values.
pub(super) fn leaves(value: &Value) -> Vec<(String, Value)> {
    let mut out = Vec::new();
    record_leaves(&mut String::new(), value, &BTreeMap::new(), Integrity::Owner, &mut out);
    out.into_iter().map(|(path, leaf, _)| (path, leaf)).collect()
}

/// The comparable form of a scalar.
pub(super) fn key(value: &Value) -> String {
    match value {
        Value::String(string) => text::folded(string),
        Value::Number(number) => number.to_string(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => String::new(),
    }
}

/// The places in a value that a JSON pointer with `*` names, with their own pointers.
pub(super) fn pointed<'a>(value: &'a Value, pattern: &str) -> Vec<(String, &'a Value)> {
    let escaped = |key: &str| key.replace('~', "~0").replace('/', "~1");
    let mut found = vec![(String::new(), value)];
    for part in pattern.split('/').skip(1) {
        let mut deeper = Vec::new();
        for (path, value) in found {
            match value {
                Value::Array(list) => {
                    let named = list.iter().enumerate().map(|(index, inner)| (index.to_string(), inner));
                    deeper.extend(named.filter(|(name, _)| part == "*" || part == name).map(|(name, inner)| (format!("{path}/{name}"), inner)));
                }
                Value::Object(map) => {
                    let named = map.iter().map(|(key, inner)| (escaped(key), inner));
                    deeper.extend(named.filter(|(name, _)| part == "*" || part == name).map(|(name, inner)| (format!("{path}/{name}"), inner)));
                }
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
            }
        }
        found = deeper;
    }
    found
}

/// Whether a JSON pointer fits a pattern in which `*` stands for one part.
pub(super) fn matches(pattern: &str, path: &str) -> bool {
    let mut pattern = pattern.split('/');
    let mut path = path.split('/');
    loop {
        match (pattern.next(), path.next()) {
            (None, None) => return true,
            (Some("*"), Some(_)) => {}
            (Some(want), Some(have)) if want == have => {}
            _ => return false,
        }
    }
}
