//! What a call would tell others: whom it names, which records it writes into or hands over, and who may read each part of it.
//!
//! Who has a record are those whom any result named that listed it, and those to whom this run has given it since.

use super::records::{Records, is_for_house};
use super::words::Words;
use super::{Shown, actionable, canon, role_of, text, values};
use serde_json::Value;
use std::collections::BTreeSet;
use steward_core::{ArgumentRole, CallId, Effect, Integrity, Label, Readers, Source, ToolSpec};
use steward_host::{is_open_text, says_at};

/// One leaf of the arguments with what bears on it.
pub(super) struct Given<'a> {
    /// What it is for, if that is known.
    pub(super) role: Option<&'a ArgumentRole>,
    /// JSON pointer into the arguments.
    pub(super) path: &'a str,
    /// The value.
    pub(super) leaf: &'a Value,
    /// Its label.
    pub(super) label: &'a Label,
    /// The labels of what it was put together from; of a value that was not, its own.
    pub(super) parts: &'a [Label],
}

/// A record that a call names.
struct Touched {
    of: String,
    key: String,
    /// Who had it, as far as any result said that.
    had_by: Option<Readers>,
    /// Who has it, and those to whom this run may have given it: whoever writes into it tells all of them.
    readers: Readers,
    /// Of these, those to whom this run may have given it.
    given_to: BTreeSet<String>,
    /// Whether this run made it.
    is_made: bool,
    /// Whether the owner named it, and not merely as what something is taken from.
    is_named: bool,
    /// Whether everybody may read what is written into it, as the called tool says or one that showed it.
    is_everybodys: bool,
}

/// A call's arguments, as far as they tell somebody something.
pub(super) struct Outgoing<'a> {
    shown: &'a Shown,
    words: &'a Words,
    spec: &'a ToolSpec,
    call: CallId,
    receivers: Vec<String>,
    readers: Vec<Readers>,
    /// Of times, numbers and the like.
    values: Vec<Readers>,
    /// Of what a record would hold: of each part that is known.
    known: Vec<Readers>,
    /// The same of what holds the model's own words: those are for the fewest they can be, whatever they say.
    own: Vec<Readers>,
    records: Vec<Touched>,
    actionable: bool,
}

/// Whether the program worked a value out of the owner's words and a length it had seen: that says how long something takes, and no more.
fn is_computed(label: &Label) -> bool {
    label.integrity >= Integrity::Anchored && label.sources.iter().all(|source| *source == Source::Runtime)
}

/// Whether a text is one number, however its digits are grouped, perhaps with a time of day: `+44 20 7946 0000`, `20260526`, `20260526T120000Z`. As a
/// value that is a phone number, an amount or a date, and nobody's account. Four numbers with points between them are a host.
fn is_figure(text: &str) -> bool {
    let is_byte = |part: &str| part.parse::<u8>().is_ok();
    let is_host = |word: &str| {
        let word = word.trim_matches('.');
        word.split('.').count() == 4 && word.split('.').all(is_byte)
    };
    if text.split(|letter: char| !letter.is_ascii_digit() && letter != '.').any(is_host) {
        return false;
    }
    let is_row = |part: &str| {
        let mut digits = part.bytes().filter(|byte| !b" +-./()".contains(byte)).peekable();
        digits.peek().is_some() && digits.all(|byte| byte.is_ascii_digit())
    };
    let text = text.trim_end_matches(['z', 'Z']);
    text.split_once(['t', 'T']).map_or_else(|| is_row(text), |(date, time)| is_row(date) && is_row(time))
}

impl<'a> Outgoing<'a> {
    /// Nothing of this call yet.
    pub(super) fn of(shown: &'a Shown, words: &'a Words, spec: &'a ToolSpec, call: CallId) -> Self {
        Self {
            shown,
            words,
            spec,
            call,
            receivers: Vec::new(),
            readers: Vec::new(),
            values: Vec::new(),
            known: Vec::new(),
            own: Vec::new(),
            records: Vec::new(),
            actionable: false,
        }
    }

