//! Arguments as rules see them: the types come from the tool's JSON Schema, the values from the normalised call.
//!
//! What Cedar has no type for (numbers with fractions, free-form objects, mixed arrays) is left out of the schema,
//! so a rule that reads it does not load. A value that does not fit its type is refused, never left out: a rule
//! guarded by `has` must not be dodged by a number too large to compare.

use cedar_policy::RestrictedExpression;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The deepest nesting taken over from a schema.
const DEPTH_MAX: usize = 8;
/// The most fields taken over from one tool's schema; those beyond are left out.
const FIELDS_MAX: usize = 256;

/// A type Cedar can compare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Shape {
    Text,
    Long,
    Bool,
    Set(Box<Shape>),
    Record(BTreeMap<String, Field>),
}

/// One field of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Field {
    shape: Shape,
    required: bool,
    /// `null` counts as absent.
    nullable: bool,
}

struct Reader<'a> {
    root: &'a Value,
    refs: Vec<&'a str>,
    fields_left: usize,
}

/// The record of a tool's arguments, from its JSON Schema. A schema that is no object gives the empty record.
pub(crate) fn arguments_shape(schema: &Value) -> BTreeMap<String, Field> {
    let mut reader = Reader { root: schema, refs: Vec::new(), fields_left: FIELDS_MAX };
    match reader.shape(schema, 0) {
        Some((Shape::Record(fields), _)) => fields,
        _ => BTreeMap::new(),
    }
}

impl<'a> Reader<'a> {
    /// The shape and whether null is allowed too; none for what Cedar cannot compare.
    fn shape(&mut self, schema: &'a Value, depth: usize) -> Option<(Shape, bool)> {
        if depth > DEPTH_MAX {
            return None;
        }
        if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
            return self.referred(target, depth);
        }
        let Some((name, nullable)) = type_of(schema) else {
            let branches = ["anyOf", "oneOf", "allOf"].into_iter().find_map(|key| schema.get(key).and_then(Value::as_array))?;
            return self.branches(branches, depth);
        };
        let shape = match name {
            "string" => Shape::Text,
            "integer" => Shape::Long,
            "boolean" => Shape::Bool,
            "array" => match self.shape(schema.get("items")?, depth + 1)? {
                (item, false) => Shape::Set(Box::new(item)),
                (_, true) => return None,
            },
            "object" => Shape::Record(self.fields(schema, depth)?),
            _ => return None,
        };
        Some((shape, nullable))
    }

    fn referred(&mut self, target: &'a str, depth: usize) -> Option<(Shape, bool)> {
        // A type that contains itself has no Cedar form.
        if self.refs.contains(&target) {
            return None;
        }
        let schema = self.root.pointer(target.strip_prefix('#')?)?;
        self.refs.push(target);
        let found = self.shape(schema, depth + 1);
        self.refs.pop();
        found
    }

    /// Several branches are one type when they agree, `null` aside.
    fn branches(&mut self, branches: &'a [Value], depth: usize) -> Option<(Shape, bool)> {
        let mut agreed: Option<Shape> = None;
        let mut nullable = false;
        for branch in branches {
            if branch.get("type").and_then(Value::as_str) == Some("null") {
                nullable = true;
                continue;
            }
            let (shape, null_too) = self.shape(branch, depth + 1)?;
            nullable |= null_too;
            match &agreed {
                Some(before) if *before != shape => return None,
                _ => agreed = Some(shape),
            }
        }
        agreed.map(|shape| (shape, nullable))
    }

    fn fields(&mut self, schema: &'a Value, depth: usize) -> Option<BTreeMap<String, Field>> {
        let properties = schema.get("properties")?.as_object()?;
        let required: Vec<&str> = schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        let mut fields = BTreeMap::new();
        for (name, property) in properties {
            let Some(left) = self.fields_left.checked_sub(1) else { break };
            self.fields_left = left;
            if let Some((shape, nullable)) = self.shape(property, depth + 1) {
                fields.insert(name.clone(), Field { shape, required: required.contains(&name.as_str()) && !nullable, nullable });
            }
        }
        Some(fields)
    }
}

/// The one JSON type a schema names, null aside. A bare list of texts is a text.
fn type_of(schema: &Value) -> Option<(&str, bool)> {
    match schema.get("type") {
        Some(Value::String(name)) => Some((name, false)),
        Some(Value::Array(names)) => {
            let mut rest = names.iter().filter_map(Value::as_str).filter(|name| *name != "null");
            match (rest.next(), rest.next()) {
                (Some(name), None) => Some((name, names.iter().any(|name| name == "null"))),
                _ => None,
            }
        }
        _ => {
            let all_text = schema.get("enum").and_then(Value::as_array).is_some_and(|values| !values.is_empty() && values.iter().all(Value::is_string));
            (all_text || schema.get("const").is_some_and(Value::is_string)).then_some(("string", false))
        }
    }
}

