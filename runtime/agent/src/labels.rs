//! Where each argument of a call comes from, found out by the host from the run itself. The model is never asked.
//!
//! An argument's scalar leaves are compared, after normalisation, with the owner's words and with every value an earlier
//! result showed. Equal to the owner's words: integrity 4. Equal to a stored value: that value's label. Neither: the label
//! of the context, which is the join of all that the model has been shown. Equality is by whole value, never "was listed somewhere".
//! That is mode `open`; [`trace_closely`] is mode `traced`, with typed ids and records that the owner's words name.

mod records;
mod text;
mod traced;
mod values;
mod words;

pub use traced::trace_closely;
pub use values::{Shown, ShownValue};
pub use words::Words;

use crate::run::Run;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use steward_core::{ArgumentClass, ArgumentRole, Integrity, Label, Mode, Readers, Source, ToolSpec};

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

/// Labels a call's arguments as the agent's mode asks.
pub fn origins(mode: Mode, run: &Run, shown: &Shown, spec: &ToolSpec, arguments: &Value) -> Origins {
    match mode {
        Mode::Open => trace(run, shown, spec, arguments),
        Mode::Traced => trace_closely(run, shown, spec, arguments),
    }
}

/// Labels a call's arguments.
pub fn trace(run: &Run, shown: &Shown, spec: &ToolSpec, arguments: &Value) -> Origins {
    let owner = text::folded(&run.text);
    let context = shown.context();
    let mut leaves = Vec::new();
    let mut content_actionable = false;
    let mut leak = false;
    for (path, leaf) in values::leaves(arguments) {
        let role = role_of(&spec.roles, &path);
        let label = label_of(&leaf, &run.text, &owner, shown, &context);
        let class = role.as_ref().map(ArgumentRole::class);
        if class == Some(ArgumentClass::Content) {
            if let Value::String(content) = &leaf {
                content_actionable |= text::actionable(content).into_iter().any(|part| !owner.contains(&text::folded(&part)));
            }
            // What goes to other people must be readable by anyone; within the house, row security decides.
            leak |= label.readers != Readers::Public && !spec.effect.only_reads() && spec.effect != steward_core::Effect::Write;
        }
        leaves.push(Leaf { path, role, label });
    }
    let tainted = context.integrity == Integrity::Outside;
    // Until third-party text is shown, only the owner can have asked for what the model proposes.
    Origins { leaves, tainted, context: context.integrity, content_actionable, leak, class_asked: !tainted, uninvited: false }
}

fn label_of(leaf: &Value, owner_text: &str, owner: &str, shown: &Shown, context: &Label) -> Label {
    let key = values::key(leaf);
    // A switch says nothing by itself: true, false and null count as much as the context they were chosen in.
    if !matches!(leaf, Value::Bool(_) | Value::Null) && !key.is_empty() {
        if let Some((start, end)) = text::span(owner_text, owner, &key) {
            return Label::from_source(Integrity::Owner, Source::Message { start, end });
        }
        if let Some(value) = shown.find(&key) {
            return value.label.clone();
        }
    }
    Label { sources: [Source::Model].into(), ..context.clone() }
}

fn role_of(roles: &BTreeMap<String, ArgumentRole>, path: &str) -> Option<ArgumentRole> {
    let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    roles
        .iter()
        .find(|(pattern, _)| if pattern.starts_with('/') { values::matches(pattern, path) } else { pattern.as_str() == first })
        .map(|(_, role)| role.clone())
}

#[cfg(test)]
mod tests;
