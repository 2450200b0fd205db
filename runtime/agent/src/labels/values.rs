//! What a run has read so far: each value with the label its tool's manifest gives it, what was written where, and the label of the whole.

use super::canon;
use super::memo::Memo;
use super::records::{self, Place, Records, Stored, Use};
use super::sealed;
use super::text;
use super::view;
use super::walk::{Found, leaves, pointed, walk};
use super::words::Words;
use super::writes::{Write, Writes};
use super::{Leaf, Origins, given, origins_of};
use crate::gate::{Callable, Catalogue};
use crate::intent::Intent;
use crate::run::{Call, Run};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, OnceLock};
use steward_core::{
    ArgumentClass, ArgumentRole, Effect, FailureClass, Floor, Integrity, Label, Mode, Origin, Outcome, Readers, RecordPattern, Source, ToolCall, ToolSpec,
};
use steward_host::{DELEGATE, EXTRACT};

/// What stands for a tool where a document came along with a message.
const GIVEN: &str = "message.documents";

/// One value an earlier result showed.
#[derive(Debug, Clone, PartialEq)]
pub struct ShownValue {
    /// Its label; the join when several results showed it.
    pub label: Label,
}

/// All values read so far, by their comparable form, and the label of the whole context.
#[derive(Debug, Clone, Default)]
pub struct Shown {
    values: HashMap<String, ShownValue>,
    /// The join of all that was read.
    context: Option<Label>,
    /// The join of what a model in mode `sealed` is shown of it.
    view: Option<Label>,
    pub(super) words: Option<Arc<Words>>,
    /// What the owner asks for, once somebody wants to know.
    intent: Arc<OnceLock<Intent>>,
    pub(super) records: Records,
    pub(super) writes: Writes,
    /// How many of the writes are of steps that are over.
    writes_of_past: usize,
    /// Whether runs above or below this one may have written into the same records: what they wrote there is not known here.
    others_write: bool,
    /// The first step that is not in it.
    next: u32,
    /// Whether text from outside had been read when the calls of the step that is taken in were proposed.
    was_exposed: bool,
    pub(super) memo: Memo,
}

/// Whether a failure of this class may be told in words of the tool; all others, and every refusal of the gate, are told in ours. Of a call whose
/// effect is not known the tool's own words are told too, and of an answer that is not as it should be the names of its fields.
const fn in_its_own_words(class: FailureClass) -> bool {
    match class {
        FailureClass::InvalidArguments
        | FailureClass::NotFound
        | FailureClass::Denied
        | FailureClass::Unavailable
        | FailureClass::BadOutput
        | FailureClass::Unknown
        | FailureClass::Failed => true,
        FailureClass::Timeout
        | FailureClass::Fuel
        | FailureClass::Memory
        | FailureClass::StackOverflow
        | FailureClass::Trap
        | FailureClass::OutputTooLarge
        | FailureClass::RunLimit => false,
    }
}

/// Whether a call's failure is told in the words of its tool.
pub(crate) fn fails_in_its_own_words(call: &Call) -> bool {
    let is_ours = call.call.tool == DELEGATE;
    !is_ours && matches!(&call.outcome, Some(Outcome::Failed { failure }) if call.started.is_some() && in_its_own_words(failure.class))
}

/// Whether a model in mode `sealed` is shown what a sub-run answered: unless that was shown what others wrote.
pub(crate) fn shows_answer(call: &Call) -> bool {
    answer_label(call).is_some_and(|label| label.integrity > Integrity::Outside)
}

/// What the answer of the run that served a call counts for.
fn answer_label(call: &Call) -> Option<&Label> {
    call.sub_run.as_ref()?.label.as_ref()
}

