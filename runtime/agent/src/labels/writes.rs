//! What the calls of a run wrote into records, and to whom they gave them: whoever gets a record gets what was written into it, and what is
//! written later is told to them too.

use std::collections::{BTreeMap, BTreeSet};
use steward_core::{CallId, Integrity, Label, Readers};

/// What one call of this run wrote into a record.
#[derive(Debug, Clone)]
pub(super) struct Write {
    /// The call.
    pub(super) call: CallId,
    /// The type of the record.
    pub(super) of: String,
    /// Its id.
    pub(super) id: String,
    /// What was written.
    pub(super) label: Label,
    /// Whether that has links or accounts which are not the owner's.
    pub(super) actionable: bool,
    /// Whom the call named: they may have the record from then on.
    pub(super) receivers: Vec<String>,
    /// Whether it is known that the call was carried out, so that they do have it.
    pub(super) is_done: bool,
    /// Whether the call names the record beside one that its answer says it made: what it writes stands in that one.
    pub(super) is_beside: bool,
}

/// What calls of this run wrote into records, by call: whoever gets the record gets that too.
#[derive(Debug, Clone, Default)]
pub(super) struct Writes {
    all: Vec<Write>,
}

impl Writes {
    pub(super) fn count(&self) -> usize {
        self.all.len()
    }

    /// Only the first so many.
    pub(super) fn keep(&mut self, count: usize) {
        self.all.truncate(count);
    }

    pub(super) fn add(&mut self, write: Write) {
        self.all.push(write);
    }

    /// What calls before this one wrote into a record.
    pub(super) fn of_record(&self, before: CallId, of: &str, id: &str) -> Option<(Label, bool)> {
        let found = self.before(before, of, id).map(|write| (write.label.clone(), write.actionable));
        found.reduce(|(a, b), (c, d)| (a.join(&c), b || d))
    }

    /// To whom calls before this one may have given a record: whether they will run is not known of those of the same answer.
    pub(super) fn receivers_of(&self, before: CallId, of: &str, id: &str) -> BTreeSet<String> {
        self.before(before, of, id).flat_map(|write| write.receivers.iter().cloned()).collect()
    }

    /// Whether a call of an earlier step gave a record to this receiver, and was carried out.
    pub(super) fn has_given(&self, before: CallId, of: &str, id: &str, receiver: &str) -> bool {
        let given = |write: &Write| write.is_done && write.call.step < before.step && write.receivers.iter().any(|named| named == receiver);
        self.before(before, of, id).any(given)
    }

    /// What not everybody may read of what was written.
    fn private(&self) -> impl Iterator<Item = &Write> {
        self.all.iter().filter(|write| !write.is_beside && !write.label.readers.is_public())
    }

    /// What of that a result may show, for which these records were shown; none where nothing was written that not everybody may read.
    pub(super) fn told<'a>(&'a self, shown: &'a BTreeMap<String, Integrity>) -> Option<Told<'a>> {
        self.private().next().map(|_| Told { writes: self, shown })
    }

    fn before(&self, before: CallId, of: &str, id: &str) -> impl Iterator<Item = &Write> {
        self.all.iter().filter(move |write| write.call < before && write.of == of && write.id == id)
    }
}

/// What a run wrote that not everybody may read, as far as one result may show it.
#[derive(Clone, Copy)]
pub(super) struct Told<'a> {
    writes: &'a Writes,
    /// The records that were shown for the result, by id.
    shown: &'a BTreeMap<String, Integrity>,
}

impl Told<'_> {
    /// Who may read all that was written into this record; none where everybody may.
    pub(super) fn of_record(self, of: &str, id: &str) -> Option<Readers> {
        self.readers(|write| write.of == of && write.id == id)
    }

    /// The same of all the records that were shown: what stands beside the id of none may be of any.
    pub(super) fn of_shown(self) -> Option<Readers> {
        self.readers(|write| self.shown.contains_key(&write.id))
    }

    fn readers(self, is_told: impl Fn(&Write) -> bool) -> Option<Readers> {
        self.writes.private().filter(|write| is_told(write)).map(|write| write.label.readers.clone()).reduce(|all, readers| all.join(&readers))
    }
}
