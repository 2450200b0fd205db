//! Refusals of the gate, and what an edit leaves on the origins of a call.

use crate::labels::Origins;
use crate::run::EditState;
use serde_json::Value;
use std::collections::BTreeSet;
use steward_core::{BlockClass, Effect, Source};

/// The origins with the editor among the sources of what they changed. Nobody's word raises a label here: the approval that follows counts.
pub(super) fn with_editor(mut origins: Origins, edit: &EditState, arguments: &Value) -> Origins {
    for leaf in &mut origins.leaves {
        if arguments.pointer(&leaf.path) != edit.proposed.pointer(&leaf.path) {
            leaf.label.sources.insert(Source::Editor { person: edit.by });
        }
    }
    origins
}

/// Why a call never came to the rules, or is not what was approved.
pub(super) struct Refusal {
    pub(super) class: BlockClass,
    pub(super) effect: Option<Effect>,
    pub(super) reason: String,
    pub(super) tell: String,
    pub(super) changed: Vec<String>,
}

/// What would run is not what was approved, in these fields.
pub(super) fn as_changed(effect: Option<Effect>, mut changed: Vec<String>) -> Box<Refusal> {
    let mut known = BTreeSet::new();
    changed.retain(|name| known.insert(name.clone()));
    let text = "what would run is not what was approved".to_owned();
    let reason = format!("{text}; it differs in: {}", changed.join(", "));
    Box::new(Refusal { class: BlockClass::Changed, effect, reason, tell: format!("{text}: something has changed since; propose it again"), changed })
}

pub(super) fn refuse(class: BlockClass, effect: Option<Effect>, reason: String, tell: String) -> Box<Refusal> {
    Box::new(Refusal { class, effect, reason, tell, changed: Vec::new() })
}

pub(super) fn bounded(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(80).collect()
}
