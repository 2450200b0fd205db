//! Where each argument of a call comes from, found out by the host from the run itself. The model is never asked.
//!
//! An argument's scalar leaves are compared, after normalisation, with the owner's words and with every value an earlier
//! result showed. Equal to the owner's words: integrity 4. Equal to a stored value: that value's label. Neither: the label
//! of the context, which is the join of all that the model has been shown. Equality is by whole value, never "was listed somewhere".
//! That is mode `open`. Mode `traced` adds typed ids and records that the owner's words name; mode `sealed` adds handles.

mod actionable;
mod canon;
mod listed;
mod memo;
mod names;
mod outgoing;
mod records;
mod sealed;
mod sentences;
mod soon;
mod sources;
mod text;
mod traced;
mod values;
mod view;
mod walk;
mod words;
mod writes;

pub use sealed::{HandleError, Spoken};
pub use values::{Shown, ShownValue};
pub(crate) use values::{fails_in_its_own_words, shows_answer};
pub use view::view;
pub(crate) use view::{shows_choice, shows_name};
pub use words::Words;

use crate::gate::Callable;
use crate::run::{Run, call_digest};
use outgoing::{Given, Outgoing};
use sealed::Parts;
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use steward_core::tool::fits;
use steward_core::{ArgumentClass, ArgumentRole, CallId, Digest, Floor, Integrity, Label, Mode, Readers, Source, ToolCall, ToolSpec};
use steward_host::ArgumentError;

/// One leaf of the arguments with its label.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Leaf {
    /// JSON pointer into the arguments.
    pub path: String,
    /// What it is for, if the manifest says.
    pub role: Option<ArgumentRole>,
    /// Its label.
    pub label: Label,
}

/// What the gate needs to know of a call's origin.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Origins {
    /// Every scalar leaf.
    pub leaves: Vec<Leaf>,
    /// Whether third-party text has been shown to the model.
    pub tainted: bool,
    /// The join of all the model has been shown.
    pub context: Integrity,
    /// Whether content for others carries something they could act on (a link, an address, an account) that the owner did not write.
    pub content_actionable: bool,
    /// Whether content is meant for fewer readers than it would reach.
    pub leak: bool,
    /// Whether the owner asked for this class of effect.
    pub class_asked: bool,
    /// Whether this is nothing the owner asked for, proposed after outside text was read: not even people are asked.
    pub uninvited: bool,
}

impl Origins {
    /// The floor of all arguments; of none it is that of the context.
    pub fn floor(&self) -> Floor {
        let integrity = self.leaves.iter().map(|leaf| leaf.label.integrity).min().unwrap_or(self.context);
        Floor { integrity, private: self.leaves.iter().any(|leaf| leaf.label.readers != Readers::Public) }
    }

    /// The rules that let a value of this call count for more than the text it stood in, each with the words it went by.
    pub fn endorsed(&self) -> BTreeSet<Source> {
        // What counts for less than a rule makes of it was raised by none.
        let sources = self.leaves.iter().filter(|leaf| leaf.label.integrity >= Integrity::Anchored).flat_map(|leaf| &leaf.label.sources);
        sources.filter(|source| matches!(source, Source::Endorsed { .. })).cloned().collect()
    }

    /// The lowest integrity among leaves of a class; none of that class is the owner's level.
    pub fn lowest(&self, class: ArgumentClass) -> Integrity {
        self.leaves
            .iter()
            .filter(|leaf| leaf.role.as_ref().is_some_and(|role| role.class() == class))
            .map(|leaf| leaf.label.integrity)
            .min()
            .unwrap_or(Integrity::Owner)
    }
}

/// A call as it is judged: its arguments with every handle put in and as the schema wants them, and where they come from.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// What would run.
    pub arguments: Value,
    /// Where it comes from.
    pub origins: Origins,
}

