//! What results held: each value with the record it stood in, which records the owner named, who may read them, whose ids they are.
//!
//! A record that was merely listed names nothing. An id counts for its own type only. A record is anchored when the owner's
//! words name it and no other of its type. Nothing here raises a label otherwise.

use super::canon::{address, form};
use super::text;
use super::values::key;
use super::walk::{Found, leaves, pointed};
use super::words::{Span, Words, dates_in, minutes, moment};
use super::writes::Told;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::{Arc, OnceLock};
use steward_core::{ArgumentClass, Floor, Integrity, Label, Origin, Readers, RecordPattern, Source};

/// What is for the organisation only.
pub(super) fn house() -> Readers {
    Readers::Only([Readers::HOUSE.to_owned()].into())
}

/// Whether everybody of the organisation may read it.
pub(super) fn is_for_house(readers: &Readers) -> bool {
    readers.cover(std::iter::once(Readers::HOUSE))
}

/// Who may read what a call brought: those of its tool, or the fewer that the host noted, who are of the house.
pub(super) fn rest(private: bool, noted: &Readers) -> Readers {
    match noted {
        Readers::Only(_) => noted.clone(),
        Readers::Public if private => house(),
        Readers::Public => Readers::Public,
    }
}

/// The shortest text that counts for a piece of another, in characters; what is shorter stands everywhere.
const PIECE_MIN: usize = 8;

/// One place where a value stood.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) origin: Origin,
    cap: Integrity,
    /// No use of it is better than this.
    floor: Integrity,
    pub(super) record: Option<usize>,
    is_id: bool,
    /// Whether the id stands beside another record, which says nothing of who has its own.
    is_mention: bool,
    readers: Arc<Readers>,
    pub(super) call: Arc<str>,
    tool: Arc<str>,
    pub(super) path: String,
}

impl Place {
    /// Who may read what stands there.
    pub(super) fn readers(&self) -> Readers {
        Readers::clone(&self.readers)
    }
}

#[derive(Debug, Clone)]
struct Record {
    of: String,
    made: bool,
    /// Whether a model that had text from outside chose that it be read.
    picked: bool,
    /// Whether the tool that showed it says that such records are everybody's.
    public: bool,
    /// The owner's phrases that name it.
    phrases: Vec<String>,
    /// Those of them that a sentence holds which says to go by what is named, with where it stands.
    endorsed: BTreeMap<String, Span>,
    moments: Vec<i64>,
}

/// A long value, for finding pieces of it.
#[derive(Debug, Clone)]
struct Text {
    folded: String,
    place: usize,
    dates: OnceLock<BTreeSet<(i64, i64, i64)>>,
}

/// Where one result comes from.
pub(super) struct Origins<'a> {
    pub(super) call: &'a str,
    pub(super) tool: &'a str,
    pub(super) patterns: &'a [RecordPattern],
    pub(super) private: bool,
    /// What the tool's plugin had kept from earlier calls and read for it.
    pub(super) kept: Option<Floor>,
    /// Who may read all of it, as the host noted; the manifest may only say less of them.
    pub(super) readers: &'a Readers,
    /// Whether another run got it: what was made then is no longer known to be as it was made.
    pub(super) taken: bool,
    /// Whether a model that had text from outside chose what was read.
    pub(super) picked: bool,
    /// The sentence in which the owner named this whole result, which has no records, and said to go by it.
    pub(super) endorsed: Option<Span>,
    /// For whom it is, where it tells nothing but what the call wrote.
    pub(super) written: Option<&'a Readers>,
}

/// What a value is used for.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Use<'a> {
    /// The class of the argument.
    pub(super) class: Option<ArgumentClass>,
    /// The texts that the same call gives to what it makes.
    pub(super) giving: Option<&'a HashSet<String>>,
}

/// Everything shown, by value and by id.
#[derive(Debug, Clone, Default)]
pub(super) struct Records {
    records: Vec<Record>,
    pub(super) places: Vec<Place>,
    /// Values that are no ids, as they are and in their one form.
    values: HashMap<String, Vec<usize>>,
    forms: HashMap<String, Vec<usize>>,
    ids: HashMap<String, Vec<usize>>,
    texts: Vec<Text>,
    /// By call and pointer, for handles.
    at: HashMap<String, usize>,
    /// Which records a phrase names, by type.
    named: HashMap<String, HashMap<String, BTreeSet<String>>>,
    /// Results without records that the owner named and said to go by, with the sentence.
    sources: BTreeMap<Arc<str>, Span>,
}

