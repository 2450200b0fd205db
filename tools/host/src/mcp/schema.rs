//! Foreign JSON Schemas made ours: references written out, objects closed. Both only make a schema stricter or leave it.
//!
//! A field that the schema does not name has no role, so nobody could judge it: it does not exist here.

use serde_json::{Map, Value};
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

/// The schema without references, with every object closed.
pub(crate) fn closed(schema: &Value) -> Result<Value, String> {
    let mut schema = flat(schema)?;
    if let Value::Object(root) = &mut schema {
        root.entry("type").or_insert_with(|| Value::from("object"));
    }
    close(&mut schema);
    Ok(schema)
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
    let is_object = object.get("type").is_some_and(|kind| kind == "object" || kind.as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind == "object")));
    if is_object || object.contains_key("properties") {
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
            let refused = closed(&schema).expect_err("refused");
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
        assert_eq!(closed(&schema), Ok(expect));
    }
}