/// Why a call cannot be judged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JudgeError {
    /// A handle that names nothing.
    #[error(transparent)]
    Handle(#[from] HandleError),
    /// The arguments are not as the schema says.
    #[error(transparent)]
    Arguments(#[from] ArgumentError),
}

/// Cleans a call's arguments and labels them as the agent's mode asks. Worked out once for what was shown, however often it is asked.
pub fn judge(mode: Mode, run: &Run, shown: &Shown, tool: &dyn Callable, call: &ToolCall) -> Result<Arc<Judged>, JudgeError> {
    judge_known(mode, run, shown, tool, call, &call_digest(call))
}

/// The same where the call's digest is at hand.
pub(crate) fn judge_known(mode: Mode, run: &Run, shown: &Shown, tool: &dyn Callable, call: &ToolCall, digest: &Digest) -> Result<Arc<Judged>, JudgeError> {
    let asked = [mode.name().as_bytes(), call.call_id.to_string().as_bytes(), digest.bytes().as_slice()].concat();
    shown.memo.get_or(Digest::of(&asked), || {
        let (arguments, parts) = given(mode, run, tool, call)?;
        let origins = origins_of(mode, run, shown, tool.spec(), &arguments, &parts, call.call_id);
        Ok(Judged { arguments, origins })
    })
}

/// A call's arguments as they are judged, without where they come from: with every handle put in, cleaned and checked.
pub(crate) fn arguments_of(mode: Mode, run: &Run, tool: &dyn Callable, call: &ToolCall) -> Result<Value, JudgeError> {
    given(mode, run, tool, call).map(|(arguments, _)| arguments)
}

/// The arguments with handles put in, cleaned and checked, and what each that held handles is made of.
fn given(mode: Mode, run: &Run, tool: &dyn Callable, call: &ToolCall) -> Result<(Value, Parts), JudgeError> {
    let (arguments, parts) = match mode {
        Mode::Open | Mode::Traced => (tool.check_arguments(&call.arguments)?, Parts::new()),
        Mode::Sealed => {
            let (arguments, parts) = sealed::resolve(run, &call.arguments, call.call_id.step)?;
            (tool.check_arguments(&arguments)?, parts)
        }
    };
    Ok((arguments, parts))
}

/// Labels arguments as the mode asks.
fn origins_of(mode: Mode, run: &Run, shown: &Shown, spec: &ToolSpec, arguments: &Value, parts: &Parts, call: CallId) -> Origins {
    match mode {
        Mode::Open => trace(run, shown, spec, arguments, call),
        Mode::Traced | Mode::Sealed => traced::trace_closely(mode, run, shown, spec, arguments, parts, call),
    }
}

/// Labels a call's arguments in mode `open`.
fn trace(run: &Run, shown: &Shown, spec: &ToolSpec, arguments: &Value, call: CallId) -> Origins {
    let owner = text::folded(&run.text);
    let context = shown.context();
    let fresh;
    let words = match &shown.words {
        Some(words) => &**words,
        None => {
            fresh = Words::of(run);
            &fresh
        }
    };
    let mut leaves = Vec::new();
    let mut outgoing = Outgoing::of(shown, words, spec, call);
    for (path, leaf) in walk::leaves(arguments) {
        let role = role_of(&spec.roles, &path);
        let label =
            label_of(&leaf, &run.text, &owner, shown).unwrap_or_else(|| made_up(Label { sources: [Source::Model].into(), ..context.clone() }, role.as_ref()));
        // An account that the owner wrote is theirs in whatever groups it stands.
        let is_owners = |part: &str| owner.contains(part) || (text::is_account(part) && text::holds_account(&owner, part));
        outgoing.take(&Given { role: role.as_ref(), path: &path, leaf: &leaf, label: &label, parts: std::slice::from_ref(&label) }, is_owners);
        leaves.push(Leaf { path, role, label });
    }
    let tainted = context.integrity == Integrity::Outside;
    let (leak, content_actionable) = outgoing.judge();
    // Until third-party text is shown, only the owner can have asked for what the model proposes.
    Origins { leaves, tainted, context: context.integrity, content_actionable, leak, class_asked: !tainted, uninvited: false }
}

/// The label of a value that stands somewhere; none is the model's own.
fn label_of(leaf: &Value, owner_text: &str, owner: &str, shown: &Shown) -> Option<Label> {
    let key = values::key(leaf);
    // A switch says nothing by itself: true, false and null count as much as the context they were chosen in.
    if matches!(leaf, Value::Bool(_) | Value::Null) || key.is_empty() {
        return None;
    }
    if let Some((start, end)) = text::span(owner_text, owner, &key) {
        return Some(Label::from_source(Integrity::Owner, Source::Message { start, end }));
    }
    shown.find(&key).map(|value| value.label.clone())
}

/// The label of what the model made up. Where something goes is nobody's word then, however clean the context: the owner and the directory are
/// found by themselves.
fn made_up(label: Label, role: Option<&ArgumentRole>) -> Label {
    match role.map(ArgumentRole::class) {
        Some(ArgumentClass::Dest) => label.at_most(Integrity::Fact),
        Some(ArgumentClass::Ref | ArgumentClass::Value | ArgumentClass::Content | ArgumentClass::Query | ArgumentClass::Mode) | None => label,
    }
}

/// The label of what was put together of several values. Nobody wrote it as it is, so wherever it steers it is a fact at most: parts of addresses
/// make another address, the digits of two ids an amount, and two names a path.
fn put_together(label: Label, role: Option<&ArgumentRole>) -> Label {
    match role.map(ArgumentRole::class) {
        Some(ArgumentClass::Dest | ArgumentClass::Ref | ArgumentClass::Value) => label.at_most(Integrity::Fact),
        Some(ArgumentClass::Content | ArgumentClass::Query | ArgumentClass::Mode) | None => label,
    }
}

/// What each scalar of these arguments is for, by its JSON pointer, where the manifest says so.
pub fn leaf_roles(roles: &BTreeMap<String, ArgumentRole>, arguments: &Value) -> BTreeMap<String, ArgumentRole> {
    fn down(roles: &BTreeMap<String, ArgumentRole>, path: &str, value: &Value, found: &mut BTreeMap<String, ArgumentRole>) {
        let mut below = |key: &str, value: &Value| down(roles, &format!("{path}/{}", key.replace('~', "~0").replace('/', "~1")), value, found);
        match value {
            Value::Object(map) => map.iter().for_each(|(key, value)| below(key, value)),
            Value::Array(list) => list.iter().enumerate().for_each(|(index, value)| below(&index.to_string(), value)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                if let Some(role) = role_of(roles, path) {
                    found.insert(path.to_owned(), role);
                }
            }
        }
    }
    let mut found = BTreeMap::new();
    down(roles, "", arguments, &mut found);
    found
}

fn role_of(roles: &BTreeMap<String, ArgumentRole>, path: &str) -> Option<ArgumentRole> {
    let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    roles.iter().find(|(pattern, _)| if pattern.starts_with('/') { fits(pattern, path) } else { pattern.as_str() == first }).map(|(_, role)| role.clone())
}

#[cfg(test)]
mod tests;
