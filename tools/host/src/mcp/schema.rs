//! Foreign JSON Schemas made ours: references written out, objects closed. Both only make a schema stricter or leave it.
//!
//! A field that the schema does not name has no role, so nobody could judge it: it does not exist here. Only where the server leaves an
//! object open and the configuration gives a field of it a role, that field is named.

use serde_json::{Map, Value, json};
use steward_core::limits::ARGUMENT_DEPTH_MAX;

/// Places of a schema after its references are written out; more is a bomb.
const PLACES_MAX: usize = 5_000;

/// The schema without references.
pub(crate) fn flat(schema: &Value) -> Result<Value, String> {
    let mut left = PLACES_MAX;
    let mut flat = inline(schema, schema, 0, &mut left)?;
    if let Value::Object(root) = &mut flat {
        for key in ["$schema", "$id", "$defs", "definitions"] {
            root.remove(key);
        }
    }
    Ok(flat)
}

/// The schema without references, with every object closed. `roles` are JSON pointers with `*` that the configuration speaks of.
pub(crate) fn closed<'a>(schema: &Value, roles: impl IntoIterator<Item = &'a String>) -> Result<Value, String> {
    let mut schema = flat(schema)?;
    if let Value::Object(root) = &mut schema {
        root.entry("type").or_insert_with(|| Value::from("object"));
    }
    for pointer in roles.into_iter().filter_map(|role| role.strip_prefix('/')) {
        name(&mut schema, &pointer.split('/').collect::<Vec<_>>());
    }
    close(&mut schema);
    Ok(schema)
}

/// Names the field at this place in every object on the way that is left open.
fn name(schema: &mut Value, place: &[&str]) {
    let (Some((first, rest)), Value::Object(object)) = (place.split_first(), schema) else { return };
    for branches in ["anyOf", "oneOf"] {
        object.get_mut(branches).and_then(Value::as_array_mut).into_iter().flatten().for_each(|branch| name(branch, place));
    }
    if *first == "*" {
        if let Some(items) = object.get_mut("items") {
            name(items, rest);
        }
        return;
    }
    let field = first.replace("~1", "/").replace("~0", "~");
    let is_named = object.get("properties").is_some_and(|fields| fields.get(&field).is_some());
    if !is_named && let Some(shape) = left_open(object) {
        let shape = if shape.is_object() && rest.is_empty() { shape } else { shaped(rest) };
        if let Value::Object(fields) = object.entry("properties").or_insert_with(|| json!({})) {
            fields.insert(field.clone(), shape);
        }
    }
    if let Some(inner) = object.get_mut("properties").and_then(|fields| fields.get_mut(&field)) {
        name(inner, rest);
    }
}

/// What an object takes beside the fields it names, if it says that it takes more, or names none at all.
fn left_open(object: &Map<String, Value>) -> Option<Value> {
    let names_fields = object.get("properties").and_then(Value::as_object).is_some_and(|fields| !fields.is_empty());
    match object.get("additionalProperties") {
        Some(Value::Bool(false)) => None,
        Some(more) => is_object(object).then(|| more.clone()),
        None => (is_object(object) && !names_fields).then_some(Value::Bool(true)),
    }
}

/// A schema that has this place in it: a single value at its end.
fn shaped(place: &[&str]) -> Value {
    match place.split_first() {
        None => json!({ "type": ["string", "number", "boolean", "null"] }),
        Some((&"*", rest)) => json!({ "type": "array", "items": shaped(rest) }),
        Some(_) => json!({ "type": "object", "additionalProperties": true }),
    }
}

fn is_object(schema: &Map<String, Value>) -> bool {
    schema.get("type").is_some_and(|kind| kind == "object" || kind.as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind == "object")))
}

fn inline(root: &Value, at: &Value, depth: usize, left: &mut usize) -> Result<Value, String> {
    *left = left.checked_sub(1).ok_or("its schema grows too large when its references are written out")?;
    if depth > ARGUMENT_DEPTH_MAX * 2 {
        return Err("its schema is nested too deep or refers to itself".to_owned());
    }
    match at {
        Value::Object(fields) => {
            if let Some(reference) = fields.get("$ref") {
                let target = reference.as_str().and_then(|text| root.pointer(text.strip_prefix('#')?)).filter(|_| reference != "#");
                let target = target.ok_or("its schema refers to a place that it does not have")?;
                let mut written = inline(root, target, depth + 1, left)?;
                if let Value::Object(written) = &mut written {
                    for (key, value) in fields.iter().filter(|(key, _)| *key != "$ref") {
                        written.insert(key.clone(), inline(root, value, depth + 1, left)?);
                    }
                }
                return Ok(written);
            }
            let mut copy = Map::new();
            for (key, value) in fields {
                // Definitions are written out where they are used; by themselves they may refer to themselves.
                if depth == 0 && matches!(key.as_str(), "$defs" | "definitions") {
                    continue;
                }
                copy.insert(key.clone(), inline(root, value, depth + 1, left)?);
            }
            Ok(Value::Object(copy))
        }
        Value::Array(items) => items.iter().map(|item| inline(root, item, depth + 1, left)).collect::<Result<_, _>>().map(Value::Array),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(at.clone()),
    }
}