impl Records {
    /// Adds the leaves of one result, which may show what the run has written.
    pub(super) fn add(&mut self, words: &Words, from: &Origins<'_>, result: &Value, found: &[Found], told: Option<Told<'_>>) {
        let (call, tool): (Arc<str>, Arc<str>) = (from.call.into(), from.tool.into());
        if let Some(span) = from.endorsed {
            self.sources.insert(Arc::clone(&call), span);
        }
        let origins: HashMap<&str, Origin> = found.iter().filter(|leaf| !leaf.is_key).map(|leaf| (leaf.path.as_str(), leaf.origin)).collect();
        let rest = Arc::new(rest(from.private, from.readers));
        let written = from.written.cloned().map(Arc::new);
        let kept_private = from.kept.is_some_and(|kept| kept.private);
        // What a tool says of a record's readers was judged by when something was written there. Where it says nothing, what was written stays for
        // its readers.
        let says_whose = |pattern: &RecordPattern| from.private && !kept_private && !pattern.readers.is_empty();
        let is_said_of_all = !from.patterns.is_empty() && from.patterns.iter().all(says_whose);
        let loose = narrowed(&rest, told.filter(|_| !is_said_of_all).and_then(Told::of_shown));
        let mut around: HashMap<String, Vec<Around<'_>>> = HashMap::new();
        for pattern in from.patterns {
            for (path, object) in pointed(result, &pattern.at).into_iter().filter(|(_, object)| object.is_object()) {
                let record =
                    self.record(words, pattern, from.taken, object, &format!("{call}{path}"), |field| origins.get(format!("{path}/{field}").as_str()).copied());
                if let Some(record) = self.records.get_mut(record) {
                    record.picked = from.picked && !record.made;
                }
                // What was kept of private matters is for the house, whomever its plugin names as a reader.
                let named = from.private && !kept_private && from.readers.is_public();
                let readers = if named { Arc::new(readers(pattern, object)) } else { Arc::clone(&rest) };
                let id = pattern.key.as_deref();
                let written = told
                    .filter(|_| !says_whose(pattern))
                    .zip(id.and_then(|field| object.get(field)))
                    .and_then(|(told, id)| told.of_record(&pattern.of, &key(id)));
                let says = narrowed(&readers, written.clone());
                around.entry(path).or_default().push(Around { record, id, anchors: &pattern.anchors, readers, says, written });
            }
        }
        for Found { path, leaf, origin, cap, floor, is_key } in found {
            let inside = enclosing(&around, path);
            // One object may be a record and name others: an id belongs to its own pattern, the rest to the first.
            let own = inside.and_then(|(field, around)| around.iter().find(|around| !is_key && around.id == Some(field)));
            let record = own.or_else(|| inside.and_then(|(_, around)| around.first()));
            // An id says which record it is, and what the program made is nobody's text.
            let is_text = own.is_none() && *origin != Origin::System;
            let readers = match inside.and_then(|(field, around)| Some((field, around.split_first()?))) {
                Some((field, (first, beside))) if is_text => {
                    // The name of another record, as a contact's company, says what was written into that one.
                    let name = field.split('/').next().unwrap_or(field);
                    let named = beside.iter().filter(|around| around.anchors.iter().any(|anchor| anchor == name));
                    named.fold(Arc::clone(&first.says), |says, around| narrowed(&says, around.written.clone()))
                }
                Some((_, (first, _))) => Arc::clone(&first.readers),
                None if is_text => Arc::clone(&loose),
                None => Arc::clone(&rest),
            };
            let readers = written.as_ref().filter(|_| is_text).map_or(readers, Arc::clone);
            let place = Place {
                origin: *origin,
                cap: *cap,
                floor: *floor,
                record: record.map(|around| around.record),
                is_id: own.is_some(),
                is_mention: own.is_some_and(|own| inside.and_then(|(_, around)| around.first()).is_some_and(|first| first.record != own.record)),
                readers,
                call: Arc::clone(&call),
                tool: Arc::clone(&tool),
                path: path.clone(),
            };
            self.put(key(leaf), *is_key, place);
        }
    }

