//! Mode `traced`: each argument leaf by its role, against the owner's words, the records they name and the ids of its type.
//!
//! What equals nothing of these has the label of the context. Nothing here raises a label: a record is anchored by the owner's words alone.

use super::records::Records;
use super::values::{key, leaves};
use super::words::Words;
use super::{Leaf, Origins, Shown, role_of, text};
use crate::intent::Intent;
use crate::run::Run;
use serde_json::Value;
use std::collections::BTreeSet;
use steward_core::{ArgumentClass, ArgumentRole, Effect, Integrity, Label, Readers, Source, ToolSpec};

/// Labels a call's arguments in mode `traced`.
pub fn trace_closely(run: &Run, shown: &Shown, spec: &ToolSpec, arguments: &Value) -> Origins {
    let fresh;
    let (words, intent) = match (&shown.words, &shown.intent) {
        (Some(words), Some(intent)) => (words, intent),
        _ => {
            fresh = (Words::of(run), Intent::of(run));
            (&fresh.0, &fresh.1)
        }
    };
    let context = Label { readers: shown.records.readers(), ..shown.context() };
    let tracer = Tracer { words, records: &shown.records, context: &context, lengths: shown.records.lengths() };
    let mut labelled = Vec::new();
    let (mut content_actionable, mut leak) = (false, false);
    for (path, leaf) in leaves(arguments) {
        let role = role_of(&spec.roles, &path);
        let label = tracer.label(&leaf, role.as_ref());
        // What has no role may be anything, so it is judged as content too.
        if matches!(role.as_ref().map(ArgumentRole::class), Some(ArgumentClass::Content) | None) {
            if let Value::String(content) = &leaf {
                content_actionable |= text::actionable(content).into_iter().any(|part| !tracer.is_owners(&text::folded(&part)));
            }
            leak |= label.readers != Readers::Public && !spec.effect.only_reads() && spec.effect != Effect::Write;
        }
        labelled.push(Leaf { path, role, label });
    }
    let tainted = context.integrity == Integrity::Outside;
    let asked = intent.asks(spec);
    let mut origins =
        Origins { leaves: labelled, tainted, context: context.integrity, content_actionable, leak, class_asked: !tainted || asked, uninvited: false };
    // The owner wrote to whom: somebody else, whom only a text knows, is not among them.
    let stranger = spec.effect == Effect::Send && words.has_address() && origins.lowest(ArgumentClass::Dest) == Integrity::Outside;
    origins.uninvited = tainted && !spec.effect.only_reads() && !intent.delegates(spec.effect) && (!asked || stranger);
    origins
}

struct Tracer<'a> {
    words: &'a Words,
    records: &'a Records,
    context: &'a Label,
    lengths: BTreeSet<i64>,
}

impl Tracer<'_> {
    fn label(&self, leaf: &Value, role: Option<&ArgumentRole>) -> Label {
        let key = key(leaf);
        // A switch says nothing by itself: true, false and null count as much as the context they were chosen in.
        if matches!(leaf, Value::Bool(_) | Value::Null) || key.is_empty() {
            return self.model();
        }
        if let Some(ArgumentRole::Id(of)) = role {
            if self.words.names_id(&key) {
                return owners(self.words.says(&key));
            }
            return self.records.id(of, &key).unwrap_or_else(|| self.model());
        }
        if let Some(place) = self.words.says(&key) {
            return owners(Some(place));
        }
        if self.words.says_otherwise(&key) {
            return owners(None);
        }
        if let Some(label) = self.records.value(&key) {
            return label;
        }
        match self.words.computes(&key, &self.lengths) {
            Some(true) => owners(None),
            Some(false) => Label { readers: self.context.readers.clone(), ..Label::from_source(Integrity::Anchored, Source::Runtime) },
            None => self.model(),
        }
    }

    fn is_owners(&self, key: &str) -> bool {
        self.words.says(key).is_some() || self.words.says_otherwise(key)
    }

    fn model(&self) -> Label {
        Label { sources: [Source::Model].into(), ..self.context.clone() }
    }
}

/// The owner's words; where they stand otherwise, or in an earlier message, without the place.
fn owners(place: Option<(u32, u32)>) -> Label {
    let (start, end) = place.unwrap_or((0, 0));
    Label::from_source(Integrity::Owner, Source::Message { start, end })
}