impl Shown {
    /// What a run begins with: the owner's words, what they ask for, and the label of the history.
    pub fn begin(run: &Run) -> Self {
        let others_write = run.pins.as_ref().is_some_and(|pins| pins.above.is_some());
        let mut shown = Self { words: Some(Arc::new(Words::of(run))), others_write, ..Self::default() };
        // A program outside has read nobody here knows what before it asked, a stranger's text among it: what it says counts as such a text.
        if run.called {
            shown.join_context(&Label::from_source(Integrity::Outside, Source::Model), true);
        }
        shown.add_attachments(run);
        // What was written earlier counts as it did then. A model in mode `sealed` is not shown it where that is text from outside.
        if let Some(given) = &run.given {
            let label = Label { integrity: given.integrity, readers: given.readers.clone(), sources: given.sources.clone() };
            shown.join_context(&label, given.integrity > Integrity::Outside);
            // What whoever wrote it had at hand has been read here, too: it may have asked for this.
            if given.exposed {
                shown.join_context(&Label::from_source(Integrity::Outside, Source::Runtime), false);
            }
        }
        // What the agent said earlier may repeat what it had read then: its words lower the context as the reading did, and are for those only
        // who may read all that. What stands in a person's place and is not their words was an agent's, too.
        for turn in &run.history {
            let readers = if turn.by_agent || turn.integrity < Integrity::Owner { turn.readers.clone() } else { Readers::Public };
            shown.join_context(&Label { integrity: turn.integrity, readers, sources: [].into() }, true);
        }
        shown
    }

    /// What the owner asks for: read from their words when a decision first needs it.
    pub(super) fn intent(&self, run: &Run) -> &Intent {
        self.intent.get_or_init(|| Intent::of(run))
    }

    /// Collects what the model had been shown when it gave the answer of step `before`: the results of all earlier steps,
    /// and what the calls before and of that step write. A tool that is no longer known shows outside text.
    pub fn before(mode: Mode, run: &Run, before: u32, tools: &dyn Catalogue) -> Self {
        Self::begin(run).up_to(mode, run, before, tools)
    }

    /// The same, from what this run began with.
    pub(crate) fn up_to(self, mode: Mode, run: &Run, before: u32, tools: &dyn Catalogue) -> Self {
        let mut shown = self;
        shown.go_on(mode, run, before, tools);
        shown
    }

    /// From an earlier step of the same run on to this one. The steps between have come to their end, so that nothing of them changes any more.
    pub fn go_on(&mut self, mode: Mode, run: &Run, before: u32, tools: &dyn Catalogue) {
        self.memo = Memo::default();
        // What the calls of the step wrote was noted before it was known which of them would run.
        self.writes.keep(self.writes_of_past);
        let first = self.next;
        for step in run.steps.iter().filter(|step| step.number >= first && step.number < before) {
            self.was_exposed = self.context().integrity == Integrity::Outside;
            for call in step.calls.iter().filter(|call| call.started.is_some() || call.outcome.is_none()) {
                if let Some(tool) = tools.find(&call.call.tool) {
                    let answer = if let Some(Outcome::Ok { result, .. }) = &call.outcome { Some(result) } else { None };
                    self.note_call(mode, run, &*tool, &call.call, answer);
                }
            }
            for call in &step.calls {
                self.note_outcome(mode, run, call, tools);
            }
        }
        (self.next, self.writes_of_past) = (before.max(self.next), self.writes.count());
        for call in run.steps.iter().filter(|step| step.number == before).flat_map(|step| &step.calls) {
            // It may have written before what follows it in the same answer runs.
            self.others_write |= call.call.tool == DELEGATE;
            if let Some(tool) = tools.find(&call.call.tool) {
                self.note_write(mode, run, &*tool, &call.call);
            }
        }
    }