/// The Cedar schema text of a record of arguments.
pub(crate) fn record_text(fields: &BTreeMap<String, Field>) -> String {
    let mut text = String::from("{");
    for (index, (name, field)) in fields.iter().enumerate() {
        let comma = if index == 0 { "" } else { ", " };
        let mark = if field.required { "" } else { "?" };
        // Writing to a string cannot fail.
        let _ = write!(text, "{comma}{name:?}{mark}: {}", field.shape.text());
    }
    text.push('}');
    text
}

impl Shape {
    fn text(&self) -> String {
        match self {
            Self::Text => "String".to_owned(),
            Self::Long => "Long".to_owned(),
            Self::Bool => "Bool".to_owned(),
            Self::Set(item) => format!("Set<{}>", item.text()),
            Self::Record(fields) => record_text(fields),
        }
    }

    /// A value of this shape with nothing in it, for tables that have no call to show.
    fn blank(&self) -> Value {
        match self {
            Self::Text => Value::String(String::new()),
            Self::Long => Value::from(0),
            Self::Bool => Value::Bool(false),
            Self::Set(_) => Value::Array(Vec::new()),
            Self::Record(fields) => blank_record(fields),
        }
    }
}

/// The least arguments that fit.
pub(crate) fn blank_record(fields: &BTreeMap<String, Field>) -> Value {
    Value::Object(fields.iter().filter(|(_, field)| field.required).map(|(name, field)| (name.clone(), field.shape.blank())).collect())
}

/// The least value of one argument that fits.
pub(crate) fn blank_field(fields: &BTreeMap<String, Field>, name: &str) -> Option<Value> {
    fields.get(name).map(|field| field.shape.blank())
}

/// Values that stand for all that rules naming these words and numbers can tell apart in each argument; null is "not there".
pub(crate) fn representatives(fields: &BTreeMap<String, Field>, words: &[String], numbers: &[i64], most: usize) -> Vec<(String, Vec<Value>)> {
    let of = |shape: &Shape| -> Vec<Value> {
        match shape {
            Shape::Text => words.iter().map(|word| word.as_str().into()).collect(),
            Shape::Long => numbers.iter().map(|number| (*number).into()).collect(),
            Shape::Bool => vec![false.into(), true.into()],
            Shape::Set(item) if **item == Shape::Text => {
                std::iter::once(Vec::new()).chain(words.iter().map(|word| vec![word.clone()])).map(Value::from).collect()
            }
            Shape::Set(_) | Shape::Record(_) => vec![shape.blank()],
        }
    };
    let each = fields.iter().map(|(name, field)| {
        let absent = (!field.required).then_some(Value::Null);
        (name.clone(), absent.into_iter().chain(of(&field.shape).into_iter().take(most)).collect())
    });
    each.collect()
}

/// Whether every call has a whole number here.
pub(crate) fn is_required_long(fields: &BTreeMap<String, Field>, name: &str) -> bool {
    fields.get(name).is_some_and(|field| field.required && field.shape == Shape::Long)
}

/// Whether every call has a text here.
pub(crate) fn is_required_text(fields: &BTreeMap<String, Field>, name: &str) -> bool {
    fields.get(name).is_some_and(|field| field.required && field.shape == Shape::Text)
}

/// A value that does not fit the type its schema promised.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {message}")]
pub(crate) struct MisfitError {
    path: String,
    message: String,
}

/// The arguments as a Cedar record. Fields without a Cedar type are left out.
pub(crate) fn record_value(fields: &BTreeMap<String, Field>, value: &Value, path: &str) -> Result<RestrictedExpression, MisfitError> {
    let misfit = |path: &str, message: &str| MisfitError { path: path.to_owned(), message: message.to_owned() };
    let object = value.as_object().ok_or_else(|| misfit(path, "is no object"))?;
    let mut pairs = Vec::with_capacity(fields.len());
    for (name, field) in fields {
        let path = format!("{path}/{name}");
        match object.get(name) {
            None if field.required => return Err(misfit(&path, "is missing")),
            None => {}
            Some(Value::Null) if field.nullable => {}
            Some(value) => pairs.push((name.clone(), shape_value(&field.shape, value, &path)?)),
        }
    }
    RestrictedExpression::new_record(pairs).map_err(|_| misfit(path, "names a field twice"))
}