fn close(schema: &mut Value) {
    let Value::Object(object) = schema else { return };
    if is_object(object) || object.contains_key("properties") {
        object.insert("additionalProperties".to_owned(), Value::Bool(false));
        object.remove("patternProperties");
    }
    for (key, inner) in object.iter_mut() {
        match (key.as_str(), inner) {
            ("properties", Value::Object(fields)) => fields.values_mut().for_each(close),
            ("items", items) => close(items),
            ("anyOf" | "oneOf" | "allOf" | "prefixItems", Value::Array(branches)) => branches.iter_mut().for_each(close),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_cannot_be_written_out_is_refused() {
        for (schema, says) in [
            (json!({"properties": {"a": {"$ref": "https://elsewhere.example/x"}}}), "does not have"),
            (json!({"properties": {"a": {"$ref": "#/$defs/none"}}}), "does not have"),
            (json!({"properties": {"a": {"$ref": "#"}}}), "does not have"),
            (json!({"properties": {"a": {"$ref": "#/$defs/t"}}, "$defs": {"t": {"items": {"$ref": "#/$defs/t"}}}}), "refers to itself"),
            (json!({"items": {"$ref": "#/$defs/t"}, "$defs": {"t": {"anyOf": [{"$ref": "#/$defs/t"}, {"$ref": "#/$defs/t"}]}}}), "itself"),
        ] {
            let refused = closed(&schema, []).expect_err("refused");
            assert!(refused.contains(says) || refused.contains("too large"), "{schema}: {refused}");
        }
    }

    #[test]
    fn objects_are_closed_and_references_written_out() {
        let schema = json!({"$schema": "x", "properties": {"to": {"type": "array", "items": {"$ref": "#/$defs/P", "title": "P"}}, "free": {"type": "object", "additionalProperties": true}}, "$defs": {"P": {"type": "object", "properties": {"n": {"type": "string"}}, "patternProperties": {"^x": {}}}}});
        let expect = json!({"type": "object", "additionalProperties": false, "properties": {
            "to": {"type": "array", "items": {"type": "object", "title": "P", "additionalProperties": false, "properties": {"n": {"type": "string"}}}},
            "free": {"type": "object", "additionalProperties": false},
        }});
        assert_eq!(closed(&schema, []), Ok(expect));
    }

    #[test]
    fn a_field_that_nobody_gave_a_role_does_not_exist() {
        let open = json!({"type": "object", "properties": {
            "files": {"anyOf": [{"type": "array", "items": {"type": "object", "additionalProperties": true}}, {"type": "null"}]},
            "labels": {"type": "object", "additionalProperties": {"type": "string", "maxLength": 9}},
            "who": {"type": "object", "properties": {"name": {"type": "string"}}},
            "shut": {"type": "object", "additionalProperties": false},
        }});
        let roles = ["/files/*/id", "/files/*/of/*/kind", "/labels/first", "/who/age", "/shut/key", "/files/*/*", "files"].map(str::to_owned);
        let closed = closed(&open, &roles).expect("a schema");
        let single = json!({"type": ["string", "number", "boolean", "null"]});
        let kinds = json!({"type": "object", "additionalProperties": false, "properties": {"kind": single}});
        let file = json!({"type": "object", "additionalProperties": false, "properties": {"id": single, "of": {"type": "array", "items": kinds}}});
        let expect = json!({"type": "object", "additionalProperties": false, "properties": {
            "files": {"anyOf": [{"type": "array", "items": file}, {"type": "null"}]},
            "labels": {"type": "object", "additionalProperties": false, "properties": {"first": {"type": "string", "maxLength": 9}}},
            // What the server names is all there is, unless it says that it takes more.
            "who": {"type": "object", "additionalProperties": false, "properties": {"name": {"type": "string"}}},
            "shut": {"type": "object", "additionalProperties": false},
        }});
        assert_eq!(closed, expect);
    }
}