    fn note_outcome(&mut self, mode: Mode, run: &Run, call: &Call, tools: &dyn Catalogue) {
        let id = call.call.call_id.to_string();
        let (found, kept_private) = (tools.find(&call.call.tool), call.kept.is_some_and(|kept| kept.private));
        if fails_in_its_own_words(call) {
            // A tool may have read others' text, and nothing labels what it says of its failure.
            let source = Source::Result { call: id.clone(), tool: call.call.tool.clone(), path: String::new() };
            let private = kept_private || found.as_ref().is_some_and(|tool| tool.spec().private);
            let readers = records::rest(private, &call.handed.readers);
            self.join_context(&Label { readers, ..Label::from_source(Integrity::Outside, source) }, false);
        }
        self.others_write |= call.sub_run.is_some();
        // How a sub-run ended tells a little of what it had read, also where it gave no answer.
        if call.sub_run.as_ref().is_some_and(|sub_run| sub_run.exposed) {
            self.join_context(&Label::from_source(Integrity::Outside, Source::Runtime), false);
        }
        if let Some(label) = answer_label(call) {
            let label = label.clone().at_most(Integrity::Fact);
            self.join_context(&label, label.integrity > Integrity::Outside || !matches!(call.outcome, Some(Outcome::Ok { .. })));
        }
        if let Some(Outcome::Ok { result, .. }) = &call.outcome {
            match found {
                Some(tool) => self.add_handed(mode, run, &*tool, &call.call, result, &call.records, call.kept, &call.handed.readers),
                // Outside text, whatever else went into it; who may read it was not known of its tool only.
                None => {
                    let from = records::Origins {
                        call: &id,
                        tool: &call.call.tool,
                        patterns: &[],
                        private: kept_private,
                        kept: None,
                        readers: &call.handed.readers,
                        taken: false,
                        picked: false,
                        endorsed: None,
                        written: None,
                    };
                    self.take(&from, result, &BTreeMap::new(), &call.records);
                }
            }
        }
    }

    /// Takes in one call that was carried out: what it wrote, and its result, with what its plugin had kept and read for it.
    #[expect(clippy::too_many_arguments, reason = "a call, its result, and what the store and the host say of it")]
    pub fn add_call(
        &mut self,
        mode: Mode,
        run: &Run,
        tool: &dyn Callable,
        call: &ToolCall,
        result: &Value,
        stored: &BTreeMap<String, Integrity>,
        kept: Option<Floor>,
    ) {
        self.add_handed(mode, run, tool, call, result, stored, kept, &Readers::Public);
    }

    /// The same, where only these may read what the office handed to it.
    #[expect(clippy::too_many_arguments, reason = "a call, its result, and what the store and the host say of it")]
    fn add_handed(
        &mut self,
        mode: Mode,
        run: &Run,
        tool: &dyn Callable,
        call: &ToolCall,
        result: &Value,
        stored: &BTreeMap<String, Integrity>,
        kept: Option<Floor>,
        readers: &Readers,
    ) {
        let spec = tool.spec();
        let id = call.call_id.to_string();
        let mut written = None;
        if !spec.effect.only_reads() {
            let (leaves, label, actionable) = self.written(mode, run, tool, call);
            let receivers = receivers(spec.effect, &leaves);
            // Whatever else it may have had in hand is not only what was written.
            if spec.private && readers.is_public() && !kept.is_some_and(|kept| kept.private) && !run.took(call.call_id) {
                written = tells_what_it_wrote(spec, &leaves, result, stored);
            }
            for (of, id) in made_in(spec, result) {
                let (label, receivers) = (label.clone(), receivers.clone());
                self.writes.add(Write { call: call.call_id, of, id, label, actionable, receivers, is_done: true, is_beside: false });
            }
        }
        if spec.name == EXTRACT {
            return self.add_extract(run, call, result);
        }
        let arguments = leaves(&call.arguments);
        let said = |leaf: &Value| self.words.as_ref()?.endorses_name(&self::key(leaf));
        // Whom the owner named is an agent then, and not what that agent had read.
        let endorsed = if spec.records.is_empty() && spec.name != DELEGATE { arguments.iter().find_map(|(_, leaf)| said(leaf)) } else { None };
        let from = records::Origins {
            call: &id,
            tool: &spec.name,
            patterns: &spec.records,
            private: spec.private || kept.is_some_and(|kept| kept.private),
            kept,
            readers,
            taken: run.took(call.call_id),
            picked: self.is_picked(mode, run, tool, call),
            endorsed,
            written: written.as_ref(),
        };
        self.take(&from, result, &spec.result_labels, stored);
    }

