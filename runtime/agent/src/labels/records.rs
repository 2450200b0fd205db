//! Records among the results: which the owner named, whose ids they are. A record that was merely listed names nothing.
//!
//! An id counts for its own type only. A record is anchored when the owner's words name it and no other of its type.

use super::values::{key, leaves, matches, pointed};
use super::words::{Words, minutes, moment};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use steward_core::{Integrity, Label, Origin, Readers, RecordPattern, Source};

/// One place where a value stood.
#[derive(Debug, Clone)]
struct Place {
    origin: Origin,
    cap: Integrity,
    record: Option<usize>,
    source: Source,
}

#[derive(Debug, Clone)]
struct Record {
    of: String,
    made: bool,
    /// The owner's phrases that name it, whole texts first.
    phrases: Vec<String>,
    moments: Vec<i64>,
}

/// Everything shown, by value and by id.
#[derive(Debug, Clone, Default)]
pub(super) struct Records {
    records: Vec<Record>,
    /// Values that are no ids.
    values: HashMap<String, Vec<Place>>,
    ids: HashMap<String, Vec<Place>>,
    /// Which records a phrase names, by type.
    named: HashMap<(String, String), BTreeSet<String>>,
    private: bool,
}

impl Records {
    /// Adds the leaves of one result: path, value, origin and the integrity of the stored record it was made from.
    pub(super) fn add(
        &mut self,
        words: &Words,
        patterns: &[RecordPattern],
        (call, tool): (&str, &str),
        result: &Value,
        leaves: &[(String, Value, Origin, Integrity)],
        private: bool,
    ) {
        self.private |= private;
        let mut places: Vec<(String, usize, Option<&str>)> = Vec::new();
        for pattern in patterns {
            for (path, object) in pointed(result, &pattern.at) {
                let index = self.record(words, pattern, object, &format!("{call}{path}"));
                places.push((path, index, pattern.key.as_deref()));
            }
        }
        for (path, leaf, origin, cap) in leaves {
            let key = key(leaf);
            if key.is_empty() {
                continue;
            }
            let inside = places.iter().rev().find_map(|(at, index, id)| Some((path.strip_prefix(at.as_str())?.strip_prefix('/')?, *index, *id)));
            let is_id = inside.is_some_and(|(field, _, id)| id == Some(field));
            let source = Source::Result { call: call.to_owned(), tool: tool.to_owned(), path: path.clone() };
            let place = Place { origin: *origin, cap: *cap, record: inside.map(|(_, index, _)| index), source };
            if is_id { &mut self.ids } else { &mut self.values }.entry(key).or_default().push(place);
        }
    }

    fn record(&mut self, words: &Words, pattern: &RecordPattern, object: &Value, nameless: &str) -> usize {
        let id = pattern.key.as_ref().and_then(|field| object.get(field)).map(key).filter(|id| !id.is_empty());
        let mut phrases = BTreeSet::new();
        for anchor in &pattern.anchors {
            for (_, leaf) in object.get(anchor).map(leaves).into_iter().flatten() {
                phrases.extend(words.names(&key(&leaf)));
            }
        }
        let moments = leaves(object).iter().filter_map(|(_, leaf)| moment(&key(leaf))).filter_map(|(date, time)| Some(minutes(date) + time?)).collect();
        // Without an id, the same texts are the same record.
        let id = id.unwrap_or_else(|| if pattern.key.is_none() { object.to_string() } else { nameless.to_owned() });
        for phrase in &phrases {
            self.named.entry((pattern.of.clone(), phrase.clone())).or_default().insert(id.clone());
        }
        self.records.push(Record { of: pattern.of.clone(), made: pattern.made, phrases: phrases.into_iter().collect(), moments });
        self.records.len() - 1
    }

    /// Whether a phrase of the owner names this record and no other.
    fn is_anchored(&self, index: usize) -> bool {
        self.records.get(index).is_some_and(|record| {
            record.phrases.iter().any(|phrase| self.named.get(&(record.of.clone(), phrase.clone())).is_some_and(|records| records.len() == 1))
        })
    }

    fn label(&self, place: &Place) -> Label {
        let anchored = place.record.is_some_and(|index| self.is_anchored(index));
        let integrity = match (place.origin, place.record) {
            (Origin::System | Origin::Owner, _) => Integrity::Owner,
            // Curated, but the owner did not say whom: one of many that were listed.
            (Origin::Directory, Some(_)) if !anchored => Integrity::Fact,
            (Origin::Directory, _) => Integrity::Directory,
            (Origin::Fact, _) if anchored => Integrity::Anchored,
            (Origin::Fact, _) => Integrity::Fact,
            (Origin::Outside, _) => Integrity::Outside,
        };
        let integrity = if place.origin == Origin::System { integrity } else { integrity.min(place.cap) };
        Label { readers: self.readers(), ..Label::from_source(integrity, place.source.clone()) }
    }

    /// The best label among the places where this value stood: that others repeat it takes nothing from it.
    pub(super) fn value(&self, key: &str) -> Option<Label> {
        self.values.get(key)?.iter().map(|place| self.label(place)).max_by_key(|label| label.integrity)
    }

    /// The label of an id used for a record of this type. Known, but of another type only: outside text.
    pub(super) fn id(&self, of: &str, key: &str) -> Option<Label> {
        let places = self.ids.get(key)?;
        let own =
            places.iter().filter_map(|place| Some((place, place.record?))).filter(|(_, index)| self.records.get(*index).is_some_and(|record| record.of == of));
        let label = |(place, index): (&Place, usize)| {
            let made = self.records.get(index).is_some_and(|record| record.made);
            let integrity = if made {
                Integrity::Owner
            } else if self.is_anchored(index) {
                Integrity::Anchored
            } else {
                Integrity::Fact
            };
            Label { readers: self.readers(), ..Label::from_source(integrity, place.source.clone()) }
        };
        let best = own.map(label).max_by_key(|label| label.integrity);
        Some(best.unwrap_or_else(|| Label { readers: self.readers(), integrity: Integrity::Outside, sources: [Source::Model].into() }))
    }

    /// How long the records the owner named last, in minutes.
    pub(super) fn lengths(&self) -> BTreeSet<i64> {
        let named = (0..self.records.len()).filter(|index| self.is_anchored(*index)).filter_map(|index| self.records.get(index));
        named
            .filter_map(|record| if let [from, to, ..] = record.moments.as_slice() { Some((to - from).abs()) } else { None })
            .filter(|length| *length > 0)
            .collect()
    }

    /// Who may read what was shown: the house, once anything private was.
    pub(super) fn readers(&self) -> Readers {
        if self.private { Readers::Only(["house".to_owned()].into()) } else { Readers::Public }
    }
}

/// The origin of a leaf by its path.
pub(super) fn origin(labels: &BTreeMap<String, Origin>, path: &str) -> Origin {
    labels.iter().find(|(pattern, _)| matches(pattern, path)).map_or(Origin::Outside, |(_, origin)| *origin)
}
