//! Calls as the attacker drafts them: from the tool's schema and roles, true calls of the same tool, and what he knows.

use super::knowledge::Knowledge;
use super::payload;
use serde_json::{Map, Value, json};
use steward_core::{ArgumentClass, ArgumentRole, ToolSpec};

/// To whom a call goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Party {
    /// As in a true call of the owner's task.
    Own,
    /// Somebody the owner named.
    Named,
    /// Somebody who was read of.
    Seen,
    /// The attacker.
    Attacker,
}

/// One thing an argument can be.
#[derive(Debug, Clone)]
pub(super) struct Choice {
    pub(super) value: Value,
    pub(super) party: Party,
}

/// An argument of a tool.
#[derive(Debug, Clone)]
pub(super) struct Slot {
    pub(super) name: String,
    pub(super) role: Option<ArgumentRole>,
    schema: Value,
    pub(super) required: bool,
}

impl Slot {
    pub(super) fn class(&self) -> Option<ArgumentClass> {
        self.role.as_ref().map(ArgumentRole::class)
    }

    /// Whether it takes a text, and the text in its shape.
    pub(super) fn text(&self, text: &str) -> Option<Value> {
        shapes(&self.schema).into_iter().find_map(|shape| match kind(shape) {
            "string" if shape.get("enum").is_none() => Some(Value::from(text)),
            "array" if shape.get("items").is_some_and(|items| kind(items) == "string") => Some(json!([text])),
            _ => None,
        })
    }

    /// A handle in the shape of this argument, where it takes a text.
    pub(super) fn handle(&self, handle: &Value) -> Option<Value> {
        Some(if self.text("")?.is_array() { json!([handle]) } else { handle.clone() })
    }

    fn list(&self, texts: &[&str]) -> Option<Value> {
        let takes = shapes(&self.schema).into_iter().any(|shape| kind(shape) == "array" && shape.get("items").is_some_and(|items| kind(items) == "string"));
        takes.then(|| json!(texts))
    }

    /// Something that its schema takes, of the owner's words where it can be.
    fn made_up(&self, know: &Knowledge) -> Value {
        made_up(&self.schema, know)
    }
}

fn kind(schema: &Value) -> &str {
    match schema.get("type") {
        Some(Value::String(kind)) => kind,
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or_default(),
        _ => "",
    }
}

/// A schema, or its alternatives.
fn shapes(schema: &Value) -> Vec<&Value> {
    match schema.get("anyOf").or_else(|| schema.get("oneOf")).and_then(Value::as_array) {
        Some(branches) => branches.iter().filter(|branch| kind(branch) != "null").collect(),
        None => vec![schema],
    }
}

fn made_up(schema: &Value, know: &Knowledge) -> Value {
    let Some(shape) = shapes(schema).first().copied() else { return Value::Null };
    if let Some(first) = shape.get("enum").and_then(Value::as_array).and_then(|words| words.first()) {
        return first.clone();
    }
    match kind(shape) {
        "string" => Value::from(know.words.clone()),
        "number" | "integer" => know.numbers.first().cloned().unwrap_or_else(|| json!(1)),
        "boolean" => Value::Bool(false),
        "array" => shape.get("items").map_or_else(|| json!([]), |items| json!([made_up(items, know)])),
        "object" => {
            let fields = shape.get("properties").and_then(Value::as_object);
            fields.into_iter().flatten().map(|(name, field)| (name.clone(), made_up(field, know))).collect::<Map<_, _>>().into()
        }
        _ => Value::Null,
    }
}

/// The arguments of a tool.
pub(super) fn slots(spec: &ToolSpec) -> Vec<Slot> {
    let required: Vec<&str> = spec.arguments.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let fields = spec.arguments.get("properties").and_then(Value::as_object).into_iter().flatten();
    fields
        .map(|(name, schema)| {
            let deeper = format!("/{name}/");
            let role = spec.roles.iter().find(|(place, _)| *place == name || place.strip_prefix('/') == Some(name) || place.starts_with(&deeper));
            Slot { name: name.clone(), role: role.map(|(_, role)| role.clone()), schema: schema.clone(), required: required.contains(&name.as_str()) }
        })
        .collect()
}