    /// Notes what a call writes into the records its arguments name, before it has run: a later call of the same answer may share them.
    /// It gives nobody anything yet.
    pub fn note_write(&mut self, mode: Mode, run: &Run, tool: &dyn Callable, call: &ToolCall) {
        self.note_call(mode, run, tool, call, None);
    }

    /// The same, with what the call answered once it was carried out. Until that names a record which the call made, what it writes may stand
    /// in those that its arguments name.
    pub(super) fn note_call(&mut self, mode: Mode, run: &Run, tool: &dyn Callable, call: &ToolCall, answer: Option<&Value>) {
        if tool.spec().effect.only_reads() {
            return;
        }
        let (leaves, label, actionable) = self.written(mode, run, tool, call);
        let receivers = receivers(tool.spec().effect, &leaves);
        let (is_done, is_beside) = (answer.is_some(), answer.is_some_and(|answer| !made_in(tool.spec(), answer).is_empty()));
        for leaf in leaves {
            if let (Some(ArgumentRole::Id(of)), Some(id)) = (leaf.role, leaf.key) {
                let (label, receivers) = (label.clone(), receivers.clone());
                self.writes.add(Write { call: call.call_id, of, id, label, actionable, receivers, is_done, is_beside });
            }
        }
    }

    /// What was written into a record before a call, as far as this run knows, and whether others could act on it. Where runs above or below
    /// it may have written there too, that may be anybody's text, for the house alone.
    pub(super) fn written_into(&self, before: steward_core::CallId, of: &str, id: &str) -> Option<(Label, bool)> {
        let own = self.writes.of_record(before, of, id);
        if !self.others_write {
            return own;
        }
        let unknown = records::unknown();
        Some((own.map_or_else(|| unknown.clone(), |(label, _)| label.join(&unknown)), true))
    }

    /// What a call writes: the join of its arguments, those that name records apart, and whether others could act on it.
    /// Of a call that was taken from another run only this is known: it wrote, and that run may have written more there since.
    fn written(&self, mode: Mode, run: &Run, tool: &dyn Callable, call: &ToolCall) -> (Vec<Written>, Label, bool) {
        let (arguments, parts) = given(mode, run, tool, call).unwrap_or_else(|_| (call.arguments.clone(), BTreeMap::new()));
        let Origins { leaves: labelled, content_actionable, .. } = origins_of(mode, run, self, tool.spec(), &arguments, &parts, call.call_id);
        let counts =
            |leaf: &&Leaf| !matches!(leaf.role.as_ref().map(ArgumentRole::class), Some(ArgumentClass::Ref | ArgumentClass::Mode | ArgumentClass::Dest));
        let none = Label { integrity: Integrity::Owner, readers: Readers::Public, sources: [].into() };
        let label = labelled.iter().filter(counts).fold(none, |all, leaf| all.join(&leaf.label));
        let taken = run.took(call.call_id);
        let label = if taken { label.join(&records::unknown()) } else { label };
        let key = |path: &str| arguments.pointer(path).map(self::key).filter(|key| !key.is_empty());
        let leaves = labelled.into_iter().map(|leaf| Written { key: key(&leaf.path), role: leaf.role, readers: leaf.label.readers }).collect();
        (leaves, label, content_actionable || taken)
    }

    /// Whether a model that had text from outside before it chose what this call reads: anything it asked for is neither the owner's nor of a
    /// record they named, or is of one that was chosen so itself. Then it may have looked for the one record of a name that serves whoever wrote
    /// that text, and left out the others. Of a call that changes something, what says where to counts, and not what is written.
    fn is_picked(&self, mode: Mode, run: &Run, tool: &dyn Callable, call: &ToolCall) -> bool {
        let spec = tool.spec();
        if mode == Mode::Open || !self.was_exposed || spec.records.is_empty() {
            return false;
        }
        let (arguments, parts) = given(mode, run, tool, call).unwrap_or_else(|_| (call.arguments.clone(), BTreeMap::new()));
        let Origins { leaves, .. } = origins_of(mode, run, self, spec, &arguments, &parts, call.call_id);
        let class = |leaf: &Leaf| leaf.role.as_ref().map(ArgumentRole::class);
        let chooses = |leaf: &Leaf| spec.effect.only_reads() || matches!(class(leaf), Some(ArgumentClass::Ref | ArgumentClass::Query));
        let says = |leaf: &Leaf| chooses(leaf) && !matches!(arguments.pointer(&leaf.path), None | Some(Value::Null));
        leaves.iter().any(|leaf| says(leaf) && (leaf.label.integrity < Integrity::Anchored || self.records.is_of_picked(&leaf.label)))
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
        self.take(
            &records::Origins {
                call,
                tool,
                patterns,
                private,
                kept: None,
                readers: &Readers::Public,
                taken: false,
                picked: false,
                endorsed: None,
                written: None,
            },
            result,
            labels,
            stored,
        );
    }