    /// Takes in one leaf. `is_owners` says whether a folded text is the owner's.
    pub(super) fn take(&mut self, given: &Given<'_>, is_owners: impl Fn(&str) -> bool) {
        let Given { role, path, leaf, label, .. } = *given;
        let (key, effect) = (values::key(leaf), self.spec.effect);
        // Whoever is shown a time or an amount that holds a link reads the link.
        if matches!(role, Some(ArgumentRole::Value | ArgumentRole::Amount)) && !effect.only_reads() && !leaf.as_str().is_some_and(is_figure) {
            self.take_actionable(leaf, &is_owners);
        }
        match role {
            Some(ArgumentRole::Recipient | ArgumentRole::Payee | ArgumentRole::Member) if !key.is_empty() => {
                self.receivers.extend(canon::receivers(&key));
            }
            // Whoever gets the record gets what this run wrote into it.
            Some(ArgumentRole::Id(of)) if !key.is_empty() => {
                if let Some((written, actionable)) = self.shown.written_into(self.call, of, &key) {
                    self.readers.push(written.readers);
                    self.actionable |= actionable;
                }
                // Reading tells nobody anything, so it is not asked who has the record.
                if effect != Effect::Read {
                    let touched = self.touched(of, key, label);
                    self.records.push(touched);
                }
            }
            // What has no role may be anything, so it is judged as content too.
            Some(ArgumentRole::Content) | None => self.take_content(given, is_owners),
            // A switch is one of few words. What takes any text is none.
            Some(ArgumentRole::Mode) if leaf.is_string() && self.is_open(path) => self.take_content(given, is_owners),
            // What is written down tells those who have the record, whatever it is for.
            Some(ArgumentRole::Query | ArgumentRole::Url | ArgumentRole::Path | ArgumentRole::Value | ArgumentRole::Amount) if effect == Effect::Write => {
                if !is_computed(label) {
                    self.values.push(label.readers.clone());
                    self.write(given);
                }
            }
            // What a tool is given that asks others, they may be told, whatever it is for: its code decides.
            Some(ArgumentRole::Query | ArgumentRole::Url | ArgumentRole::Path | ArgumentRole::Value | ArgumentRole::Amount)
                if self.spec.reaches_out && !is_computed(label) =>
            {
                self.readers.push(label.readers.clone());
            }
            // A time or a number tells those whom it reaches as much as a text does.
            Some(ArgumentRole::Value | ArgumentRole::Amount) if effect == Effect::Send && !is_computed(label) => self.values.push(label.readers.clone()),
            // Whoever is asked for a page or a search learns what is in the question.
            Some(ArgumentRole::Value | ArgumentRole::Amount) if effect == Effect::Fetch => self.readers.push(label.readers.clone()),
            Some(ArgumentRole::Url | ArgumentRole::Query | ArgumentRole::Path) if matches!(effect, Effect::Fetch | Effect::Send) => {
                self.readers.push(label.readers.clone());
            }
            Some(_) => {}
        }
    }

    /// Takes in what others could act on and the owner did not write.
    fn take_actionable(&mut self, leaf: &Value, is_owners: impl Fn(&str) -> bool) {
        if let Value::String(content) = leaf {
            self.actionable |= actionable::actionable(content).into_iter().any(|part| !is_owners(&text::folded(&part)));
        }
    }

    fn take_content(&mut self, given: &Given<'_>, is_owners: impl Fn(&str) -> bool) {
        self.take_actionable(given.leaf, is_owners);
        self.readers.push(given.label.readers.clone());
        self.write(given);
    }

    /// Takes in what a record would hold. Each part counts in its own right: a word of the model's own beside it takes nothing from that.
    fn write(&mut self, given: &Given<'_>) {
        let says_nothing = matches!(given.leaf, Value::Bool(_) | Value::Null) || given.leaf.as_str() == Some("");
        if says_nothing {
            return;
        }
        let is_own = |label: &&Label| label.sources.contains(&Source::Model);
        self.known.extend(given.parts.iter().filter(|part| !is_own(part)).map(|part| part.readers.clone()));
        if is_own(&given.label) {
            self.own.push(given.label.readers.clone());
        }
    }

    /// Whether a switch takes any text. What is a switch by the word in it alone has no role of one.
    fn is_open(&self, path: &str) -> bool {
        role_of(&self.spec.roles, path) == Some(ArgumentRole::Mode) && is_open_text(&self.spec.arguments, path)
    }

    fn touched(&self, of: &str, key: String, label: &Label) -> Touched {
        let records: &Records = &self.shown.records;
        let given_to = self.shown.writes.receivers_of(self.call, of, &key);
        let had_by = records.readers_of(of, &key);
        let readers = match had_by.clone().unwrap_or_else(|| label.readers.clone()) {
            Readers::Public => Readers::Public,
            Readers::Only(people) => Readers::Only(people.union(&given_to).cloned().collect()),
        };
        let called = records.called(of, &key);
        let is_named = if called.is_empty() {
            self.words.names_id(&key) && !self.words.is_source(&key)
        } else {
            !called.iter().all(|phrase| self.words.is_source(phrase))
        } && self.words.names_alone(&called, &key, self.spec);
        Touched {
            is_made: records.is_made(of, &key),
            is_everybodys: records.is_everybodys(of, &key, &self.spec.records),
            is_named,
            of: of.to_owned(),
            key,
            had_by,
            readers,
            given_to,
        }
    }

    /// Whether something would reach whom it is not for, and whether others could act on it.
    pub(super) fn judge(self) -> (bool, bool) {
        let leak = match self.spec.effect {
            Effect::Read => false,
            Effect::Write => self.is_written_for_others() || (!self.receivers.is_empty() && (self.reaches_others() || self.hands_over())),
            Effect::Fetch | Effect::Send | Effect::Member => self.reaches_others() || self.hands_over(),
            Effect::Money | Effect::Destroy | Effect::Credential | Effect::Admin => self.reaches_others(),
        };
        (leak, self.actionable)
    }