fn shape_value(shape: &Shape, value: &Value, path: &str) -> Result<RestrictedExpression, MisfitError> {
    let misfit = |message: &str| MisfitError { path: path.to_owned(), message: message.to_owned() };
    Ok(match shape {
        Shape::Text => RestrictedExpression::new_string(value.as_str().ok_or_else(|| misfit("is no text"))?.to_owned()),
        Shape::Long => RestrictedExpression::new_long(whole(value).ok_or_else(|| misfit("is no whole number of 64 bits, so no rule can compare it"))?),
        Shape::Bool => RestrictedExpression::new_bool(value.as_bool().ok_or_else(|| misfit("is neither true nor false"))?),
        Shape::Set(item) => {
            let items = value.as_array().ok_or_else(|| misfit("is no list"))?;
            let each = items.iter().enumerate().map(|(index, value)| shape_value(item, value, &format!("{path}/{index}")));
            RestrictedExpression::new_set(each.collect::<Result<Vec<_>, _>>()?)
        }
        Shape::Record(fields) => record_value(fields, value, path)?,
    })
}

/// JSON Schema counts 10.0 as an integer; beyond 2^53 a double no longer names one number.
pub(crate) fn whole(value: &Value) -> Option<i64> {
    const EXACT_MAX: f64 = 9_007_199_254_740_992.0;
    #[expect(clippy::cast_possible_truncation, reason = "the range is checked just before")]
    value.as_i64().or_else(|| value.as_f64().filter(|number| number.fract() == 0.0 && number.abs() <= EXACT_MAX && !value.is_u64()).map(|number| number as i64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(schema: Value, expect: &str) {
        assert_eq!(record_text(&arguments_shape(&schema)), expect, "{schema}");
    }

    #[test]
    fn what_cedar_cannot_compare_is_left_out() {
        check(json!(true), "{}");
        check(json!({"type": "string"}), "{}");
        check(json!({"type": "object"}), "{}");
        check(json!({"type": "object", "properties": {"a": {"type": "number"}, "b": {}, "c": {"type": "array"}, "d": {"type": "object"}}}), "{}");
        check(json!({"type": "object", "properties": {"a": {"anyOf": [{"type": "string"}, {"type": "integer"}]}, "b": {"type": ["string", "integer"]}}}), "{}");
        // A tree has no finite type.
        check(
            json!({"type": "object", "properties": {"tree": {"$ref": "#/$defs/T"}}, "$defs": {"T": {"type": "object", "properties": {"kids": {"type": "array", "items": {"$ref": "#/$defs/T"}}, "name": {"type": "string"}}}}}),
            r#"{"tree"?: {"name"?: String}}"#,
        );
        check(json!({"type": "object", "properties": {"a": {"$ref": "https://elsewhere.example/x"}}}), "{}");
    }

    #[test]
    fn a_schema_that_explodes_is_cut() {
        let mut wide = json!({"type": "string"});
        for _ in 0..5 {
            let fields: serde_json::Map<String, Value> = (0..9).map(|index| (format!("f{index}"), wide.clone())).collect();
            wide = json!({"type": "object", "properties": fields});
        }
        assert!(record_text(&arguments_shape(&wide)).len() < FIELDS_MAX * 40);
    }

    #[test]
    fn types_follow_the_schema() {
        check(
            json!({"type": "object", "required": ["to", "x"], "properties": {"to": {"type": "array", "items": {"type": "string"}}, "n": {"type": "integer"}, "x": {"type": ["boolean", "null"]}}}),
            r#"{"n"?: Long, "to": Set<String>, "x"?: Bool}"#,
        );
        check(
            json!({"type": "object", "required": ["s"], "properties": {"s": {"oneOf": [{"const": "a"}, {"enum": ["b"]}]}, "r": {"anyOf": [{"$ref": "#/$defs/R"}, {"type": "null"}]}}, "$defs": {"R": {"type": "object", "properties": {"a \"b\"": {"type": "string"}}}}}),
            r#"{"r"?: {"a \"b\""?: String}, "s": String}"#,
        );
    }

    #[test]
    fn a_value_that_does_not_fit_is_refused_with_its_place() {
        let fields = arguments_shape(
            &json!({"type": "object", "required": ["to"], "properties": {"to": {"type": "array", "items": {"type": "string"}}, "n": {"type": ["integer", "null"]}}}),
        );
        let refused = |value: Value| record_value(&fields, &value, "").map(|_| ()).map_err(|err| err.to_string());
        assert_eq!(refused(json!([])), Err(": is no object".to_owned()));
        assert_eq!(refused(json!({})), Err("/to: is missing".to_owned()));
        assert_eq!(refused(json!({"to": null})), Err("/to: is no list".to_owned()));
        assert_eq!(refused(json!({"to": ["a", 1]})), Err("/to/1: is no text".to_owned()));
        for huge in [json!(u64::MAX), json!(1e300), json!(1.5), json!("1")] {
            assert_eq!(refused(json!({"to": [], "n": huge})), Err("/n: is no whole number of 64 bits, so no rule can compare it".to_owned()));
        }
        assert_eq!(refused(json!({"to": ["a"], "n": null, "other": 1})), Ok(()));
        assert_eq!(refused(json!({"to": [], "n": 10.0})), Ok(()));
    }
}