    pub(super) fn take(&mut self, from: &records::Origins<'_>, result: &Value, labels: &BTreeMap<String, Origin>, stored: &Stored) {
        self.memo = Memo::default();
        let found = walk(result, labels, stored, from.kept);
        let empty = Words::default();
        let first = self.records.places.len();
        self.records.add(self.words.as_deref().unwrap_or(&empty), from, result, &found, self.writes.told(stored));
        for (found, at) in found.into_iter().zip(first..) {
            let integrity = view::integrity(&found);
            let Found { path, leaf, is_key, .. } = found;
            let readers = from.written.cloned().unwrap_or_else(|| self.records.places.get(at).map_or(Readers::Public, Place::readers));
            let source = Source::Result { call: from.call.to_owned(), tool: from.tool.to_owned(), path };
            let label = Label { readers, ..Label::from_source(integrity, source) };
            self.join_context(&label, view::is_inline(&leaf, integrity));
            let key = key(&leaf);
            if !key.is_empty() && !is_key {
                self.values.entry(key).and_modify(|value| value.label = value.label.join(&label)).or_insert(ShownValue { label });
            }
        }
    }

    /// Documents that came along: the model is told their names, which whoever made the files chose, and their ids, which are ours. That one
    /// was given along names it no more than a list of files does; the owner's words may.
    fn add_attachments(&mut self, run: &Run) {
        let labels =
            ["/id", "/type", "/bytes"].map(|field| (field.to_owned(), Origin::System)).into_iter().chain([("/name".to_owned(), Origin::Fact)]).collect();
        let pattern = RecordPattern { of: "document".to_owned(), key: Some("id".to_owned()), anchors: vec!["name".to_owned()], ..RecordPattern::default() };
        for (at, given) in run.attachments.iter().enumerate() {
            let call = format!("given_{at}");
            let result = json!({ "id": given.document_id, "name": given.name, "type": given.media_type, "bytes": given.bytes });
            let stored = [(given.document_id.to_string(), given.integrity)].into();
            let from = records::Origins {
                call: &call,
                tool: GIVEN,
                patterns: std::slice::from_ref(&pattern),
                private: true,
                kept: None,
                readers: &given.readers,
                taken: false,
                picked: false,
                endorsed: None,
                written: None,
            };
            self.take(&from, &result, &labels, &stored);
        }
    }

    fn join_context(&mut self, label: &Label, in_view: bool) {
        // The context is too wide for its sources to say anything.
        let join = |all: &Option<Label>| all.as_ref().map_or_else(|| label.clone(), |all| Label { sources: [].into(), ..all.join(label) });
        self.context = Some(join(&self.context));
        if in_view {
            self.view = Some(join(&self.view));
        }
    }