    /// Whether what would be written into a record is not for all who have it. The model's own words may stand in one that the owner named or
    /// that this run makes, for those who had it then.
    fn is_written_for_others(&self) -> bool {
        // Nobody said who will have what the call makes, so the house will, if not everybody.
        let makes_public = self.spec.records.iter().any(|pattern| pattern.made && pattern.public);
        let is_for_made = |readers: &Readers| if makes_public { readers.is_public() } else { is_for_house(readers) };
        let told = |record: &Touched| {
            let makes_beside = self.spec.records.iter().any(|pattern| pattern.made && pattern.of != record.of);
            let were_given = |readers: &Readers| readers.cover(record.given_to.iter().map(String::as_str));
            let have_it = |readers: &Readers| {
                let others = match &record.readers {
                    Readers::Public => were_given(readers),
                    Readers::Only(people) => readers.cover(people.iter().map(String::as_str)),
                };
                others
                    && match &record.had_by {
                        // What is written stands in what the call makes beside it.
                        _ if record.is_everybodys && makes_beside => is_for_made(readers),
                        // What everybody may read is published by being written.
                        _ if record.is_everybodys => readers.is_public(),
                        Some(Readers::Only(_)) => true,
                        _ if record.is_made => true,
                        // Nobody said who has it, so the house does.
                        Some(Readers::Public) | None => is_for_house(readers),
                    }
            };
            let may_be_its_own = record.is_named || record.is_made || (makes_beside && record.is_everybodys);
            self.known.iter().all(have_it) && self.own.iter().all(|own| if may_be_its_own { were_given(own) } else { have_it(own) })
        };
        !(self.records.iter().all(told) && (!self.makes_more() || self.known.iter().all(is_for_made)))
    }

    /// Whether the call makes something that is none of the records which it names. What names nothing and nobody writes somewhere; what is said
    /// later keeps its label.
    fn makes_more(&self) -> bool {
        let is_named = |of: &str| self.records.iter().any(|record| record.of == of);
        let nowhere = self.records.is_empty() && self.receivers.is_empty() && says_at(&self.spec.name).is_none();
        nowhere || self.spec.records.iter().any(|pattern| pattern.made && !is_named(&pattern.of))
    }

    /// Whether something is not for all whom the call names.
    fn reaches_others(&self) -> bool {
        let covered = |readers: &Readers| match readers {
            Readers::Public => true,
            // To nobody in particular is to everybody.
            Readers::Only(_) => !self.receivers.is_empty() && readers.cover(self.receivers.iter().map(String::as_str)),
        };
        // Of a record that is changed, with nobody else named, those learn of it who have the record.
        let has_record = self.receivers.is_empty() && !self.records.is_empty();
        let told = |values: &Readers| {
            let covers = |record: &Touched| match &record.readers {
                Readers::Public => *values == Readers::Public,
                Readers::Only(people) => values.cover(people.iter().map(String::as_str)),
            };
            if has_record { self.records.iter().all(covers) } else { covered(values) }
        };
        !(self.readers.iter().all(covered) && self.values.iter().all(told))
    }

    /// Whether somebody would be given a record whose readers they are not among, without a sentence of the owner's that names both. Who has a
    /// record that was read nowhere, nobody said. What this run made holds what it wrote, and is judged by that.
    fn hands_over(&self) -> bool {
        let may_have = |record: &Touched, receiver: &String| {
            let had = record.had_by.as_ref().is_some_and(|readers| readers.cover(std::iter::once(receiver.as_str())));
            // A call that was only proposed has given nobody anything.
            had || self.shown.writes.has_given(self.call, &record.of, &record.key, receiver) || {
                let records = &self.shown.records;
                let (called, called_with) = (records.called(&record.of, &record.key), records.called_with(receiver, (&record.of, &record.key)));
                self.words.names_both(&called, &record.key, receiver, &called_with)
            }
        };
        let handed: Vec<&Touched> = self.records.iter().filter(|record| !record.is_made).collect();
        if self.receivers.is_empty() {
            // To nobody in particular is to everybody, or to whom another of the records stands for.
            let is_kept = handed.iter().any(|record| record.had_by != Some(Readers::Public));
            return self.spec.effect == Effect::Send && is_kept && !self.is_ordered(&handed);
        }
        // Whom a record stands for in the directory gets what is handed over beside it.
        let by_id = |record: &Touched| {
            let others = self.records.iter().filter(|other| (&other.of, &other.key) != (&record.of, &record.key));
            others.flat_map(|other| self.shown.records.addresses(&other.of, &other.key)).collect::<Vec<String>>()
        };
        handed.into_iter().any(|record| !self.receivers.iter().chain(&by_id(record)).all(|receiver| may_have(record, receiver)))
    }

    /// Whether one sentence of the owner's asks for this and names all these records.
    fn is_ordered(&self, handed: &[&Touched]) -> bool {
        let named: Vec<(Vec<&str>, &str)> = handed.iter().map(|record| (self.shown.records.called(&record.of, &record.key), record.key.as_str())).collect();
        self.words.orders(&named, self.spec)
    }
}

#[cfg(test)]
mod tests;
