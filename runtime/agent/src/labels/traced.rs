//! Modes `traced` and `sealed`: each argument leaf by its role, against the owner's words, the records they name and the ids of its type.
//!
//! What equals nothing of these has the label of the context. A record is anchored by the owner's words alone. A value made of handles has
//! the join of what they hold, whatever it equals; one rule raises it, where the owner named the source and said to go by it.

use super::canon::joined;
use super::records::{Records, Use};
use super::sealed::{Part, Parts};
use super::values::key;
use super::walk::leaves;
use super::words::Words;
use super::{Given, Leaf, Origins, Outgoing, Shown, made_up, put_together, role_of};
use crate::intent::Intent;
use crate::run::Run;
use serde_json::Value;
use std::collections::{BTreeSet, HashSet};
use steward_core::{ArgumentClass, ArgumentRole, CallId, Effect, EndorsementRule, Integrity, Label, Mode, Source, ToolSpec};
use steward_host::says_at;

/// The most parts one value is taken apart into.
const PARTS_MAX: usize = 16;

/// Labels a call's arguments in mode `traced` or `sealed`.
pub(super) fn trace_closely(mode: Mode, run: &Run, shown: &Shown, spec: &ToolSpec, arguments: &Value, parts: &Parts, call: CallId) -> Origins {
    let fresh;
    let words = match &shown.words {
        Some(words) => &**words,
        None => {
            fresh = Words::of(run);
            &fresh
        }
    };
    // An editor reads resolved arguments: what they send back may be made of all that was read, not only of what the model was shown.
    let is_edited = run.call(call).is_some_and(|call| call.edit.is_some());
    let context = if is_edited { shown.context() } else { shown.seen(mode) };
    // To go by a source is to take a value from it; to have its text done later would make an order of it.
    let endorses = mode == Mode::Sealed && says_at(&spec.name).is_none() && shown.intent(run).endorses(spec);
    let leaves = leaves(arguments);
    let content = leaves.iter().filter(|(path, _)| matches!(role_of(&spec.roles, path).as_ref().map(ArgumentRole::class), Some(ArgumentClass::Content) | None));
    let giving = content.map(|(_, leaf)| key(leaf)).filter(|key| !key.is_empty()).collect();
    let tracer = Tracer { words, records: &shown.records, context: &context, lengths: shown.records.lengths(), endorses, giving };
    let mut labelled = Vec::new();
    let mut outgoing = Outgoing::of(shown, words, spec, call);
    for (path, leaf) in leaves {
        let role = role_of(&spec.roles, &path).map(|role| if tells_the_type(&role, &path, &leaf) { ArgumentRole::Mode } else { role });
        let (label, made_of) = match parts.get(&path) {
            Some(parts) => tracer.made_of(parts, &leaf, role.as_ref()),
            None => (tracer.label(&leaf, role.as_ref()), Vec::new()),
        };
        let parts = if made_of.is_empty() { std::slice::from_ref(&label) } else { made_of.as_slice() };
        outgoing.take(&Given { role: role.as_ref(), path: &path, leaf: &leaf, label: &label, parts }, |part| tracer.is_owners(part));
        labelled.push(Leaf { path, role, label });
    }
    let tainted = context.integrity == Integrity::Outside;
    // What was read behind handles has been read all the same: it may have asked for this.
    let exposed = shown.context().integrity == Integrity::Outside;
    // Until it was, only the owner can have asked for what the model proposes.
    let asked = !exposed || shown.intent(run).asks(spec);
    // A change of something else than they spoke of they did not ask for either; as they asked for a change, a person decides.
    let strays = asked && exposed && spec.effect == Effect::Write && strays(shown, shown.intent(run), spec, &labelled);
    let (leak, content_actionable) = outgoing.judge();
    let class_asked = asked && !strays;
    let mut origins = Origins { leaves: labelled, tainted, context: context.integrity, content_actionable, leak, class_asked, uninvited: false };
    // The owner wrote to whom: somebody else, whom only a text knows, is not among them.
    let stranger = spec.effect == Effect::Send && words.has_address() && origins.lowest(ArgumentClass::Dest) == Integrity::Outside;
    // What one sentence both orders and denies was put there by no text: it is not asked for, and a person decides.
    // What the person said to a program outside is not known here: that they did not ask for this cannot be said, so people are asked.
    origins.uninvited = !run.called && exposed && !spec.effect.only_reads() && {
        let intent = shown.intent(run);
        !intent.delegates(spec.effect) && ((!asked && !intent.doubts(spec)) || stranger)
    };
    origins
}

/// Whether a change is of another kind of record than the owner spoke of, of another record than the one of its type that they named, or of one
/// that is there already where they had a new one made. By words and types alone: where either says nothing, it is none of that.
fn strays(shown: &Shown, intent: &Intent, spec: &ToolSpec, leaves: &[Leaf]) -> bool {
    let id = |leaf: &Leaf| if let Some(ArgumentRole::Id(of)) = &leaf.role { Some((of.clone(), leaf.label.integrity)) } else { None };
    let touched: Vec<(String, Integrity)> = leaves.iter().filter_map(id).collect();
    let is_named = !touched.is_empty() && touched.iter().all(|(_, integrity)| *integrity >= Integrity::Anchored);
    let is_another = |(of, integrity): &(String, Integrity)| *integrity < Integrity::Anchored && shown.records.names_any(of);
    let makes = spec.records.iter().any(|pattern| pattern.made);
    // What this run made itself counts as the owner's.
    let is_there = |(of, integrity): &(String, Integrity)| !makes && *integrity < Integrity::Owner && intent.only_makes(of);
    (!is_named && intent.writes_another_kind(spec)) || touched.iter().any(is_another) || touched.iter().any(is_there)
}