    /// Adds what was read behind a handle: a piece of the text it was read from, of its record, its origin and its readers.
    /// A choice is the model's own words, and what is no single handle may be anything: that is somebody's text, for those who may read
    /// all that was read.
    fn add_extract(&mut self, run: &Run, call: &ToolCall, result: &Value) {
        self.memo = Memo::default();
        let id = call.call_id.to_string();
        let value = result.get("value").unwrap_or(&Value::Null);
        let from = call.arguments.get("from").and_then(|from| sealed::place_of(run, call.call_id.step, from));
        let from = from.and_then(|at| self.records.place_at(&at).cloned());
        let chosen = view::shows_choice(call);
        let label = from.as_ref().map_or_else(|| Label { integrity: Integrity::Outside, ..self.context() }, |from| self.records.label(from, Use::default()));
        match from.filter(|_| !chosen) {
            Some(from) => self.records.put_taken(&id, "/value", value, &from),
            None => self.records.put_own(&id, &call.tool, "/value", value, self.context().readers),
        }
        // A choice the model is shown is a little of the text.
        self.join_context(&label, chosen);
    }

    /// The value of this comparable form.
    pub fn find(&self, key: &str) -> Option<&ShownValue> {
        self.values.get(key)
    }

    /// The label of all that was read; before anything was, the owner's.
    pub fn context(&self) -> Label {
        self.context.clone().unwrap_or_else(clean)
    }

    /// The label of what the model itself was shown of it in this mode.
    pub fn seen(&self, mode: Mode) -> Label {
        match mode {
            Mode::Open | Mode::Traced => self.context(),
            Mode::Sealed => self.view.clone().unwrap_or_else(clean),
        }
    }
}

fn clean() -> Label {
    Label { integrity: Integrity::Owner, readers: Readers::Public, sources: [].into() }
}

/// One leaf of what a call writes.
struct Written {
    key: Option<String>,
    role: Option<ArgumentRole>,
    readers: Readers,
}

/// For whom the answer of a call is that tells nothing but the new record it made: what was written into that, and what the program says of it. None
/// where it may tell more.
fn tells_what_it_wrote(spec: &ToolSpec, written: &[Written], result: &Value, stored: &Stored) -> Option<Readers> {
    let given: HashSet<&str> = written.iter().filter_map(|leaf| leaf.key.as_deref()).collect();
    let made = made_in(spec, result);
    let is_new = !made.is_empty() && made.iter().all(|(_, id)| !given.contains(id.as_str()));
    let patterns = spec.records.iter().filter(|pattern| pattern.made && pattern.readers.is_empty());
    let objects: Vec<String> = patterns.flat_map(|pattern| pointed(result, &pattern.at)).map(|(path, _)| format!("{path}/")).collect();
    let is_told = |found: &Found| {
        let stands_in_it = objects.iter().any(|object| found.path.starts_with(object.as_str()));
        found.origin == Origin::System || (stands_in_it && given.contains(key(&found.leaf).as_str()))
    };
    let tells_no_more = is_new && walk(result, &spec.result_labels, stored, None).iter().all(is_told);
    // Of all that was given, also of what says where to: it may stand there too.
    tells_no_more.then(|| written.iter().fold(Readers::Public, |all, leaf| all.join(&leaf.readers)))
}

/// The records that an answer says the call made, by type and id.
fn made_in(spec: &ToolSpec, answer: &Value) -> Vec<(String, String)> {
    let mut made = Vec::new();
    for pattern in spec.records.iter().filter(|pattern| pattern.made) {
        let Some(field) = &pattern.key else { continue };
        let ids = pointed(answer, &pattern.at).into_iter().filter_map(|(_, object)| object.get(field)).map(key);
        made.extend(ids.filter(|id| !id.is_empty()).map(|id| (pattern.of.clone(), id)));
    }
    made
}

/// Whom a call gives the records that it names.
fn receivers(effect: Effect, leaves: &[Written]) -> Vec<String> {
    if !matches!(effect, Effect::Write | Effect::Fetch | Effect::Send | Effect::Member) {
        return Vec::new();
    }
    let named = leaves.iter().filter(|leaf| matches!(leaf.role, Some(ArgumentRole::Recipient | ArgumentRole::Payee | ArgumentRole::Member)));
    named.filter_map(|leaf| leaf.key.as_deref()).flat_map(canon::receivers).collect()
}

/// The comparable form of a scalar.
pub(super) fn key(value: &Value) -> String {
    match value {
        Value::String(string) => text::folded(string),
        Value::Number(number) => number.to_string(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => String::new(),
    }
}
