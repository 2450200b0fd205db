//! The texts that a rule compares with what a call says, folded as the call's own texts are.

use crate::fold::{folded, folded_piece};
use cedar_policy::{Policy, PolicyId};
use serde_json::{Value, json};

/// The parts of the context that hold texts.
const TEXTS: [&str; 3] = ["args", "facts", "run"];

/// The rule with folded literals; none when that changes nothing in it.
pub(crate) fn fold_literals(policy: &Policy, id: &str) -> Result<Option<Policy>, Box<dyn std::error::Error>> {
    let mut json = policy.to_json()?;
    let mut changed = false;
    if let Some(conditions) = json.get_mut("conditions") {
        walk(conditions, &mut changed);
    }
    if changed { Ok(Some(Policy::from_json(Some(PolicyId::new(id)), json)?)) } else { Ok(None) }
}

/// Looks for comparisons with a text of the context.
fn walk(node: &mut Value, changed: &mut bool) {
    match node {
        Value::Array(items) => items.iter_mut().for_each(|item| walk(item, changed)),
        Value::Object(fields) => {
            for (operator, operands) in fields {
                if compares(operator) && ["left", "right"].iter().any(|side| operands.get(side).is_some_and(is_context_text)) {
                    for side in ["left", "right"] {
                        if let Some(value) = operands.get_mut(side) {
                            fold_value(value, changed);
                        }
                    }
                    if let Some(pattern) = operands.get_mut("pattern") {
                        fold_pattern(pattern, changed);
                    }
                }
                walk(operands, changed);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn compares(operator: &str) -> bool {
    matches!(operator, "==" | "!=" | "like" | "contains" | "containsAll" | "containsAny")
}

/// Whether an expression may have a text of the context as its value, or in it.
fn is_context_text(node: &Value) -> bool {
    let Some((operator, operands)) = node.as_object().and_then(|fields| fields.iter().next()) else { return false };
    match operator.as_str() {
        "." => {
            let of_context = operands.pointer("/left/Var").and_then(Value::as_str) == Some("context");
            let name = operands.get("attr").and_then(Value::as_str).unwrap_or_default();
            if of_context { TEXTS.contains(&name) } else { operands.get("left").is_some_and(is_context_text) }
        }
        "if-then-else" => ["then", "else"].iter().any(|branch| operands.get(branch).is_some_and(is_context_text)),
        "Set" => operands.as_array().is_some_and(|items| items.iter().any(is_context_text)),
        "Record" => operands.as_object().is_some_and(|fields| fields.values().any(is_context_text)),
        "Var" => operands.as_str() == Some("context"),
        _ => false,
    }
}

/// Folds the texts that an expression may have as its value, or in it.
fn fold_value(node: &mut Value, changed: &mut bool) {
    let Some((operator, operands)) = node.as_object_mut().and_then(|fields| fields.iter_mut().next()) else { return };
    match operator.as_str() {
        "Value" => fold_texts(operands, changed),
        "if-then-else" => ["then", "else"].iter().for_each(|branch| {
            if let Some(value) = operands.get_mut(branch) {
                fold_value(value, changed);
            }
        }),
        "Set" => operands.as_array_mut().into_iter().flatten().for_each(|item| fold_value(item, changed)),
        "Record" => operands.as_object_mut().into_iter().flat_map(|fields| fields.values_mut()).for_each(|field| fold_value(field, changed)),
        _ => {}
    }
}

/// A literal: a text, or a list of literals. Entities keep their names.
fn fold_texts(value: &mut Value, changed: &mut bool) {
    match value {
        Value::String(text) => {
            let new = folded(text);
            *changed |= new != *text;
            *text = new;
        }
        Value::Array(items) => items.iter_mut().for_each(|item| fold_texts(item, changed)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => {}
    }
}

/// A pattern: its letters between stars are folded together, and its two ends trimmed as a text's are.
fn fold_pattern(pattern: &mut Value, changed: &mut bool) {
    let Some(items) = pattern.as_array() else { return };
    let mut pieces: Vec<Option<String>> = Vec::new();
    for item in items {
        match (item.get("Literal").and_then(Value::as_str), pieces.last_mut()) {
            (Some(letters), Some(Some(piece))) => piece.push_str(letters),
            (Some(letters), _) => pieces.push(Some(letters.to_owned())),
            (None, _) => pieces.push(None),
        }
    }
    let last = pieces.len().saturating_sub(1);
    let mut new = Vec::new();
    for (place, piece) in pieces.iter().enumerate() {
        let Some(piece) = piece else {
            new.push(json!("Wildcard"));
            continue;
        };
        let mut text = folded_piece(piece);
        if place == 0 {
            text = text.trim_start().to_owned();
        }
        if place == last {
            text = text.trim_end().to_owned();
        }
        *changed |= text != *piece;
        new.extend(text.chars().map(|letter| json!({ "Literal": letter.to_string() })));
    }
    *pattern = Value::Array(new);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(condition: &str, expect: Option<&str>) {
        let policy = Policy::parse(None, format!("permit (principal, action, resource) when {{ {condition} }};")).expect("policy");
        let expect = expect.map(|condition| Policy::parse(None, format!("permit (principal, action, resource) when {{ {condition} }};")).expect("policy"));
        let made = fold_literals(&policy, "r").expect("json");
        let conditions = |policy: Option<Policy>| policy.map(|policy| policy.to_json().expect("json")["conditions"].clone());
        assert_eq!(conditions(made), conditions(expect), "{condition}");
    }

    #[test]
    fn only_what_is_compared_with_the_call_is_folded() {
        check("principal == Agent::\"Big\"", None);
        check("resource.effect == \"Send\"", None);
        check("context.args.x == \"small\"", None);
        check("context.dest == 1 && (context.args.x == context.args.y) == (resource.effect == \"Send\")", None);
        check("context.args.Name == \"DROP \"", Some("context.args.Name == \"drop\""));
        check("\"DROP\" != context.args.a.b", Some("\"drop\" != context.args.a.b"));
        check("[\"A\", \"b\"].contains(context.facts.region)", Some("[\"a\", \"b\"].contains(context.facts.region)"));
        check("context.args.to.containsAny([\"A B\", context.run.agent])", Some("context.args.to.containsAny([\"a b\", context.run.agent])"));
        check("context.args.text like \"* DROP  Table*Now \"", Some("context.args.text like \"* drop table*now\""));
        check("context.args.text like \"*\\*X\"", Some("context.args.text like \"*\\*x\""));
        check("(if context.leak then context.args.a else \"NO\") == \"YES\"", Some("(if context.leak then context.args.a else \"no\") == \"yes\""));
        check(
            "!(context has args && context.args has X && context.args.X == \"Й\u{41e}\")",
            Some("!(context has args && context.args has X && context.args.X == \"йo\")"),
        );
    }
}