/// Whether a leaf inside of a list of records says of which type a record is, and not which one it is.
fn tells_the_type(role: &ArgumentRole, path: &str, leaf: &Value) -> bool {
    matches!((role, leaf), (ArgumentRole::Id(of), Value::String(word)) if word == of && (path.ends_with("/type") || path.ends_with("/kind")))
}

struct Tracer<'a> {
    words: &'a Words,
    records: &'a Records,
    context: &'a Label,
    lengths: BTreeSet<i64>,
    endorses: bool,
    /// The texts of the call's content: what it makes is called by one of them.
    giving: HashSet<String>,
}

impl Tracer<'_> {
    fn label(&self, leaf: &Value, role: Option<&ArgumentRole>) -> Label {
        self.found(leaf, role).unwrap_or_else(|| made_up(self.model(), role))
    }

    /// The label of a value that stands somewhere; none is the model's own.
    fn found(&self, leaf: &Value, role: Option<&ArgumentRole>) -> Option<Label> {
        let key = key(leaf);
        // A switch says nothing by itself: true, false and null count as much as the context they were chosen in.
        if matches!(leaf, Value::Bool(_) | Value::Null) || key.is_empty() {
            return None;
        }
        if let Some(ArgumentRole::Id(of)) = role {
            if self.words.names_id(&key) {
                return Some(owners(self.words.says(&key)));
            }
            return self.records.id(of, &key);
        }
        let used = self.used_for(role);
        if let Some(label) = self.whole(&key, used) {
            return Some(label);
        }
        if let Some(computed) = self.words.computes(&key, &self.lengths) {
            let readers = self.context.readers.clone();
            return Some(if computed { owners(None) } else { Label { readers, ..Label::from_source(Integrity::Anchored, Source::Runtime) } });
        }
        self.records.piece(&key, used).or_else(|| self.apart(leaf, &key, used))
    }

    /// The label of what is somebody's as a whole: the owner's words, or a value that stood in a result.
    fn whole(&self, key: &str, used: Use<'_>) -> Option<Label> {
        if let Some(place) = self.words.says(key) {
            return Some(owners(Some(place)));
        }
        if self.words.says_otherwise(key) {
            return Some(owners(None));
        }
        self.records.value(key, used)
    }

    /// The label of a value that is joined of others, all of which are known.
    fn apart(&self, leaf: &Value, key: &str, used: Use<'_>) -> Option<Label> {
        let parts = joined(key, leaf.as_str()?);
        if parts.is_empty() || parts.len() > PARTS_MAX {
            return None;
        }
        let labels: Option<Vec<Label>> = parts.iter().map(|part| self.whole(part, used).or_else(|| self.records.piece(part, used))).collect();
        labels?.into_iter().reduce(|a, b| a.join(&b))
    }

    /// The join of what a value was put together from, and the label of each part.
    fn made_of(&self, parts: &[Part], leaf: &Value, role: Option<&ArgumentRole>) -> (Label, Vec<Label>) {
        // One text of the model's own is what it would be without the list around it.
        if let [Part::Own(_)] = parts {
            return (self.label(leaf, role), Vec::new());
        }
        let class = role.map(ArgumentRole::class);
        let labels = parts.iter().map(|part| match part {
            Part::Own(text) => self.label(&Value::String(text.clone()), None),
            Part::Taken { call, path } => match (self.records.place(call, path), role) {
                (Some(place), Some(ArgumentRole::Id(of))) => self.records.id_at(of, place),
                (Some(place), _) => {
                    let label = self.records.label(place, self.used_for(role));
                    // Where something goes, the record of a name that a model chose is not the one that the owner said to go by.
                    let may = match class {
                        Some(ArgumentClass::Dest) => self.endorses && !self.records.is_picked(place),
                        Some(ArgumentClass::Value) => self.endorses,
                        Some(ArgumentClass::Ref | ArgumentClass::Content | ArgumentClass::Query | ArgumentClass::Mode) | None => false,
                    };
                    match self.records.endorsed(place).filter(|_| may) {
                        Some(span) => endorsed(label, span),
                        None => label,
                    }
                }
                (None, _) => self.model(),
            },
        });
        let labels: Vec<Label> = labels.collect();
        let label = labels.iter().cloned().reduce(|a, b| a.join(&b)).unwrap_or_else(|| self.model());
        if parts.len() < 2 {
            return (label, labels);
        }
        // Put together, it is what nobody wrote; parts of ids may be the id of another record.
        let label = match role {
            Some(ArgumentRole::Id(_)) => label.join(&self.label(leaf, role)),
            _ => put_together(label, role),
        };
        (label, labels)
    }

    fn used_for(&self, role: Option<&ArgumentRole>) -> Use<'_> {
        Use { class: role.map(ArgumentRole::class), giving: Some(&self.giving) }
    }

    fn is_owners(&self, key: &str) -> bool {
        self.words.says(key).is_some() || self.words.says_otherwise(key)
    }

    fn model(&self) -> Label {
        Label { sources: [Source::Model].into(), ..self.context.clone() }
    }
}

/// The label of what the owner named the source of and said to go by: it counts as a field of a record they named. This is the one rule by
/// which a label rises, and which rule it was, and by which words, is among the sources from then on.
fn endorsed(mut label: Label, (start, end): (u32, u32)) -> Label {
    if label.integrity < Integrity::Anchored {
        label.integrity = Integrity::Anchored;
        label.sources.insert(Source::Endorsed { by: EndorsementRule::NamedSource, start, end });
    }
    label
}

/// The owner's words; where they stand otherwise, or in an earlier message, without the place.
fn owners(place: Option<(u32, u32)>) -> Label {
    let (start, end) = place.unwrap_or((0, 0));
    Label::from_source(Integrity::Owner, Source::Message { start, end })
}