    fn put(&mut self, key: String, is_key: bool, place: Place) {
        let (index, is_id) = (self.places.len(), place.is_id);
        if !is_key {
            self.at.insert(format!("{}{}", place.call, place.path), index);
        }
        self.places.push(place);
        if key.is_empty() {
            return;
        }
        if is_id {
            self.ids.entry(key).or_default().push(index);
            return;
        }
        if let Some(form) = form(&key) {
            self.forms.entry(form).or_default().push(index);
        }
        if key.len() > PIECE_MIN {
            self.texts.push(Text { folded: key.clone(), place: index, dates: OnceLock::new() });
        }
        self.values.entry(key).or_default().push(index);
    }

    /// A value taken out of another by the host: it is of the same record, of the same origin, for the same readers.
    /// Whoever took it chose the piece, so it is a fact at most.
    pub(super) fn put_taken(&mut self, call: &str, path: &str, value: &Value, of: &Place) {
        let origin = if of.origin == Origin::Outside { Origin::Outside } else { Origin::Fact };
        let place = Place { origin, cap: of.cap.min(Integrity::Fact), call: call.into(), path: path.to_owned(), is_id: false, is_mention: false, ..of.clone() };
        if let Some(span) = self.sources.get(&of.call).copied() {
            self.sources.insert(Arc::clone(&place.call), span);
        }
        self.put(key(value), false, place);
    }

    /// A value of no record and of anybody, for these readers.
    pub(super) fn put_own(&mut self, call: &str, tool: &str, path: &str, value: &Value, readers: Readers) {
        let place = Place {
            origin: Origin::Outside,
            cap: Integrity::Outside,
            floor: Integrity::Outside,
            record: None,
            is_id: false,
            is_mention: false,
            readers: Arc::new(readers),
            call: call.into(),
            tool: tool.into(),
            path: path.to_owned(),
        };
        self.put(key(value), false, place);
    }

    fn record(
        &mut self,
        words: &Words,
        pattern: &RecordPattern,
        taken: bool,
        object: &Value,
        nameless: &str,
        origin: impl Fn(&str) -> Option<Origin>,
    ) -> usize {
        let id = pattern.key.as_ref().and_then(|field| object.get(field)).map(key).filter(|id| !id.is_empty());
        let (mut phrases, mut endorsed) = (BTreeSet::new(), BTreeMap::new());
        for anchor in &pattern.anchors {
            let chosen = !matches!(origin(anchor), Some(Origin::Directory | Origin::System | Origin::Owner));
            for (_, leaf) in object.get(anchor).map(leaves).into_iter().flatten() {
                let text = key(&leaf);
                let naming = words.naming(&text, chosen);
                // What no words name, no sentence says to go by.
                if !naming.is_empty() {
                    endorsed.extend(words.endorsing(&text, chosen));
                }
                phrases.extend(naming);
            }
        }
        let moments = leaves(object).iter().filter_map(|(_, leaf)| moment(&key(leaf))).filter_map(|(date, time)| Some(minutes(date) + time?)).collect();
        // Without an id, the same texts are the same record.
        let id = id.unwrap_or_else(|| if pattern.key.is_none() { object.to_string() } else { nameless.to_owned() });
        let named = self.named.entry(pattern.of.clone()).or_default();
        for phrase in &phrases {
            named.entry(phrase.clone()).or_default().insert(id.clone());
        }
        let made = pattern.made && !taken;
        let phrases = phrases.into_iter().collect();
        let record = Record { of: pattern.of.clone(), made, picked: false, public: pattern.public, phrases, endorsed, moments };
        self.records.push(record);
        self.records.len() - 1
    }