/// A call with nothing but what is required, in the owner's words.
pub(super) fn bare(slots: &[Slot], know: &Knowledge) -> Map<String, Value> {
    let value = |slot: &Slot| {
        // The owner's whole message is nobody's address and no id.
        let known = match (&slot.role, slot.class()) {
            (Some(ArgumentRole::Id(of)), _) => know.ids.get(of).and_then(|ids| ids.first()),
            (_, Some(ArgumentClass::Dest)) => know.named.first().or_else(|| know.seen.first()),
            _ => return slot.made_up(know),
        };
        slot.text(known.map_or("none", String::as_str)).unwrap_or_else(|| slot.made_up(know))
    };
    slots.iter().filter(|slot| slot.required).map(|slot| (slot.name.clone(), value(slot))).collect()
}

/// Whom this argument can reach. Only for arguments of class `dest`.
pub(super) fn parties(slot: &Slot, base: &Map<String, Value>, own: bool, know: &Knowledge) -> Vec<Choice> {
    let mut choices = Vec::new();
    let mut add = |value: Option<Value>, party: Party| choices.extend(value.map(|value| Choice { value, party }));
    if let Some(value) = base.get(&slot.name) {
        add(Some(value.clone()), if own { Party::Own } else { Party::Seen });
    }
    let attacker = match slot.role {
        Some(ArgumentRole::Payee) => payload::ACCOUNT,
        Some(ArgumentRole::Url) => payload::PAGE,
        _ => payload::ADDRESS,
    };
    add(slot.text(attacker), Party::Attacker);
    know.taken.iter().filter(|(value, _)| value == attacker).for_each(|(_, handle)| add(slot.handle(&json!({ "$": handle })), Party::Attacker));
    if slot.role == Some(ArgumentRole::Url) {
        know.links.iter().for_each(|link| add(slot.text(link), Party::Named));
        return choices;
    }
    if slot.role == Some(ArgumentRole::Payee) {
        know.payees.iter().for_each(|payee| add(slot.text(payee), Party::Seen));
        return choices;
    }
    let by_handle = |address: &str| know.handles.get(address).and_then(|handle| slot.handle(&json!({ "$": handle })));
    add(by_handle(payload::ADDRESS), Party::Attacker);
    know.seen.iter().for_each(|address| add(by_handle(address), Party::Seen));
    know.named.iter().for_each(|address| add(slot.text(address), Party::Named));
    know.seen.iter().for_each(|address| add(slot.text(address), Party::Seen));
    if let Some(named) = know.named.first() {
        add(slot.list(&[named, attacker]), Party::Attacker);
        payload::lookalikes(named).iter().for_each(|address| add(slot.text(address), Party::Attacker));
    }
    choices
}

/// Which record this argument can name, or which value it can be.
pub(super) fn values(slot: &Slot, base: &Map<String, Value>, made: &[Map<String, Value>], know: &Knowledge) -> Vec<Value> {
    let mut values: Vec<Value> = base.get(&slot.name).cloned().into_iter().collect();
    match &slot.role {
        Some(ArgumentRole::Id(of)) => {
            let own = know.ids.get(of).into_iter().flatten();
            // An id of another type as well: it must not count.
            let others = know.ids.iter().filter(|(other, _)| *other != of).filter_map(|(_, ids)| ids.first());
            for id in own.chain(others) {
                values.extend(slot.text(id));
                // A list of objects: as in a call that has one, with another id.
                let like = made.iter().filter_map(|call| call.get(&slot.name)).find(|value| !value.is_null() && slot.text(id).is_none());
                values.extend(like.map(|value| with_id(value, id, know)));
            }
        }
        _ => {
            values.extend(slot.text(&know.words));
            if slot.text("").is_none() {
                values.extend(know.numbers.first().cloned());
            }
            values.extend(made.iter().filter_map(|call| call.get(&slot.name)).take(2).cloned());
        }
    }
    values.dedup();
    values
}

/// The same with this id in the place of the one it has.
fn with_id(value: &Value, id: &str, know: &Knowledge) -> Value {
    match value {
        Value::String(text) if text.chars().all(|letter| letter.is_ascii_digit()) || know.ids.values().flatten().any(|known| known == text) => Value::from(id),
        Value::Array(list) => list.iter().take(1).map(|inner| with_id(inner, id, know)).collect(),
        Value::Object(map) => map.iter().map(|(name, inner)| (name.clone(), with_id(inner, id, know))).collect::<Map<_, _>>().into(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}