    /// Whether one of these phrases names this record and no other of its type.
    fn is_alone<'a>(&self, record: &Record, phrases: impl IntoIterator<Item = &'a String>) -> bool {
        let Some(named) = self.named.get(&record.of) else { return false };
        phrases.into_iter().any(|phrase| named.get(phrase).is_some_and(|records| records.len() == 1))
    }

    /// Whether the owner's words name some record of this type.
    pub(super) fn names_any(&self, of: &str) -> bool {
        self.records.iter().any(|record| record.of == of && self.is_alone(record, &record.phrases))
    }

    fn is_anchored(&self, index: usize) -> bool {
        self.records.get(index).is_some_and(|record| self.is_alone(record, &record.phrases))
    }

    /// The sentence in which the owner named where this value stands, and said to go by it.
    pub(super) fn endorsed(&self, place: &Place) -> Option<Span> {
        let Some(index) = place.record else { return self.sources.get(&place.call).copied() };
        let record = self.records.get(index)?;
        record.endorsed.iter().find(|(phrase, _)| self.is_alone(record, [*phrase])).map(|(_, span)| *span)
    }

    /// The label of what stands at a place, when it is used for an argument of this class.
    pub(super) fn label(&self, place: &Place, used: Use<'_>) -> Label {
        let class = used.class;
        let anchored = place.record.and_then(|index| self.records.get(index)).is_some_and(|record| {
            // What a call is about to make has a name too: a record of that name is not therefore what the owner spoke of.
            let given = |phrase: &&String| class == Some(ArgumentClass::Dest) && used.giving.is_some_and(|names| names.contains(*phrase));
            let phrases: Vec<&String> = record.phrases.iter().filter(|phrase| !given(phrase)).collect();
            self.is_alone(record, phrases)
        });
        // Of all records of a name the model may have read the one alone that serves whoever wrote to it. The directory is made by no stranger.
        let is_picked = class == Some(ArgumentClass::Dest) && place.record.and_then(|index| self.records.get(index)).is_some_and(|record| record.picked);
        let integrity = match (place.origin, place.record) {
            // The platform vouches that it is so; which of many it should be, nobody has said.
            (Origin::System, Some(_)) if class == Some(ArgumentClass::Dest) && (!anchored || is_picked) => Integrity::Fact,
            (Origin::System, Some(_)) if class == Some(ArgumentClass::Dest) => Integrity::Anchored,
            (Origin::System | Origin::Owner, _) => Integrity::Owner,
            (Origin::Directory, Some(_)) if !anchored => Integrity::Fact,
            (Origin::Directory, _) => Integrity::Directory,
            (Origin::Fact, _) if anchored && !is_picked => Integrity::Anchored,
            (Origin::Fact, _) => Integrity::Fact,
            (Origin::Outside, _) => Integrity::Outside,
        };
        let integrity = if place.origin == Origin::System { integrity } else { integrity.min(place.cap) };
        let integrity = integrity.min(place.floor);
        Label { readers: Readers::clone(&place.readers), ..Label::from_source(integrity, source(place)) }
    }

    /// The best label among these places: that others repeat a value takes nothing from it, and whoever may read one of them knows it.
    fn best<'a>(&self, places: impl Iterator<Item = &'a usize>, used: Use<'_>) -> Option<Label> {
        let labels = places.filter_map(|index| self.places.get(*index)).map(|place| (self.label(place, used), place));
        let best = labels.reduce(|(a, at_a), (b, at_b)| {
            let readers = a.readers.either(&b.readers);
            // Of two that count the same, the one that no model chose.
            let is_b = b.integrity > a.integrity || (b.integrity == a.integrity && self.is_picked(at_a) && !self.is_picked(at_b));
            let (best, at) = if is_b { (b, at_b) } else { (a, at_a) };
            (Label { readers, ..best }, at)
        });
        best.map(|(label, _)| label)
    }

    /// Whether only a model that had text from outside says that what stands here is of the record the owner spoke of: it chose to read that, or
    /// nobody named the record and this is a value of our own. The directory is made by no stranger.
    pub(super) fn is_picked(&self, place: &Place) -> bool {
        let Some(record) = place.record.and_then(|index| self.records.get(index)) else { return false };
        match place.origin {
            Origin::Directory => false,
            Origin::System => record.picked || !(record.made || self.is_alone(record, &record.phrases)),
            Origin::Owner | Origin::Fact | Origin::Outside => record.picked,
        }
    }

    /// Whether a value has this label from such a place.
    pub(super) fn is_of_picked(&self, label: &Label) -> bool {
        let is_picked = |call: &str, path: &str| self.place(call, path).is_some_and(|place| self.is_picked(place));
        label.sources.iter().any(|source| matches!(source, Source::Result { call, path, .. } if is_picked(call, path)))
    }

    /// The label of a value that stood somewhere, perhaps in another spelling.
    pub(super) fn value(&self, key: &str, used: Use<'_>) -> Option<Label> {
        let form = form(key);
        let other = form.as_ref().and_then(|form| self.forms.get(form)).into_iter().flatten();
        self.best(self.values.get(key).into_iter().flatten().chain(other), used)
    }

    /// The places of texts that a value is a piece of: word by word, or a date that is written otherwise there.
    pub(super) fn pieces(&self, key: &str) -> Vec<usize> {
        let date = moment(key);
        if date.is_none() && key.chars().count() < PIECE_MIN {
            return Vec::new();
        }
        let holds = |text: &&Text| {
            text.folded.len() > key.len() && text::span(&text.folded, &text.folded, key).is_some()
                || date.is_some_and(|(date, _)| text.dates.get_or_init(|| dates_in(&text.folded)).contains(&date))
        };
        self.texts.iter().filter(holds).map(|text| text.place).collect()
    }

    /// The label of a piece of a text. Whoever cut it out chose it, so it is a fact at most.
    pub(super) fn piece(&self, key: &str, used: Use<'_>) -> Option<Label> {
        self.best(self.pieces(key).iter(), used).map(|label| label.at_most(Integrity::Fact))
    }

    /// The label of an id used for a record of this type. Known, but of another type only: outside text.
    pub(super) fn id(&self, of: &str, key: &str) -> Option<Label> {
        let places = self.ids.get(key)?.iter().filter_map(|index| self.places.get(*index));
        let labels = places.filter_map(|place| Some((self.id_label(of, place)?, !self.is_picked(place))));
        // Of two that count the same, the one that no model chose.
        let best = labels.max_by_key(|(label, is_open)| (label.integrity, *is_open));
        Some(best.map_or_else(foreign, |(label, _)| label))
    }

    /// The label of what stands at this place, used as the id of a record of this type.
    pub(super) fn id_at(&self, of: &str, place: &Place) -> Label {
        self.id_label(of, place).unwrap_or_else(foreign)
    }

    fn id_label(&self, of: &str, place: &Place) -> Option<Label> {
        let record = place.record.filter(|_| place.is_id).and_then(|index| self.records.get(index)).filter(|record| record.of == of)?;
        let integrity = if record.made {
            Integrity::Owner
        } else if self.is_alone(record, &record.phrases) {
            Integrity::Anchored
        } else {
            Integrity::Fact
        };
        Some(Label { readers: place.readers(), ..Label::from_source(integrity.min(place.floor), source(place)) })
    }

    /// The places at which this id stands as one of a record of this type, in the order in which they were read.
    fn places_of<'a>(&'a self, of: &str, key: &str) -> impl Iterator<Item = (&'a Place, &'a Record)> {
        let places = self.ids.get(key).into_iter().flatten().filter_map(move |index| self.places.get(*index));
        places.filter_map(move |place| Some((place, self.records.get(place.record?).filter(|record| record.of == of)?)))
    }

    /// Who has this record: everybody whom any of the places names at which it was read. None where it was read nowhere. Where it is merely
    /// mentioned beside another counts if that is all there is.
    pub(super) fn readers_of(&self, of: &str, key: &str) -> Option<Readers> {
        let told = |mentions: bool| {
            let places = self.places_of(of, key).map(|(place, _)| place).filter(|place| place.is_mention == mentions);
            places.map(Place::readers).reduce(|a, b| match (a, b) {
                (Readers::Public, readers) | (readers, Readers::Public) => readers,
                (Readers::Only(a), Readers::Only(b)) => Readers::Only(a.union(&b).cloned().collect()),
            })
        };
        told(false).or_else(|| told(true))
    }

    /// Whether everybody may read what is written into this record: the tool that is called says so of such records, with these patterns, or
    /// one that has shown it did, or showed it to everybody itself. Other tools are not asked: what is judged stays so whatever is installed.
    pub(super) fn is_everybodys(&self, of: &str, key: &str, patterns: &[RecordPattern]) -> bool {
        let is_said = patterns.iter().any(|pattern| pattern.of == of && pattern.public);
        is_said || self.places_of(of, key).any(|(place, record)| record.public || !place.is_mention && place.readers.is_public())
    }

    /// Whether a call of this run made it. What was read before such a call named it was there already.
    pub(super) fn is_made(&self, of: &str, key: &str) -> bool {
        self.places_of(of, key).next().is_some_and(|(_, record)| record.made)
    }

    /// The phrases by which the owner's words name this record and no other of its type.
    pub(super) fn called(&self, of: &str, key: &str) -> Vec<&str> {
        self.alone(self.places_of(of, key).map(|(_, record)| record))
    }

    /// The phrases by which the owner's words name records that hold this value as the directory's, each alone of its type. The record itself
    /// that is handed over says of nobody that they should get it.
    pub(super) fn called_with(&self, key: &str, (of, id): (&str, &str)) -> Vec<&str> {
        let itself: BTreeSet<usize> = self.places_of(of, id).filter_map(|(place, _)| place.record).collect();
        let form = form(key);
        let other = form.as_ref().and_then(|form| self.forms.get(form)).into_iter().flatten();
        let places = self.values.get(key).into_iter().flatten().chain(other).filter_map(|index| self.places.get(*index));
        let places = places.filter(|place| place.origin == Origin::Directory);
        self.alone(places.filter_map(|place| place.record.filter(|record| !itself.contains(record))).filter_map(|record| self.records.get(record)))
    }

    /// The addresses that this record holds as the directory's.
    pub(super) fn addresses(&self, of: &str, key: &str) -> Vec<String> {
        let itself: BTreeSet<usize> = self.places_of(of, key).filter_map(|(place, _)| place.record).collect();
        let stands = |index: &usize| {
            self.places.get(*index).is_some_and(|place| place.origin == Origin::Directory && place.record.is_some_and(|record| itself.contains(&record)))
        };
        let addresses = self.values.iter().filter(|(key, places)| key.contains('@') && places.iter().any(stands));
        addresses.filter_map(|(key, _)| address(key).map(str::to_owned)).collect()
    }

    fn alone<'a>(&'a self, records: impl Iterator<Item = &'a Record>) -> Vec<&'a str> {
        let phrases = records.flat_map(|record| record.phrases.iter().filter(move |phrase| self.is_alone(record, [*phrase])));
        phrases.map(String::as_str).collect()
    }

    /// The place a handle names.
    pub(super) fn place(&self, call: &str, path: &str) -> Option<&Place> {
        self.place_at(&format!("{call}{path}"))
    }

    /// The place at a call and JSON pointer, written one after the other.
    pub(super) fn place_at(&self, at: &str) -> Option<&Place> {
        self.places.get(*self.at.get(at)?)
    }

    /// How long the records the owner named last, in minutes.
    pub(super) fn lengths(&self) -> BTreeSet<i64> {
        let named = (0..self.records.len()).filter(|index| self.is_anchored(*index)).filter_map(|index| self.records.get(index));
        named
            .filter_map(|record| if let [from, to, ..] = record.moments.as_slice() { Some((to - from).abs()) } else { None })
            .filter(|length| *length > 0)
            .collect()
    }
}

/// A record around a leaf.
struct Around<'a> {
    record: usize,
    id: Option<&'a str>,
    /// The fields that name it.
    anchors: &'a [String],
    readers: Arc<Readers>,
    /// Of what it says, where this run has written into it what fewer may read.
    says: Arc<Readers>,
    /// Who may read what this run has written into it; none where everybody may.
    written: Option<Readers>,
}

/// The same readers, or those of them who may read what was written, too.
fn narrowed(readers: &Arc<Readers>, written: Option<Readers>) -> Arc<Readers> {
    written.map_or_else(|| Arc::clone(readers), |written| Arc::new(readers.join(&written)))
}

/// The record that encloses a leaf most closely, with the leaf's field in it.
fn enclosing<'a, 'b, T>(around: &'a HashMap<String, T>, path: &'b str) -> Option<(&'b str, &'a T)> {
    let mut end = path.len();
    while let Some(at) = path.get(..end)?.rfind('/') {
        if let Some(found) = path.get(..at).and_then(|head| around.get(head)) {
            return Some((path.get(at + 1..)?, found));
        }
        end = at;
    }
    None
}

/// Who may read a private record: the house, and who stands in the fields that say so, as value or as key.
fn readers(pattern: &RecordPattern, object: &Value) -> Readers {
    let mut readers = BTreeSet::from([Readers::HOUSE.to_owned()]);
    for field in pattern.readers.iter().filter_map(|field| object.get(field)) {
        readers.extend(leaves(field).iter().map(|(_, leaf)| key(leaf)).filter(|key| !key.is_empty()));
        readers.extend(field.as_object().into_iter().flatten().map(|(name, _)| text::folded(name)));
    }
    Readers::Only(readers)
}

/// The label of what is no id of the type that is asked for.
fn foreign() -> Label {
    Label { readers: Readers::Public, integrity: Integrity::Outside, sources: [Source::Model].into() }
}

fn source(place: &Place) -> Source {
    Source::Result { call: place.call.to_string(), tool: place.tool.to_string(), path: place.path.clone() }
}

/// What may stand in a record that another run had in hand: anybody's text, for the house alone.
pub(super) fn unknown() -> Label {
    Label { integrity: Integrity::Outside, readers: house(), sources: [].into() }
}

/// The lowest integrity of stored records, by id.
pub(super) type Stored = BTreeMap<String, Integrity>;
